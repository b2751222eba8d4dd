//! Runs, told as stories.

use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{FailureReason, Outcome};
use repflow::workflow::{Input, NodeIx, Run, RunEnd, Status};
use serde_json::{Value as Json, json};

use crate::story::{Story, at, call, effects, log, node, plan, workflow};

const NOTHING: [&str; 0] = [];

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

#[test]
fn a_list_is_a_sequence() {
    let mut story = Story::begin(&workflow(json!([plain("warm-up"), plain("squats"), plain("cool-down")])));
    assert_eq!(story.told(), ["call warm-up#1"]);
    assert_eq!(story.at(10).completes("warm-up").told(), ["call squats#1"]);
    assert_eq!(story.at(30).completes("squats").told(), ["call cool-down#1"]);
    assert_eq!(story.at(35).completes("cool-down").told(), ["completed"]);
    assert_eq!(
        story.log(),
        [
            "0 run.started",
            "0 step.started warm-up",
            "0 attempt.started warm-up#1",
            "10 step.completed warm-up",
            "10 step.started squats",
            "10 attempt.started squats#1",
            "30 step.completed squats",
            "30 step.started cool-down",
            "30 attempt.started cool-down#1",
            "35 step.completed cool-down",
            "35 run.completed",
        ]
    );
}

#[test]
fn needs_make_a_graph() {
    let mut story = Story::begin(&workflow(json!([
        plain("analyse"),
        call("plan", json!({ "needs": ["analyse"] })),
        call("safety", json!({ "needs": ["analyse"] })),
        call("write", json!({ "needs": ["safety", "plan", "safety"] })),
        call("music", json!({ "needs": [] })),
    ])));
    assert_eq!(story.told(), ["call analyse#1", "call music#1"]);
    assert_eq!(story.completes("analyse").told(), ["call plan#1", "call safety#1"]);
    assert_eq!(story.completes("safety").told(), NOTHING, "`write` waits for `plan` too");
    assert_eq!(story.status("write"), Status::Pending);
    assert_eq!(story.completes("plan").told(), ["call write#1"]);
    assert_eq!(story.completes("write").told(), NOTHING, "the run waits for `music`");
    assert_eq!(story.completes("music").told(), ["completed"]);
}

#[test]
fn a_group_completes_with_its_last_child() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "enhance", "parallel": [plain("recommend"), { "id": "checks", "steps": [plain("load"), plain("joints")] }] },
        plain("write"),
    ])));
    assert_eq!(story.told(), ["call recommend#1", "call load#1"]);
    assert_eq!(story.at(5).completes("load").told(), ["call joints#1"]);
    assert_eq!(story.at(6).completes("recommend").told(), NOTHING);
    assert_eq!(story.at(9).completes("joints").told(), ["collect checks", "collect enhance", "call write#1"]);
    assert_eq!(story.at(9).completes("write").told(), ["completed"]);
    assert_eq!(
        story.log(),
        [
            "0 run.started",
            "0 step.started enhance",
            "0 step.started checks",
            "0 step.started recommend",
            "0 attempt.started recommend#1",
            "0 step.started load",
            "0 attempt.started load#1",
            "5 step.completed load",
            "5 step.started joints",
            "5 attempt.started joints#1",
            "6 step.completed recommend",
            "9 step.completed joints",
            "9 step.completed checks",
            "9 step.completed enhance",
            "9 step.started write",
            "9 attempt.started write#1",
            "9 step.completed write",
            "9 run.completed",
        ]
    );
}

#[test]
fn needs_work_inside_of_groups_too() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "before", "parallel": [plain("a"), call("b", json!({ "needs": ["a"] })), plain("c")] },
        { "id": "after", "steps": [plain("x"), call("y", json!({ "needs": [] })), call("z", json!({ "needs": ["x"] }))] },
    ])));
    assert_eq!(story.told(), ["call a#1", "call c#1"]);
    assert_eq!(story.completes("c").told(), NOTHING);
    assert_eq!(story.completes("a").told(), ["call b#1"]);
    assert_eq!(story.completes("b").told(), ["collect before", "call x#1", "call y#1"]);
    assert_eq!(story.completes("x").told(), ["call z#1"]);
    assert_eq!(story.completes("y").told(), NOTHING);
    assert_eq!(story.completes("z").told(), ["collect after", "completed"]);
}

