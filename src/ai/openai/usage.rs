//! What an answer took: one shape of the names that services have for it.

use crate::ai::Usage;
use crate::ai::json::{field, number_in};
use crate::value::Value;

/// Where the counts of [`Usage`] stand, in its order; the first that is there counts.
const PATHS: [&str; 5] = [
    "input_tokens prompt_tokens",
    "output_tokens completion_tokens",
    "input_tokens_details.cached_tokens prompt_tokens_details.cached_tokens prompt_cache_hit_tokens",
    "input_tokens_details.cache_write_tokens prompt_tokens_details.cache_write_tokens",
    "output_tokens_details.reasoning_tokens completion_tokens_details.reasoning_tokens",
];

/// The `usage` of an answer of either endpoint; none when it says nothing of tokens.
pub(super) fn read(answer: &Value) -> Option<Usage> {
    let usage = field(answer, "usage")?;
    let mut says_something = false;
    let counts = PATHS.map(|paths| {
        let count = paths.split(' ').find_map(|path| number_in(&usage, path));
        says_something |= count.is_some();
        // A float cast cuts, saturates, and takes NaN to zero.
        count.unwrap_or_default() as u64
    });
    let [input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens] = counts;
    says_something.then_some(Usage { input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens })
}
