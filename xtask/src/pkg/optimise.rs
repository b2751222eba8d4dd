//! wasm-opt, from the npm package binaryen.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::pkg::cache;
use crate::{paths, process, progress};

/// The features are those that rustc emits for wasm32-unknown-unknown: every runtime of the package has them.
const OPTIONS: &[&str] = &[
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--strip-producers",
];

/// Whether the result says what its functions are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// As shipped.
    Dropped,
    /// To tell what each of them costs.
    Kept,
}

/// Optimises `wasm`; returns the result, in `dir`.
pub(super) fn run(wasm: &Path, dir: &Path, names: Names) -> Result<PathBuf> {
    let binaryen = paths::in_root("node_modules/binaryen");
    let mut recipe = vec![version(&binaryen)?];
    recipe.extend(OPTIONS.iter().map(|&option| option.to_owned()));
    recipe.push(if names == Names::Kept { "--debuginfo".to_owned() } else { "--strip-debug".to_owned() });
    let optimised = dir.join("core.wasm");
    cache::unless_done(dir, wasm, &recipe.join(" "), |_| {
        progress::step("Optimising the wasm with wasm-opt", || {
            let mut wasm_opt = process::node(binaryen.join("bin/wasm-opt"));
            wasm_opt.args(&recipe[1..]).arg(wasm).arg("--output").arg(&optimised);
            process::quiet(&mut wasm_opt).map(drop)
        })
    })?;
    Ok(optimised)
}

fn version(binaryen: &Path) -> Result<String> {
    let manifest = fs::read_to_string(binaryen.join("package.json")).context("binaryen is not installed")?;
    let manifest: Value = serde_json::from_str(&manifest)?;
    Ok(format!("binaryen {}", manifest["version"].as_str().context("binaryen has no version")?))
}
