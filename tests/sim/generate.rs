//! Random definitions that are valid.

use repflow::rng::Rng;
use serde_json::{Map, Value, json};

/// The name of the parts that [`shared`] defines.
pub(crate) const SHARED: &str = "shared";

/// Options for the parts that steps of all definitions share by name.
pub(crate) fn shared(rng: &mut Rng) -> Value {
    json!({
        "circuitBreaker": breaker(rng), "bulkhead": bulkhead(rng), "rateLimit": rate_limit(rng),
        "retry": { "budget": { "ratio": 0.5, "minPerSecond": rng.below(3) } },
    })
}

/// A definition with up to about thirty steps, groups up to three deep, needs, limits, timeouts and policies.
pub(crate) fn definition(rng: &mut Rng, id: &str) -> Value {
    let mut ids = 0;
    let steps = list(rng, &mut ids, 0, true, &[]);
    let mut definition = json!({ "id": id, "steps": steps });
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
    let mut add = |key: &str, value: Value| _ = step.insert(key.to_owned(), value);
    if rng.below(2) == 0 {
        add("timeout", json!(500 + rng.below(2_500)));
    }
    if rng.below(2) == 0 {
        add("retry", retry(rng));
    }
    if rng.below(5) == 0 {
        add("totalTimeout", json!(1_000 + rng.below(10_000)));
    }
    if rng.below(4) == 0 {
        let own = breaker(rng);
        add("circuitBreaker", part(rng, own));
    }
    if rng.below(4) == 0 {
        let own = rate_limit(rng);
        add("rateLimit", part(rng, own));
    }
    if rng.below(4) == 0 {
        let own = bulkhead(rng);
        add("bulkhead", part(rng, own));
    }
    match rng.below(8) {
        0 => add("hedge", json!({ "delay": 1 + rng.below(1_500), "maxExtra": 1 + rng.below(3) })),
        1 => add("hedge", json!({ "percentile": 0.5, "minCalls": 1 + rng.below(3) })),
        _ => {}
    }
    if rng.below(2) == 0 && !known.is_empty() {
        let source = &known[rng.below(known.len())];
        step.insert(
            "with".to_owned(),
            json!({ "whole": format!("{{{{ steps.{source}.output }}}}"), "name": "Hello {{ input.user.name }}!" }),
        );
    }
}

/// The own part, or the one that all share.
fn part(rng: &mut Rng, own: Value) -> Value {
    if rng.below(2) == 0 { json!(SHARED) } else { own }
}

fn retry(rng: &mut Rng) -> Value {
    let growth = ["constant", "linear", "exponential"][rng.below(3)];
    let jitters = if growth == "exponential" { 4 } else { 3 };
    let jitter = ["none", "full", "equal", "decorrelated"][rng.below(jitters)];
    let mut retry = json!({
        "maxAttempts": 1 + rng.below(5), "backoff": growth, "jitter": jitter,
        "delay": rng.below(300), "maxDelay": "2s",
    });
    if rng.below(4) == 0 {
        retry["maxElapsed"] = json!(1 + rng.below(5_000));
    }
    if rng.below(4) == 0 {
        let own = json!({ "ratio": 0.2, "minPerSecond": rng.below(2) });
        retry["budget"] = part(rng, own);
    }
    if rng.below(6) == 0 {
        retry["on"] = json!(["timeout", "unavailable", "failed"]);
    }
    retry
}

/// With a window so small that it opens.
fn breaker(rng: &mut Rng) -> Value {
    let mut breaker = json!({ "openFor": 1 + rng.below(3_000), "probes": 1 + rng.below(2), "minCalls": 2 });
    if rng.below(2) == 0 {
        breaker["windowCalls"] = json!(2 + rng.below(4));
    } else {
        breaker["window"] = json!(500 + rng.below(10_000));
    }
    if rng.below(3) == 0 {
        breaker["slowCall"] = json!(1 + rng.below(2_000));
    }
    breaker
}

fn bulkhead(rng: &mut Rng) -> Value {
    let mut bulkhead = json!({ "maxConcurrent": 1 + rng.below(3), "maxQueue": rng.below(12) });
    if rng.below(3) == 0 {
        bulkhead["maxWait"] = json!(1 + rng.below(3_000));
    }
    if rng.below(4) == 0 {
        let algorithm = ["aimd", "gradient"][rng.below(2)];
        bulkhead["adaptive"] = json!({ "algorithm": algorithm });
    }
    bulkhead
}

fn rate_limit(rng: &mut Rng) -> Value {
    json!({
        "limit": 1 + rng.below(4), "per": 100 + rng.below(1_000), "burst": 1 + rng.below(4), "maxWait": rng.below(6_000),
    })
}
