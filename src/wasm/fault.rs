//! Ways to die, for the tests of recovery. Only in the build with the feature `fault-injection`, never in the package.

use wasm_bindgen::prelude::*;

/// Ends this instance: by a panic, or by the end of its stack.
#[wasm_bindgen(js_name = injectFault)]
pub fn inject_fault(kind: &str) -> f64 {
    match kind {
        "overflow" => descend(1) as f64,
        _ => panic!("injected fault"),
    }
}

/// Calls itself until the stack ends; what comes after the call keeps it from becoming a loop.
fn descend(depth: u64) -> u64 {
    let below = std::hint::black_box(descend as fn(u64) -> u64)(depth + 1);
    std::hint::black_box(below) + depth
}
