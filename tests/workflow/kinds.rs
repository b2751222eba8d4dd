//! What the steps of each kind may have, and what is wrong with those that have something else.

use std::time::Duration;

use repflow::workflow::definition::Target;
use repflow::workflow::plan::{Computed, StepKind, Wait};
use serde_json::{Value as Json, json};

use crate::definition::{accepted, refused, refused_step};
use crate::story::{call, step, workflow};

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

/// A step of one kind, with more `keys`.
fn with(mut step: Json, keys: Json) -> Json {
    for (key, value) in keys.as_object().expect("keys are an object") {
        step[key] = value.clone();
    }
    step["id"] = json!("a");
    step
}

#[test]
fn keys_of_calls_belong_to_those_who_ask_somebody() {
    let policies = [
        ("totalTimeout", json!("1m")),
        ("cache", json!({ "ttl": "1m" })),
        ("singleFlight", json!(true)),
        ("fallback", json!([{ "value": 1 }])),
        ("retry", json!({})),
        ("circuitBreaker", json!("model")),
        ("rateLimit", json!({ "limit": 1 })),
        ("bulkhead", json!({})),
        ("hedge", json!({})),
        ("classify", json!([])),
        ("compensate", json!({ "call": "gym.undo" })),
        ("idempotencyKey", json!("{{ run.id }}")),
    ];
    for (key, value) in &policies {
        for kind in [json!({ "call": "gym.do" }), json!({ "workflow": "w" })] {
            accepted(&workflow(json!([with(kind, json!({ *key: value }))])));
        }
        for (kind, name) in [
            (json!({ "emit": "gym.opened" }), "emit"),
            (json!({ "wait": "1s" }), "wait"),
            (json!({ "switch": [{ "steps": [] }] }), "switch"),
            (json!({ "forEach": [], "steps": [] }), "forEach"),
        ] {
            let words = format!("`{key}` belongs to `call`, `workflow`, not to `{name}`");
            refused_step(&with(kind, json!({ *key: value })), &[(&format!("/{key}"), &words, None)]);
        }
    }
}

#[test]
fn other_keys_that_belong_to_some_kinds() {
    let kinds = [
        (json!({ "call": "gym.do" }), "call"),
        (json!({ "workflow": "w" }), "workflow"),
        (json!({ "emit": "gym.opened" }), "emit"),
        (json!({ "wait": "1s" }), "wait"),
        (json!({ "switch": [{ "steps": [] }] }), "switch"),
        (json!({ "forEach": [], "steps": [] }), "forEach"),
        (json!({ "parallel": [] }), "parallel"),
        (json!({ "steps": [] }), "steps"),
    ];
    for (key, value, whose) in [
        ("with", json!({}), &["call", "workflow", "emit"][..]),
        ("timeout", json!("1s"), &["call", "workflow", "parallel", "steps", "switch", "forEach"]),
        ("concurrency", json!(2), &["parallel", "steps", "forEach"]),
        ("as", json!("set"), &["forEach"]),
        ("when", json!("true"), &["call", "workflow", "emit", "wait", "switch", "forEach", "parallel", "steps"]),
    ] {
        for (kind, name) in &kinds {
            let step = with(kind.clone(), json!({ key: value }));
            if whose.contains(name) {
                accepted(&workflow(json!([step])));
            } else {
                let words = format!("`{key}` belongs to `{}`", whose[0]);
                refused_step(&step, &[(&format!("/{key}"), &words, None)]);
            }
        }
    }
    for (kind, _) in kinds {
        let common = json!({ "needs": [], "onError": "continue", "priority": -3, "metadata": {}, "description": "" });
        accepted(&workflow(json!([with(kind, common)])));
    }
}

