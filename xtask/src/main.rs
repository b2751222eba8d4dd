//! Build, test and demo of Repflow: `cargo xtask`.
fn main() {}
