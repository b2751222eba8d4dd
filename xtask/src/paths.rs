//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A path below the root, without the `..` of [`root`] when the root is there.
pub(crate) fn in_root(path: impl AsRef<Path>) -> PathBuf {
    root().canonicalize().unwrap_or_else(|_| root().to_owned()).join(path)
}

/// Where the build keeps what it can make again: Cargo's own target directory.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => in_root(dir),
        None => in_root("target"),
    }
}
