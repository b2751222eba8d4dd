//! Turns the data files of the coach into Rust tables, so that nothing is parsed at run time and nothing that is only for
//! the readers of the files gets into the wasm.
//!
//! `src/fitness/data/*.json` are the source. What is wrong in them stops the build, with the file and the row. Words are
//! checked against `src/fitness/vocabularies.rs`, and become their places there.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use serde_json::{Map, Value as Json};

/// The vocabularies: a name, and its words in order.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident {
        $($variant:ident = $text:literal $(| $aliases:literal)?, $vdoc:literal;)*
    })*) => {
        const VOCABULARIES: &[(&str, &[&str])] = &[$((stringify!($name), &[$($text),*]),)*];
    };
}

include!("src/fitness/vocabularies.rs");

const DATA: &str = "src/fitness/data";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/fitness/vocabularies.rs");
    println!("cargo::rerun-if-changed={DATA}");
    let catalogue = read("catalogue.json");
    let ids = ids_of(&catalogue);
    write("catalogue.rs", &exercises(&catalogue));
    write("contraindications.rs", &contraindications(&read("contraindications.json"), &ids));
    write("prescription.rs", &prescription(&read("prescription.json")));
    write("mets.rs", &mets(&read("mets.json")));
    write("strategies.rs", &strategies(&read("strategies.json")));
}

/// The ids of the exercises, each of them once.
fn ids_of(catalogue: &Row) -> Vec<String> {
    let mut ids = Vec::new();
    for row in catalogue.rows("exercises") {
        let id = row.text("id");
        if ids.contains(&id) {
            row.fail("is there twice");
        }
        ids.push(id);
    }
    ids
}

/// The texts of all exercises in one string, because a pointer for each would be half as big as the texts; and the rest.
fn exercises(file: &Row) -> String {
    file.skip(&["note", "tags"]);
    let mut texts = String::new();
    let mut facts = String::new();
    for row in file.rows("exercises") {
        let (id, name, cue) = (row.text("id"), row.text("name"), row.text("cue"));
        let name = if name == id.replace('_', " ") { "" } else { &name };
        if [&id, name, &cue].iter().any(|text| text.contains('\n')) {
            row.fail("has a text of several lines");
        }
        let tempo_s = row.whole("tempo_s");
        if tempo_s.is_some_and(|seconds| !(1..=60).contains(&seconds)) {
            row.fail("has a `tempo_s` that is not from 1 to 60 seconds");
        }
        let _ = writeln!(texts, "{id}\n{name}\n{cue}");
        let _ = writeln!(
            facts,
            "Facts {{ pattern: {}, kind: {}, level: {}, load: {}, per_side: {}, tempo_s: {}, primary: {}, secondary: {}, \
             requires: {}, tags: {} }},",
            row.word("pattern", "Pattern"),
            row.word("kind", "Kind"),
            row.word("level", "Level"),
            row.word("load", "Load"),
            row.flag("per_side"),
            tempo_s.unwrap_or(0),
            row.required_set("primary", "Muscle"),
            row.set("secondary", "Muscle"),
            row.set("requires", "Equipment"),
            row.set("tags", "Tag"),
        );
        row.done();
    }
    let count = file.rows("exercises").len();
    file.done();
    format!("static TEXTS: &str = {texts:?};\nstatic FACTS: [Facts; {count}] = [\n{facts}];\n")
}

