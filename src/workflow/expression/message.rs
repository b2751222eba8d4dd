//! Messages from a sentence and a few words.
//!
//! `format!` takes more code at each of the many places that refuse something than one function that all of them call.

use crate::small::split;

/// The sentence with words in place of each `@`, in turn, and from the first one again when there are more places.
pub(super) fn fill(sentence: &str, words: &[&str]) -> String {
    let mut text = String::new();
    for (index, part) in split(sentence, b'@').enumerate() {
        if index > 0 {
            text.push_str(words[(index - 1) % words.len()]);
        }
        text.push_str(part);
    }
    text
}
