//! A list of items, and steps for each of them.

use repflow::workflow::{NodeIx, StepIx};
use serde_json::{Value as Json, json};

use crate::story::{Story, at, call, effects, plan, workflow};

const NOTHING: [&str; 0] = [];

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

/// A loop over the sets of the input, with more `keys`, and a step after it.
fn sets(steps: Json, keys: Json) -> Json {
    let mut each = json!({ "id": "each", "forEach": "{{ input.sets }}", "steps": steps });
    for (key, value) in keys.as_object().expect("keys are an object") {
        each[key] = value.clone();
    }
    workflow(json!([each, plain("after")]))
}

#[test]
fn every_item_has_its_own_steps() {
    let mut story = Story::begin(&sets(json!([plain("lift"), plain("rest")]), json!({})));
    assert_eq!(story.told(), ["ask how many: each"]);
    assert_eq!(
        story.at(5).has_items("each", 2).told(),
        ["iterate each[0] as 1", "iterate each[1] as 2", "call lift[0]#1", "call lift[1]#1"]
    );
    assert_eq!(story.has_items("each", 9).told(), NOTHING, "it is known how many there are");
    assert_eq!(story.completes("lift[1]").told(), ["call rest[1]#1"]);
    assert_eq!(story.completes("rest[1]").told(), NOTHING);
    assert_eq!(story.completes("lift[0]").told(), ["call rest[0]#1"]);
    assert_eq!(story.completes("rest[0]").told(), ["collect each", "call after#1"]);
    assert_eq!(
        story.log()[1..7],
        [
            "0 step.started each",
            "5 step.evaluated each Items(2)",
            "5 iteration.started each[0] as 1",
            "5 iteration.started each[1] as 2",
            "5 step.started lift[0]",
            "5 attempt.started lift[0]#1",
        ]
    );
}

#[test]
fn a_loop_over_nothing_completes() {
    let mut story = Story::begin(&sets(json!([plain("lift")]), json!({})));
    assert_eq!(story.has_items("each", 0).told(), ["ask how many: each", "collect each", "call after#1"]);
}

#[test]
fn a_loop_of_nothing_completes() {
    for keys in [json!({}), json!({ "concurrency": 1 })] {
        let mut story = Story::begin(&sets(json!([]), keys));
        assert_eq!(
            story.has_items("each", 3).told(),
            [
                "ask how many: each",
                "iterate each[0] as 1",
                "iterate each[1] as 2",
                "iterate each[2] as 3",
                "collect each",
                "call after#1",
            ]
        );
    }
}

#[test]
fn a_list_that_cannot_be_had_fails_the_loop() {
    let mut story = Story::begin(&sets(json!([plain("lift")]), json!({ "onError": "continue", "timeout": "1m" })));
    assert_eq!(story.cannot_tell("each").told(), ["ask how many: each", "call after#1"]);
    assert_eq!(story.has_items("each", 2).told(), NOTHING);
    assert_eq!(story.wakes_at(), Some(30_000), "that is the timeout of `after`");
}

#[test]
fn so_many_iterations_are_active_at_once() {
    let mut story = Story::begin(&sets(json!([plain("lift"), plain("rest")]), json!({ "concurrency": 2 })));
    story.has_items("each", 4);
    assert_eq!(story.told()[1..], ["iterate each[0] as 1", "iterate each[1] as 2", "call lift[0]#1", "call lift[1]#1"]);
    assert_eq!(story.completes("lift[0]").told(), ["call rest[0]#1"], "an iteration is active until its last step");
    assert_eq!(story.completes("rest[0]").told(), ["iterate each[2] as 3", "call lift[2]#1"]);
    assert_eq!(story.completes("lift[1]").completes("rest[1]").told()[1..], ["iterate each[3] as 4", "call lift[3]#1"]);
    for id in ["lift[2]", "lift[3]", "rest[3]"] {
        story.completes(id);
    }
    story.told();
    assert_eq!(story.completes("rest[2]").told(), ["collect each", "call after#1"]);
}

#[test]
fn loops_nest() {
    let inner = json!({ "id": "inner", "forEach": "{{ item.reps }}", "as": "rep", "steps": [plain("lift")] });
    let mut story = Story::begin(&sets(json!([inner, plain("rest")]), json!({})));
    assert_eq!(
        story.has_items("each", 2).told()[1..],
        ["iterate each[0] as 1", "iterate each[1] as 2", "ask how many: inner[0]", "ask how many: inner[1]"]
    );
    assert_eq!(
        story.has_items("inner[1]", 2).told(),
        ["iterate inner[1][0] as 3", "iterate inner[1][1] as 4", "call lift[1][0]#1", "call lift[1][1]#1"]
    );
    assert_eq!(story.has_items("inner[0]", 1).told(), ["iterate inner[0][0] as 5", "call lift[0][0]#1"]);
    assert_eq!(story.completes("lift[1][0]").told(), NOTHING);
    assert_eq!(story.completes("lift[0][0]").told(), ["collect inner[0]", "call rest[0]#1"]);
    assert_eq!(story.completes("lift[1][1]").told(), ["collect inner[1]", "call rest[1]#1"]);
    story.completes("rest[0]").completes("rest[1]");
    assert_eq!(story.told(), ["collect each", "call after#1"]);
}

