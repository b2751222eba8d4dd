//! Browsers: whatever is there of a kind, else Debian's.
//!
//! Playwright's own downloads are not used: they are one more source that may be out of reach, and tests in the browsers
//! that people have say more.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::setup::apt;
use crate::{process, progress};

/// A kind of browser.
pub(crate) struct Browser {
    /// What people call it.
    name: &'static str,
    /// The environment variable that chooses one.
    pub(crate) variable: &'static str,
    /// Its programs on the PATH.
    programs: &'static [&'static str],
    on_macos: &'static [&'static str],
    /// Debian's package of it.
    package: &'static str,
}

/// Chromium or Chrome.
pub(crate) const CHROMIUM: Browser = Browser {
    name: "Chromium or Chrome",
    variable: "CHROME",
    programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
    on_macos: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
    package: "chromium",
};

/// Firefox, which only the benchmarks need.
pub(crate) const FIREFOX: Browser = Browser {
    name: "Firefox",
    variable: "FIREFOX",
    programs: &["firefox", "firefox-esr"],
    on_macos: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
    package: "firefox-esr",
};

impl Browser {
    /// The browser: the one that the variable names if it is set, else the first on the PATH.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        if let Some(chosen) = std::env::var_os(self.variable) {
            return Some(PathBuf::from(chosen)).filter(|file| file.is_file());
        }
        let installed = self.on_macos.iter().map(PathBuf::from).find(|file| file.is_file());
        self.programs.iter().find_map(|program| process::which(program)).or(installed)
    }

    /// Sees to it that [`find`](Self::find) finds one.
    pub(crate) fn ensure(&self) -> Result<()> {
        if self.find().is_some() {
            return Ok(());
        }
        let Self { name, variable, package, .. } = self;
        if let Some(chosen) = std::env::var_os(variable) {
            bail!("{variable} is {}, and there is no such file", chosen.to_string_lossy());
        }
        if !apt::available() {
            bail!("there is no {name}: install it, or say where it is with {variable}=/path/to/browser");
        }
        progress::step(&format!("Installing Debian's {package}"), || apt::install(&[package]))
    }
}
