//! Valgrind, whose callgrind counts instructions: the one that is there, else Debian's.
//!
//! It runs on Linux. Elsewhere the need is met without it, and whoever counts says that nothing was counted.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::setup::apt;
use crate::{process, progress};

/// Valgrind, when it is on the PATH.
pub(crate) fn find() -> Option<PathBuf> {
    process::which("valgrind")
}

/// Sees to it that [`find`] finds it, on Linux.
pub(crate) fn ensure() -> Result<()> {
    if find().is_some() || !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !apt::available() {
        bail!("no valgrind to count instructions with: install the package valgrind of your distribution");
    }
    progress::step("Installing Debian's valgrind", || apt::install(&["valgrind"]))
}
