//! Runs one compiled wasm test file in Node: what Cargo calls after `cargo test --target wasm32-unknown-unknown`.
//!
//! wasm-bindgen's own runner, as a library (see `.cargo/config.toml`): nothing to install, and its version can never
//! differ from the crate's.

use anyhow::Result;

/// Runs the tests of the file that `args` names, with the options that follow it.
pub(crate) fn run(args: Vec<String>) -> Result<()> {
    let program = "wasm-bindgen-test-runner".to_owned();
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::iter::once(program).chain(args))
}