fn contraindications(file: &Row, ids: &[String]) -> String {
    file.skip(&["sources", "note"]);
    let areas = in_order(file, "areas", "Area", |row| {
        let substitutes = row.list("substitutes").into_iter().map(|id| {
            let id = id.as_str().unwrap_or_default();
            let place = ids.iter().position(|known| known == id);
            place.unwrap_or_else(|| row.fail(&format!("names `{id}`, which is not in the catalogue"))).to_string()
        });
        format!(
            "AreaRule {{ id: {}, exclude_tags: {}, severe_patterns: {}, severe_tags: {}, modify: {:?}, substitutes: \
             Substitutes(&[{}]) }}",
            row.word("id", "Area"),
            row.required_set("exclude_tags", "Tag"),
            row.required_set("severe_patterns", "Pattern"),
            row.required_set("severe_tags", "Tag"),
            row.text("modify"),
            substitutes.collect::<Vec<_>>().join(", "),
        )
    });
    let conditions = in_order(file, "conditions", "Condition", |row| {
        format!(
            "ConditionRule {{ id: {}, exclude_tags: {}, caps: {}, disease: {}, light_only: {}, clearance: {}, refer: {}, \
             modify: {:?} }}",
            row.word("id", "Condition"),
            row.set("exclude_tags", "Tag"),
            caps(row),
            row.flag("disease"),
            row.flag("light_only"),
            row.flag("clearance"),
            row.flag("refer"),
            row.text("modify"),
        )
    });
    let symptoms = in_order(file, "symptoms", "Symptom", |row| {
        format!("SymptomRule {{ id: {}, text: {:?} }}", row.word("id", "Symptom"), row.text("text"))
    });
    let older = file.row("older");
    let from_age = older.whole("from_age").unwrap_or_else(|| older.fail("lacks `from_age`"));
    let rule = format!(
        "Older {{ from_age: {from_age}, exclude_tags: {}, caps: {}, modify: {:?} }}",
        older.required_set("exclude_tags", "Tag"),
        caps(&older),
        older.text("modify"),
    );
    older.done();
    let active = file.text("active_definition");
    file.done();
    format!(
        "{areas}{conditions}{symptoms}static OLDER: Older = {rule};\nstatic ACTIVE_DEFINITION: &str = {active:?};\n"
    )
}

fn caps(row: &Row) -> String {
    if !row.json.contains_key("caps") {
        return "Caps::NONE".to_owned();
    }
    let caps = row.row("caps");
    let text = format!(
        "Caps {{ rpe_max: {:?}, pct_1rm_max: {:?}, rest_min_s: {:?} }}",
        caps.whole("rpe_max"),
        caps.number("pct_1rm_max"),
        caps.whole("rest_min_s"),
    );
    caps.done();
    text
}

fn prescription(file: &Row) -> String {
    file.skip(&["note"]);
    let mut rows = Vec::new();
    for row in file.rows("rows") {
        let (focus, level) = (row.place("focus", "Focus"), row.place("level", "Level"));
        let text = format!(
            "Row {{ focus: {}, level: {}, sets: {}, reps: {}, pct: {}, rest_compound: {}, rest_iso: {}, rir: {}, plan_reps: \
             {}, plan_rir: {}, load: None }},\n",
            row.word("focus", "Focus"),
            row.word("level", "Level"),
            row.range("sets"),
            row.range("reps"),
            row.shares("pct"),
            row.range("rest_compound"),
            row.range("rest_iso"),
            row.range("rir"),
            row.range("plan_reps"),
            row.whole("plan_rir").unwrap_or_else(|| row.fail("lacks `plan_rir`")),
        );
        row.done();
        if rows.iter().any(|(known, _)| *known == (focus, level)) {
            row.fail("is there twice");
        }
        rows.push(((focus, level), text));
    }
    rows.sort();
    let (focuses, levels) = (words_of("Focus").len(), words_of("Level").len());
    if rows.len() != focuses * levels {
        file.fail("needs a row for every focus and level");
    }
    let rows: String = rows.into_iter().map(|(_, text)| text).collect();
    let weekly = file.row("weekly_sets");
    weekly.skip(&["counting"]);
    let days = weekly.row("freq_days");
    let number = |key: &str| weekly.whole(key).unwrap_or_else(|| weekly.fail(&format!("lacks `{key}`")));
    let by_level = |row: &Row| words_of("Level").iter().map(|level| row.range(level)).collect::<Vec<_>>().join(", ");
    let weekly_text = format!(
        "WeeklySets {{ min_effective: {}, hypertrophy_floor: {}, per_session_cap: {}, sets: [{}], days: [{}] }}",
        number("min_effective"),
        number("hypertrophy_floor"),
        number("per_session_cap"),
        by_level(&weekly),
        by_level(&days),
    );
    days.done();
    weekly.done();
    let sources: Vec<String> = file.list("sources").iter().map(|text| format!("{text}")).collect();
    file.done();
    format!(
        "static ROWS: [[Row; {levels}]; {focuses}] = {};\nstatic WEEKLY_SETS: WeeklySets = {weekly_text};\nstatic SOURCES: \
         &[&str] = &[{}];\n",
        nested(&rows, levels),
        sources.join(", "),
    )
}

