//! Workflows of one shape each.

use serde_json::{Value as Json, json};

/// Steps one after the other.
pub(crate) fn chain(steps: usize) -> Json {
    json!({ "id": "chain", "steps": calls(steps) })
}

/// The same, and each step gets what the one before it gave.
pub(crate) fn linked(steps: usize) -> Json {
    let mut steps = calls(steps);
    for (place, step) in steps.iter_mut().skip(1).enumerate() {
        step["with"] = json!({ "before": format!("{{{{ steps.step{place}.output }}}}") });
    }
    json!({ "id": "linked", "steps": steps })
}

/// Calls that do not wait for each other, ten at once.
pub(crate) fn fan_out(count: usize) -> Json {
    json!({ "id": "fan-out", "steps": [{ "id": "all", "parallel": calls(count), "concurrency": 10 }] })
}

/// A step that waits for so many others.
pub(crate) fn fan_in(count: usize) -> Json {
    let mut steps = calls(count);
    let needs: Vec<Json> = steps.iter().map(|step| step["id"].clone()).collect();
    for step in &mut steps {
        step["needs"] = json!([]);
    }
    steps.push(json!({ "id": "last", "call": "bench.step", "needs": needs }));
    json!({ "id": "fan-in", "steps": steps })
}

/// A graph of about so many steps: two of them need the step above, and the next one needs both.
pub(crate) fn diamonds(steps: usize) -> Json {
    let mut list = vec![json!({ "id": "top0", "call": "bench.step", "needs": [] })];
    for above in 0..steps / 3 {
        let (top, sides) = (format!("top{above}"), [format!("left{above}"), format!("right{above}")]);
        list.extend(sides.iter().map(|id| json!({ "id": id, "call": "bench.step", "needs": [&top] })));
        list.push(json!({ "id": format!("top{}", above + 1), "call": "bench.step", "needs": &sides }));
    }
    json!({ "id": "diamonds", "steps": list })
}

/// Pauses that do not wait for each other.
pub(crate) fn pauses(count: usize) -> Json {
    let pauses: Vec<Json> = (0..count).map(|place| json!({ "id": format!("pause{place}"), "wait": "5ms" })).collect();
    json!({ "id": "pauses", "steps": [{ "id": "all", "parallel": pauses }] })
}

/// Pauses one after the other, as long as a value says.
pub(crate) fn computed_pauses(count: usize) -> Json {
    let wait = json!({ "duration": "{{ input }}" });
    let pauses: Vec<Json> = (0..count).map(|place| json!({ "id": format!("pause{place}"), "wait": wait })).collect();
    json!({ "id": "computed-pauses", "steps": pauses })
}

/// A call for each item, ten at once.
pub(crate) fn for_each() -> Json {
    loop_of(json!({ "concurrency": 10, "steps": calls(1) }))
}

/// A call for each item, all at once.
pub(crate) fn for_all() -> Json {
    loop_of(json!({ "steps": calls(1) }))
}

/// A group for each item, which may fail.
pub(crate) fn for_each_group() -> Json {
    loop_of(json!({ "concurrency": 10, "steps": [{ "id": "group", "onError": "continue", "steps": calls(1) }] }))
}

/// A loop for each item.
pub(crate) fn for_each_loop() -> Json {
    let within = json!({ "id": "within", "forEach": "{{ input.few }}", "steps": calls(1) });
    loop_of(json!({ "concurrency": 10, "steps": [within] }))
}

/// A signal that does not come for each item.
pub(crate) fn for_each_signal() -> Json {
    let wait = json!({ "signal": "finished", "timeout": "5ms" });
    loop_of(json!({ "steps": [{ "id": "wait", "wait": wait, "onError": "continue" }] }))
}

/// Calls one after the other, each of which may be tried three times.
pub(crate) fn retried(count: usize) -> Json {
    let mut steps = calls(count);
    for step in &mut steps {
        step["retry"] = json!({ "maxAttempts": 3, "backoff": "constant", "delay": "10ms", "jitter": "none" });
    }
    json!({ "id": "retried", "steps": steps })
}

fn loop_of(mut each: Json) -> Json {
    each["id"] = json!("each");
    each["forEach"] = json!("{{ input.items }}");
    json!({ "id": "loop", "steps": [each] })
}

fn calls(count: usize) -> Vec<Json> {
    (0..count).map(|place| json!({ "id": format!("step{place}"), "call": "bench.step" })).collect()
}
