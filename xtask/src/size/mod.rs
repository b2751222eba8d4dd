//! `cargo xtask size`: what each part of the package costs, and the budget.
//!
//! There are four budgets, all compressed: one for the core, one for the coach and one for the model client, each of which is a wasm and its glue, and one for
//! the facade, which is all scripts that are written by hand, those that are loaded on demand included. A table says what each file
//! costs; others say which Rust module each byte of a wasm comes from ([`attribution`]), so that a feature that costs too much
//! is seen in the change that brings it.

mod attribution;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

pub(crate) use attribution::function_names;

use crate::pkg::PARTS;
use crate::table::Table;
use crate::{pkg, setup};

/// For each part: more than the second of wasm and glue, gzipped, is a failure; the first is what we would like it to be.
const LIMITS: [(usize, usize); 3] = [(60 * 1024, 215 * 512), (120 * 1024, 155 * 1024), (30 * 1024, 34 * 1024)];
/// More than this of hand-written scripts, gzipped, is a failure. Five entries are among them, of which an app has one.
const FACADE_LIMIT: usize = 129 * 512;

/// Scripts that a page has only when it asks for what they do.
const ON_DEMAND: &[&str] = &["exports.js", "insight.js", "models.js"];

/// The command: sets up, and fails above the limit.
pub(crate) fn run() -> Result<ExitCode> {
    setup::all(pkg::NEEDS)?;
    Ok(if report()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the package, prints the tables and the sums; says whether they are within the limits.
pub(crate) fn report() -> Result<bool> {
    let built = pkg::build(&pkg::Options::default())?;
    let dir = &built.dir;
    let mut table = Table::new(&["part", "bytes", "gzip"]);
    let mut row = |name: &str, files: &[String]| -> Result<Cost> {
        let cost = cost(dir, files)?;
        table.row(name, &[cost.raw, cost.gzip]);
        Ok(cost)
    };
    let mut sizes = Vec::new();
    for (part, (goal, limit)) in PARTS.iter().zip(LIMITS) {
        let wasm = row(&format!("{}.wasm", part.name), &[format!("{}.wasm", part.name)])?;
        let glue = row(&format!("{}, its glue", part.glue), &[part.glue.to_owned()])?;
        for copy in [Some(part.inline), part.plain].into_iter().flatten() {
            row(&format!("{copy}, instead of the wasm"), &[copy.to_owned()])?;
        }
        sizes.push((format!("{}, wasm + glue", part.name), wasm.plus(glue), Some(goal), limit));
    }
    let (on_demand, facade) =
        facade(dir)?.into_iter().partition::<Vec<_>, _>(|name| ON_DEMAND.contains(&name.as_str()));
    let facade = row("the facade, all its entries", &facade)?;
    let facade = facade.plus(row("the facade, what is loaded on demand", &on_demand)?);
    sizes.push(("facade".to_owned(), facade, None, FACADE_LIMIT));
    print!("{table}");
    for (part, named) in PARTS.iter().zip(pkg::named(&built)?) {
        print!("\n{}:\n{}", part.name, attribution::table(&fs::read(named)?)?);
    }

    println!();
    let kilobytes = |bytes: usize| bytes as f64 / 1024.0;
    let mut fits = true;
    for (name, cost, goal, limit) in &sizes {
        let goal = goal.map_or_else(String::new, |goal| format!("goal {:.0} KB, ", kilobytes(goal)));
        let verdict = if cost.gzip <= *limit { "within the limit" } else { "too much" };
        println!("{name}: {:.1} KB gzipped; {goal}limit {:.1} KB: {verdict}", kilobytes(cost.gzip), kilobytes(*limit));
        fits &= cost.gzip <= *limit;
    }
    let whole = sizes.iter().fold(Cost::default(), |sum, (_, cost, ..)| sum.plus(*cost));
    println!("all of it: {:.1} KB gzipped", kilobytes(whole.gzip));
    Ok(fits)
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
        if name.ends_with(".js") && !PARTS.iter().any(|part| part.makes(&name)) {
            scripts.push(name);
        }
    }
    Ok(scripts)
}