/// A list of lines as a list of lists of `width` lines.
fn nested(lines: &str, width: usize) -> String {
    let lines: Vec<&str> = lines.lines().collect();
    let lists: Vec<String> = lines.chunks(width).map(|list| format!("[\n{}\n]", list.join("\n"))).collect();
    format!("[{}]", lists.join(", "))
}

fn mets(file: &Row) -> String {
    file.skip(&["source"]);
    let rows = file.rows("rows");
    let mut text = format!("static METS: [(&str, f64); {}] = [\n", rows.len());
    for row in rows {
        let met = row.number("met").unwrap_or_else(|| row.fail("lacks `met`"));
        let _ = writeln!(text, "({:?}, {met:?}),", row.text("code"));
        row.skip(&["activity"]);
        row.done();
    }
    file.done();
    text + "];\n"
}

fn strategies(file: &Row) -> String {
    file.skip(&["note"]);
    let mut text = String::new();
    let rows = file.rows("tasks");
    for row in &rows {
        let number = |key: &str| row.whole(key).unwrap_or_else(|| row.fail(&format!("lacks `{key}`")));
        let version = format!("{}.v{}", row.text("task"), number("prompt"));
        let (system, before, after) = prompt(row, &version);
        let key: Vec<String> =
            row.list("key").iter().map(|name| told(row, name.as_str().unwrap_or_default())).collect();
        row.skip(&["why", "temperature"]);
        let temperature = row.json.get("temperature").and_then(Json::as_f64);
        let answer = row.get("answer").map_or_else(|| row.fail("lacks `answer`"), |json| form(row, json));
        let _ = writeln!(
            text,
            "Strategy {{ version: {version:?}, prompt: [{system:?}, {before:?}, {after:?}], schema: {:?}, candidates: {}, max_output_tokens: \
             {}, repairs: {}, temperature: {temperature:?}, personal: {}, key: &[{}], answer: {answer} }},",
            row.text("schema"),
            number("candidates"),
            number("maxOutputTokens"),
            number("repairs"),
            row.flag("personal"),
            key.join(", "),
        );
        row.done();
    }
    let count = rows.len();
    let (_, before, after) = prompt(file, &format!("repair.v{}", file.whole("repair").unwrap_or_default()));
    file.done();
    format!(
        "static STRATEGIES: [Strategy; {count}] = [\n{text}];\nstatic REPAIR: [&str; 2] = [{before:?}, {after:?}];\n"
    )
}

/// A prompt: what the system says, and what the user says before and after the data.
fn prompt(row: &Row, version: &str) -> (String, String, String) {
    let path = format!("src/fitness/prompts/{version}.md");
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| stop(&path, &format!("cannot be read: {error}")));
    let (system, user) = text.split_once("\n---\n").unwrap_or(("", &text));
    match user.split("{{data}}").collect::<Vec<_>>().as_slice() {
        [before, after] => (system.to_owned(), (*before).to_owned(), (*after).to_owned()),
        _ => row.fail(&format!("has a prompt {path} without exactly one `{{{{data}}}}` for the user's part")),
    }
}

/// What of a fact is told, as Rust: its name, and the width of the bands of a number, or 0 for the whole of it.
fn told(row: &Row, name: &str) -> String {
    if ["userId", "notes", "seed"].contains(&name) {
        row.fail(&format!("tells `{name}`, which says who it is"));
    }
    let (name, band) = match name.split_once('/') {
        Some((name, band)) => (name, band.parse().unwrap_or_else(|_| row.fail("has a band that is no number"))),
        None => (name, 0_u32),
    };
    format!("({name:?}, {band})")
}

