//! Steps that wait, and steps that ask others than a feature.

use repflow::workflow::definition::Target;
use repflow::workflow::plan::StepKind;
use repflow::workflow::{Decision, Status};
use serde_json::{Value as Json, json};

use crate::story::{Story, at, call, plan, workflow};

const NOTHING: [&str; 0] = [];

fn wait(what: Json) -> Json {
    workflow(json!([{ "id": "w", "wait": what }, call("after", json!({}))]))
}

#[test]
fn a_step_waits_for_a_while() {
    for what in [json!("10s"), json!(10_000), json!({ "duration": "10s" }), json!({ "duration": 10_000 })] {
        let mut story = Story::begin(&wait(what));
        assert_eq!((story.told().len(), story.wakes_at(), story.status("w")), (0, Some(10_000), Status::Waiting));
        assert_eq!(story.at(9_999).told(), NOTHING);
        assert_eq!(story.at(10_000).told(), ["call after#1"]);
        assert_eq!(
            story.log()[1..5],
            ["0 step.started w", "0 timer.set w for 10000", "10000 timer.fired w", "10000 step.completed w",]
        );
    }
    let mut story = Story::begin(&wait(json!(0)));
    assert_eq!(story.at(0).told(), ["call after#1"]);
}

#[test]
fn a_step_waits_until_an_instant() {
    for what in [json!("1970-01-01T00:00:05Z"), json!(5_000)] {
        let mut story = Story::begin(&wait(json!({ "until": what })));
        assert_eq!(story.at(4_999).told(), NOTHING);
        assert_eq!(story.at(5_000).told(), ["call after#1"]);
    }
    let definition = workflow(json!([call("before", json!({})), { "id": "w", "wait": { "until": 5_000 } }]));
    let mut story = Story::begin(&definition);
    assert_eq!(
        story.at(9_000).completes("before").at(9_000).told(),
        ["call before#1", "completed"],
        "it is over already"
    );
}

#[test]
fn what_is_waited_for_may_be_computed() {
    for what in
        [json!("{{ input.rest }}"), json!({ "duration": "{{ input.rest }}" }), json!({ "until": "{{ input.at }}" })]
    {
        let mut story = Story::begin(&wait(what));
        assert_eq!(story.told(), ["ask until when: w"]);
        assert_eq!(story.at(100).decides("w", Decision::Until(at(700))).told(), NOTHING);
        assert_eq!((story.wakes_at(), story.decides("w", Decision::Until(at(200))).wakes_at()), (Some(700), Some(700)));
        assert_eq!(story.at(700).told(), ["call after#1"]);
    }
    let mut story = Story::begin(&wait(json!("{{ input.rest }}")));
    assert_eq!(story.cannot_tell("w").told(), ["ask until when: w", "failed: w"]);
}

fn signal(keys: Json) -> Json {
    let mut what = keys;
    what["signal"] = json!("ready");
    wait(what)
}

#[test]
fn a_step_waits_for_a_signal() {
    let mut story = Story::begin(&signal(json!({})));
    assert_eq!((story.told().len(), story.wakes_at(), story.status("w")), (0, None, Status::Waiting));
    assert_eq!(story.run_state().awaited_signals().collect::<Vec<_>>(), [0]);
    assert_eq!(story.at(50).signals("ready", 3).told(), ["w receives 3", "call after#1"]);
    assert_eq!(story.run_state().awaited_signals().count(), 0);
    assert_eq!(story.log()[2..4], ["50 signal.received ready 3", "50 step.completed w"]);
    assert_eq!(story.signals("ready", 4).completes("after").told(), ["completed"], "nobody waits for another one");
}

#[test]
fn a_signal_that_comes_early_is_kept() {
    let definition = workflow(json!([
        call("before", json!({})),
        { "id": "w", "wait": { "signal": "ready", "timeout": "1s" } },
        { "id": "again", "wait": { "signal": "ready" } },
    ]));
    let mut story = Story::begin(&definition);
    story.signals("ready", 1).signals("ready", 2).told();
    assert_eq!(story.completes("before").told(), ["w receives 1", "again receives 2", "completed"], "in their order");
    assert_eq!(story.wakes_at(), None);
}

#[test]
fn each_signal_is_for_one_waiter_and_the_first_one_comes_first() {
    let wait = |id: &str, name: &str| json!({ "id": id, "wait": { "signal": name } });
    let mut story = Story::begin(&workflow(json!([
        { "id": "g", "parallel": [wait("a", "go"), wait("b", "stop"), wait("c", "go")] },
    ])));
    assert_eq!(story.run_state().plan().signals.iter().map(|it| &**it).collect::<Vec<_>>(), ["go", "stop"]);
    assert_eq!(story.signals("go", 1).told(), ["a receives 1"]);
    assert_eq!(story.signals("stop", 2).told(), ["b receives 2"]);
    assert_eq!(story.signals("go", 3).told(), ["c receives 3", "collect g", "completed"]);
}

