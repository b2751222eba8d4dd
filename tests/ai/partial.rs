//! JSON of which only the beginning is there.

use proptest::prelude::*;
use repflow::ai::partial::close;
use serde_json::{Value as Json, json};

#[test]
fn what_is_sure_is_kept() {
    for (text, closed) in [
        ("", ""),
        ("  ", ""),
        ("{", "{}"),
        ("[", "[]"),
        ("{\"", "{}"),
        ("{\"a", "{}"),
        ("{\"a\"", "{}"),
        ("{\"a\": ", "{}"),
        ("{\"a\": 1", "{}"),
        ("{\"a\": 1,", "{\"a\": 1}"),
        ("{\"a\": 1 ", "{\"a\": 1}"),
        ("{\"a\": 1, \"b", "{\"a\": 1}"),
        ("{\"a\": \"", "{\"a\": \"\"}"),
        ("{\"a\": \"x", "{\"a\": \"x\"}"),
        ("{\"a\": \"x\\", "{\"a\": \"x\"}"),
        ("{\"a\": \"x\\n", "{\"a\": \"x\\n\"}"),
        ("[\"x\\u00e", "[\"x\"]"),
        ("[\"x\\ud83d", "[\"x\"]"),
        ("[\"x\\ud83d\\ude0", "[\"x\"]"),
        ("[\"x\\ud83d\\ude00", "[\"x\\ud83d\\ude00\"]"),
        ("[\"x\\ud83dy", "[\"x\\ud83dy\"]"),
        ("[1, tru", "[1]"),
        ("[1, true", "[1, true]"),
        ("[-", "[]"),
        ("[1e", "[]"),
        ("[1.5]", "[1.5]"),
        ("[[], {}, [{", "[[], {}, [{}]]"),
        ("{} ", "{}"),
        ("\"größe", "\"größe\""),
        ("12", ""),
        ("12 ", "12"),
    ] {
        assert_eq!(close(text), closed, "{text}");
    }
}

#[test]
fn what_is_no_json_ends_the_text() {
    for (text, closed) in [
        ("Sorry, I cannot", ""),
        ("{\"a\": 1} and so on", "{\"a\": 1}"),
        ("{\"a\": 1, b", "{\"a\": 1}"),
        ("[1 2]", "[1]"),
        ("[1,]", "[1]"),
        ("[01]", "[0]"),
        ("[\"a\nb\"]", "[\"a\"]"),
        ("[\"a\\x\"]", "[\"a\"]"),
        ("{]", "{}"),
        ("]", ""),
    ] {
        assert_eq!(close(text), closed, "{text}");
    }
}

#[test]
fn deep_text_is_closed_in_one_go() {
    let text = "[".repeat(100_000);
    assert_eq!(close(&text).len(), 200_000);
}

fn jsons() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        (-1e6..1e6_f64).prop_map(Json::from),
        "[a-z\"\\\\\n é😀]{0,6}".prop_map(Json::from),
    ];
    let value = leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map("[a-c\"😀]{0,3}", inner, 0..5).prop_map(Json::from_iter),
        ]
    });
    // A text that is a number alone may always go on.
    value.prop_map(|value| if value.is_number() { json!([value]) } else { value })
}

/// Whether `part` says nothing that `whole` does not.
fn is_part(part: &Json, whole: &Json) -> bool {
    match (part, whole) {
        (Json::String(part), Json::String(whole)) => whole.starts_with(part.as_str()),
        (Json::Array(part), Json::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        (Json::Object(part), Json::Object(whole)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| is_part(part, whole)))
        }
        _ => part == whole,
    }
}

/// As text, with every character that is not ASCII escaped.
fn escaped(json: &Json) -> String {
    let mut text = String::new();
    for char in json.to_string().chars() {
        if char.is_ascii() {
            text.push(char);
        } else {
            text.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

proptest! {
    #[test]
    fn every_beginning_closes_to_a_part_of_the_whole(json in jsons(), pretty in any::<bool>()) {
        let plain = if pretty { serde_json::to_string_pretty(&json).expect("JSON") } else { json.to_string() };
        for text in [plain, escaped(&json)] {
            prop_assert_eq!(&close(&text), &text, "nothing is missing");
            // Not the value that was written: numbers are read to the last bit but one.
            let json: Json = serde_json::from_str(&text).expect("JSON");
            for (end, _) in text.char_indices() {
                let closed = close(&text[..end]);
                if closed.is_empty() {
                    continue;
                }
                let part: Json = serde_json::from_str(&closed).expect(&closed);
                prop_assert!(is_part(&part, &json), "{} of {}", closed, text);
            }
        }
    }

    #[test]
    fn any_text_closes_to_json_or_to_nothing(text in "[\\[\\]{},:\"\\\\u0-9dDaetrufalsn.+ -]{0,40}") {
        let closed = close(&text);
        if !closed.is_empty() {
            // A lone half of a character is JSON to JavaScript, and not to serde_json.
            let closed = closed.to_lowercase().replace("\\ud", "\\u0");
            prop_assert!(serde_json::from_str::<Json>(&closed).is_ok(), "{} of {}", closed, text);
        }
    }
}