/// The shape of a part of an answer, as Rust.
fn form(row: &Row, json: &Json) -> String {
    let no_shape = format!("has {json} in `answer`, which is no shape");
    match json {
        Json::String(text) => {
            let (kind, rest) = text.split_once(' ').unwrap_or_else(|| row.fail(&no_shape));
            let bounds = || rest.replace(' ', ", ");
            match kind {
                "text" => format!("Form::Text({rest})"),
                "whole" => format!("Form::Whole({})", bounds()),
                "number" => format!("Form::Number({})", bounds()),
                "word" => format!("Form::Word({rest:?})"),
                "id" => format!("Form::Id({rest})"),
                _ => row.fail(&no_shape),
            }
        }
        Json::Object(fields) => match (fields.get("list").and_then(pair), fields.get("of")) {
            (Some((least, most)), Some(of)) => format!("Form::List({least}, {most}, &{})", form(row, of)),
            _ => {
                let mut fields: Vec<_> =
                    fields.iter().map(|(key, json)| format!("({key:?}, {})", form(row, json))).collect();
                fields.sort();
                format!("Form::Object(&[{}])", fields.join(", "))
            }
        },
        _ => row.fail(&no_shape),
    }
}

/// A table with one row for each word of a vocabulary, in its order.
fn in_order(file: &Row, list: &str, vocabulary: &str, text: impl Fn(&Row) -> String) -> String {
    let mut rows: Vec<(usize, String)> = Vec::new();
    for row in file.rows(list) {
        rows.push((row.place("id", vocabulary), text(&row)));
        row.done();
    }
    rows.sort();
    let words = words_of(vocabulary);
    if rows.iter().map(|(place, _)| *place).ne(0..words.len()) {
        file.fail(&format!("needs exactly one row in `{list}` for each of {}", words.join(", ")));
    }
    let rows: Vec<String> = rows.into_iter().map(|(_, text)| text).collect();
    let (name, count) = (list.to_uppercase(), rows.len());
    format!("static {name}: [{vocabulary}Rule; {count}] = [\n{},\n];\n", rows.join(",\n"))
}

fn words_of(vocabulary: &str) -> &'static [&'static str] {
    VOCABULARIES.iter().find(|(name, _)| *name == vocabulary).expect("a vocabulary of vocabularies.rs").1
}

/// An object of a data file. It remembers which keys were asked for: one that was not is a mistake.
struct Row {
    /// The file and the row, for messages.
    at: String,
    json: Map<String, Json>,
    used: RefCell<BTreeSet<String>>,
}

impl Row {
    fn of(at: String, json: &Json) -> Self {
        let json = json.as_object().cloned().unwrap_or_else(|| stop(&at, "is not an object"));
        Self { at, json, used: RefCell::default() }
    }

    fn fail(&self, message: &str) -> ! {
        stop(&self.at, message)
    }

    fn get(&self, key: &str) -> Option<&Json> {
        self.used.borrow_mut().insert(key.to_owned());
        self.json.get(key)
    }