#[test]
fn a_signal_that_does_not_come_in_time_fails_the_step() {
    let mut story = Story::begin(&signal(json!({ "timeout": "10m" })));
    assert_eq!(story.wakes_at(), Some(600_000));
    assert_eq!(story.at(600_000).told(), ["failed: w timed out"]);
    assert_eq!(story.failures(), ["w: Timeout"]);
    assert_eq!(
        story.log()[2..],
        ["0 timer.set w for 600000", "600000 step.timed_out w", "600000 step.failed w", "600000 run.failed w"]
    );
    let definition = workflow(json!([
        { "id": "w", "wait": { "signal": "ready", "timeout": "1s" }, "onError": "continue" },
        { "id": "again", "wait": { "signal": "ready" } },
    ]));
    let mut story = Story::begin(&definition);
    assert_eq!(story.at(1_001).signals("ready", 1).told(), ["again receives 1", "completed"], "too late for `w`");
    assert_eq!(story.statuses(["w", "again"]), ["failed", "completed"]);
}

#[test]
fn a_wait_in_time_clears_its_timeout() {
    let mut story = Story::begin(&signal(json!({ "timeout": "10s" })));
    story.at(9_999).signals("ready", 1).completes("after");
    assert_eq!(story.told(), ["w receives 1", "call after#1", "completed"]);
}

#[test]
fn what_waits_is_given_up_with_what_it_is_a_part_of() {
    let mut story = Story::begin(&workflow(json!([
        { "id": "g", "onError": "continue", "parallel": [
            { "id": "w", "wait": { "signal": "ready", "timeout": "1m" } }, { "id": "x", "wait": "1m" }, call("a", json!({})),
        ] },
        { "id": "again", "wait": { "signal": "ready" } },
    ])));
    assert_eq!(story.fails("a").told(), ["call a#1"]);
    assert_eq!((story.wakes_at(), story.statuses(["w", "x"])), (None, ["cancelled"; 2]));
    assert_eq!(story.signals("ready", 1).told(), ["again receives 1", "completed"], "it is not for one who is gone");
}

#[test]
fn a_wait_takes_no_slot_of_the_run_but_one_of_its_group() {
    let wait = json!({ "id": "w", "wait": "1s" });
    let mut definition = workflow(json!([{ "id": "g", "parallel": [wait, call("a", json!({}))] }]));
    definition["concurrency"] = json!(1);
    assert_eq!(Story::begin(&definition).told(), ["call a#1"]);
    definition["steps"][0]["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.told(), NOTHING);
    assert_eq!(story.at(1_000).told(), ["call a#1"]);
}

#[test]
fn a_run_is_cancelled_while_it_waits() {
    for what in [json!("1m"), json!({ "signal": "ready", "timeout": "1m" }), json!("{{ input.rest }}")] {
        let mut story = Story::begin(&wait(what));
        story.told();
        assert_eq!(story.at(10).is_cancelled().told(), ["cancelled"]);
        assert_eq!(story.status("w"), Status::Cancelled);
        assert_eq!(story.decides("w", Decision::Until(at(11))).at(90_000).told(), NOTHING);
    }
}

#[test]
fn others_than_features_are_asked_like_them() {
    let definition = workflow(json!([
        { "id": "told", "emit": "session.started", "with": { "user": "{{ input.user }}" } },
        { "id": "child", "workflow": "warm-up", "with": 7, "timeout": "1s", "retry": { "maxAttempts": 2, "delay": 0 },
          "fallback": [{ "workflow": "short-warm-up" }, { "value": null }] },
    ]));
    let compiled = plan(&definition);
    let target = |step: usize| match &compiled.steps()[step].kind {
        StepKind::Call(call) => call.target.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(target(0), Target::Topic("session.started".to_owned()));
    assert_eq!(target(1), Target::Workflow("warm-up".to_owned()));
    let mut story = Story::begin(&definition);
    assert_eq!(story.completes("told").told(), ["call told#1", "call child#1"]);
    assert_eq!(story.at(1_000).told(), ["abort child#1: timed out", "call child#2"]);
    assert_eq!(
        story.at(2_000).told(),
        ["abort child#2: timed out", "child falls back to 1: Timeout", "call fallback 1 of child#3"]
    );
    assert_eq!(story.is_cancelled().told(), ["abort child#3: cancelled", "cancelled"]);
}
