//! Where things are.

use std::path::{Path, PathBuf};

/// A path below the root of the repository. Asked of the Cargo that runs us, and not known since we were compiled: a
/// checkout may be moved with its target directory, or share it with another one.
pub(crate) fn in_root(path: impl AsRef<Path>) -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = here.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    here.parent().unwrap_or(&here).join(path)
}

/// Where the build keeps what it can make again: Cargo's own target directory.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => in_root(dir),
        None => in_root("target"),
    }
}
