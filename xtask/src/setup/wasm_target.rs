//! Rust's standard library for wasm32-unknown-unknown.
//!
//! Three ways, the ordinary one first: it is there; rustup adds it; Debian's compiler builds it from its own sources
//! ([`debian_rust`]). `SETUP_NO_RUSTUP=1` leaves the first two out, which proves the third on any Debian.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::setup::{apt, debian_rust};
use crate::{process, progress};

/// The target triple of the package.
pub(crate) const TRIPLE: &str = "wasm32-unknown-unknown";

const PATIENCE: Duration = Duration::from_secs(180);

/// Sees to it that a plain `cargo build --target wasm32-unknown-unknown` works.
pub(crate) fn ensure() -> Result<()> {
    let without_rustup = std::env::var_os("SETUP_NO_RUSTUP").is_some_and(|value| value == "1");
    if !without_rustup {
        if has_std("rustc") {
            return Ok(());
        }
        // Where rustup failed once, it is not asked again on every run.
        if debian_rust::ready() {
            return debian_rust::ensure();
        }
        if process::which("rustup").is_some() && add_by_rustup().is_ok() && has_std("rustc") {
            return Ok(());
        }
    }
    if debian_rust::ready() || apt::available() {
        return debian_rust::ensure();
    }
    bail!("the wasm target is missing and rustup could not add it: run `rustup target add {TRIPLE}`")
}

fn add_by_rustup() -> Result<()> {
    progress::step("Adding the wasm target with rustup", || {
        process::quiet_within(process::command("rustup").args(["target", "add", TRIPLE]), PATIENCE)
    })
}

/// Whether the sysroot of `rustc` holds a standard library for the target.
pub(crate) fn has_std(rustc: &str) -> bool {
    let mut ask = process::command(rustc);
    ask.args(["--print", "target-libdir", "--target", TRIPLE]);
    let Ok(output) = ask.output() else { return false };
    let dir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let Ok(files) = dir.read_dir() else { return false };
    files.flatten().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}
