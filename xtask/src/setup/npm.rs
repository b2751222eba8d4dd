//! The npm packages that build, test and are measured: exactly what the `package-lock.json` of each project says.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{paths, process, progress, setup};

/// `npm ci` in the directory `project`, unless it was done for this very lock. The stamp lies in `node_modules`, and so
/// goes away with it.
pub(crate) fn ensure(project: &Path) -> Result<()> {
    let have = setup::node::version_of("node").context("Node is missing: install Node 20.19 or later, with npm")?;
    if have < setup::node::OLDEST {
        bail!("Node {have} is too old: install Node {} or later", setup::node::OLDEST);
    }
    let dir = paths::in_root(project);
    let lock = fs::read(dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let place = if project.as_os_str().is_empty() { String::new() } else { format!(" in {}", project.display()) };
    progress::step(&format!("Installing npm packages{place}"), || {
        let mut ci = process::command("npm");
        // Some ask for a newer Node than the machine may have, which is seen to by itself.
        ci.current_dir(&dir).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::quiet(&mut ci)?;
        Ok(fs::write(&stamp, &lock)?)
    })
}
