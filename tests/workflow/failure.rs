//! What a failure leads to: for those beside it, for what it is a part of, and for who may be asked instead.

use repflow::policy::Outcome;
use serde_json::{Value as Json, json};

use crate::story::{Story, call, workflow};

const NOTHING: [&str; 0] = [];

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

fn may_fail(id: &str) -> Json {
    call(id, json!({ "onError": "continue" }))
}

fn retry(max_attempts: u32) -> Json {
    json!({ "maxAttempts": max_attempts, "delay": "100ms", "jitter": "none" })
}

#[test]
fn a_step_that_may_fail_lets_the_rest_go_on() {
    let mut story = Story::begin(&workflow(json!([may_fail("a"), plain("b")])));
    assert_eq!(story.fails("a").told(), ["call a#1", "call b#1"]);
    assert_eq!(story.failures(), ["a: Error"]);
    assert_eq!(story.completes("b").told(), ["completed"]);
    assert_eq!(story.statuses(["a", "b"]), ["failed", "completed"]);
    let mut story = Story::begin(&workflow(json!([may_fail("a")])));
    assert_eq!(story.fails("a").told(), ["call a#1", "completed"], "the last one, too");
}

#[test]
fn a_failure_goes_outwards_until_something_may_fail() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "outer", "onError": "continue", "parallel": [
            { "id": "inner", "steps": [plain("a"), plain("b")] }, plain("c"),
        ] },
        plain("after"),
    ])));
    assert_eq!(story.at(5).fails("a").told()[2..], ["abort c#1: cancelled", "call after#1"]);
    assert_eq!(story.failures(), ["a: Error", "inner: Error of a", "outer: Error of a"]);
    assert_eq!(
        story.statuses(["outer", "inner", "a", "b", "c"]),
        ["failed", "failed", "failed", "pending", "cancelled"]
    );
    assert_eq!(
        story.log()[7..12],
        ["5 attempt.failed a#1", "5 step.failed a", "5 step.failed inner", "5 step.cancelled c", "5 step.failed outer",]
    );
    // What comes too late for those who were stopped.
    assert_eq!(story.answers("c", 1, Outcome::COMPLETED).completes("after").told(), ["completed"]);
}

#[test]
fn inside_of_a_group_that_goes_on_the_others_go_on_too() {
    let mut story =
        Story::begin(&workflow(json!([{ "id": "g", "parallel": [may_fail("a"), plain("b")] }, plain("c")])));
    assert_eq!(story.fails("a").told()[2..], NOTHING);
    assert_eq!(story.completes("b").told(), ["collect g", "call c#1"]);
}

#[test]
fn what_was_given_up_gives_its_slots_to_others() {
    let mut definition = workflow(json!([
        { "id": "g", "needs": [], "onError": "continue", "concurrency": 2, "parallel": [
            plain("a"), call("b", json!({ "retry": retry(2) })), plain("c"), plain("d"),
        ] },
        call("x", json!({ "needs": [] })),
        call("y", json!({ "needs": [] })),
        call("z", json!({ "needs": ["g"] })),
    ]));
    definition["concurrency"] = json!(2);
    let mut story = Story::begin(&definition);
    assert_eq!(story.told(), ["call x#1", "call y#1"]);
    assert_eq!(story.completes("x").completes("y").told(), ["call a#1", "call b#1"]);
    assert_eq!(story.fails("b").told(), ["call c#1"]);
    // `b` is in line again when all of them are given up.
    assert_eq!(story.at(100).fails("a").told(), ["abort c#1: cancelled", "call z#1"]);
    assert_eq!(story.statuses(["a", "b", "c", "d"]), ["failed", "cancelled", "cancelled", "pending"]);
    assert_eq!(story.completes("z").told(), ["completed"]);
}

