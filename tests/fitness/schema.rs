//! The published schema is that of the types, and what the coach answers keeps to it.

use repflow::fitness::schema::{Definitions, Described};
use repflow::fitness::workout::Workout;
use serde_json::Value as Json;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pkg-template/coach.schema.json");

fn document() -> Json {
    let mut definitions = Definitions::default();
    Workout::schema(&mut definitions);
    definitions.document("https://unpkg.com/repflow/coach.schema.json", "What the coach of Repflow answers")
}

/// `REPFLOW_BLESS=1` writes the file anew, after a type has changed on purpose.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let text = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("REPFLOW_BLESS").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let published = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(text == published, "the types have changed: REPFLOW_BLESS=1 writes {FILE} anew");
}
