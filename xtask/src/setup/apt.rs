//! Debian's packages, when this is Debian and we may install.

use anyhow::{Result, bail};

use crate::process;

/// Whether `apt-get install` can work here: there is an apt-get, and we are root.
pub(crate) fn available() -> bool {
    process::which("apt-get").is_some()
        && process::quiet(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs `packages`; refused before anything is installed when apt does not offer all of them.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    process::quiet(process::command("apt-get").arg("update"))?;
    for package in packages {
        let policy = process::quiet(process::command("apt-cache").args(["policy", package]))?;
        if !policy.contains("Candidate:") || policy.contains("Candidate: (none)") {
            bail!("apt does not offer the package {package}");
        }
    }
    let mut install = process::command("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    process::quiet(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    Ok(())
}
