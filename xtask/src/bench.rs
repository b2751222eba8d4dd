//! `cargo xtask bench`: the package beside what a user would pick instead.
//!
//! A workload is a file in `benches/workloads/`: the same work for the package and for its peers, measured in turns, and
//! what has to be reached. Each is measured in a process of its own, one after the other; all of them together make
//! `docs/benchmarks.md`. Peers are dev dependencies of `benches/`, with a lock of their own: nothing else installs them.
//! The package is the packed one, as a user gets it. Times differ from machine to machine, ratios hardly do, so ratios
//! are judged wherever there is something to compare with.
//!
//! Even ratios can be disturbed, so `cargo xtask test` runs a short form only: beside code written by hand instead of
//! peers, by the processors' time instead of the clock's, and with bounds of 1.6 times what was measured. They hold on a
//! busy machine, and show when something takes twice as long as it did.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::setup::Need;
use crate::setup::browser::{CHROMIUM, FIREFOX};
use crate::{paths, pkg, process, progress, setup};

/// One file in `benches/workloads/`.
struct Workload {
    /// As on the command line; the file is `NAME.mjs`.
    name: &'static str,
    about: &'static str,
}

/// All of them, in the order of the document.
const WORKLOADS: &[Workload] = &[
    Workload { name: "chain", about: "100 steps, one after the other" },
    Workload { name: "fan-out", about: "1,000 tasks, ten at once" },
    Workload { name: "graph", about: "100 nodes in diamonds" },
    Workload { name: "retries", about: "a step that fails twice" },
    Workload { name: "objects", about: "20 steps that hand on 10 KB and 1 MB" },
    Workload { name: "publish", about: "an event to ten subscribers" },
    Workload { name: "request", about: "a request and its answer" },
    Workload { name: "policies", about: "retry, circuit breaker and timeout around a call" },
    Workload { name: "models", about: "a question to a model" },
    Workload { name: "concurrent-runs", about: "10,000 runs of five steps at once, and their memory" },
    Workload { name: "waits", about: "10,000 runs of five waits at once" },
    Workload { name: "session", about: "a session of the offline coach" },
    Workload { name: "workout", about: "the comprehensive workout with a model" },
    Workload { name: "cold-start", about: "a new process to the end of its first run" },
    Workload { name: "size", about: "what a page loads" },
    Workload { name: "scaling", about: "ten times more" },
    Workload { name: IN_BROWSERS, about: "chain, fan-out and graph in Chromium and Firefox" },
];

/// The one that is measured in pages.
const IN_BROWSERS: &str = "browsers";

/// Those that have a short form.
const SHORT: &[&str] =
    &["chain", "fan-out", "graph", "retries", "objects", "publish", "request", "policies", "scaling"];

const NEEDS: &[Need] = &[Need::WasmTarget, Need::NpmPackages, Need::Peers, Need::ModernNode];
const BROWSER_NEEDS: &[Need] = &[Need::Chromium, Need::Firefox];

/// What the short form needs: no peers.
pub(crate) const SHORT_NEEDS: &[Need] = &[Need::WasmTarget, Need::NpmPackages, Need::ModernNode];

/// How much time a workload gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Enough to judge.
    Thorough,
    /// Without peers, and judged by other bounds.
    Short,
    /// A few seconds: everything runs, nothing is judged.
    Quick,
}

impl Pace {
    fn flag(self) -> Option<&'static str> {
        match self {
            Self::Thorough => None,
            Self::Short => Some("--short"),
            Self::Quick => Some("--quick"),
        }
    }
}

/// What was asked for.
pub(crate) struct Options {
    pub(crate) pace: Pace,
    /// Only say which workloads there are.
    pub(crate) list: bool,
    /// Where the document goes. Without it, the results of a thorough run of everything go to `docs/benchmarks.md`.
    pub(crate) out: Option<String>,
}

