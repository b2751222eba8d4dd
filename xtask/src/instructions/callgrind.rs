//! One workload under callgrind, and what its report says.
//!
//! The report lists, for each function, the cost of its own lines, and after each `calls=` line the cost of what it
//! called, which those functions list again as their own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{paths, process};

/// What a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Instructions of the program itself.
    pub(super) own: usize,
    /// How often the program asked the C library for memory.
    pub(super) allocations: usize,
    /// All instructions.
    pub(super) all: usize,
}

impl Counts {
    fn minus(self, other: Self) -> Self {
        let Self { own, allocations, all } = other;
        let less = usize::saturating_sub;
        Self { own: less(self.own, own), allocations: less(self.allocations, allocations), all: less(self.all, all) }
    }
}

const PROGRAM: &str = "count";
const ALLOCATORS: &[&str] = &["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"];

/// Compiles what is counted, as it is released.
pub(super) fn build() -> Result<PathBuf> {
    let package = ["--package", "repflow-benches", "--example", PROGRAM];
    process::shown(process::cargo(&["build", "--release", "--quiet"]).args(package))?;
    Ok(paths::target().join("release/examples").join(PROGRAM))
}

/// What one run of a workload takes: what is more when it is run twice.
pub(super) fn count(valgrind: &Path, program: &Path, name: &str, size: usize) -> Result<Counts> {
    let dir = paths::target().join("instructions");
    fs::create_dir_all(&dir)?;
    let times = |times: usize| {
        let file = dir.join(format!("{name}-{size}-{times}"));
        let mut command = process::command(valgrind);
        command.args(["--tool=callgrind", "--quiet", "--compress-strings=no", "--compress-pos=no"]);
        command.arg(format!("--callgrind-out-file={}", file.display())).arg(program);
        process::quiet(command.arg(name).args([size, times].map(|number| number.to_string())))?;
        let report = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        read(&report).with_context(|| format!("{} is no report of callgrind", file.display()))
    };
    let counts = times(2)?.minus(times(1)?);
    // Nothing takes nothing: then it is not the program that was looked at.
    ensure!(counts.own > 0 && counts.own <= counts.all, "{name} of {size} cannot take {counts:?}");
    Ok(counts)
}

fn read(report: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    let (mut is_own, mut callee, mut is_of_call, mut is_complete) = (false, "", false, false);
    for line in report.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_own = Path::new(object).file_name().is_some_and(|name| name == PROGRAM);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = name;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if is_own && ALLOCATORS.contains(&callee) {
                counts.allocations += calls.split(' ').next()?.parse::<usize>().ok()?;
            }
            is_of_call = true;
        } else if let Some(total) = line.strip_prefix("totals: ") {
            is_complete = total.parse() == Ok(counts.all);
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            // What stands there is the line in the source, and what it cost.
            let cost: usize = line.split(' ').nth(1)?.parse().ok()?;
            if !std::mem::take(&mut is_of_call) {
                counts.all += cost;
                counts.own += if is_own { cost } else { 0 };
            }
        }
    }
    is_complete.then_some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\
version: 1
positions: line
events: Ir
summary: 1234

ob=/somewhere/target/release/count
fl=???
fn=repflow::run
0 100
cob=/usr/lib/libc.so.6
cfi=malloc.c
cfn=malloc
calls=3 0
0 60
cfn=repflow::step
calls=2 0
0 40
5 7

fn=repflow::step
0 40

ob=/usr/lib/libc.so.6
fn=malloc
0 50
cfn=realloc
calls=1 0
0 10

fn=realloc
0 10

totals: 207
";

    #[test]
    fn the_cost_of_a_call_is_counted_once_and_by_whom_it_is() {
        assert_eq!(read(REPORT), Some(Counts { own: 147, allocations: 3, all: 207 }));
    }

    #[test]
    fn a_report_that_does_not_add_up_is_none() {
        assert_eq!(read(&REPORT.replace("totals: 207", "totals: 208")), None);
        assert_eq!(read(REPORT.split_once("totals").unwrap().0), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn one_run_is_what_two_take_more_than_one() {
        let (one, two) = (Counts { own: 10, allocations: 2, all: 15 }, Counts { own: 13, allocations: 2, all: 20 });
        assert_eq!(two.minus(one), Counts { own: 3, allocations: 0, all: 5 });
    }
}
