//! The wasm target without rustup's servers: Debian's recent compiler, and the standard library from its own sources.
//!
//! Debian packages a current Rust for its browser builds (`rustc-web` and its kin), with the sources of the standard
//! library and their dependencies vendored, but no wasm32 library. So it is built here, offline and once: a dummy
//! package depends on `library/sysroot`, as Rust's own bootstrap does, and the libraries are copied into the sysroot.
//! From there everything works with no further flag. A stamp beside them says which compiler they belong to.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::setup::apt;
use crate::setup::wasm_target::TRIPLE;
use crate::{paths, process, progress};

const PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "rustfmt-web", "rust-web-llvm", "lld-22"];
/// What those packages bring; all of it there means nothing is to be installed.
const BROUGHT: &[&str] = &[RUSTC, CARGO, "/usr/bin/cargo-clippy", "/usr/bin/rustfmt", "/usr/bin/rust-lld", SOURCES];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/sysroot/Cargo.toml";
const LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
const INSTALLED: &str = "/usr/lib/rustlib/wasm32-unknown-unknown";
const TOOLCHAIN: &str = "debian";

/// Whether [`ensure`] has nothing left to install or build.
pub(super) fn ready() -> bool {
    Path::new(RUSTC).exists()
        && compiler().is_ok_and(|compiler| fs::read_to_string(stamp()).is_ok_and(|built| built == compiler))
}

/// Installs, builds, and makes every later Cargo of this run Debian's.
pub(super) fn ensure() -> Result<()> {
    if BROUGHT.iter().any(|file| !Path::new(file).exists()) {
        progress::step("Installing Debian's Rust", || apt::install(PACKAGES))?;
    }
    if !ready() {
        progress::step("Building Rust's standard library for wasm", build)?;
    }
    if process::which("rustup").is_some() {
        process::quiet(process::command("rustup").args(["toolchain", "link", TOOLCHAIN, "/usr"]))?;
        process::use_toolchain(TOOLCHAIN);
    }
    Ok(())
}

fn compiler() -> Result<String> {
    process::quiet(process::command(RUSTC).arg("-vV"))
}

fn stamp() -> PathBuf {
    Path::new(INSTALLED).join("built-by.txt")
}

fn build() -> Result<()> {
    let dir = paths::target().join("debian-std");
    // What an interrupted build left must not be mixed with this one.
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    fs::write(dir.join("Cargo.toml"), manifest())?;
    fs::copy(Path::new(LIBRARY).join("Cargo.lock"), dir.join("Cargo.lock"))?;

    let mut cargo = process::command(CARGO);
    cargo.current_dir(&dir).args(["build", "--release", "--offline", "--package", "sysroot", "--target", TRIPLE]);
    cargo.args(["--config", "source.crates-io.replace-with='vendored-std'"]);
    cargo.args(["--config", &format!("source.vendored-std.directory='{LIBRARY}/vendor'")]);
    // Asked of a stable compiler: the library is built from unstable features, and marked as the one of the sysroot.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("__CARGO_DEFAULT_LIB_METADATA", "stablestd");
    cargo.env("RUSTFLAGS", "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes");
    cargo.env("RUSTC", RUSTC).env("CARGO_TARGET_DIR", dir.join("target")).env_remove("RUSTUP_TOOLCHAIN");
    process::quiet(&mut cargo)?;

    install(&dir.join("target").join(TRIPLE).join("release/deps"))?;
    fs::write(stamp(), compiler()?)?;
    Ok(fs::remove_dir_all(&dir)?)
}

fn manifest() -> String {
    let mut text = format!(
        "[package]\nname = \"wasm-std\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         sysroot = {{ path = \"{LIBRARY}/sysroot\" }}\n\n[workspace]\n\n[patch.crates-io]\n"
    );
    for name in ["rustc-std-workspace-core", "rustc-std-workspace-alloc", "rustc-std-workspace-std"] {
        text += &format!("{name} = {{ path = \"{LIBRARY}/{name}\" }}\n");
    }
    text
}

fn install(built: &Path) -> Result<()> {
    let lib = Path::new(INSTALLED).join("lib");
    if lib.exists() {
        fs::remove_dir_all(&lib)?;
    }
    fs::create_dir_all(&lib)?;
    let mut libraries = 0;
    for file in built.read_dir().with_context(|| format!("nothing was built in {}", built.display()))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "rlib")
            && let Some(name) = path.file_name()
        {
            fs::copy(&path, lib.join(name))?;
            libraries += 1;
        }
    }
    if libraries == 0 {
        bail!("nothing was built in {}", built.display());
    }
    Ok(())
}
