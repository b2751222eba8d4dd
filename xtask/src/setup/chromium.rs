//! A browser for the tests: any Chromium or Chrome that is there, else Debian's.
//!
//! Playwright's own download is not used: it is one more source that may be out of reach, and tests in the browser
//! that people have say more.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::setup::apt;
use crate::{process, progress};

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const ON_MACOS: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The browser: `$CHROME` if that is set, else the first on the PATH.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(chosen) = std::env::var_os("CHROME") {
        return Some(PathBuf::from(chosen)).filter(|file| file.is_file());
    }
    let installed = ON_MACOS.iter().map(PathBuf::from).find(|file| file.is_file());
    NAMES.iter().find_map(|name| process::which(name)).or(installed)
}

/// Sees to it that [`find`] finds one.
pub(crate) fn ensure() -> Result<()> {
    if find().is_some() {
        return Ok(());
    }
    if let Some(chosen) = std::env::var_os("CHROME") {
        bail!("CHROME is {}, and there is no such file", chosen.to_string_lossy());
    }
    if !apt::available() {
        bail!("no browser for the tests: install Chromium or Chrome, or say where it is with CHROME=/path/to/chrome");
    }
    progress::step("Installing Debian's chromium", || apt::install(&["chromium"]))
}
