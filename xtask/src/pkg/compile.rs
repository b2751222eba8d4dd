//! Rust to wasm.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::setup::TRIPLE;

/// Compiles the crate with `features` and no others, to the file `to`. Cargo keeps what it makes beside that, where nothing with other
/// features is kept: a cdylib has the same name with all of them, so each would take the place of the one before and be compiled
/// again, also when nothing has changed.
///
/// As a cdylib alone: a library that is made as an rlib as well, Cargo links without link-time optimisation, whatever the
/// profile says. That is 6 KB gzipped.
pub(super) fn run(features: &str, to: &Path) -> Result<()> {
    let mut cargo = process::cargo(&["rustc", "--release", "--lib", "--package", "repflow", "--target", TRIPLE]);
    cargo.args(["--crate-type", "cdylib", "--no-default-features", "--features", features, "--config", &rustflags()]);
    cargo.args(["--quiet", "--message-format", "json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(to.with_file_name("cargo"));
    let messages = process::stdout(&mut cargo)?;
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let made = artifacts
        .filter(|message| message["target"]["name"] == "repflow")
        .filter_map(|message| message["filenames"].as_array().cloned())
        .flatten()
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .context("Cargo built no wasm file: is the crate a cdylib?")?;
    fs::copy(made, to)?;
    Ok(())
}

/// Leaves loops as they are: LLVM would give each what it counts in several variables, one for each use, which takes 1 KB.
const PLAIN_LOOPS: &str = "-Cllvm-args=-disable-lsr";

/// A setting with the flags of the compiler. They take the path of Cargo's registry out of what dependencies say when they
/// panic: the package must not tell who built it where, and must come out the same on every machine.
fn rustflags() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let sources = home.and_then(|home| home.join("registry/src").read_dir().ok());
    let paths = sources.into_iter().flatten().flatten();
    let paths = paths.map(|registry| format!("--remap-path-prefix={}=", registry.path().display()));
    // JSON's strings are TOML's.
    let flags = paths.chain([PLAIN_LOOPS.to_owned()]).map(|flag| Value::from(flag).to_string());
    format!("target.{TRIPLE}.rustflags=[{}]", flags.collect::<Vec<_>>().join(", "))
}
