//! The glue between JavaScript and the wasm: wasm-bindgen, as a library.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::pkg::{cache, closures};
use crate::progress;

/// `web` is the one target that serves every runtime: it takes a module, bytes or a promise, and looks for no file by
/// itself (`--omit-default-module-path`), which is what the entries of `pkg-template/` are for. The types are written
/// by hand there.
const OPTIONS: &[&str] = &["--target", "web", "--omit-default-module-path", "--no-typescript", "--out-name"];

/// What wasm-bindgen made.
pub(super) struct Bound {
    /// The JavaScript half.
    pub(super) glue: PathBuf,
    /// The wasm half, with function names, not optimised.
    pub(super) wasm: PathBuf,
}

/// Makes the glue of `compiled` in `dir`, under that name.
pub(super) fn run(compiled: &Path, name: &str, dir: &Path) -> Result<Bound> {
    let bound = Bound { glue: dir.join(format!("{name}.js")), wasm: dir.join(format!("{name}_bg.wasm")) };
    cache::unless_done(dir, compiled, &[OPTIONS, &[closures::RECIPE]].concat().join(" "), |dir| {
        progress::step("Making the glue with wasm-bindgen", || {
            let mut args = vec!["wasm-bindgen".into(), compiled.as_os_str().to_owned()];
            args.extend(OPTIONS.iter().map(Into::into));
            args.extend([name.into(), "--out-dir".into()]);
            args.push(dir.as_os_str().to_owned());
            wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(args)?;
            let wasm = closures::take_out(fs::read(&bound.wasm)?, &fs::read_to_string(&bound.glue)?)?;
            Ok(fs::write(&bound.wasm, wasm)?)
        })
    })?;
    Ok(bound)
}