#[test]
fn keys_that_every_step_may_have() {
    for (key, value, expected) in [
        ("onError", json!("contineu"), ("/onError", "one of `fail`, `continue`, not `contineu`", Some("continue"))),
        ("onError", json!(true), ("/onError", "must be a string, not a boolean", None)),
        ("priority", json!(1.5), ("/priority", "must be a whole number, not `1.5`", None)),
        ("priority", json!("high"), ("/priority", "must be a whole number, not `\"high\"`", None)),
        ("priority", json!(3e9), ("/priority", "must be a whole number", None)),
        ("when", json!(true), ("/when", "`when` must be a string, not a boolean", None)),
        ("when", json!("input.x =="), ("/when", "column", None)),
        ("when", json!("{{ input.x"), ("/when", "column", None)),
        ("when", json!(""), ("/when", "column", None)),
        ("when", json!("steps.b.output"), ("/when", "there is no step `b`", None)),
        ("when", json!("steps.a.status == 'failed'"), ("/when", "no earlier than `a` itself", None)),
    ] {
        refused_step(&call("a", json!({ key: value })), &[expected]);
    }
    let compiled = accepted(&workflow(json!([
        call("a", json!({ "when": " {{ input.x > 1 }} ", "priority": 7.0 })),
        call("b", json!({ "when": "steps.a.status == 'skipped'", "priority": -2_147_483_648_i64 })),
    ])));
    assert_eq!(compiled.steps()[0].priority, 7);
    assert!(compiled.steps()[1].when.is_some());
}

#[test]
fn whom_a_step_asks() {
    for (kind, targets) in [
        ("workflow", &["", "a b", "warm.up", "ä"][..]),
        ("emit", &["", "gym.", ".gym", "gym..opened", "gym.*", "gym.>", "gym opened"]),
    ] {
        for target in targets {
            refused_step(
                &json!({ "id": "a", kind: target }),
                &[(&format!("/{kind}"), &format!("`{kind}` names a"), None)],
            );
        }
        refused_step(&json!({ "id": "a", kind: 7 }), &[(&format!("/{kind}"), "must be a string", None)]);
    }
    let compiled = accepted(&workflow(json!([
        { "id": "a", "emit": "gym" }, { "id": "b", "emit": "gym.door_1.opened-2" }, { "id": "c", "workflow": "Warm-up_2" },
    ])));
    let StepKind::Call(b) = &compiled.steps()[1].kind else { panic!("it asks somebody") };
    assert_eq!(b.target, Target::Topic("gym.door_1.opened-2".to_owned()));
}

#[test]
fn wrong_fallbacks() {
    let one = |fallback: Json, pointer: &str, words: &str, meant| {
        refused_step(
            &call("a", json!({ "fallback": [fallback] })),
            &[(&format!("/fallback/0{pointer}"), words, meant)],
        );
    };
    one(json!("gym.cheap"), "", "a fallback must be an object, not a string", None);
    one(json!({}), "", "a fallback has one of `call`, `workflow` and `value`", None);
    one(json!({ "with": 1 }), "", "a fallback has one of", None);
    one(json!({ "call": "gym.cheap", "value": 1 }), "", "a fallback has one of", None);
    one(json!({ "call": "cheap" }), "/call", "as `feature.action`, not `cheap`", None);
    one(json!({ "workflow": "a b" }), "/workflow", "a workflow by its id", None);
    one(json!({ "value": 1, "with": 2 }), "/with", "`with` belongs to `call`", None);
    one(json!({ "call": "gym.cheap", "timeout": "1s" }), "/timeout", "unknown key `timeout` in a fallback", None);
    one(json!({ "valu": 1, "value": 1 }), "/valu", "unknown key `valu` in a fallback", Some("value"));
    one(json!({ "value": "{{ input. }}" }), "/value", "column", None);
    one(
        json!({ "call": "gym.cheap", "with": { "x": "{{ steps.b.output }}" } }),
        "/with/x",
        "there is no step `b`",
        None,
    );
    refused_step(&call("a", json!({ "fallback": [] })), &[("/fallback", "`fallback` is empty", None)]);
    refused_step(&call("a", json!({ "fallback": {} })), &[("/fallback", "must be a list, not an object", None)]);
}

