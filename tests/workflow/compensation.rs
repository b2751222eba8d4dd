//! Sagas (Garcia-Molina and Salem 1987): what had completed is undone when the run ends in vain.

use repflow::policy::FailureReason;
use repflow::workflow::{Phase, RunEnd};
use serde_json::{Value as Json, json};

use crate::story::{Story, call, workflow};

const NOTHING: [&str; 0] = [];

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

fn undoable(id: &str) -> Json {
    call(id, json!({ "compensate": { "call": "gym.undo" } }))
}

#[test]
fn what_had_completed_is_undone_in_reverse_order_of_completion() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "g", "parallel": [undoable("a"), undoable("b"), plain("c")] },
        undoable("d"),
        plain("last"),
    ])));
    for id in ["b", "c", "a", "d"] {
        story.completes(id);
    }
    story.told();
    assert_eq!(story.at(9).fails("last").told(), ["call undo d#1"]);
    assert!(matches!(story.phase(), Phase::Compensating(RunEnd::Failed(_, FailureReason::Error))));
    assert_eq!(story.at(10).completes("undo d").told(), ["call undo a#1"], "one after the other");
    assert_eq!(story.at(11).completes("undo a").told(), ["call undo b#1"]);
    assert_eq!(
        story.statuses(["a", "b", "c", "d", "last"]),
        ["compensated", "completed", "completed", "compensated", "failed"]
    );
    assert_eq!(story.at(12).completes("undo b").told(), ["failed: last"], "only now it has ended");
    assert_eq!(story.statuses(["a", "b", "c"]), ["compensated", "compensated", "completed"]);
    assert_eq!(
        story.log()[18..24],
        [
            "9 step.failed last",
            "9 run.compensating",
            "9 compensation.started undo d",
            "9 attempt.started undo d#1",
            "10 compensation.completed undo d",
            "10 compensation.started undo a",
        ]
    );
    assert_eq!(story.log().last().map(String::as_str), Some("12 run.failed last"));
}

#[test]
fn every_end_in_vain_undoes() {
    let definition = json!({
        "id": "w", "timeout": "10s", "steps": [undoable("a"), plain("b")], "output": "{{ steps.b.output }}",
    });
    let begun = || {
        let mut story = Story::begin(&definition);
        story.completes("a").told();
        story
    };
    let mut story = begun();
    assert_eq!(story.is_cancelled().told(), ["abort b#1: cancelled", "call undo a#1"]);
    assert_eq!(story.completes("undo a").told(), ["cancelled"]);
    let mut story = begun();
    assert_eq!(story.at(10_000).told(), ["abort b#1: cancelled", "call undo a#1"]);
    assert_eq!(story.wakes_at(), Some(40_000), "the timeout of the run is over, that of the attempt is not");
    assert_eq!(story.completes("undo a").told(), ["timed out"]);
    let mut story = begun();
    assert_eq!(story.completes("b").cannot_build().told(), ["build the output", "call undo a#1"]);
    assert_eq!(story.completes("undo a").told(), ["output failed"]);
    let mut story = begun();
    assert_eq!(story.completes("b").builds().told(), ["build the output", "completed"], "a good end undoes nothing");
}

#[test]
fn what_was_skipped_failed_or_stopped_is_not_undone() {
    let undo = json!({ "call": "gym.undo" });
    let mut story = Story::begin(&workflow(json!([
        call("skipped", json!({ "when": "false", "compensate": undo })),
        call("failed", json!({ "onError": "continue", "compensate": undo })),
        { "id": "g", "parallel": [undoable("stopped"), plain("last")] },
    ])));
    story.holds_not("skipped").fails("failed").told();
    assert_eq!(story.fails("last").told(), ["abort stopped#1: cancelled", "failed: last"]);
}

