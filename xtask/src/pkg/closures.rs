//! Takes out what JavaScript would call closures of Rust by, where no closure goes there.
//!
//! wasm-bindgen leaves a function for each type of closure that `js-sys` could be given, some 40, and what they call: the
//! table of functions names them, so wasm-opt has to keep them. Of each only an `unreachable` stays, and of those that are
//! the same wasm-opt makes one. That is 0.1 to 0.6 KB gzipped of each wasm.

use std::collections::HashMap;

use anyhow::{Result, bail};
use wasmparser::{KnownCustom, Parser, Payload, TypeRef};

use crate::size::function_names;

/// Changes when the result does, so that what was built otherwise is built again.
pub(super) const RECIPE: &str = "closures 1";

/// What the functions are called, before the hash of each.
const NAME: &str = "wasm_bindgen::convert::closures::_::invoke";
/// What the glue makes closures with.
const MAKERS: [&str; 2] = ["makeClosure", "makeMutClosure"];
/// `unreachable`, `nop` and `end`.
const TRAP: [u8; 3] = [0x00, 0x01, 0x0b];

/// `wasm`, which has its names, without them. That its `glue` makes no closures is checked.
pub(super) fn take_out(mut wasm: Vec<u8>, glue: &str) -> Result<Vec<u8>> {
    if MAKERS.iter().any(|maker| glue.contains(maker)) {
        bail!("a closure of Rust goes to JavaScript, which costs more than a number that the wasm knows it by");
    }
    let mut next = 0;
    let mut bodies = Vec::new();
    let mut names = HashMap::new();
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    next += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(section) = custom.as_known() {
                    names = function_names(section)?;
                }
            }
            _ => {}
        }
    }
    for (function, body) in (next..).zip(bodies) {
        if names.get(&function).is_some_and(|name| name.starts_with(NAME)) {
            // As long as it was, so that nothing else moves. The first byte says that it has no locals.
            let [locals, code @ .., end] = &mut wasm[body] else { bail!("a function without an end") };
            *locals = 0;
            code.fill(TRAP[1]);
            let Some(first) = code.first_mut() else { continue };
            (*first, *end) = (TRAP[0], TRAP[2]);
        }
    }
    Ok(wasm)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two functions that return at once, after a `nop`; the second one has that name.
    fn wasm(name: &str) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend(b"\x01\x04\x01\x60\0\0"); // one type: () -> ()
        wasm.extend(b"\x03\x03\x02\0\0"); // two functions of it
        wasm.extend(b"\x0a\x0b\x02\x04\0\x01\x0f\x0b\x04\0\x01\x0f\x0b"); // bodies
        let map = [&[1, 1, name.len() as u8], name.as_bytes()].concat();
        let body = [&b"\x04name\x01"[..], &[map.len() as u8], &map].concat();
        wasm.extend([&[0, body.len() as u8], &body[..]].concat());
        wasm
    }

    #[test]
    fn what_calls_closures_traps_and_nothing_else_changes() {
        let before = wasm(&format!("{NAME}::h0123456789abcdef"));
        let after = take_out(before.clone(), "").unwrap();
        let changed: Vec<_> = (0..before.len()).filter(|&at| before[at] != after[at]).map(|at| after[at]).collect();
        assert_eq!((after.len(), changed), (before.len(), vec![0x00, 0x01]));
        assert!(after.windows(4).any(|body| body == [0, 0x00, 0x01, 0x0b]));

        let other = wasm("repflow::bus::publish");
        assert_eq!(take_out(other.clone(), "").unwrap(), other);
    }

    #[test]
    fn a_glue_that_makes_closures_is_refused() {
        assert!(take_out(wasm(NAME), "const ret = makeMutClosure(arg0, arg1, f);").is_err());
    }
}