    /// What a key has to hold, when it is there.
    fn of_type<'a, T>(&'a self, key: &str, what: &str, read: impl Fn(&'a Json) -> Option<T>) -> Option<T> {
        let json = self.get(key)?;
        Some(read(json).unwrap_or_else(|| self.fail(&format!("has {json} as `{key}`, which is not {what}"))))
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| self.fail(&format!("lacks `{key}`")))
    }

    fn text(&self, key: &str) -> String {
        self.required(key, self.of_type(key, "a text", Json::as_str)).to_owned()
    }

    fn flag(&self, key: &str) -> bool {
        self.of_type(key, "true or false", Json::as_bool).unwrap_or(false)
    }

    fn whole(&self, key: &str) -> Option<u32> {
        self.of_type(key, "a whole number", |json| json.as_u64()?.try_into().ok())
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.of_type(key, "a number", Json::as_f64)
    }

    fn range(&self, key: &str) -> String {
        let range = self.of_type(key, "a range `[least, most]` of whole numbers", |json| {
            let (min, max) = pair(json)?;
            Some((u32::try_from(min.as_u64()?).ok()?, u32::try_from(max.as_u64()?).ok()?)).filter(|(a, b)| a <= b)
        });
        format!("{:?}", self.required(key, range))
    }

    fn shares(&self, key: &str) -> String {
        let range = self.of_type(key, "a range `[least, most]` of shares from 0 to 1", |json| {
            let (min, max) = pair(json)?;
            Some((min.as_f64()?, max.as_f64()?)).filter(|(a, b)| 0.0 <= *a && a <= b && *b <= 1.0)
        });
        format!("{:?}", self.required(key, range))
    }

    /// The place of a word in its vocabulary.
    fn place(&self, key: &str, vocabulary: &str) -> usize {
        let name = self.text(key);
        self.place_of(key, &name, vocabulary)
    }

    fn place_of(&self, key: &str, name: &str, vocabulary: &str) -> usize {
        let place = words_of(vocabulary).iter().position(|word| *word == name);
        place.unwrap_or_else(|| self.fail(&format!("has `{name}` in `{key}`, which is not a word of {vocabulary}")))
    }

    /// A word, as Rust.
    fn word(&self, key: &str, vocabulary: &str) -> String {
        format!("{vocabulary}::ALL[{}]", self.place(key, vocabulary))
    }

    /// A set of words, as Rust; empty when the key is not there.
    fn set(&self, key: &str, vocabulary: &str) -> String {
        let names = self.list(key);
        let places = names.iter().map(|name| self.place_of(key, name.as_str().unwrap_or_default(), vocabulary));
        format!("Set::of_bits({})", places.fold(0_u32, |bits, place| bits | 1 << place))
    }

    fn required_set(&self, key: &str, vocabulary: &str) -> String {
        self.required(key, self.get(key));
        self.set(key, vocabulary)
    }

    fn list(&self, key: &str) -> Vec<Json> {
        self.of_type(key, "a list", Json::as_array).cloned().unwrap_or_default()
    }

    fn row(&self, key: &str) -> Self {
        let json = self.get(key);
        Self::of(format!("{}, `{key}`", self.at), self.required(key, json))
    }

    fn rows(&self, key: &str) -> Vec<Self> {
        let rows = self.list(key).into_iter().enumerate().map(|(place, json)| {
            let name =
                ["id", "code", "task", "focus"].iter().find_map(|key| json[*key].as_str()).unwrap_or("without a name");
            Self::of(format!("{}, `{key}`, row {} ({name})", self.at, place + 1), &json)
        });
        rows.collect()
    }

    /// Passes over keys that are there for the readers of the file.
    fn skip(&self, keys: &[&str]) {
        self.used.borrow_mut().extend(keys.iter().map(|key| (*key).to_owned()));
    }

    fn done(&self) {
        let used = self.used.borrow();
        if let Some(key) = self.json.keys().find(|key| !used.contains(*key)) {
            self.fail(&format!("has an unknown key `{key}`"));
        }
    }
}

fn pair(json: &Json) -> Option<(&Json, &Json)> {
    match json.as_array()?.as_slice() {
        [a, b] => Some((a, b)),
        _ => None,
    }
}

fn read(name: &str) -> Row {
    let path = format!("{DATA}/{name}");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| stop(&path, &format!("cannot be read: {error}")));
    let json: Json = serde_json::from_str(&text).unwrap_or_else(|error| stop(&path, &format!("is not JSON: {error}")));
    Row::of(path, &json)
}

fn write(name: &str, text: &str) {
    let directory = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&directory).join(name), text).expect("cargo's own directory can be written to");
}

fn stop(at: &str, message: &str) -> ! {
    println!("cargo::error={at}: {message}");
    process::exit(1);
}
