//! `cargo xtask pkg`: the npm package, from the crate and `pkg-template/`.
//!
//! Three wasm files: the engine, the coach and the model client. Four steps, a file each: [`compile`] has Cargo compile the crate, [`bindgen`] makes the glue,
//! [`optimise`] shrinks the wasm, [`assemble`] puts the parts beside the hand-written entries. [`order`] and [`closures`] help to shrink. The same sources give
//! the same bytes. Between the steps the results are kept, and a step whose input is unchanged is not run again.

mod assemble;
mod bindgen;
mod cache;
mod closures;
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

/// A wasm of the package, and the glue that belongs to it.
pub(crate) struct Part {
    /// The name of the wasm, without `.wasm`.
    pub(crate) name: &'static str,
    /// The script that is its glue.
    pub(crate) glue: &'static str,
    /// The script that holds a copy of it, compressed.
    pub(crate) inline: &'static str,
    /// The script that holds a copy as it is, for a host that starts sooner when it has not to unzip it.
    pub(crate) plain: Option<&'static str>,
    /// The feature of the crate that exports what is in it.
    feature: &'static str,
}

impl Part {
    /// Whether a script of the package is made for this part, and not written by hand.
    pub(crate) fn makes(&self, script: &str) -> bool {
        self.glue == script || self.holds(script)
    }

    /// Whether a script of the package is a copy of the wasm.
    pub(crate) fn holds(&self, script: &str) -> bool {
        self.inline == script || self.plain == Some(script)
    }
}

/// All of them.
pub(crate) const PARTS: [Part; 3] = [
    Part { name: "core", glue: "core.js", inline: "inline.js", plain: Some("inline-node.js"), feature: "engine" },
    Part { name: "coach", glue: "coach-glue.js", inline: "coach-inline.js", plain: None, feature: "coach" },
    Part { name: "model", glue: "model-glue.js", inline: "model-inline.js", plain: None, feature: "model" },
];

/// What was built.
pub(crate) struct Built {
    /// The package, ready for `npm pack`.
    pub(crate) dir: PathBuf,
    /// Each part as wasm-bindgen left it, for [`crate::size`].
    bound: Vec<PathBuf>,
}

/// Builds the package.
pub(crate) fn build(options: &Options) -> Result<Built> {
    let features = options.features.as_deref().unwrap_or_default();
    let kept = paths::target().join("package").join(if features.is_empty() { "default" } else { features });
    fs::create_dir_all(&kept)?;

    let mut made = Vec::new();
    for part in &PARTS {
        let kept = kept.join(part.name);
        fs::create_dir_all(&kept)?;
        let compiled = kept.join("compiled.wasm");
        progress::step(&format!("Compiling the {} to wasm", part.feature), || {
            compile::run(&format!("{},{features}", part.feature), &compiled)
        })?;
        let bound = bindgen::run(&compiled, part.name, &kept.join("glue"))?;
        let small = optimise::run(&bound.wasm, &kept.join("small"), optimise::Names::Dropped)?;
        made.push((part, bound, small));
    }
    let dir = paths::in_root(options.out.as_deref().unwrap_or("pkg"));
    let parts: Vec<_> = made.iter().map(|(part, bound, small)| (*part, &*bound.glue, &**small)).collect();
    assemble::run(&dir, &parts).context("assembling the package")?;
    Ok(Built { dir, bound: made.into_iter().map(|(_, bound, _)| bound.wasm).collect() })
}

/// The optimised wasm of each part of `built` with function names kept, so that its bytes can be told apart.
pub(crate) fn named(built: &Built) -> Result<Vec<PathBuf>> {
    let of = |wasm: &PathBuf| {
        let beside = wasm.parent().and_then(|glue| glue.parent()).context("no directory for the build")?;
        optimise::run(wasm, &beside.join("named"), optimise::Names::Kept)
    };
    built.bound.iter().map(of).collect()
}
