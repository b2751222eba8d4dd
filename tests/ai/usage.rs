//! What an answer took, by whatever name.

use repflow::ai::{Api, Usage};
use serde_json::{Value as Json, json};

use crate::support::whole;

fn usage(usage: Json) -> Option<Usage> {
    let body = json!({ "choices": [{ "message": { "content": "x" } }], "usage": usage });
    let chat = whole(Api::Chat, 200, &body.to_string()).1.expect("an answer").usage;
    let body = json!({ "output": [], "usage": usage });
    assert_eq!(whole(Api::Responses, 200, &body.to_string()).1.expect("an answer").usage, chat);
    chat
}

#[test]
fn both_namings_are_one_shape() {
    let expected =
        Usage { input_tokens: 100, output_tokens: 50, cached_tokens: 64, cache_write_tokens: 8, reasoning_tokens: 20 };
    assert_eq!(
        usage(json!({
            "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": { "cached_tokens": 64, "cache_write_tokens": 8, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 20, "accepted_prediction_tokens": 0 },
        })),
        Some(expected)
    );
    assert_eq!(
        usage(json!({
            "input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
            "input_tokens_details": { "cached_tokens": 64, "cache_write_tokens": 8 },
            "output_tokens_details": { "reasoning_tokens": 20 },
        })),
        Some(expected)
    );
}

#[test]
fn what_is_missing_or_odd_is_nothing() {
    let plain = Usage { input_tokens: 7, output_tokens: 0, ..Usage::default() };
    assert_eq!(usage(json!({ "prompt_tokens": 7 })), Some(plain));
    assert_eq!(
        usage(json!({ "prompt_tokens": 7, "completion_tokens": null, "prompt_tokens_details": null })),
        Some(plain)
    );
    assert_eq!(usage(json!({ "prompt_tokens": 7, "completion_tokens": -3 })), Some(plain));
    for none in [json!(null), json!({}), json!({ "total_tokens": 5 }), json!("7"), json!([7])] {
        assert_eq!(usage(none.clone()), None, "{none}");
    }
}
