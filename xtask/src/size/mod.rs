//! `cargo xtask size`: what each part of the package costs, and the budget.
//!
//! There are two budgets, both compressed: one for the core, which is the wasm and its glue, and one for the facade, which is
//! all scripts that are written by hand, those that are loaded on demand included. A table says what each file costs; a
//! second one says which Rust module each byte of the wasm comes from ([`attribution`]), so that a feature that costs too much
//! is seen in the change that brings it.

mod attribution;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::table::Table;
use crate::{pkg, setup};

/// More than this of wasm and glue, gzipped, is a failure.
const LIMIT: usize = 200 * 1024;
/// What we would like it to be.
const GOAL: usize = 150 * 1024;
/// More than this of hand-written scripts, gzipped, is a failure.
const FACADE_LIMIT: usize = 64 * 1024;

/// Scripts that a page has only when it asks for what they do.
const ON_DEMAND: &[&str] = &["insight.js", "models.js", "exports.js"];

/// The command: sets up, and fails above the limit.
pub(crate) fn run() -> Result<ExitCode> {
    setup::all(pkg::NEEDS)?;
    Ok(if report()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the package, prints both tables and the sums; says whether they are within the limits.
pub(crate) fn report() -> Result<bool> {
    let built = pkg::build(&pkg::Options::default())?;
    let named = fs::read(pkg::named(&built)?)?;
    let [core, facade] = parts(&built.dir)?;
    print!("\n{}", attribution::table(&named)?);
    let kilobytes = |bytes: usize| bytes as f64 / 1024.0;
    let verdict = |bytes: usize, limit: usize| if bytes <= limit { "within the limit" } else { "too much" };
    println!(
        "\nwasm + glue: {:.1} KB gzipped; goal {:.0} KB, limit {:.0} KB: {}",
        kilobytes(core),
        kilobytes(GOAL),
        kilobytes(LIMIT),
        verdict(core, LIMIT),
    );
    println!(
        "facade: {:.1} KB gzipped; limit {:.0} KB: {}",
        kilobytes(facade),
        kilobytes(FACADE_LIMIT),
        verdict(facade, FACADE_LIMIT),
    );
    Ok(core <= LIMIT && facade <= FACADE_LIMIT)
}

/// Prints what each file costs; returns what the core and the facade do, gzipped.
fn parts(dir: &Path) -> Result<[usize; 2]> {
    let (on_demand, facade) =
        facade(dir)?.into_iter().partition::<Vec<_>, _>(|name| ON_DEMAND.contains(&name.as_str()));
    let wasm = cost(dir, &["core.wasm".to_owned()])?;
    let glue = cost(dir, &["core.js".to_owned()])?;
    let (facade, on_demand) = (cost(dir, &facade)?, cost(dir, &on_demand)?);
    let inlined = cost(dir, &["inline.js".to_owned()])?;

    let mut table = Table::new(&["part", "bytes", "gzip"]);
    for (name, cost) in [
        ("core.wasm", wasm),
        ("core.js, the glue", glue),
        ("the facade, all its entries", facade),
        ("the facade, what is loaded on demand", on_demand),
        ("all of it", wasm.plus(glue).plus(facade).plus(on_demand)),
        ("inline.js, instead of core.wasm", inlined),
    ] {
        table.row(name, &[cost.raw, cost.gzip]);
    }
    print!("{table}");
    Ok([wasm.plus(glue).gzip, facade.plus(on_demand).gzip])
}

/// Bytes as they are, and compressed.
#[derive(Clone, Copy, Default)]
struct Cost {
    raw: usize,
    gzip: usize,
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, gzip: self.gzip + other.gzip }
    }
}

fn cost(dir: &Path, files: &[String]) -> Result<Cost> {
    files.iter().try_fold(Cost::default(), |sum, file| {
        let bytes = fs::read(dir.join(file)).with_context(|| file.clone())?;
        Ok(sum.plus(Cost { raw: bytes.len(), gzip: pkg::gzip(&bytes)?.len() }))
    })
}

/// Every script that is written by hand.
fn facade(dir: &Path) -> Result<Vec<String>> {
    let mut scripts = Vec::new();
    for entry in dir.read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".js") && !["core.js", "inline.js"].contains(&name.as_str()) {
            scripts.push(name);
        }
    }
    Ok(scripts)
}