#[test]
fn a_group_runs_as_many_at_once_as_it_may() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "sets", "parallel": [plain("a"), plain("b"), plain("c"), plain("d")], "concurrency": 2 },
    ])));
    assert_eq!(story.told(), ["call a#1", "call b#1"]);
    assert_eq!(story.status("c"), Status::Pending);
    assert_eq!(story.completes("b").told(), ["call c#1"], "in the order in which they came");
    assert_eq!(story.completes("a").told(), ["call d#1"]);
    assert_eq!(story.completes("d").told(), NOTHING);
    assert_eq!(story.completes("c").told(), ["collect sets", "completed"]);
}

#[test]
fn a_run_calls_as_many_at_once_as_it_may_across_its_groups() {
    let mut definition = workflow(json!([
        { "id": "left", "parallel": [plain("a"), plain("b")], "needs": [] },
        { "id": "right", "parallel": [plain("c"), plain("d")], "needs": [], "concurrency": 1 },
    ]));
    definition["concurrency"] = json!(2);
    let mut story = Story::begin(&definition);
    assert_eq!(story.told(), ["call a#1", "call b#1"]);
    assert_eq!(story.completes("a").told(), ["call c#1"]);
    assert_eq!(story.completes("b").told(), ["collect left"], "`d` waits for the slot of its group");
    assert_eq!(story.completes("c").told(), ["call d#1"]);
    assert_eq!(story.completes("d").told(), ["collect right", "completed"]);
}

#[test]
fn a_child_that_is_a_group_takes_one_slot_of_its_group() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "outer", "parallel": [
            { "id": "inner", "parallel": [plain("a"), plain("b"), plain("c")] },
            plain("d"),
            { "id": "empty", "parallel": [] },
            plain("e"),
        ], "concurrency": 1 },
    ])));
    assert_eq!(story.told(), ["call a#1", "call b#1", "call c#1"]);
    story.completes("a").completes("b");
    assert_eq!(story.told(), NOTHING);
    assert_eq!(story.completes("c").told(), ["collect inner", "call d#1"]);
    assert_eq!(story.completes("d").told(), ["collect empty", "call e#1"]);
    assert_eq!(story.completes("e").told(), ["collect outer", "completed"]);
}