#[test]
fn a_node_knows_those_around_it() {
    let inner = json!({ "id": "inner", "forEach": "{{ item.reps }}", "steps": [plain("lift"), plain("note")] });
    let mut story = Story::begin(&workflow(json!([
        plain("before"),
        { "id": "each", "forEach": "{{ input.sets }}", "steps": [plain("load"), inner] },
    ])));
    story.completes("before").has_items("each", 2).completes("load[1]").has_items("inner[1]", 2);
    let run = story.run_state();
    // Steps: before, each, load, inner, lift, note. Iterations of `each` have four nodes each, those of `inner` two.
    let frames: Vec<_> = (1..=4).map(|it| run.frame(it).map(|it| (it.each, it.index, it.base))).collect();
    let [each, inner] = [NodeIx(1), story.node("inner[1]")];
    assert_eq!(inner, NodeIx(11));
    assert_eq!(frames, [(each, 0, 6), (each, 1, 10), (inner, 0, 14), (inner, 1, 16)].map(Some));
    assert_eq!((run.frame(0).is_none(), run.frame(5).is_none(), run.nodes().len()), (true, true, 18));
    let seen = |frame, step| run.node_of(frame, StepIx(step)).0;
    assert_eq!([0, 1, 2, 3, 4, 5].map(|step| seen(4, step)), [0, 1, 10, 11, 16, 17]);
    assert_eq!([0, 1, 2, 3, 4].map(|step| seen(1, step)), [0, 1, 6, 7, 8], "its own, also those of a loop not begun");
    assert_eq!([0, 1, 2].map(|step| seen(0, step)), [0, 1, 2]);
    assert_eq!([0, 1, 2, 3].map(|depth| run.frame_out(4, depth)), [4, 2, 0, 0]);
    assert_eq!(run.parent_of(story.node("lift[1][0]")), Some(inner));
    assert_eq!(run.parent_of(inner), Some(each));
    assert_eq!(run.parent_of(each), None);
}

#[test]
fn groups_choices_and_limits_inside_of_a_loop_belong_to_the_iteration() {
    let body = json!([
        { "id": "g", "concurrency": 1, "parallel": [plain("a"), plain("b")] },
        { "id": "pick", "switch": [{ "when": "index == 0", "steps": [plain("c")] }] },
    ]);
    let mut story = Story::begin(&sets(body, json!({})));
    story.has_items("each", 2);
    assert_eq!(story.told()[3..], ["call a[0]#1", "call a[1]#1"], "each iteration has a slot of its own");
    assert_eq!(
        story.completes("a[1]").completes("b[1]").told(),
        ["call b[1]#1", "collect g[1]", "ask which case: pick[1]"]
    );
    assert_eq!(story.takes("pick[1]", None).told(), ["collect pick[1]"]);
    assert_eq!(story.statuses(["c[0]", "c[1]"]), ["pending", "skipped"]);
}

#[test]
fn the_slots_of_the_run_count_in_loops_too() {
    let mut definition = sets(json!([plain("lift")]), json!({}));
    definition["concurrency"] = json!(2);
    let mut story = Story::begin(&definition);
    story.has_items("each", 3);
    assert_eq!(story.told()[4..], ["call lift[0]#1", "call lift[1]#1"]);
    assert_eq!(story.completes("lift[0]").told(), ["call lift[2]#1"]);
}

#[test]
fn a_failure_inside_of_a_loop_stops_the_other_iterations() {
    let definition = sets(json!([plain("lift"), plain("rest")]), json!({ "concurrency": 2, "onError": "continue" }));
    let mut story = Story::begin(&definition);
    story.has_items("each", 4).completes("lift[0]").told();
    assert_eq!(story.at(9).fails("lift[1]").told(), ["abort rest[0]#1: cancelled", "call after#1"]);
    assert_eq!(story.failures(), ["lift[1]: Error", "each: Error of lift[1]"]);
    assert_eq!(
        story.statuses(["each", "lift[0]", "rest[0]", "lift[1]", "rest[1]"]),
        ["failed", "completed", "cancelled", "failed", "pending"]
    );
    assert_eq!(story.completes("after").told(), ["completed"], "no other iteration begins");
}

