//! wasm-opt, from the npm package binaryen.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::pkg::{cache, order};
use crate::{paths, process, progress};

/// The package travels compressed, so these aim at the gzipped size. The features are those that rustc emits for
/// wasm32-unknown-unknown: every runtime of the package has them.
const OPTIONS: &[&str] = &[
    "-Oz",
    // Blocks and branches are made anew from the graph of what follows what, and are fewer then. It asks for flat code, and
    // leaves code to be optimised again.
    "--flatten",
    "--rereloop",
    "-Oz",
    // Once more, now that what the graph laid open is gone.
    "-Oz",
    // Both make the wasm smaller and the gzip larger: a large function numbers its locals with more bytes, and bytes that
    // gzip finds twice cost less than the parameters that merging needs.
    "--one-caller-inline-max-function-size=0",
    "--skip-pass=merge-similar-functions",
    "--skip-pass=local-cse",
    // To leave zeros out of the data takes one more segment each time, with a place and a length. gzip has zeros for less.
    "--skip-pass=memory-packing",
    // What is hardly longer than a call stands where it is called.
    "--always-inline-max-function-size=4",
    // The first KiB is the far end of the stack: no object is there whose field an offset could wrap around to.
    "--low-memory-unused",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--strip-producers",
    "--strip-target-features",
];

/// Whether the result says what its functions are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// As shipped.
    Dropped,
    /// To tell what each of them costs.
    Kept,
}

/// Optimises `wasm`; returns the result, in `dir`. In what is shipped, imports and exports have short names; a file beside
/// it, with the extension `json`, says which, for the glue.
///
/// It takes two rounds: the second finds what the first has laid open, and puts functions into the [`order`] that was
/// found best for the result of the first.
pub(super) fn run(wasm: &Path, dir: &Path, names: Names) -> Result<PathBuf> {
    let binaryen = paths::in_root("node_modules/binaryen");
    let last: &[&str] = if names == Names::Kept {
        &["--debuginfo"]
    } else {
        &["--reorder-functions-by-name", "--minify-imports-and-exports-and-modules", "--strip-debug"]
    };
    let first = &last[last.len() - 1..];
    let recipe = [&[&*version(&binaryen)?], OPTIONS, first, last, &[order::RECIPE]].concat().join(" ");
    let round = |options: &[&str], from: &Path, to: &Path| {
        let mut wasm_opt = process::node(binaryen.join("bin/wasm-opt"));
        wasm_opt.args(OPTIONS).args(options).arg(from).arg("--output").arg(to);
        process::quiet(&mut wasm_opt)
    };
    let optimised = dir.join("core.wasm");
    cache::unless_done(dir, wasm, &recipe, |_| {
        progress::step("Optimising the wasm with wasm-opt", || {
            round(first, wasm, &optimised)?;
            if names == Names::Dropped {
                fs::write(&optimised, order::name_by_place(&fs::read(&optimised)?)?)?;
            }
            let renamed = round(last, &optimised, &optimised)?;
            Ok(fs::write(optimised.with_extension("json"), renamed)?)
        })
    })?;
    Ok(optimised)
}

fn version(binaryen: &Path) -> Result<String> {
    let manifest = fs::read_to_string(binaryen.join("package.json")).context("binaryen is not installed")?;
    let manifest: Value = serde_json::from_str(&manifest)?;
    Ok(format!("binaryen {}", manifest["version"].as_str().context("binaryen has no version")?))
}