#[test]
fn with_one_slot_a_step_is_over_before_the_next_one_begins() {
    let mut definition = workflow(json!([plain("a"), call("b", json!({ "needs": [] }))]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    story.at(3).completes("a");
    assert_eq!(
        story.log()[3..],
        ["3 step.completed a", "3 step.started b", "3 attempt.started b#1"],
        "a fold of the log never sees two at once"
    );
}

#[test]
fn a_slot_is_passed_to_who_waited_before_who_becomes_ready() {
    let mut definition =
        workflow(json!([plain("a"), call("b", json!({ "needs": [] })), call("then", json!({ "needs": ["a"] }))]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.told(), ["call a#1"]);
    assert_eq!(story.completes("a").told(), ["call b#1"]);
    assert_eq!(story.completes("b").told(), ["call then#1"]);
    assert_eq!(story.completes("then").told(), ["completed"]);
}

#[test]
fn who_waited_for_a_slot_begins_before_what_the_end_of_a_group_leads_to() {
    let mut definition = workflow(json!([
        { "id": "g", "steps": [plain("a")] },
        plain("after"),
        call("other", json!({ "needs": [] })),
        call("last", json!({ "needs": [] })),
    ]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.told(), ["call other#1"], "a group opens first, and its children after it");
    assert_eq!(story.completes("other").told(), ["call last#1"]);
    assert_eq!(story.completes("last").told(), ["call a#1"]);
    assert_eq!(story.completes("a").told(), ["collect g", "call after#1"]);
    assert_eq!(story.completes("after").told(), ["completed"]);
    let mut definition =
        workflow(json!([{ "id": "g", "steps": [plain("a")] }, { "id": "h", "needs": [], "steps": [plain("b")] }]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.told(), ["call a#1"]);
    assert_eq!(story.completes("a").told(), ["call b#1", "collect g"]);
}

#[test]
fn nothing_to_do_is_done_at_once() {
    let mut story = Story::begin(&json!({ "id": "rest-day", "timeout": "1s", "steps": [] }));
    assert_eq!(story.told(), ["completed"]);
    assert_eq!(story.log(), ["0 run.started", "0 run.completed"]);
    let mut story = Story::begin(&workflow(json!([
        { "id": "a", "parallel": [] },
        { "id": "b", "steps": [{ "id": "c", "steps": [] }] },
    ])));
    assert_eq!(story.told(), ["collect a", "collect c", "collect b", "completed"]);
}

#[test]
fn ten_thousand_empty_groups_are_no_deeper_than_one() {
    let groups: Vec<Json> = (0..10_000).map(|n| json!({ "id": format!("g{n}"), "steps": [] })).collect();
    let mut story = Story::begin(&workflow(json!(groups)));
    let told = story.told();
    assert_eq!(told.len(), 10_001);
    assert_eq!(
        (told[0].as_str(), told[9_999].as_str(), told[10_000].as_str()),
        ("collect g0", "collect g9999", "completed")
    );
}

/// A call inside of `depth` groups.
fn nested(depth: usize) -> Json {
    (0..depth).fold(plain("core"), |inner, n| json!({ "id": format!("g{n}"), "steps": [inner] }))
}

#[test]
fn groups_nest_sixty_deep() {
    let mut story = Story::begin(&workflow(json!([nested(60)])));
    assert_eq!(story.told(), ["call core#1"]);
    let told = story.completes("core").told();
    assert_eq!(told.len(), 61);
    assert_eq!((told[0].as_str(), told[59].as_str(), told[60].as_str()), ("collect g0", "collect g59", "completed"));
}

/// A retry without chance.
fn retry(max_attempts: u32) -> Json {
    json!({ "maxAttempts": max_attempts, "backoff": "exponential", "delay": "100ms", "maxDelay": "350ms", "jitter": "none" })
}

#[test]
fn a_failure_is_retried_after_exact_delays() {
    let mut story = Story::begin(&workflow(json!([call("write", json!({ "retry": retry(5) }))])));
    assert_eq!(story.told(), ["call write#1"]);
    for (fails_at, next, wakes) in [(10, 2, 110), (120, 3, 320), (330, 4, 680), (690, 5, 1_040)] {
        assert_eq!(story.at(fails_at).fails("write").told(), NOTHING);
        assert_eq!((story.status("write"), story.wakes_at()), (Status::Waiting, Some(wakes)));
        assert_eq!(story.at(wakes - 1).told(), NOTHING);
        assert_eq!(story.at(wakes).told(), [format!("call write#{next}")]);
    }
    assert_eq!(story.at(1_050).completes("write").told(), ["completed"]);
    let scheduled: Vec<String> = story.log().into_iter().filter(|line| line.contains("retry.scheduled")).collect();
    assert_eq!(
        scheduled,
        [
            "10 retry.scheduled write#2 in 100ms",
            "120 retry.scheduled write#3 in 200ms",
            "330 retry.scheduled write#4 in 350ms",
            "690 retry.scheduled write#5 in 350ms",
        ]
    );
}

#[test]
fn attempts_that_are_used_up_fail_the_run() {
    let mut story = Story::begin(&workflow(json!([call("write", json!({ "retry": retry(2) })), plain("never")])));
    story.at(1).fails("write").at(101);
    assert_eq!(story.told(), ["call write#1", "call write#2"]);
    assert_eq!(story.at(102).fails("write").told(), ["failed: write"]);
    assert_eq!(
        story.log(),
        [
            "0 run.started",
            "0 step.started write",
            "0 attempt.started write#1",
            "1 attempt.failed write#1",
            "1 retry.scheduled write#2 in 100ms",
            "101 timer.fired write",
            "101 attempt.started write#2",
            "102 attempt.failed write#2",
            "102 step.failed write",
            "102 run.failed write",
        ]
    );
    assert_eq!((story.status("write"), story.status("never")), (Status::Failed, Status::Pending));
}

#[test]
fn without_retry_one_failure_is_enough() {
    let mut story = Story::begin(&workflow(json!([plain("write")])));
    assert_eq!(story.fails("write").told(), ["call write#1", "failed: write"]);
}

#[test]
fn what_fails_for_good_is_not_retried() {
    let mut story = Story::begin(&workflow(json!([call("write", json!({ "retry": retry(5) }))])));
    assert_eq!(story.answers("write", 1, Outcome::failed_for_good()).told(), ["call write#1", "failed: write"]);
}

#[test]
fn the_seed_decides_the_jitter() {
    let definition =
        workflow(json!([call("write", json!({ "retry": { "delay": "1h", "maxDelay": "1h", "jitter": "full" } }))]));
    let wakes = |seed| Story::begin_with_seed(&definition, seed).fails("write").wakes_at();
    assert_eq!(wakes(1), wakes(1));
    assert_ne!(wakes(1), wakes(2));
}

#[test]
fn of_steps_that_begin_together_each_is_stopped_in_its_own_time() {
    let beside = |id: &str, timeout: &str| call(id, json!({ "timeout": timeout, "needs": ["first"] }));
    for others in [[("short", "1s"), ("long", "9s")], [("long", "9s"), ("short", "1s")]] {
        let steps = others.map(|(id, timeout)| beside(id, timeout));
        let [one, other] = steps;
        let mut story = Story::begin(&workflow(json!([call("first", json!({ "timeout": "5s" })), one, other])));
        assert_eq!(story.at(100).completes("first").told().len(), 3);
        assert_eq!(story.wakes_at(), Some(1_100), "`short` is due first, also before what `first` was due at");
        assert_eq!(story.at(1_100).told()[0], "abort short#1: timed out");
    }
}

#[test]
fn an_attempt_that_takes_too_long_is_stopped_and_tried_again() {
    let mut story =
        Story::begin(&workflow(json!([call("write", json!({ "timeout": "2s", "retry": retry(3) })), plain("print")])));
    assert_eq!(story.at(1_999).told(), ["call write#1"]);
    assert_eq!(story.at(2_000).told(), ["abort write#1: timed out"]);
    assert_eq!(story.at(2_100).told(), ["call write#2"]);
    assert_eq!(story.wakes_at(), Some(4_100), "each attempt has all of its timeout");
    assert_eq!(story.at(2_500).completes("write").told(), ["call print#1"]);
    assert_eq!(story.wakes_at(), Some(32_500), "the timer of `write` is cleared; `print` has the default timeout");
    assert_eq!(story.at(2_600).completes("print").told(), ["completed"]);
    assert_eq!(
        story.log()[2..9],
        [
            "0 attempt.started write#1",
            "2000 attempt.timed_out write#1",
            "2000 retry.scheduled write#2 in 100ms",
            "2100 timer.fired write",
            "2100 attempt.started write#2",
            "2500 step.completed write",
            "2500 step.started print",
        ]
    );
}

#[test]
fn a_call_without_a_timeout_gets_the_default_one() {
    let mut story = Story::begin(&workflow(json!([plain("write")])));
    assert_eq!(story.wakes_at(), Some(30_000));
    assert_eq!(story.at(30_000).told(), ["call write#1", "abort write#1: timed out", "failed: write timed out"]);
}

#[test]
fn late_answers_are_ignored() {
    let mut story =
        Story::begin(&workflow(json!([call("write", json!({ "timeout": "1s", "retry": retry(3) })), plain("print")])));
    story.at(1_000);
    assert_eq!(story.told(), ["call write#1", "abort write#1: timed out"]);
    // While it backs off, and while the second attempt runs.
    assert_eq!(story.answers("write", 1, Outcome::COMPLETED).told(), NOTHING);
    assert_eq!(story.at(1_100).told(), ["call write#2"]);
    assert_eq!(story.answers("write", 1, Outcome::COMPLETED).told(), NOTHING);
    assert_eq!(story.answers("write", 1, Outcome::failed_for_good()).told(), NOTHING);
    // One that was never made.
    assert_eq!(story.answers("write", 3, Outcome::COMPLETED).told(), NOTHING);
    assert_eq!(story.answers("print", 1, Outcome::COMPLETED).told(), NOTHING);
    assert_eq!(story.answers("print", 0, Outcome::COMPLETED).told(), NOTHING, "a step that waits has no attempt 0");
    assert_eq!(story.completes("write").told(), ["call print#1"]);
    assert_eq!(story.answers("write", 2, Outcome::failed()).told(), NOTHING, "once is enough");
    assert_eq!(story.completes("print").told(), ["completed"]);
    let log = story.log();
    assert_eq!(story.answers("print", 1, Outcome::failed()).is_cancelled().at(99_999).told(), NOTHING);
    assert_eq!(story.log(), log, "after the end nothing happens");
}

#[test]
fn a_step_that_backs_off_holds_no_slot() {
    let mut definition = workflow(json!([
        { "id": "sets", "parallel": [call("a", json!({ "retry": retry(3) })), plain("b"), plain("c")], "concurrency": 1 },
    ]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.at(10).fails("a").told(), ["call a#1", "call b#1"]);
    assert_eq!(story.at(110).told(), NOTHING, "its time has come, but `b` runs and `c` was there before");
    assert_eq!(story.status("a"), Status::Waiting);
    assert_eq!(story.at(120).completes("b").told(), ["call c#1"]);
    assert_eq!(story.at(130).completes("c").told(), ["call a#2"]);
    assert_eq!(story.at(140).completes("a").told(), ["collect sets", "completed"]);
}

#[test]
fn a_timeout_does_not_count_the_time_in_line() {
    let mut definition = workflow(json!([plain("a"), call("b", json!({ "needs": [], "timeout": "1s" }))]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.at(20_000).completes("a").told(), ["call a#1", "call b#1"]);
    assert_eq!(story.wakes_at(), Some(21_000));
}

#[test]
fn a_failure_stops_what_still_runs() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "enhance", "parallel": [
            plain("a"), call("b", json!({ "timeout": "5s" })), call("c", json!({ "retry": retry(2) })), plain("d"),
            { "id": "inner", "steps": [plain("e"), plain("f")] },
        ] },
        plain("after"),
    ])));
    story.at(1).completes("d").fails("c");
    story.told();
    assert_eq!(
        story.at(7).fails("a").told(),
        ["abort b#1: cancelled", "abort e#1: cancelled", "failed: a"],
        "`c` waits for its retry, so there is nothing to abort"
    );
    assert_eq!(
        story.log()[13..],
        [
            "1 step.completed d",
            "1 attempt.failed c#1",
            "1 retry.scheduled c#2 in 100ms",
            "7 attempt.failed a#1",
            "7 step.failed a",
            "7 step.cancelled b",
            "7 step.cancelled c",
            "7 step.cancelled inner",
            "7 step.cancelled e",
            "7 step.failed enhance",
            "7 run.failed a",
        ]
    );
    let statuses = ["enhance", "a", "b", "c", "d", "inner", "e", "f", "after"].map(|id| story.status(id).name());
    let (failed, cancelled, pending) = ("failed", "cancelled", "pending");
    assert_eq!(
        statuses,
        [failed, failed, cancelled, cancelled, "completed", cancelled, cancelled, pending, pending],
        "a group fails with its child"
    );
    assert_eq!(story.failures(), ["a: Error", "enhance: Error of a"]);
}

#[test]
fn a_last_attempt_that_times_out_fails_the_run() {
    let mut story = Story::begin(&workflow(json!([
        call("slow", json!({ "timeout": "1s", "retry": retry(2) })),
        call("other", json!({ "needs": [] })),
    ])));
    assert_eq!(
        story.at(10_000).told(),
        [
            "call slow#1",
            "call other#1",
            "abort slow#1: timed out",
            "call slow#2",
            "abort slow#2: timed out",
            "abort other#1: cancelled",
            "failed: slow timed out",
        ]
    );
}

#[test]
fn a_run_is_cancelled_while_it_runs() {
    let mut story = Story::begin(&json!({ "id": "w", "timeout": "1m", "steps": [plain("a"), plain("b")] }));
    assert_eq!(story.at(5).is_cancelled().told(), ["call a#1", "abort a#1: cancelled", "cancelled"]);
    assert_eq!(
        story.log(),
        ["0 run.started", "0 step.started a", "0 attempt.started a#1", "5 step.cancelled a", "5 run.cancelled"]
    );
    assert_eq!(story.is_cancelled().answers("a", 1, Outcome::COMPLETED).told(), NOTHING);
}

#[test]
fn a_run_is_cancelled_while_it_backs_off() {
    let mut story = Story::begin(&workflow(json!([call("a", json!({ "retry": retry(2) }))])));
    assert_eq!(story.at(5).fails("a").at(50).is_cancelled().told(), ["call a#1", "cancelled"]);
    assert_eq!(story.status("a"), Status::Cancelled);
    assert_eq!(story.at(1_000).told(), NOTHING);
}

#[test]
fn a_run_is_cancelled_while_steps_wait_for_a_slot() {
    let mut definition =
        workflow(json!([{ "id": "g", "parallel": [call("a", json!({ "retry": retry(2) })), plain("b"), plain("c")] }]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    // `a` is in line again after its back-off, `c` for the first time.
    assert_eq!(story.at(1).fails("a").at(101).told(), ["call a#1", "call b#1"]);
    assert_eq!(story.is_cancelled().told(), ["abort b#1: cancelled", "cancelled"]);
    assert_eq!(
        ["g", "a", "b", "c"].map(|id| story.status(id).name()),
        ["cancelled", "cancelled", "cancelled", "pending"]
    );
}

#[test]
fn a_run_takes_no_longer_than_its_timeout() {
    let mut story = Story::begin(&json!({ "id": "w", "timeout": "10s", "steps": [
        call("a", json!({ "retry": retry(9) })), call("b", json!({ "needs": [] })),
    ] }));
    assert_eq!(story.at(9_950).fails("a").at(9_999).told(), ["call a#1", "call b#1"]);
    assert_eq!(story.at(10_000).told(), ["abort b#1: cancelled", "timed out"]);
    assert_eq!(story.log().last().map(String::as_str), Some("10000 run.timed_out"));
    assert_eq!(story.at(11_000).told(), NOTHING);
}

#[test]
fn a_run_in_time_clears_its_timeout() {
    let mut story = Story::begin(&json!({ "id": "w", "timeout": "10s", "steps": [plain("a")] }));
    assert_eq!(story.wakes_at(), Some(10_000));
    assert_eq!(story.completes("a").told(), ["call a#1", "completed"]);
}

/// What a call tells when its first attempt fails and the next one comes.
fn fails_once(node: NodeIx) -> [Input; 3] {
    [
        Input::AttemptStarted { node, attempt: 1 },
        Input::AttemptFailed { node, attempt: 1, reason: FailureReason::Error },
        Input::RetryScheduled { node, delay: Duration::from_millis(100) },
    ]
}

/// A run that is told all of this.
fn told(run: &mut Run, inputs: &[Input], ms: u64) -> Vec<String> {
    inputs.iter().flat_map(|input| effects(run, *input, ms)).collect()
}

#[test]
fn a_step_knows_when_it_began_and_ended() {
    let plan = plan(&workflow(json!([{ "id": "g", "steps": [plain("a")] }, plain("b")])));
    let mut run = Run::new(Rc::clone(&plan), 1);
    let (group, a, b) = (node(&plan, "g"), node(&plan, "a"), node(&plan, "b"));
    told(&mut run, &[Input::Started], 1);
    assert_eq!((run.node(a).started_at, run.node(a).attempt), (None, 0), "its call has not been attempted yet");
    told(&mut run, &fails_once(a), 2);
    told(&mut run, &[Input::RetryDue { node: a }, Input::AttemptStarted { node: a, attempt: 2 }], 102);
    assert_eq!((run.node(a).started_at, run.node(a).ended_at, run.node(a).attempt), (Some(at(2)), None, 2));
    told(&mut run, &[Input::CallSettled { node: a, outcome: Ok(()) }], 103);
    assert_eq!((run.node(a).started_at, run.node(a).ended_at), (Some(at(2)), Some(at(103))));
    assert_eq!((run.node(group).started_at, run.node(group).ended_at), (Some(at(1)), Some(at(103))));
    assert_eq!(run.end(), None);
    told(&mut run, &[Input::AttemptStarted { node: b, attempt: 1 }], 103);
    told(&mut run, &[Input::CallSettled { node: b, outcome: Err(FailureReason::Error) }], 104);
    assert_eq!((run.node(b).started_at, run.node(b).ended_at), (Some(at(103)), Some(at(104))));
    assert_eq!(run.end(), Some(RunEnd::Failed(b, FailureReason::Error)));
}

#[test]
fn a_step_that_was_stopped_knows_when() {
    let plan = plan(&workflow(json!([{ "id": "g", "parallel": [plain("a"), plain("b"), plain("c")] }, plain("d")])));
    let mut run = Run::new(Rc::clone(&plan), 1);
    let [a, b] = ["a", "b"].map(|id| node(&plan, id));
    told(&mut run, &[Input::Started, Input::AttemptStarted { node: a, attempt: 1 }], 1);
    told(&mut run, &fails_once(b), 2);
    let stopped = told(&mut run, &[Input::CancelRequested], 3);
    assert_eq!(stopped, ["cancel a", "cancel b", "cancel c", "Cancelled"], "`c` waited for its first attempt");
    let ended = ["g", "a", "b", "c", "d"].map(|id| run.node(node(&plan, id)).ended_at);
    assert_eq!(ended, [Some(at(3)), Some(at(3)), Some(at(3)), None, None], "`c` and `d` never began");
}

#[test]
fn a_run_has_not_completed_before_its_output_is_there() {
    let plan = plan(&json!({ "id": "w", "steps": [plain("a")], "output": "{{ steps.a.output.text }}" }));
    let a = node(&plan, "a");
    for (built, end) in [(Input::OutputBuilt, "Completed"), (Input::OutputFailed, "OutputFailed")] {
        let mut run = Run::new(Rc::clone(&plan), 1);
        effects(&mut run, Input::Started, 0);
        assert!(effects(&mut run, built, 1).is_empty(), "nobody asked for the output yet");
        let completed = Input::CallSettled { node: a, outcome: Ok(()) };
        assert_eq!(effects(&mut run, completed, 2), ["build the output"]);
        assert_eq!(run.end(), None);
        assert_eq!(effects(&mut run, built, 3), [end]);
        let last = if end == "Completed" { "run.completed" } else { "run.failed" };
        assert_eq!(run.log().to_vec().last().map(|event| event.kind.name()), Some(last));
    }
}

#[test]
fn every_effect_of_a_run_in_its_order() {
    let plan = plan(&json!({ "id": "w", "timeout": "10s", "steps": [
        { "id": "g", "parallel": [plain("a"), plain("b")] },
        plain("c"),
    ] }));
    let mut run = Run::new(Rc::clone(&plan), 1);
    let [a, b, c] = ["a", "b", "c"].map(|id| node(&plan, id));
    let started = |node, attempt| Input::AttemptStarted { node, attempt };
    let completed = |node| Input::CallSettled { node, outcome: Ok(()) };
    assert_eq!(effects(&mut run, Input::Started, 0), ["wake at 10000", "call a", "call b"]);
    assert_eq!(told(&mut run, &[started(a, 1), started(b, 1)], 0), NOTHING, "that is for the log");
    let late = Input::AttemptFailed { node: a, attempt: 1, reason: FailureReason::Timeout };
    let delayed = Input::RetryScheduled { node: a, delay: Duration::from_millis(100) };
    assert_eq!(told(&mut run, &[late, delayed], 1_000), NOTHING);
    assert_eq!(effects(&mut run, Input::RetryDue { node: a }, 1_100), ["resume a"]);
    assert_eq!(effects(&mut run, started(a, 2), 1_100), NOTHING);
    assert_eq!(effects(&mut run, completed(b), 1_200), NOTHING);
    assert_eq!(effects(&mut run, completed(a), 1_300), ["collect g", "call c"]);
    assert_eq!(effects(&mut run, started(c, 1), 1_300), NOTHING);
    assert_eq!(effects(&mut run, Input::CancelRequested, 1_400), ["cancel c", "clear", "Cancelled"]);
    let log = log(&run);
    for input in
        [Input::Started, Input::CancelRequested, Input::TimerFired { node: None }, started(c, 2), completed(c), delayed]
    {
        assert_eq!(effects(&mut run, input, 1_500), NOTHING, "{input:?} after the end");
    }
    assert_eq!(self::log(&run), log, "after the end nothing happens");
    assert_eq!(
        log[1..10],
        [
            "0 step.started g",
            "0 step.started a",
            "0 attempt.started a#1",
            "0 step.started b",
            "0 attempt.started b#1",
            "1000 attempt.timed_out a#1",
            "1000 retry.scheduled a#2 in 100ms",
            "1100 timer.fired a",
            "1100 attempt.started a#2",
        ]
    );
}

#[test]
fn an_attempt_that_was_not_admitted_is_told_by_what_refused_it() {
    let plan = plan(&workflow(json!([plain("a")])));
    let a = node(&plan, "a");
    let retry_after = Duration::from_secs(3);
    for (reason, event) in [
        (FailureReason::CircuitOpen { retry_after: Some(retry_after) }, "attempt.short_circuited"),
        (FailureReason::BulkheadFull, "attempt.rejected"),
        (FailureReason::BulkheadTimeout, "attempt.rejected"),
        (FailureReason::RateLimited { retry_after }, "attempt.rate_limited"),
        (FailureReason::QuotaExceeded { retry_after }, "attempt.rate_limited"),
        (FailureReason::TooLarge, "attempt.rate_limited"),
        (FailureReason::TotalTimeout, "step.timed_out"),
    ] {
        let mut run = Run::new(Rc::clone(&plan), 1);
        let refused = Input::AttemptFailed { node: a, attempt: 0, reason };
        told(&mut run, &[Input::Started, refused, Input::CallSettled { node: a, outcome: Err(reason) }], 5);
        assert_eq!(run.end(), Some(RunEnd::Failed(a, reason)));
        let [event, failed] = [event, "step.failed"].map(|event| format!("5 {event} a"));
        assert_eq!(log(&run), ["5 run.started", "5 step.started a", &event, &failed, "5 run.failed a"]);
    }
}

#[test]
fn a_retry_after_a_refusal_is_the_attempt_that_has_not_been_made() {
    let plan = plan(&workflow(json!([plain("a")])));
    let a = node(&plan, "a");
    let mut run = Run::new(Rc::clone(&plan), 1);
    let refused = Input::AttemptFailed { node: a, attempt: 0, reason: FailureReason::BulkheadFull };
    let delayed = Input::RetryScheduled { node: a, delay: Duration::from_millis(7) };
    told(&mut run, &[Input::Started, refused, delayed], 5);
    assert_eq!(log(&run)[3], "5 retry.scheduled a#1 in 7ms");
}

#[test]
fn statuses_have_stable_names() {
    let names: Vec<&str> = Status::ALL.iter().map(|status| status.name()).collect();
    assert_eq!(names, ["pending", "running", "waiting", "completed", "failed", "cancelled", "skipped", "compensated"]);
    assert!(Status::ALL.iter().enumerate().all(|(number, status)| *status as usize == number));
}

proptest! {
    #[test]
    fn as_many_run_as_may_and_each_once(count in 1_usize..12, limit in 1_usize..5, order: u64) {
        let steps: Vec<Json> = (0..count).map(|n| plain(&format!("s{n}"))).collect();
        let mut story = Story::begin(&workflow(json!([{ "id": "g", "parallel": steps, "concurrency": limit }])));
        let mut rng = repflow::rng::Rng::new(order);
        let (mut running, mut called) = (Vec::new(), 0);
        loop {
            for line in story.told() {
                if let Some(id) = line.strip_prefix("call ").and_then(|it| it.strip_suffix("#1")) {
                    prop_assert_eq!(id, format!("s{called}"));
                    called += 1;
                    running.push(id.to_owned());
                }
            }
            prop_assert_eq!(running.len(), limit.min(count - called + running.len()), "no slot is idle, none too many");
            if running.is_empty() {
                break;
            }
            let next = running.swap_remove(rng.below(running.len()));
            story.completes(&next);
        }
        prop_assert_eq!(story.log().last().map(|line| line.ends_with("run.completed")), Some(true));
    }
}