#[test]
fn those_in_line_for_a_group_that_failed_never_begin() {
    let mut definition = workflow(json!([
        { "id": "g", "onError": "continue", "concurrency": 1, "parallel": [plain("a"), plain("b"), plain("c")] },
        { "id": "h", "concurrency": 1, "parallel": [plain("d"), plain("e")] },
    ]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.fails("a").told(), ["call a#1", "call d#1"]);
    assert_eq!(story.completes("d").told(), ["call e#1"]);
    assert_eq!(story.completes("e").told(), ["collect h", "completed"]);
    assert!(!story.log().iter().any(|line| line.contains(" b") || line.contains(" c")), "{:?}", story.log());
}

#[test]
fn a_group_that_takes_too_long_fails() {
    let inner = json!({ "id": "inner", "timeout": "5s", "steps": [plain("a"), plain("b")] });
    let mut story = Story::begin(&workflow(
        json!([{ "id": "g", "timeout": "2s", "onError": "continue", "parallel": [inner, { "id": "w", "wait": "9s" }] }, plain("after")]),
    ));
    assert_eq!(story.at(1_000).completes("a").at(1_999).told(), ["call a#1", "call b#1"]);
    assert_eq!(story.at(2_000).told(), ["abort b#1: cancelled", "call after#1"]);
    assert_eq!(story.failures(), ["g: Timeout"]);
    assert_eq!(story.wakes_at(), Some(32_000), "the timers of what was inside are gone");
    assert_eq!(
        story.log()[10..15],
        [
            "2000 step.timed_out g",
            "2000 step.cancelled inner",
            "2000 step.cancelled b",
            "2000 step.cancelled w",
            "2000 step.failed g",
        ]
    );
}

#[test]
fn the_timeout_of_a_group_counts_from_its_own_beginning() {
    let group = |id: &str| json!({ "id": id, "timeout": "1s", "steps": [plain(&format!("{id}-1"))] });
    let mut story = Story::begin(&workflow(json!([group("g"), group("h")])));
    assert_eq!(story.at(900).completes("g-1").told(), ["call g-1#1", "collect g", "call h-1#1"]);
    assert_eq!(story.wakes_at(), Some(1_900));
    assert_eq!(story.at(1_900).told(), ["abort h-1#1: cancelled", "failed: h timed out"]);
}

#[test]
fn whom_to_ask_instead() {
    let keys =
        json!({ "fallback": [{ "call": "gym.cheap" }, { "workflow": "w" }, { "value": [] }], "retry": retry(2) });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    story.fails("a").at(100);
    assert_eq!(story.told(), ["call a#1", "call a#2"]);
    assert_eq!(story.fails("a").told(), ["a falls back to 1: Error", "call fallback 1 of a#3"], "without a retry");
    assert_eq!(story.run_state().node(story.node("a")).level, 1);
    assert_eq!(story.at(30_100).told()[..2], ["abort a#3: timed out", "a falls back to 2: Timeout"]);
    assert_eq!(story.fails("a").told(), ["a falls back to 3: Error", "call fallback 3 of a#5"]);
    assert_eq!(story.completes("a").told(), ["completed"]);
    let told: Vec<String> = story.log().into_iter().filter(|line| line.contains("fallback")).collect();
    assert_eq!(told, ["100 fallback.started a 1", "30100 fallback.started a 2", "30100 fallback.started a 3"]);
}

#[test]
fn when_all_that_could_be_asked_failed() {
    let mut story = Story::begin(&workflow(json!([call("a", json!({ "fallback": [{ "call": "gym.cheap" }] }))])));
    story.answers("a", 1, Outcome::failed_for_good()).told();
    assert_eq!(story.fails("a").told(), ["failed: a"]);
    assert_eq!(story.failures(), ["a: Error"]);
}

#[test]
fn a_total_timeout_bounds_the_fallbacks_too() {
    let keys = json!({ "fallback": [{ "call": "gym.cheap" }], "timeout": "2s", "totalTimeout": "3s" });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    assert_eq!(
        story.at(2_000).told()[1..],
        ["abort a#1: timed out", "a falls back to 1: Timeout", "call fallback 1 of a#2"]
    );
    assert_eq!(story.at(3_000).told(), ["abort a#2: total timed out", "failed: a took too long in all"]);
    assert_eq!(story.failures(), ["a: TotalTimeout"]);
}

#[test]
fn a_run_goes_on_when_its_output_reads_what_failed() {
    let mut definition = workflow(json!([may_fail("a")]));
    definition["output"] = json!("{{ steps.a.output }}");
    let mut story = Story::begin(&definition);
    assert_eq!(story.fails("a").told(), ["call a#1", "build the output"]);
    assert_eq!(story.at(2).builds().told(), ["completed"]);
}

#[test]
fn attempts_tell_of_themselves_while_they_run() {
    use repflow::workflow::Note;
    let mut story = Story::begin(&workflow(json!([plain("a")])));
    story.at(1).notes("a", Note::Progress).at(2).notes("a", Note::Log).completes("a").notes("a", Note::Log);
    assert_eq!(story.log()[3..5], ["1 step.progress a#1", "2 step.logged a#1"]);
    assert_eq!(story.log().len(), 7, "and not after that");
}
