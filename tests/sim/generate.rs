//! Random definitions that are valid.

use repflow::rng::Rng;
use serde_json::{Map, Value, json};

/// A definition with up to about thirty steps, groups up to three deep, needs, limits, timeouts and retries.
pub(crate) fn definition(rng: &mut Rng) -> Value {
    let mut ids = 0;
    let steps = list(rng, &mut ids, 0, true, &[]);
    let mut definition = json!({ "id": "random", "steps": steps });
    if rng.below(3) == 0 {
        definition["concurrency"] = json!(1 + rng.below(4));
    }
    if rng.below(4) == 0 {
        definition["timeout"] = json!(1 + rng.below(20_000));
    }
    match rng.below(8) {
        0 => definition["output"] = json!({ "leads": "{{ input.user.nowhere }}" }),
        1..4 => definition["output"] = json!({ "name": "{{ input.user.name }}" }),
        _ => {}
    }
    definition
}

/// A list of steps; `before` are the steps that are sure to have completed when the list begins.
fn list(rng: &mut Rng, ids: &mut usize, depth: usize, sequence: bool, before: &[String]) -> Vec<Value> {
    let mut steps = Vec::new();
    let mut siblings: Vec<String> = Vec::new();
    for _ in 0..rng.below(if depth == 0 { 7 } else { 5 }) {
        let mut step = Map::new();
        *ids += 1;
        let id = format!("s{ids}");
        step.insert("id".to_owned(), json!(id));
        let mut known = before.to_vec();
        if rng.below(3) == 0 {
            let needs: Vec<String> = siblings.iter().filter(|_| rng.below(2) == 0).cloned().collect();
            known.extend(needs.iter().cloned());
            step.insert("needs".to_owned(), json!(needs));
        } else if sequence {
            known.extend(siblings.last().cloned());
        }
        if depth < 3 && rng.below(4) == 0 {
            let sequence = rng.below(2) == 0;
            let children = list(rng, ids, depth + 1, sequence, &known);
            step.insert(if sequence { "steps" } else { "parallel" }.to_owned(), json!(children));
            if rng.below(2) == 0 {
                step.insert("concurrency".to_owned(), json!(1 + rng.below(3)));
            }
        } else {
            call(rng, &mut step, &known);
        }
        siblings.push(id);
        steps.push(Value::Object(step));
    }
    steps
}

fn call(rng: &mut Rng, step: &mut Map<String, Value>, known: &[String]) {
    step.insert("call".to_owned(), json!("world.act"));
    if rng.below(2) == 0 {
        step.insert("timeout".to_owned(), json!(500 + rng.below(2_500)));
    }
    if rng.below(2) == 0 {
        let growth = ["constant", "linear", "exponential"][rng.below(3)];
        let jitter = ["none", "full", "equal"][rng.below(3)];
        step.insert(
            "retry".to_owned(),
            json!({
                "maxAttempts": 1 + rng.below(5), "backoff": growth, "jitter": jitter,
                "delay": rng.below(300), "maxDelay": "2s",
            }),
        );
    }
    if rng.below(2) == 0 && !known.is_empty() {
        let source = &known[rng.below(known.len())];
        step.insert(
            "with".to_owned(),
            json!({ "whole": format!("{{{{ steps.{source}.output }}}}"), "name": "Hello {{ input.user.name }}!" }),
        );
    }
}
