//! The published schema is that of the types, and what the coach answers keeps to it.

use repflow::fitness::schema::{Definitions, Described};
use repflow::fitness::workout::Workout;

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pkg-template");

fn definitions() -> Definitions {
    let mut definitions = Definitions::default();
    Workout::schema(&mut definitions);
    definitions
}

fn files() -> [(String, String); 2] {
    let definitions = definitions();
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
