//! The package as a file, as npm would publish it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// Packs the directory `package` into the directory `into`; returns the tarball.
pub(crate) fn pack(package: &Path, into: &Path) -> Result<PathBuf> {
    fs::create_dir_all(into)?;
    let mut npm = process::command("npm");
    npm.arg("pack").arg(package).arg("--pack-destination").arg(into).args(["--silent", "--ignore-scripts"]);
    let name = process::quiet(&mut npm)?;
    let name = name.lines().last().context("npm pack named no file")?;
    Ok(into.join(name.trim()))
}