#[test]
fn an_iteration_goes_on_after_what_may_fail() {
    let lift = call("lift", json!({ "onError": "continue" }));
    let mut story = Story::begin(&sets(json!([lift, plain("rest")]), json!({ "concurrency": 1 })));
    story.has_items("each", 2).told();
    assert_eq!(story.fails("lift[0]").told(), ["call rest[0]#1"]);
    assert_eq!(story.completes("rest[0]").told(), ["iterate each[1] as 2", "call lift[1]#1"]);
    assert_eq!(story.completes("lift[1]").completes("rest[1]").told()[1..], ["collect each", "call after#1"]);
    // The last one of an iteration, too.
    let mut story =
        Story::begin(&sets(json!([call("lift", json!({ "onError": "continue" }))]), json!({ "concurrency": 1 })));
    story.has_items("each", 2).fails("lift[0]").told();
    assert_eq!(story.fails("lift[1]").told(), ["collect each", "call after#1"]);
}

#[test]
fn what_is_inside_of_a_group_is_given_up_in_the_order_in_which_it_came_to_be() {
    let each =
        |id: &str, body: Json| json!({ "id": id, "forEach": "{{ input.sets }}", "concurrency": 1, "steps": body });
    let undo = json!({ "compensate": { "call": "gym.undo" } });
    let group = json!({ "id": "g", "onError": "continue", "parallel": [
        each("a", json!([plain("lift")])), each("b", json!([{ "id": "inner", "steps": [plain("press")] }])),
        call("bad", undo), plain("side"),
    ] });
    let mut story = Story::begin(&sets(json!([group]), json!({})));
    story.has_items("each", 2);
    for looping in ["a[0]", "b[1]", "b[0]", "a[1]"] {
        story.has_items(looping, 2);
    }
    story.completes("lift[0][0]").told();
    let aborted = ["abort side[0]#1: cancelled", "abort press[0][0]#1: cancelled", "abort lift[0][1]#1: cancelled"];
    assert_eq!(story.at(7).fails("bad[0]").told(), aborted, "nothing of the other iteration");
    assert_eq!(
        story.log().iter().filter(|it| it.contains("cancelled")).collect::<Vec<_>>(),
        [
            "7 step.cancelled a[0]",
            "7 step.cancelled b[0]",
            "7 step.cancelled side[0]",
            "7 step.cancelled inner[0][0]",
            "7 step.cancelled press[0][0]",
            "7 step.cancelled lift[0][1]",
        ]
    );
    assert_eq!(
        story.statuses(["g[0]", "g[1]", "lift[1][0]", "press[1][0]"]),
        ["failed", "running", "running", "running"]
    );
}

#[test]
fn a_loop_that_takes_too_long_fails() {
    let mut story = Story::begin(&sets(json!([plain("lift")]), json!({ "timeout": "1s", "concurrency": 1 })));
    story.has_items("each", 2).told();
    assert_eq!(story.at(1_000).told(), ["abort lift[0]#1: cancelled", "failed: each timed out"]);
    assert_eq!(story.log()[6..8], ["1000 step.timed_out each", "1000 step.cancelled lift[0]"]);
}

#[test]
fn waits_and_signals_inside_of_a_loop() {
    let body = json!([{ "id": "ready", "wait": { "signal": "ready" } }, { "id": "rest", "wait": "1s" }]);
    let mut story = Story::begin(&sets(body, json!({})));
    story.has_items("each", 2).told();
    assert_eq!(story.signals("ready", 7).told(), ["ready[0] receives 7"]);
    assert_eq!(story.at(400).signals("ready", 8).told(), ["ready[1] receives 8"]);
    assert_eq!(story.at(1_399).told(), NOTHING);
    assert_eq!(story.at(1_400).told(), ["collect each", "call after#1"]);
}

#[test]
fn ten_thousand_items_take_no_time_to_speak_of() {
    let plan = plan(&sets(json!([plain("lift")]), json!({ "concurrency": 100 })));
    let mut run = repflow::workflow::Run::new(plan, 1);
    effects(&mut run, repflow::workflow::Input::Started, 0);
    let decision = repflow::workflow::Decision::Items(10_000);
    effects(&mut run, repflow::workflow::Input::Evaluated { node: NodeIx(0), decision }, 0);
    for n in 0..10_000 {
        let node = NodeIx(3 + n);
        let mut told = Vec::new();
        run.handle(repflow::workflow::Input::CallSettled { node, outcome: Ok(()) }, at(1), &mut told);
        assert!(!told.is_empty() || n >= 9_900, "{n}");
    }
    assert_eq!(run.node(NodeIx(0)).status.name(), "completed");
}
