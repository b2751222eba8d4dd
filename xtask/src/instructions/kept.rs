//! The figures that are kept, and the compiler they belong to.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::Case;
use super::callgrind::Counts;
use crate::{paths, process};

/// Where they are kept.
pub(super) const FILE: &str = "benches/native/instructions.json";

/// A compiler, and what it compiles for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compiler {
    pub(super) rustc: String,
    pub(super) host: String,
}

impl Compiler {
    /// The one that would compile now.
    pub(super) fn here() -> Result<Self> {
        let about = process::quiet(process::command("rustc").arg("-vV"))?;
        let line = |key: &str| {
            let found = about.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            found.map(str::to_owned).with_context(|| format!("`rustc -vV` does not say its {key}"))
        };
        Ok(Self { rustc: line("release")?, host: line("host")? })
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {} for {}", self.rustc, self.host)
    }
}

/// What is kept.
pub(super) struct Kept {
    pub(super) compiler: Compiler,
    workloads: Vec<(String, Counts)>,
}

impl Kept {
    #[cfg(test)]
    pub(super) fn new<const N: usize>(compiler: Compiler, counted: [(Case, Counts); N]) -> Self {
        let workloads = counted.into_iter().map(|(case, counts)| (key(case), counts)).collect();
        Self { compiler, workloads }
    }

    /// The figures of a workload; of all its instructions only its own are kept.
    pub(super) fn of(&self, name: &str, size: usize) -> Option<Counts> {
        let key = format!("{name} of {size}");
        self.workloads.iter().find(|(name, _)| *name == key).map(|(_, counts)| *counts)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.workloads.len()
    }
}

fn key((name, size): Case) -> String {
    format!("{name} of {size}")
}

/// Reads what is kept.
pub(super) fn read() -> Result<Kept> {
    let text = fs::read_to_string(paths::in_root(FILE)).with_context(|| format!("reading {FILE}"))?;
    parse(&text)
        .with_context(|| format!("{FILE} does not hold figures; `cargo xtask instructions --bless` writes it anew"))
}

fn parse(text: &str) -> Option<Kept> {
    let json: Value = serde_json::from_str(text).ok()?;
    let word = |key: &str| Some(json[key].as_str()?.to_owned());
    let number = |json: &Value| Some(json.as_u64()? as usize);
    let workloads = json["workloads"].as_object()?.iter().map(|(name, it)| {
        let counts = Counts { own: number(&it["instructions"])?, allocations: number(&it["allocations"])?, all: 0 };
        Some((name.clone(), counts))
    });
    Some(Kept {
        compiler: Compiler { rustc: word("rustc")?, host: word("host")? },
        workloads: workloads.collect::<Option<_>>()?,
    })
}

/// Keeps figures instead of those that are kept.
pub(super) fn write(compiler: &Compiler, counted: &[(Case, Counts)]) -> Result<()> {
    fs::write(paths::in_root(FILE), format(compiler, counted)?).with_context(|| format!("writing {FILE}"))
}

fn format(compiler: &Compiler, counted: &[(Case, Counts)]) -> Result<String> {
    let workloads: Map<String, Value> = counted
        .iter()
        .map(|(case, counts)| (key(*case), json!({ "instructions": counts.own, "allocations": counts.allocations })))
        .collect();
    let json = json!({ "rustc": compiler.rustc, "host": compiler.host, "workloads": workloads });
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let compiler = Compiler { rustc: "1.2.3".to_owned(), host: "x86_64-unknown-linux-gnu".to_owned() };
        let counts = Counts { own: 12, allocations: 3, all: 0 };
        let kept = parse(&format(&compiler, &[(("chain", 100), counts)]).unwrap()).unwrap();
        assert_eq!((kept.compiler, kept.workloads), (compiler, vec![("chain of 100".to_owned(), counts)]));
        assert!(parse("{}").is_none());
    }
}
