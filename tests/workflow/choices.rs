//! Conditions and choices: what is skipped, and what comes after it all the same.

use serde_json::{Value as Json, json};

use crate::story::{Story, call, workflow};

const NOTHING: [&str; 0] = [];

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

fn only_when(id: &str) -> Json {
    call(id, json!({ "when": "input.wanted" }))
}

#[test]
fn a_step_whose_condition_holds_begins() {
    let mut story = Story::begin(&workflow(json!([only_when("a"), plain("b")])));
    assert_eq!(story.told(), ["ask whether: a"]);
    assert_eq!(story.status("a").name(), "pending", "it has not begun");
    assert_eq!(story.at(3).holds("a").told(), ["call a#1"]);
    assert_eq!(story.holds("a").holds_not("a").told(), NOTHING, "once is enough");
    assert_eq!(story.completes("a").told(), ["call b#1"]);
    assert_eq!(story.log()[1..3], ["3 step.evaluated a When(true)", "3 step.started a"]);
}

#[test]
fn a_step_that_is_skipped_has_ended_for_those_who_wait_for_it() {
    let mut story = Story::begin(&workflow(json!([only_when("a"), plain("b")])));
    assert_eq!(story.at(3).holds_not("a").told(), ["ask whether: a", "call b#1"]);
    assert_eq!(story.at(4).completes("b").told(), ["completed"]);
    assert_eq!(story.statuses(["a", "b"]), ["skipped", "completed"]);
    assert_eq!(story.log()[1..4], ["3 step.evaluated a When(false)", "3 step.skipped a", "3 step.started b"]);
}

#[test]
fn with_a_group_all_that_is_inside_is_skipped() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "g", "when": "false", "parallel": [
            call("a", json!({ "compensate": { "call": "gym.undo" } })),
            { "id": "inner", "steps": [plain("b"), only_when("c")] },
            { "id": "each", "forEach": [1], "steps": [plain("d")] },
            { "id": "pick", "switch": [{ "steps": [plain("e")] }] },
            { "id": "pause", "wait": "1s" },
        ] },
        plain("after"),
    ])));
    assert_eq!(story.at(1).holds_not("g").told(), ["ask whether: g", "call after#1"]);
    let inside = ["g", "a", "inner", "b", "c", "each", "pick", "e", "pause"];
    assert_eq!(story.statuses(inside), ["skipped"; 9]);
    assert_eq!(story.log().iter().filter(|line| line.contains("step.skipped")).count(), 9);
    assert_eq!(story.fails("after").told(), ["failed: after"], "and nothing of it is undone");
}

#[test]
fn a_run_whose_steps_are_all_skipped_completes() {
    let mut story = Story::begin(&workflow(json!([{ "id": "g", "parallel": [only_when("a"), only_when("b")] }])));
    assert_eq!(story.holds_not("b").told(), ["ask whether: a", "ask whether: b"]);
    assert_eq!(story.holds_not("a").told(), ["collect g", "completed"]);
    let mut story = Story::begin(&workflow(json!([only_when("a")])));
    assert_eq!(story.holds_not("a").told(), ["ask whether: a", "completed"]);
}

#[test]
fn a_condition_is_asked_when_all_needs_have_ended_and_before_a_slot_is_taken() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "g", "concurrency": 1, "parallel": [
            plain("a"), call("b", json!({ "when": "true", "needs": ["a"] })), only_when("c"),
        ] },
    ])));
    assert_eq!(story.told(), ["ask whether: c", "call a#1"]);
    assert_eq!(story.holds("c").told(), NOTHING, "`a` has the slot");
    assert_eq!(story.completes("a").told(), ["ask whether: b", "call c#1"], "who asks takes no slot");
    assert_eq!(story.holds_not("b").completes("c").told(), ["collect g", "completed"]);
}

#[test]
fn a_condition_that_cannot_be_told_fails_the_step() {
    let mut story = Story::begin(&workflow(json!([only_when("a"), plain("b")])));
    assert_eq!(story.cannot_tell("a").told(), ["ask whether: a", "failed: a"]);
    assert_eq!(story.failures(), ["a: Error"]);
    let mut allowed = only_when("a");
    allowed["onError"] = json!("continue");
    let mut story = Story::begin(&workflow(json!([allowed, plain("b")])));
    assert_eq!(story.cannot_tell("a").told(), ["ask whether: a", "call b#1"]);
    assert_eq!(story.holds("a").cannot_tell("a").told(), NOTHING, "it is over");
}

#[test]
fn a_retry_does_not_ask_for_the_condition_again() {
    let retry = json!({ "maxAttempts": 2, "delay": "10ms", "jitter": "none" });
    let mut story = Story::begin(&workflow(json!([call("a", json!({ "when": "true", "retry": retry }))])));
    assert_eq!(story.holds("a").fails("a").at(10).told(), ["ask whether: a", "call a#1", "call a#2"]);
}

