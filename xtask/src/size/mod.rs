//! `cargo xtask size`: what each part of the package costs, and the budget.
//!
//! A page loads the wasm, its glue and the facade, compressed: that sum is the budget. A table says what each file
//! costs; a second one says which Rust module each byte of the wasm comes from ([`attribution`]), so that a feature
//! that costs too much is seen in the change that brings it.

mod attribution;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::table::Table;
use crate::{pkg, setup};

/// More than this, gzipped, is a failure.
const LIMIT: usize = 200 * 1024;
/// What we would like it to be.
const GOAL: usize = 150 * 1024;

/// The command: sets up, and fails above the limit.
pub(crate) fn run() -> Result<ExitCode> {
    setup::all(pkg::NEEDS)?;
    Ok(if report()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the package, prints both tables and the sum; says whether that is within the limit.
pub(crate) fn report() -> Result<bool> {
    let built = pkg::build(&pkg::Options::default())?;
    let named = fs::read(pkg::named(&built)?)?;
    let total = parts(&built.dir)?;
    print!("\n{}", attribution::table(&named)?);
    let kilobytes = |bytes: usize| bytes as f64 / 1024.0;
    println!(
        "\nwasm + glue + facade: {:.1} KB gzipped; goal {:.0} KB, limit {:.0} KB: {}",
        kilobytes(total),
        kilobytes(GOAL),
        kilobytes(LIMIT),
        if total <= LIMIT { "within the limit" } else { "too much" },
    );
    Ok(total <= LIMIT)
}

/// Prints what each file costs; returns what a page loads, gzipped.
fn parts(dir: &Path) -> Result<usize> {
    let facade = facade(dir)?;
    let loaded = [
        ("core.wasm", cost(dir, &["core.wasm".to_owned()])?),
        ("core.js, the glue", cost(dir, &["core.js".to_owned()])?),
        ("the facade, all its entries", cost(dir, &facade)?),
    ];
    let inlined = cost(dir, &["inline.js".to_owned()])?;
    let total = loaded.iter().fold(Cost::default(), |sum, (_, cost)| sum.plus(*cost));

    let mut table = Table::new(&["part", "bytes", "gzip"]);
    for (name, cost) in loaded {
        table.row(name, &[cost.raw, cost.gzip]);
    }
    table.row("all that a page loads", &[total.raw, total.gzip]);
    table.row("inline.js, instead of core.wasm", &[inlined.raw, inlined.gzip]);
    print!("{table}");
    Ok(total.gzip)
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
