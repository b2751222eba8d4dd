//! A Node that wrangler runs on, and what the benchmarks measure the package against.
//!
//! The package itself supports Node from 20.19, and its tests run on the machine's own. Only wrangler wants 22.12, and
//! the benchmarks' peers 22; where the machine's Node is older, a newer one comes as an npm package into `.tools`,
//! beside it and not instead.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{paths, process, progress};

/// The oldest Node that the package supports: from there `require()` takes an ES module.
pub(crate) const OLDEST: Version = Version(20, 19);
const MODERN: Version = Version(22, 12);
/// A range, since npm has not every version for every platform.
const INSTALLED: &str = "24";

/// Major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Asks `node` for its version; none when it does not run.
pub(crate) fn version_of(node: impl AsRef<std::ffi::OsStr>) -> Option<Version> {
    parse(&process::command(node).arg("--version").output().ok().map(|out| out.stdout)?)
}

fn parse(text: &[u8]) -> Option<Version> {
    let mut numbers = std::str::from_utf8(text).ok()?.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some(Version(numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The newer Node: the machine's if that is new enough, else the one in `.tools`.
pub(crate) fn modern() -> Result<PathBuf> {
    if version_of("node").is_some_and(|version| version >= MODERN)
        && let Some(node) = process::which("node")
    {
        return Ok(node);
    }
    Ok(paths::in_root(".tools/node_modules").join(package()?).join("bin/node"))
}

/// Sees to it that [`modern`] runs.
pub(crate) fn ensure() -> Result<()> {
    if version_of(modern()?).is_some_and(|version| version >= MODERN) {
        return Ok(());
    }
    progress::step("Installing a newer Node", || {
        let mut install = process::command("npm");
        install.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        install.arg(paths::in_root(".tools")).arg(format!("{}@{INSTALLED}", package()?));
        process::quiet(&mut install)?;
        if version_of(modern()?).is_none() {
            bail!("it does not run: install Node {MODERN} or later by hand");
        }
        Ok(())
    })
}

fn package() -> Result<String> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("npm has no Node for {other}: install Node {MODERN} or later by hand"),
    };
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "linux" => "linux",
        other => bail!("npm has no Node for {other}: install Node {MODERN} or later by hand"),
    };
    Ok(format!("node-{os}-{arch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        assert_eq!(parse(b"v20.19.1\n"), Some(Version(20, 19)));
        assert_eq!(parse(b"not a version"), None);
        assert!(parse(b"v24.1.0").unwrap() >= MODERN);
        assert!(parse(b"v22.9.0").unwrap() < MODERN);
        assert!(parse(b"v20.18.3").unwrap() < OLDEST);
    }
}
