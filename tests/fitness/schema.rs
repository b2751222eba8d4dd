//! The published schema is that of the types, and what the coach answers keeps to it.

use repflow::fitness::features::features;
use repflow::fitness::schema::answers;

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pkg-template");

fn files() -> [(String, String); 2] {
    let definitions = answers();
    let document =
        definitions.document("https://unpkg.com/repflow/coach.schema.json", "What the coach of Repflow answers");
    let head = "// What the coach answers. Made of the Rust types by tests/fitness/schema.rs: REPFLOW_BLESS=1 writes it anew.\n\n";
    [
        (format!("{PACKAGE}/coach.schema.json"), format!("{}\n", serde_json::to_string_pretty(&document).unwrap())),
        (format!("{PACKAGE}/coach.d.ts"), format!("{head}{}\n", definitions.declarations().trim_end())),
    ]
}

/// `REPFLOW_BLESS=1` writes the files anew, after a type has changed on purpose.
#[test]
fn what_is_published_is_made_of_the_types() {
    for (file, text) in files() {
        if std::env::var_os("REPFLOW_BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(text == published, "the types have changed: REPFLOW_BLESS=1 writes {file} anew");
    }
}

/// Every action of every feature says what it takes and gives, and all that it names is there.
#[test]
fn what_features_name_is_published() {
    let document = answers().document("", "");
    let known = document["$defs"].as_object().unwrap();
    fn references(json: &serde_json::Value, found: &mut Vec<String>) {
        match json {
            serde_json::Value::Object(object) => {
                found.extend(object.get("$ref").and_then(|it| it.as_str()).map(str::to_owned));
                object.values().for_each(|json| references(json, found));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|json| references(json, found)),
            _ => {}
        }
    }
    let mut named = Vec::new();
    references(&document, &mut named);
    for feature in features() {
        for action in feature.info().actions {
            references(&serde_json::Value::from(&action.input), &mut named);
            named.push(format!("#/$defs/{}", action.output));
        }
    }
    for name in named {
        let (_, name) = name.split_once("#/$defs/").unwrap();
        assert!(known.contains_key(name), "{name} is not published");
    }
}
