//! The stages, in the order they run: what is quick and often wrong comes first.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::tally::{Tally, check, tests};
use crate::setup::{Need, TRIPLE};
use crate::{bench, instructions, paths, pkg, process, setup, size};

/// One part of the whole test.
pub(super) struct Stage {
    /// As on the command line.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What has to be set up before.
    pub(super) needs: &'static [Need],
    /// An error counts as one failure.
    pub(super) run: fn() -> Result<Tally>,
}

/// All of them.
pub(super) const STAGES: &[Stage] = &[
    Stage { name: "fmt", about: "the code is formatted", needs: &[], run: fmt },
    Stage { name: "clippy", about: "no warning in the host's code and in xtask", needs: &[], run: clippy },
    Stage { name: "clippy-wasm", about: "no warning in the wasm's code", needs: WASM, run: clippy_wasm },
    Stage { name: "docs", about: "the documentation builds, every link works", needs: WASM, run: docs },
    Stage { name: "native", about: "Rust tests and doctests on the host", needs: &[], run: native },
    Stage {
        name: "instructions",
        about: "no hot path takes more instructions, or more than its share of ten times as much",
        needs: &[Need::Valgrind],
        run: instructions,
    },
    Stage { name: "wasm", about: "Rust tests as wasm, in Node", needs: WASM, run: wasm },
    Stage { name: "pkg", about: "the package and its fault-injection twin build", needs: pkg::NEEDS, run: package },
    Stage { name: "size", about: "the package is within its budget", needs: pkg::NEEDS, run: budget },
    Stage {
        name: "package",
        about: "the packed package in Node, Deno, Bun, Vite, a browser, tsc",
        needs: &[Need::WasmTarget, Need::NpmPackages, Need::Chromium, Need::FailingModel],
        run: fixtures,
    },
    Stage {
        name: "workers",
        about: "the packed package in workerd",
        needs: &[Need::WasmTarget, Need::NpmPackages, Need::ModernNode],
        run: workers,
    },
    Stage {
        name: "ratios",
        about: "the packed package is not much slower beside code written by hand than it was",
        needs: bench::SHORT_NEEDS,
        run: ratios,
    },
];

/// What `--with-model` adds. Apart from [`STAGES`], because it brings 300 MB and computes for minutes.
pub(super) const WITH_MODEL: Stage = Stage {
    name: "model",
    about: "the packed package against a real model on this machine",
    needs: &[Need::WasmTarget, Need::NpmPackages, Need::LocalModel],
    run: model,
};

/// What `--campaign` adds. Apart from [`STAGES`], because it takes an hour.
pub(super) const CAMPAIGN: Stage = Stage {
    name: "campaign",
    about: "5,000 random requests to each property and each workflow of the coach, optimised natively and through the package",
    needs: &[Need::WasmTarget, Need::NpmPackages],
    run: campaign,
};

const WASM: &[Need] = &[Need::WasmTarget];

/// The features that the package's tests need, and that it is never published with.
const FAULTS: &str = "fault-injection";
/// Fixtures below here run on the Node that wrangler needs, all others on the machine's own.
const ON_MODERN_NODE: &str = "tests/pkg/workerd";
/// Tests below here ask a real model, and are run by [`WITH_MODEL`] alone.
const ON_A_MODEL: &str = "tests/pkg/with-model";

fn fmt() -> Result<Tally> {
    check([process::cargo(&["fmt", "--all", "--check"])])
}

// xtask is always built apart from the rest: in one build, Cargo would give the crate's dependencies the features that
// xtask's ask for, and test another crate than the one that is shipped.

fn clippy() -> Result<Tally> {
    let strict = ["--all-targets", "--quiet", "--", "--deny", "warnings"];
    check([
        cargo(&["clippy", "--workspace", "--exclude", "xtask"], &strict),
        cargo(&["clippy", "--package", "xtask"], &strict),
    ])
}

fn clippy_wasm() -> Result<Tally> {
    let lib = ["clippy", "--target", TRIPLE, "--package", "repflow", "--lib", "--quiet"];
    let strict = ["--", "--deny", "warnings"];
    check([cargo(&lib, &strict), cargo(&[&lib[..], &["--features", FAULTS]].concat(), &strict)])
}

fn docs() -> Result<Tally> {
    let build = ["doc", "--no-deps", "--quiet", "--package", "repflow"];
    check([cargo(&build, &[]), cargo(&build, &["--target", TRIPLE])].map(|mut cargo| {
        cargo.env("RUSTDOCFLAGS", "--deny warnings");
        cargo
    }))
}