#[test]
fn fallbacks_as_compiled() {
    let fallback = json!([{ "call": "gym.cheap", "with": 1 }, { "workflow": "w" }, { "value": null }, { "value": "{{ input.x }}" }]);
    let compiled = accepted(&workflow(json!([call("a", json!({ "fallback": fallback }))])));
    let StepKind::Call(call) = &compiled.steps()[0].kind else { panic!("it asks somebody") };
    let cheap = Target::Action { feature: "gym".to_owned(), action: "cheap".to_owned() };
    let targets: Vec<_> = call.fallbacks.iter().map(|it| (it.target.clone(), it.with.is_some())).collect();
    let value = || (Target::Value, true);
    assert_eq!(targets, [(cheap, true), (Target::Workflow("w".to_owned()), false), value(), value()]);
}

#[test]
fn wrong_compensations() {
    let one = |compensate: Json, pointer: &str, words: &str, meant| {
        refused_step(
            &call("a", json!({ "compensate": compensate })),
            &[(&format!("/compensate{pointer}"), words, meant)],
        );
    };
    one(json!("gym.undo"), "", "`compensate` must be an object, not a string", None);
    one(json!({}), "", "`call` is missing: what undoes the step", None);
    one(json!({ "call": "undo" }), "/call", "as `feature.action`", None);
    one(json!({ "call": "gym.undo", "fallback": [] }), "/fallback", "unknown key `fallback` in `compensate`", None);
    one(json!({ "call": "gym.undo", "hedge": {} }), "/hedge", "unknown key `hedge`", None);
    one(json!({ "call": "gym.undo", "retyr": {} }), "/retyr", "unknown key `retyr`", Some("retry"));
    one(json!({ "call": "gym.undo", "retry": { "maxAttempts": 0 } }), "/retry/maxAttempts", "at least 1", None);
    one(json!({ "call": "gym.undo", "timeout": 0 }), "/timeout", "longer than nothing", None);
    one(json!({ "call": "gym.undo", "with": "{{ steps.b.output }}" }), "/with", "there is no step `b`", None);
}

#[test]
fn a_compensation_reads_what_it_undoes_and_what_that_could_read() {
    let undo = |with: &str| json!({ "compensate": { "call": "gym.undo", "with": { "x": with } } });
    let own = "{{ steps.a.output.id }}";
    let compiled = accepted(&workflow(json!([plain("before"), call("a", undo(own)), plain("after")])));
    let a = compiled.step(step(&compiled, "a"));
    let hidden = compiled.step(a.compensation.expect("it can be undone"));
    assert_eq!(
        (hidden.compensates, &*hidden.id, &*hidden.pointer),
        (Some(step(&compiled, "a")), "a", "/steps/1/compensate")
    );
    assert_eq!((a.end.0, hidden.end.0, compiled.roots.len()), (3, 3, 3), "it is a part of its step, and in no list");
    accepted(&workflow(json!([plain("before"), call("a", undo("{{ steps.before.output }}"))])));
    refused(
        &workflow(json!([call("a", undo("{{ steps.after.output }}")), plain("after")])),
        &[("/steps/0/compensate/with/x", "`after` may not have completed when `a` starts", None)],
    );
    // Others do not read what they undo.
    refused_step(&call("a", json!({ "with": own })), &[("/with", "it completes no earlier than `a` itself", None)]);
    let each =
        json!({ "id": "each", "forEach": [1], "as": "set", "steps": [call("a", undo("{{ set }} {{ index }}"))] });
    accepted(&workflow(json!([each])));
}