#[test]
fn a_compensation_is_tried_again_and_then_the_next_one_comes() {
    let retry = json!({ "maxAttempts": 2, "delay": "1s", "jitter": "none" });
    let undo = json!({ "call": "gym.undo", "retry": retry, "timeout": "5s" });
    let mut story =
        Story::begin(&workflow(json!([undoable("a"), call("b", json!({ "compensate": undo })), plain("c")])));
    story.completes("a").completes("b").fails("c").told();
    assert_eq!(story.at(10).fails("undo b").told(), NOTHING);
    assert_eq!(story.status("undo b").name(), "waiting");
    assert_eq!(story.at(1_010).told(), ["call undo b#2"]);
    assert_eq!(story.at(6_010).told(), ["abort undo b#2: timed out", "call undo a#1"], "it could not be undone");
    assert_eq!(story.failures(), ["c: Error", "undo b: Timeout"]);
    assert_eq!(story.completes("undo a").told(), ["failed: c"]);
    assert_eq!(story.statuses(["a", "b", "undo a", "undo b"]), ["compensated", "completed", "completed", "failed"]);
    let told: Vec<String> = story.log().into_iter().filter(|line| line.contains("undo b")).collect();
    assert_eq!(
        told,
        [
            "0 compensation.started undo b",
            "0 attempt.started undo b#1",
            "10 attempt.failed undo b#1",
            "10 retry.scheduled undo b#2 in 1s",
            "1010 timer.fired undo b",
            "1010 attempt.started undo b#2",
            "6010 attempt.timed_out undo b#2",
            "6010 compensation.failed undo b",
        ]
    );
}

#[test]
fn nothing_disturbs_a_run_that_is_being_undone() {
    let mut story =
        Story::begin(&workflow(json!([undoable("a"), { "id": "w", "wait": { "signal": "s" } }, plain("b")])));
    story.completes("a").is_cancelled().told();
    let log = story.log();
    story.is_cancelled().pauses().resumes().signals("s", 1).cannot_build().builds();
    assert_eq!((story.told(), story.log()), (Vec::new(), log));
    assert_eq!(story.completes("undo a").told(), ["cancelled"]);
}

#[test]
fn in_a_loop_every_iteration_that_completed_is_undone() {
    let each = json!({ "id": "each", "forEach": "{{ input.sets }}", "steps": [undoable("a"), plain("b")] });
    let mut story = Story::begin(&workflow(json!([each])));
    story.has_items("each", 3).completes("a[2]").completes("a[0]").told();
    assert_eq!(story.fails("b[0]").told(), ["abort a[1]#1: cancelled", "abort b[2]#1: cancelled", "call undo a[0]#1"]);
    assert_eq!(story.completes("undo a[0]").told(), ["call undo a[2]#1"]);
    assert_eq!(story.completes("undo a[2]").told(), ["failed: b[0]"]);
    assert_eq!(story.statuses(["a[0]", "a[1]", "a[2]"]), ["compensated", "cancelled", "compensated"]);
}

#[test]
fn a_paused_run_that_fails_is_undone_all_the_same() {
    let mut story = Story::begin(&workflow(json!([undoable("a"), plain("b")])));
    story.completes("a").pauses().told();
    assert_eq!(story.fails("b").told(), ["call undo a#1"]);
    assert_eq!(story.resumes().completes("undo a").told(), ["failed: b"]);
}

#[test]
fn undoing_goes_on_after_a_crash() {
    let retry = json!({ "maxAttempts": 3, "delay": "1s", "jitter": "none" });
    let undo = json!({ "compensate": { "call": "gym.undo", "retry": retry } });
    let mut story = Story::begin(&workflow(json!([undoable("a"), call("b", undo), plain("c")])));
    story.completes("a").completes("b").is_cancelled().told();
    assert_eq!(story.at(5).crashes().told(), ["call undo b#2"]);
    assert_eq!(story.log()[13..], ["5 run.restored", "5 attempt.interrupted undo b#1", "5 attempt.started undo b#2"]);
    story.at(100).fails("undo b").crashes();
    assert_eq!((story.told(), story.wakes_at()), (Vec::new(), Some(1_100)), "its delay ends when it was to end");
    assert_eq!(story.at(1_100).told(), ["call undo b#3"]);
    assert_eq!(story.completes("undo b").told(), ["call undo a#1"]);
    assert_eq!(story.crashes().completes("undo a").told(), ["call undo a#2", "cancelled"]);
}
