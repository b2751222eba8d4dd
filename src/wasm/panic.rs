//! What is left to do when the core has panicked.
//!
//! A panic aborts: the instance stops where it stands and must not be entered again. The host takes the message, asks
//! for a fresh instance, rejects whatever was in flight, and hands everything over once more.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        LAST.with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = Some(info.to_string());
            }
        });
    }));
}

/// What the panic said and where it was; `undefined` when the instance died of something else.
#[wasm_bindgen(js_name = panicMessage)]
pub fn panic_message() -> Option<String> {
    LAST.with(|last| last.try_borrow().ok()?.clone())
}

/// The next call goes to a fresh instance of the same module.
#[wasm_bindgen]
pub fn reset() {
    wasm_bindgen::handler::schedule_reinit();
}
