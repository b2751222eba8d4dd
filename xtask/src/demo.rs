//! The first command a newcomer runs: the demo page, or with `--once` one workout in the terminal.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{paths, pkg, process, setup};

/// What was asked for.
pub(crate) struct Options {
    /// Make one workout in Node, print it and end.
    pub(crate) once: bool,
    /// The port of the page; any free one by default.
    pub(crate) port: Option<u16>,
}

/// Sets up what the demo needs and nothing else, builds the package, and hands over to Node.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.once && options.port.is_some() {
        bail!("--port is for the page; with --once there is none");
    }
    setup::all(pkg::NEEDS)?;
    pkg::build(&pkg::Options::default())?;
    let mut node = if options.once {
        process::node(paths::in_root("www/once.mjs"))
    } else {
        process::node(paths::in_root("www/server.mjs"))
    };
    if let Some(port) = options.port {
        node.args(["--port", &port.to_string()]);
    }
    process::hand_over(&mut node)?;
    Ok(ExitCode::SUCCESS)
}
