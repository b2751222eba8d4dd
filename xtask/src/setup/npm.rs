//! The npm packages that build and test: exactly what `package-lock.json` says.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{paths, process, progress, setup};

/// `npm ci`, unless it was done for this very lock. The stamp lies in `node_modules`, and so goes away with it.
pub(crate) fn ensure() -> Result<()> {
    let have = setup::node::version_of("node").context("Node is missing: install Node 20.19 or later, with npm")?;
    if have < setup::node::OLDEST {
        bail!("Node {have} is too old: install Node {} or later", setup::node::OLDEST);
    }
    let lock = fs::read(paths::in_root("package-lock.json"))?;
    let stamp = paths::in_root("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    progress::step("Installing npm packages", || {
        let mut ci = process::command("npm");
        // wrangler asks for a newer Node than the machine may have, which is seen to by itself.
        ci.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::quiet(&mut ci)?;
        Ok(fs::write(&stamp, &lock)?)
    })
}
