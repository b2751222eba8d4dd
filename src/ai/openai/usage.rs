//! What an answer took: one shape of the names that services have for it.

use crate::ai::Usage;
use crate::ai::json::{field, number_in};
use crate::value::Value;

/// The `usage` of an answer of either endpoint; none when it says nothing of tokens.
pub(super) fn read(answer: &Value) -> Option<Usage> {
    let usage = field(answer, "usage")?;
    // A float cast cuts, saturates, and takes NaN to zero.
    let any = |value: &Value, names: &str| names.split(' ').find_map(|name| number_in(value, name)).map(|it| it as u64);
    let detail = |of: &str, names| {
        of.split(' ').find_map(|details| any(&field(&usage, details)?, names)).or_else(|| any(&usage, names))
    };
    let input = any(&usage, "input_tokens prompt_tokens");
    let output = any(&usage, "output_tokens completion_tokens");
    if input.is_none() && output.is_none() {
        return None;
    }
    const INPUT: &str = "input_tokens_details prompt_tokens_details";
    const OUTPUT: &str = "output_tokens_details completion_tokens_details";
    Some(Usage {
        input_tokens: input.unwrap_or_default(),
        output_tokens: output.unwrap_or_default(),
        cached_tokens: detail(INPUT, "cached_tokens prompt_cache_hit_tokens").unwrap_or_default(),
        cache_write_tokens: detail(INPUT, "cache_write_tokens cache_creation_tokens").unwrap_or_default(),
        reasoning_tokens: detail(OUTPUT, "reasoning_tokens").unwrap_or_default(),
    })
}
