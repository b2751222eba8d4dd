//! Which way arrows point: what each part of the crate may know of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom. `wasm` and `sim` stand at the top and are known by nobody.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("time", &[]),
    ("rng", &[]),
    ("number", &[]),
    ("small", &[]),
    ("value", &[]),
    ("reader", &["error", "number", "time", "value"]),
    ("exec", &["time"]),
    ("policy", &["error", "exec", "reader", "rng", "small", "time", "value"]),
    ("workflow", &["error", "exec", "number", "policy", "reader", "rng", "small", "time", "value"]),
    ("bus", &["error", "policy", "time", "value"]),
    ("ai", &["error", "number", "policy", "reader", "small", "time", "value"]),
    ("fitness", &["ai", "bus", "error", "number", "reader", "rng", "small", "value"]),
    ("sim", &["error", "exec", "policy", "rng", "time", "value", "workflow"]),
    ("wasm", &["ai", "bus", "error", "fitness", "number", "policy", "time", "value", "workflow"]),
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("src is there").map(|entry| entry.expect("it can be read").path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The code of each module, without comments.
fn modules() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::<String, String>::new();
    for path in sources(&root).into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs")) {
        let inside = path.strip_prefix(&root).expect("it is in src").to_string_lossy().into_owned();
        let module = inside.split(['/', '\\', '.']).next().unwrap_or_default().to_owned();
        let text = fs::read_to_string(&path).expect("it can be read");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        modules.entry(module).or_default().push_str(&code);
    }
    modules
}

/// The modules that `code` names as `crate::…`, alone or in braces.
fn known(code: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    let mut known = BTreeSet::new();
    for (_, rest) in code.match_indices("crate::").map(|(at, found)| (at, &code[at + found.len()..])) {
        match rest.strip_prefix('{') {
            Some(group) => {
                known.extend(group.split('}').next().unwrap_or_default().split(',').map(|part| name(part.trim())))
            }
            None => {
                known.insert(name(rest));
            }
        }
    }
    known.remove("");
    known
}

#[test]
fn every_module_knows_only_what_it_may() {
    let modules = modules();
    let listed: BTreeSet<&str> = MAY_KNOW.iter().map(|(module, _)| *module).collect();
    let found: BTreeSet<&str> = modules.keys().map(String::as_str).filter(|module| *module != "lib").collect();
    assert_eq!(found, listed, "a module that has no place in the layers, or a layer without a module");
    for (module, may_know) in MAY_KNOW {
        for other in known(&modules[*module]) {
            let fine = other == *module || may_know.contains(&other.as_str()) || !listed.contains(other.as_str());
            assert!(fine, "`{module}` knows `{other}`, and may know only {may_know:?}");
        }
    }
}

#[test]
fn only_the_border_names_wasm_bindgen() {
    for (module, code) in modules().iter().filter(|(module, _)| *module != "wasm") {
        for name in ["wasm_bindgen", "js_sys", "web_sys", "gloo_timers"] {
            assert!(!code.contains(name), "`{module}` names {name}");
        }
    }
}

#[test]
fn nothing_reads_a_clock_or_draws_a_number_by_itself() {
    for (module, code) in modules() {
        for name in ["Instant::now", "SystemTime", "thread_rng", "rand::", "getrandom"] {
            assert!(!code.contains(name), "`{module}` uses {name}");
        }
    }
}