/// A switch between `a`, then `b` and `c`, then nothing, and `d` as a last resort when there is one.
fn switch(last_resort: bool) -> Json {
    let mut cases = vec![
        json!({ "when": "input.goal == 'strength'", "steps": [plain("a")] }),
        json!({ "when": "{{ input.goal == 'endurance' }}", "steps": [plain("b"), plain("c")] }),
        json!({ "when": "false", "steps": [] }),
    ];
    if last_resort {
        cases.push(json!({ "steps": [plain("d")] }));
    }
    workflow(json!([{ "id": "pick", "switch": cases }, plain("after")]))
}

#[test]
fn a_switch_runs_the_steps_of_one_case() {
    let mut story = Story::begin(&switch(true));
    assert_eq!(story.told(), ["ask which case: pick"]);
    assert_eq!(story.at(5).takes("pick", Some(1)).told(), ["call b#1"]);
    assert_eq!(story.statuses(["pick", "a", "b", "c", "d"]), ["running", "skipped", "running", "pending", "skipped"]);
    assert_eq!(story.takes("pick", Some(0)).told(), NOTHING, "it has chosen");
    assert_eq!(story.completes("b").told(), ["call c#1"]);
    assert_eq!(story.completes("c").told(), ["collect pick", "call after#1"]);
    assert_eq!(
        story.log()[1..7],
        [
            "0 step.started pick",
            "5 step.evaluated pick Case(Some(1))",
            "5 step.skipped a",
            "5 step.skipped d",
            "5 step.started b",
            "5 attempt.started b#1",
        ]
    );
}

#[test]
fn a_switch_without_a_case_that_holds_completes() {
    let mut story = Story::begin(&switch(false));
    assert_eq!(story.takes("pick", None).told(), ["ask which case: pick", "collect pick", "call after#1"]);
    assert_eq!(story.statuses(["pick", "a", "b", "c"]), ["completed", "skipped", "skipped", "skipped"]);
}

#[test]
fn a_case_may_be_empty() {
    let mut story = Story::begin(&switch(true));
    assert_eq!(story.takes("pick", Some(2)).told(), ["ask which case: pick", "collect pick", "call after#1"]);
    assert_eq!(story.statuses(["a", "b", "c", "d"]), ["skipped"; 4]);
    let mut story = Story::begin(&workflow(json!([{ "id": "pick", "switch": [{ "steps": [] }] }])));
    assert_eq!(story.takes("pick", Some(0)).told(), ["ask which case: pick", "collect pick", "completed"]);
}

#[test]
fn the_last_resort_of_a_switch() {
    let mut story = Story::begin(&switch(true));
    assert_eq!(story.takes("pick", Some(3)).told(), ["ask which case: pick", "call d#1"]);
}

#[test]
fn a_case_that_there_is_none_of_is_no_answer() {
    let mut story = Story::begin(&switch(true));
    assert_eq!(story.takes("pick", Some(4)).holds("pick").has_items("pick", 1).told(), ["ask which case: pick"]);
    assert_eq!(story.takes("pick", Some(0)).told(), ["call a#1"]);
}

#[test]
fn needs_and_conditions_work_inside_of_a_case() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "pick", "switch": [
            { "when": "true", "steps": [only_when("a"), call("b", json!({ "needs": [] })), call("c", json!({ "needs": ["a", "b"] }))] },
            { "steps": [call("x", json!({ "needs": ["y"] })), call("y", json!({ "needs": [] }))] },
        ] },
    ])));
    assert_eq!(story.takes("pick", Some(0)).told(), ["ask which case: pick", "ask whether: a", "call b#1"]);
    assert_eq!(story.holds_not("a").told(), NOTHING);
    assert_eq!(story.completes("b").told(), ["call c#1"]);
    assert_eq!(story.completes("c").told(), ["collect pick", "completed"]);
    assert_eq!(story.statuses(["x", "y"]), ["skipped", "skipped"]);
}

#[test]
fn a_switch_that_takes_too_long_fails_before_and_after_it_has_chosen() {
    let pick = json!({ "id": "pick", "timeout": "1s", "onError": "continue", "switch": [{ "steps": [plain("a")] }] });
    let definition = workflow(json!([pick, plain("after")]));
    let mut story = Story::begin(&definition);
    assert_eq!(story.at(1_000).told(), ["ask which case: pick", "call after#1"]);
    assert_eq!(story.takes("pick", Some(0)).told(), NOTHING, "too late");
    assert_eq!(story.failures(), ["pick: Timeout"]);
    let mut story = Story::begin(&definition);
    story.takes("pick", Some(0)).told();
    assert_eq!(story.at(1_000).told(), ["abort a#1: cancelled", "call after#1"]);
    assert_eq!(story.statuses(["pick", "a"]), ["failed", "cancelled"]);
}