#[test]
fn wrong_switches() {
    let one = |switch: Json, pointer: &str, words: &str, meant| {
        refused_step(&json!({ "id": "a", "switch": switch }), &[(&format!("/switch{pointer}"), words, meant)]);
    };
    one(json!({}), "", "`switch` must be a list, not an object", None);
    one(json!([]), "", "`switch` is empty: it needs at least one case", None);
    one(json!([7]), "/0", "a case must be an object, not a number", None);
    one(json!([{ "when": "true" }]), "/0", "`steps` is missing: what happens in this case", None);
    one(json!([{ "steps": [] }, { "steps": [] }]), "/0", "`when` is missing: only the last case may do without", None);
    one(json!([{ "when": 1, "steps": [] }]), "/0/when", "must be a string", None);
    one(json!([{ "when": "1 +", "steps": [] }]), "/0/when", "column", None);
    one(json!([{ "whem": "true", "steps": [] }]), "/0/whem", "unknown key `whem` in a case", Some("when"));
    one(json!([{ "steps": {} }]), "/0/steps", "must be a list", None);
    one(json!([{ "steps": [{ "id": "b" }] }]), "/0/steps/0", "a step does one thing", None);
    refused_step(
        &json!({ "id": "a", "switch": [{ "steps": [] }], "steps": [] }),
        &[("/steps", "it has `switch` already, and `steps` too", None)],
    );
}

#[test]
fn what_is_known_inside_of_a_case() {
    let reads = |id: &str| call("r", json!({ "with": format!("{{{{ steps.{id}.output }}}}") }));
    let cases = |first: Json, second: Json| json!([{ "id": "pick", "switch": [{ "when": "true", "steps": first }, { "steps": second }] }]);
    accepted(&workflow(cases(json!([plain("a"), reads("a")]), json!([]))));
    refused(
        &workflow(cases(json!([plain("a")]), json!([reads("a")]))),
        &[("/steps/0/switch/1/steps/0/with", "`a` may not have completed when `r` starts", None)],
    );
    refused(
        &workflow(cases(json!([plain("a")]), json!([call("b", json!({ "needs": ["a"] }))]))),
        &[("/steps/0/switch/1/steps/0/needs/0", "`a` is in another list", None)],
    );
    let mut steps = cases(json!([plain("a")]), json!([]));
    steps.as_array_mut().expect("it is a list").push(reads("a"));
    accepted(&workflow(steps));
}

#[test]
fn wrong_loops() {
    for items in [json!(null), json!(3), json!({}), json!(true)] {
        refused_step(
            &json!({ "id": "a", "forEach": items, "steps": [] }),
            &[("/forEach", "`forEach` must be a list, or an expression that gives one, not", None)],
        );
    }
    refused_step(
        &json!({ "id": "a", "forEach": [] }),
        &[("", "`steps` is missing: what happens with each item", None)],
    );
    refused_step(
        &json!({ "id": "a", "forEach": [], "parallel": [], "steps": [] }),
        &[("/forEach", "it has `parallel` already", None), ("/steps", "it has `parallel` already", None)],
    );
    for variable in ["", "1st", "a-b", "ä", "input", "parameters", "steps", "run", "index", "true", "in", "has"] {
        refused_step(
            &json!({ "id": "a", "forEach": [], "as": variable, "steps": [] }),
            &[("/as", &format!("means nothing else, not `{variable}`"), None)],
        );
    }
    refused_step(
        &json!({ "id": "a", "forEach": "{{ steps.b.output }}", "concurrency": 0, "timeout": "0s", "steps": [{}] }),
        &[
            ("/steps/0", "`id` is missing", None),
            ("/steps/0", "a step does one thing", None),
            ("/concurrency", "at least 1", None),
            ("/timeout", "longer than nothing", None),
            ("/forEach", "there is no step `b`", None),
        ],
    );
}