/// Measures the workloads that `names` names, or all of them.
pub(crate) fn run(names: &[String], options: &Options) -> Result<ExitCode> {
    if options.list {
        WORKLOADS.iter().for_each(|workload| println!("{:<16} {}", workload.name, workload.about));
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(names)?;
    setup::all(NEEDS)?;
    if chosen.iter().any(|workload| workload.name == IN_BROWSERS) {
        setup::all(BROWSER_NEEDS)?;
    }
    install()?;
    let results = results()?;
    let failed = measure(&chosen, options.pace, &results)?;
    if let Some(document) = document(names, options) {
        write(&chosen, &results, &document)?;
        println!("\n{}", document.display());
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nerror: not all that has to be reached was: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// The short form: how many of its workloads reach what they have to, and how many do not.
pub(crate) fn short() -> Result<(u64, u64)> {
    install()?;
    let chosen: Vec<_> = WORKLOADS.iter().filter(|workload| SHORT.contains(&workload.name)).collect();
    let failed = measure(&chosen, Pace::Short, &results()?)?.len();
    Ok(((chosen.len() - failed) as u64, failed as u64))
}

fn choose(names: &[String]) -> Result<Vec<&'static Workload>> {
    if let Some(unknown) = names.iter().find(|name| WORKLOADS.iter().all(|workload| workload.name != **name)) {
        let known: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        bail!("there is no workload `{unknown}`; there is {}", known.join(", "));
    }
    let asked = |workload: &&Workload| names.is_empty() || names.iter().any(|name| name == workload.name);
    Ok(WORKLOADS.iter().filter(asked).collect())
}

/// Puts the package of these sources beside its peers. Not by npm, which would also want to see to the peers.
fn install() -> Result<()> {
    let built = pkg::build(&pkg::Options::default())?;
    let packed = pkg::pack(&built.dir, &paths::target().join("packed/bench"))?;
    let installed = paths::in_root("benches/node_modules/repflow");
    // What an older version had and this one has not must not stay.
    if installed.exists() {
        fs::remove_dir_all(&installed)?;
    }
    fs::create_dir_all(&installed)?;
    let mut tar = process::command("tar");
    tar.arg("-xzf").arg(packed).arg("-C").arg(installed).arg("--strip-components=1");
    process::quiet(&mut tar).map(drop)
}

/// Where each workload leaves what it measured, emptied.
fn results() -> Result<PathBuf> {
    let dir = paths::target().join("bench");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// Measures each of `chosen`, and returns the names of those that failed.
fn measure(chosen: &[&Workload], pace: Pace, results: &Path) -> Result<Vec<&'static str>> {
    let node = setup::node::modern()?;
    let mut failed = Vec::new();
    for workload in chosen {
        println!("\n== {}: {}", workload.name, workload.about);
        if let Err(error) = process::shown(&mut command(&node, workload, pace, results)) {
            println!("error: {error:#}");
            failed.push(workload.name);
        }
    }
    Ok(failed)
}

fn command(node: &Path, workload: &Workload, pace: Pace, results: &Path) -> Command {
    let mut command = process::command(node);
    // Between two contenders the garbage of the first is collected.
    command.arg("--expose-gc").arg(paths::in_root("benches/run.mjs")).arg(workload.name);
    command.args(pace.flag()).arg("--out").arg(results);
    if workload.name == IN_BROWSERS {
        command.envs([CHROMIUM, FIREFOX].into_iter().filter_map(|it| Some((it.variable, it.find()?))));
    }
    command
}

/// The file that the results go to, if they go to one.
fn document(names: &[String], options: &Options) -> Option<PathBuf> {
    match &options.out {
        Some(file) => Some(paths::in_root(file)),
        None if names.is_empty() && options.pace == Pace::Thorough => Some(paths::in_root("docs/benchmarks.md")),
        None => None,
    }
}

fn write(chosen: &[&Workload], results: &Path, document: &Path) -> Result<()> {
    let mut node = process::command(setup::node::modern()?);
    node.arg(paths::in_root("benches/document.mjs")).arg(document).arg("--commit").arg(commit()?);
    // One that could not be measured has left nothing.
    let files = chosen.iter().map(|workload| results.join(workload.name).with_extension("json"));
    node.args(files.filter(|file| file.exists()));
    progress::step("Writing the document", || process::quiet(&mut node).map(drop))
}

/// What was measured: a commit, and whether something has been changed since.
fn commit() -> Result<String> {
    let git = |args: &[&str]| process::quiet(process::command("git").args(args));
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(format!("{}{}", head.trim(), if changed { " with changes" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pace: Pace, out: Option<&str>) -> Options {
        Options { pace, list: false, out: out.map(str::to_owned) }
    }

    #[test]
    fn every_workload_is_a_file_and_every_file_a_workload() {
        let files = fs::read_dir(paths::in_root("benches/workloads")).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let mut names: Vec<_> = WORKLOADS.iter().map(|workload| format!("{}.mjs", workload.name)).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
        assert!(SHORT.iter().all(|name| WORKLOADS.iter().any(|workload| workload.name == *name)));
    }

    #[test]
    fn the_pace_is_said_to_the_script() {
        let args = |pace| {
            let command = command(Path::new("node"), &WORKLOADS[0], pace, Path::new("results"));
            command.get_args().skip(2).map(|arg| arg.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(args(Pace::Thorough), ["chain", "--out", "results"]);
        assert_eq!(args(Pace::Quick), ["chain", "--quick", "--out", "results"]);
        assert_eq!(args(Pace::Short), ["chain", "--short", "--out", "results"]);
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_those_that_are() {
        let names = ["chain".to_owned(), "chian".to_owned()];
        let error = choose(&names).err().unwrap().to_string();
        assert!(error.contains("`chian`") && error.contains("chain, fan-out, graph"), "{error}");
        assert_eq!(choose(&names[..1]).unwrap().len(), 1);
        assert_eq!(choose(&[]).unwrap().len(), WORKLOADS.len());
    }

    #[test]
    fn only_a_thorough_run_of_everything_is_published_by_itself() {
        let all: &[String] = &[];
        let one = &["chain".to_owned()][..];
        assert!(document(all, &options(Pace::Thorough, None)).is_some_and(|file| file.ends_with("docs/benchmarks.md")));
        assert_eq!(document(one, &options(Pace::Thorough, None)), None);
        assert_eq!(document(all, &options(Pace::Quick, None)), None);
        assert!(document(one, &options(Pace::Quick, Some("x.md"))).is_some_and(|file| file.ends_with("x.md")));
    }
}
