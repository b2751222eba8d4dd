//! `cargo xtask bench`: the package beside what a user would pick instead.
//!
//! A benchmark is a script in `benches/` that measures the package and its peers in one process, in turns, and ends
//! with an exit code. Peers are dev dependencies of `benches/`, with a lock of their own: nothing else installs them.
//! The package is the packed one, as a user gets it. Times differ from machine to machine, ratios hardly do, so only
//! ratios are judged; and since even those can be disturbed, no benchmark is part of `cargo xtask test`.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::setup::Need;
use crate::{paths, pkg, process, progress, setup};

/// One script in `benches/`.
struct Bench {
    /// As on the command line; the script is `benches/NAME.mjs`.
    name: &'static str,
    about: &'static str,
}

/// All of them.
const BENCHES: &[Bench] = &[
    Bench { name: "resilience", about: "a protected call, beside cockatiel and opossum with p-retry" },
    Bench { name: "bus", about: "an event to ten subscribers, beside mitt and emittery" },
];

const NEEDS: &[Need] = &[Need::WasmTarget, Need::NpmPackages, Need::Peers, Need::ModernNode];

/// How much time a benchmark gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Enough to judge.
    Thorough,
    /// A few seconds: everything runs, nothing is judged.
    Quick,
}

/// Runs the benchmarks that `names` names; without a name, lists what there is.
pub(crate) fn run(names: &[String], pace: Pace) -> Result<ExitCode> {
    if names.is_empty() {
        if pace == Pace::Quick {
            bail!("--quick is for a run: name a benchmark");
        }
        BENCHES.iter().for_each(|bench| println!("{:<12} {}", bench.name, bench.about));
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(names)?;
    setup::all(NEEDS)?;
    install()?;
    let node = setup::node::modern()?;
    let mut code = ExitCode::SUCCESS;
    for bench in chosen {
        println!("\n== {}: {}", bench.name, bench.about);
        if let Err(error) = process::shown(&mut command(&node, bench, pace)) {
            println!("error: {error:#}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn choose(names: &[String]) -> Result<Vec<&'static Bench>> {
    if let Some(unknown) = names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name)) {
        let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no benchmark `{unknown}`; there is {}", known.join(", "));
    }
    Ok(BENCHES.iter().filter(|bench| names.iter().any(|name| name == bench.name)).collect())
}

/// Puts the package of these sources beside its peers.
fn install() -> Result<()> {
    let built = pkg::build(&pkg::Options::default())?;
    let packed = pkg::pack(&built.dir, &paths::target().join("packed/bench"))?;
    let benches = paths::in_root("benches");
    // The version is the same before and after a change: npm must not take what is there for what is asked for.
    let installed = benches.join("node_modules/repflow");
    if installed.exists() {
        fs::remove_dir_all(&installed)?;
    }
    progress::step("Installing the package beside its peers", || {
        let mut npm = process::command("npm");
        npm.current_dir(&benches).args(["install", "--no-save", "--offline", "--ignore-scripts", "--no-audit"]);
        npm.args(["--no-fund", "--loglevel=error"]).arg(&packed);
        process::quiet(&mut npm).map(drop)
    })
}

fn command(node: &Path, bench: &Bench, pace: Pace) -> Command {
    let mut command = process::command(node);
    // Between two contenders the garbage of the first is collected.
    command.arg("--expose-gc").arg(paths::in_root("benches").join(bench.name).with_extension("mjs"));
    if pace == Pace::Quick {
        command.arg("--quick");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_benchmark_has_a_script_of_its_name() {
        for bench in BENCHES {
            let command = command(Path::new("node"), bench, Pace::Thorough);
            let script = command.get_args().last().unwrap();
            assert!(Path::new(script).is_file(), "{} is missing", script.display());
        }
    }

    #[test]
    fn only_a_quick_run_says_so_to_the_script() {
        let quick = |pace| command(Path::new("node"), &BENCHES[0], pace).get_args().any(|arg| arg == "--quick");
        assert!(quick(Pace::Quick));
        assert!(!quick(Pace::Thorough));
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_those_that_are() {
        let names = ["resilience".to_owned(), "resilence".to_owned()];
        let error = choose(&names).err().unwrap().to_string();
        assert!(error.contains("`resilence`") && error.ends_with("resilience, bus"), "{error}");
        assert_eq!(choose(&names[..1]).unwrap().len(), 1);
    }
}