#[test]
fn an_item_is_known_inside_of_its_loop_and_nowhere_else() {
    let body = |with: &str| json!([call("a", json!({ "with": with }))]);
    let each = |variable: Option<&str>, steps: Json| {
        let mut each = json!({ "id": "each", "forEach": "{{ input.sets }}", "steps": steps });
        if let Some(variable) = variable {
            each["as"] = json!(variable);
        }
        each
    };
    accepted(&workflow(json!([each(None, body("{{ item.kg }} {{ index }}"))])));
    accepted(&workflow(json!([each(Some("set"), body("{{ set.kg }}"))])));
    let nested = each(
        Some("set"),
        json!([{ "id": "inner", "forEach": "{{ set.reps }}", "steps": body("{{ [set, item, index] }}") }]),
    );
    accepted(&workflow(json!([nested])));
    refused(
        &workflow(json!([each(Some("set"), body("{{ item }}"))])),
        &[("/steps/0/steps/0/with", "unknown name `item`", None)],
    );
    refused_step(&call("a", json!({ "with": "{{ item }}" })), &[("/with", "unknown name `item`", None)]);
    refused_step(&call("a", json!({ "with": "{{ index }}" })), &[("/with", "unknown name `index`", None)]);
    refused(
        &workflow(json!([{ "id": "each", "forEach": "{{ item }}", "steps": [] }])),
        &[("/steps/0/forEach", "unknown name `item`", None)],
    );
}

#[test]
fn from_outside_a_loop_is_read_as_a_list() {
    let each = |id: &str, steps: Json| json!({ "id": id, "forEach": [1], "steps": steps });
    let reads = |id: &str, source: &str| call(id, json!({ "with": format!("{{{{ steps.{source}.output }}}}") }));
    accepted(&workflow(json!([
        plain("z"),
        each("each", json!([plain("a"), reads("b", "a"), reads("c", "z")])),
        reads("r", "each")
    ])));
    let advice = "`a` happens once for each item of `each`; read the list `steps.each.output`";
    refused(&workflow(json!([each("each", json!([plain("a")])), reads("r", "a")])), &[("/steps/1/with", advice, None)]);
    let nested = each("each", json!([each("inner", json!([plain("a")])), reads("b", "inner")]));
    let mut definition = workflow(json!([nested, reads("r", "a")]));
    refused(&definition, &[("/steps/1/with", advice, None)]);
    definition["steps"] = json!([each("each", json!([plain("a")]))]);
    definition["output"] = json!("{{ steps.a.output }}");
    refused(&definition, &[("/output", advice, None)]);
}

#[test]
fn wrong_waits() {
    let one = |wait: Json, pointer: &str, words: &str, meant| {
        refused_step(&json!({ "id": "a", "wait": wait }), &[(&format!("/wait{pointer}"), words, meant)]);
    };
    for wait in [json!("soon"), json!(-1), json!(1.5), json!([]), json!(null), json!(true)] {
        one(wait, "", "must be a duration such as", None);
    }
    one(json!({}), "", "`wait` has one of `duration`, `until` and `signal`", None);
    one(json!({ "duration": "1s", "signal": "go" }), "", "`wait` has one of", None);
    one(json!({ "duration": "soon" }), "/duration", "must be a duration", None);
    one(json!({ "until": "tomorrow" }), "/until", "an instant such as \"2027-01-31T18:00:00Z\"", None);
    one(json!({ "until": "2027-02-30T00:00:00Z" }), "/until", "an instant", None);
    one(json!({ "until": -1 }), "/until", "not `-1`", None);
    one(json!({ "until": true }), "/until", "not `true`", None);
    one(json!({ "signal": "" }), "/signal", "letters, digits, `_`, `-` and `.`, not ``", None);
    one(json!({ "signal": "go now" }), "/signal", "not `go now`", None);
    one(json!({ "signal": 7 }), "/signal", "must be a string", None);
    one(json!({ "signal": "go", "timeout": 0 }), "/timeout", "longer than nothing", None);
    one(json!({ "duration": "1s", "timeout": "1m" }), "/timeout", "`timeout` belongs to a `signal`", None);
    one(json!({ "signl": "go", "signal": "go" }), "/signl", "unknown key `signl` in `wait`", Some("signal"));
    one(json!({ "duration": "{{ steps.b.output }}" }), "/duration", "there is no step `b`", None);
    one(json!({ "until": "{{ nope }}" }), "/until", "unknown name `nope`", None);
    one(json!("{{ nope }}"), "", "unknown name `nope`", None);
}

