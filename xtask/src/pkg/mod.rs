//! `cargo xtask pkg`: the npm package, from the crate and `pkg-template/`.
//!
//! Four steps, a file each: [`compile`] has Cargo compile the crate, [`bindgen`] makes the glue,
//! [`optimise`] shrinks the wasm, [`assemble`] puts the parts beside the hand-written entries. [`order`] helps to shrink. The same sources give
//! the same bytes. Between the steps the results are kept, and a step whose input is unchanged is not run again.

mod assemble;
mod bindgen;
mod cache;
mod compile;
mod optimise;
mod order;
mod pack;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::setup::Need;
use crate::{paths, progress};

pub(crate) use assemble::gzip;
pub(crate) use pack::pack;

/// What has to be set up for a build.
pub(crate) const NEEDS: &[Need] = &[Need::WasmTarget, Need::NpmPackages];

/// Which package to build.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Features of the crate, as Cargo takes them.
    pub(crate) features: Option<String>,
    /// Where the package goes, from the root; `pkg` by default.
    pub(crate) out: Option<String>,
}

/// What was built.
pub(crate) struct Built {
    /// The package, ready for `npm pack`.
    pub(crate) dir: PathBuf,
    /// Its wasm with function names kept, for [`crate::size`].
    pub(crate) named: PathBuf,
}

/// Builds the package.
pub(crate) fn build(options: &Options) -> Result<Built> {
    let features = options.features.as_deref().unwrap_or_default();
    let kept = paths::target().join("package").join(if features.is_empty() { "default" } else { features });
    fs::create_dir_all(&kept)?;

    let compiled = progress::step("Compiling the core to wasm", || compile::run(features))?;
    let bound = bindgen::run(&compiled, &kept.join("glue"))?;
    let small = optimise::run(&bound.wasm, &kept.join("core"), optimise::Names::Dropped)?;
    let dir = paths::in_root(options.out.as_deref().unwrap_or("pkg"));
    assemble::run(&dir, &bound.glue, &small).context("assembling the package")?;
    Ok(Built { dir, named: bound.wasm })
}

/// The optimised wasm of `built` with function names kept, so that its bytes can be told apart.
pub(crate) fn named(built: &Built) -> Result<PathBuf> {
    let beside = built.named.parent().and_then(|glue| glue.parent()).context("no directory for the build")?;
    optimise::run(&built.named, &beside.join("named"), optimise::Names::Kept)
}