fn native() -> Result<Tally> {
    tests([
        cargo(&["test", "--no-fail-fast", "--workspace", "--exclude", "xtask"], &[]),
        cargo(&["test", "--no-fail-fast", "--package", "xtask"], &[]),
    ])
}

fn instructions() -> Result<Tally> {
    let report = instructions::report()?;
    let failed = report.problems.len() as u64;
    Ok(Tally { passed: report.judged as u64 - failed, failed })
}

fn wasm() -> Result<Tally> {
    tests([cargo(&["test", "--target", TRIPLE, "--package", "repflow", "--test", "wasm"], &[])])
}

fn cargo(args: &[&str], more: &[&str]) -> Command {
    process::cargo(&[args, more].concat())
}

fn package() -> Result<Tally> {
    pkg::build(&pkg::Options::default())?;
    pkg::build(&pkg::Options { features: Some(FAULTS.to_owned()), out: Some(fault_dir()) })?;
    Ok(Tally { passed: 1, failed: 0 })
}

fn fault_dir() -> String {
    paths::target().join("pkg-fault").to_string_lossy().into_owned()
}

fn budget() -> Result<Tally> {
    if size::report()? { Ok(Tally { passed: 1, failed: 0 }) } else { bail!("the package is above its budget") }
}

fn fixtures() -> Result<Tally> {
    let chrome = setup::browser::CHROMIUM.find().context("no browser")?;
    let files = test_files(Path::new("tests/pkg"))?;
    let elsewhere = [ON_MODERN_NODE, ON_A_MODEL].map(paths::in_root);
    let files = files.into_iter().filter(|file| !elsewhere.iter().any(|dir| file.starts_with(dir)));
    let mut node = node_tests(Path::new("node"), files, USUAL)?;
    node.env("CHROME", chrome).env("LLMOCK", setup::python::LLMOCK.program("llmock"));
    tests([node])
}

fn model() -> Result<Tally> {
    let mut node = node_tests(Path::new("node"), test_files(Path::new(ON_A_MODEL))?, USUAL)?;
    node.env("MODEL_PYTHON", setup::python::MODEL.program("python"));
    tests([node])
}

fn campaign() -> Result<Tally> {
    let file = paths::in_root("tests/pkg/fitness/campaign.test.mjs");
    let mut native = cargo(&["test", "--release", "--package", "repflow", "--test", "fitness"], &[]);
    let mut node = node_tests(Path::new("node"), [file], Duration::from_secs(7_200))?;
    for command in [&mut native, &mut node] {
        command.env("REPFLOW_CASES", "5000");
    }
    tests([native, node])
}

fn workers() -> Result<Tally> {
    let node = setup::node::modern()?;
    let mut command = node_tests(&node, test_files(Path::new(ON_MODERN_NODE))?, USUAL)?;
    // wrangler starts programs of its own by the name `node`.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = node.parent().map(PathBuf::from).into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(dirs)?);
    tests([command])
}

fn ratios() -> Result<Tally> {
    let (passed, failed) = bench::short()?;
    Ok(Tally { passed, failed })
}

/// How long a file of tests may take.
const USUAL: Duration = Duration::from_secs(240);

/// Node's test runner on `files`, told where the packed packages are.
fn node_tests(node: &Path, files: impl IntoIterator<Item = PathBuf>, timeout: Duration) -> Result<Command> {
    let mut command = process::command(node);
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]);
    command.arg(format!("--test-timeout={}", timeout.as_millis()));
    command.args(files);
    for (variable, tarball) in packed()? {
        command.env(variable, tarball);
    }
    Ok(command)
}

/// Packs both packages as npm would publish them. Building them again costs nothing when the `pkg` stage has run.
fn packed() -> Result<[(&'static str, PathBuf); 2]> {
    let dir = paths::target().join("packed");
    let plain = pkg::build(&pkg::Options::default())?;
    let fault = pkg::build(&pkg::Options { features: Some(FAULTS.to_owned()), out: Some(fault_dir()) })?;
    Ok([
        ("REPFLOW_TARBALL", pkg::pack(&plain.dir, &dir.join("plain"))?),
        ("REPFLOW_FAULT_TARBALL", pkg::pack(&fault.dir, &dir.join("fault"))?),
    ])
}

/// Every `*.test.mjs` below `dir`, in a fixed order.
fn test_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![paths::in_root(dir)];
    while let Some(dir) = open.pop() {
        for entry in dir.read_dir().with_context(|| format!("reading {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".test.mjs") {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        bail!("there is no test below {}", dir.display());
    }
    found.sort();
    Ok(found)
}