#[test]
fn waits_as_compiled() {
    let wait = |wait: Json| {
        let compiled = accepted(&workflow(json!([{ "id": "a", "wait": wait }])));
        format!("{:?}", compiled.steps()[0].kind)
    };
    assert_eq!(wait(json!("10s")), format!("{:?}", StepKind::Wait(Wait::For(Duration::from_secs(10)))));
    assert_eq!(wait(json!(0)), format!("{:?}", StepKind::Wait(Wait::For(Duration::ZERO))));
    assert!(wait(json!({ "until": 86_400_000 })).contains("Until(Timestamp(86400000000))"));
    assert!(wait(json!("{{ input.x }}")).contains(&format!("{:?}", Computed::Duration)));
    assert!(wait(json!({ "until": "{{ input.x }}" })).contains(&format!("{:?}", Computed::Instant)));
    let signal = Wait::Signal { signal: 0, timeout: Some(Duration::from_secs(60)) };
    assert_eq!(wait(json!({ "signal": "go.on", "timeout": "1m" })), format!("{:?}", StepKind::Wait(signal)));
}

#[test]
fn how_many_at_once() {
    let with = |concurrency: Json| {
        let mut definition = workflow(json!([plain("a")]));
        definition["concurrency"] = concurrency;
        definition
    };
    for (concurrency, expected) in [
        (json!({ "limt": 3 }), ("/concurrency/limt", "unknown key `limt` in `concurrency`", Some("limit"))),
        (json!({ "key": "{{ input.user }}" }), ("/concurrency", "`key` and `perKey` belong together", None)),
        (json!({ "perKey": 3 }), ("/concurrency", "`key` and `perKey` belong together", None)),
        (json!({ "key": "k", "perKey": 0 }), ("/concurrency/perKey", "at least 1, not `0`", None)),
        (json!({ "limit": "3" }), ("/concurrency/limit", "at least 1", None)),
        (json!([3]), ("/concurrency", "at least 1, not a list", None)),
        (
            json!({ "key": "{{ steps.a.output }}", "perKey": 3 }),
            ("/concurrency/key", "no step has begun when this is looked at; it may read `input`", None),
        ),
        (json!({ "key": "{{ item }}", "perKey": 3 }), ("/concurrency/key", "unknown name `item`", None)),
    ] {
        refused(&with(concurrency), &[expected]);
    }
    let compiled = accepted(&with(json!({ "limit": 2, "key": "{{ input.user }}/{{ run.id }}", "perKey": 5 })));
    assert_eq!((compiled.concurrency, compiled.per_key.as_ref().map(|(_, limit)| *limit)), (Some(2), Some(5)));
    assert!(accepted(&with(json!({ "limit": 2 }))).per_key.is_none());
}

#[test]
fn what_is_kept_by_which_key() {
    let cache = |cache: Json| call("a", json!({ "cache": cache }));
    refused_step(&cache(json!({ "ttl": "1m", "key": "{{ nope }}" })), &[("/cache/key", "unknown name `nope`", None)]);
    refused_step(&cache(json!({})), &[("/cache", "ttl", None)]);
    let compiled = accepted(&workflow(json!([
        cache(json!({ "ttl": "1m", "key": "{{ input.user }}" })),
        call("b", json!({ "singleFlight": true, "idempotencyKey": "{{ run.id }}-{{ steps.a.output }}" })),
        plain("c"),
    ])));
    let keyed: Vec<bool> = compiled.steps().iter().map(|step| step.is_keyed()).collect();
    assert_eq!(keyed, [true, true, false]);
}

#[test]
fn a_schema_of_the_parameters_is_an_object_or_a_boolean() {
    for (parameters, is_one) in
        [(json!({ "type": "object" }), true), (json!(true), true), (json!(null), false), (json!(1), false)]
    {
        let mut definition = workflow(json!([]));
        definition["parameters"] = parameters;
        if is_one {
            accepted(&definition);
        } else {
            refused(&definition, &[("/parameters", "`parameters` must be a JSON Schema", None)]);
        }
    }
}
