//! Runs that are paused, runs that stand in line, and runs that go on in another process.

use repflow::workflow::{Decision, Phase};
use serde_json::{Value as Json, json};

use crate::policies::House;
use crate::story::{Story, at, call, plan, workflow};

const NOTHING: [&str; 0] = [];

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

fn retry(max_attempts: u32) -> Json {
    json!({ "maxAttempts": max_attempts, "delay": "100ms", "jitter": "none" })
}

#[test]
fn while_a_run_is_paused_what_runs_may_end_and_nothing_begins() {
    let mut story = Story::begin(&workflow(json!([{ "id": "g", "parallel": [plain("a"), plain("b")] }, plain("c")])));
    story.told();
    assert_eq!(story.at(5).pauses().completes("a").completes("b").told(), ["collect g"]);
    assert_eq!((story.phase(), story.status("c").name()), (Phase::Paused, "pending"));
    assert_eq!(story.pauses().told(), NOTHING);
    assert_eq!(story.at(9).resumes().resumes().told(), ["call c#1"]);
    assert_eq!(story.phase(), Phase::Running);
    let told: Vec<String> = story.log().into_iter().filter(|line| line.contains(" run.")).collect();
    assert_eq!(told, ["0 run.started", "5 run.paused", "9 run.resumed"]);
}

#[test]
fn while_a_run_is_paused_its_timers_fire_and_what_follows_waits() {
    let definition = workflow(json!([
        { "id": "w", "wait": "1s" },
        { "id": "s", "needs": [], "wait": { "signal": "go" } },
        call("r", json!({ "needs": [], "retry": retry(2) })),
        call("then", json!({ "needs": ["w", "s"] })),
    ]));
    let mut story = Story::begin(&definition);
    story.fails("r").pauses().told();
    assert_eq!(story.at(2_000).signals("go", 1).told(), ["s receives 1"]);
    assert_eq!(story.statuses(["w", "s", "r", "then"]), ["completed", "completed", "waiting", "pending"]);
    assert_eq!(story.wakes_at(), None);
    assert_eq!(story.at(5_000).resumes().told(), ["call r#2", "call then#1"]);
}

#[test]
fn while_a_run_is_paused_answers_are_taken_and_kept() {
    let mut story = Story::begin(&workflow(json!([
        call("a", json!({ "when": "true", "needs": [] })),
        call("b", json!({ "when": "true", "needs": [] })),
        { "id": "each", "needs": [], "forEach": "{{ input.sets }}", "steps": [plain("lift")] },
        { "id": "none", "needs": [], "forEach": "{{ input.none }}", "steps": [plain("x")] },
        { "id": "pick", "needs": [], "switch": [{ "steps": [plain("c")] }] },
        { "id": "w", "needs": [], "wait": "{{ input.rest }}" },
    ])));
    assert_eq!(story.pauses().told().len(), 6);
    story.holds("a").holds_not("b").has_items("each", 2).has_items("none", 0).takes("pick", Some(0));
    assert_eq!(story.decides("w", Decision::Until(at(10))).at(10).told(), ["collect none"]);
    assert_eq!(
        story.statuses(["a", "b", "each", "none", "pick", "w"]),
        ["pending", "skipped", "running", "completed", "running", "completed"]
    );
    assert_eq!(
        story.resumes().told(),
        ["iterate each[0] as 1", "iterate each[1] as 2", "call a#1", "call c#1", "call lift[0]#1", "call lift[1]#1"]
    );
}

#[test]
fn a_paused_run_may_end() {
    let mut story = Story::begin(&workflow(json!([plain("a")])));
    assert_eq!(story.pauses().completes("a").told(), ["call a#1", "completed"]);
    let mut story = Story::begin(&workflow(json!([plain("a"), plain("b")])));
    assert_eq!(story.pauses().completes("a").is_cancelled().told(), ["call a#1", "cancelled"]);
    let mut story = Story::begin(&workflow(json!([plain("a"), plain("b")])));
    assert_eq!(story.pauses().fails("a").told(), ["call a#1", "failed: a"]);
    let mut story = Story::begin(&json!({ "id": "w", "timeout": "1s", "steps": [plain("a")] }));
    assert_eq!(story.pauses().at(1_000).told(), ["call a#1", "abort a#1: cancelled", "timed out"]);
    let mut story = Story::begin(&workflow(json!([])));
    assert_eq!(story.pauses().resumes().told(), ["completed"], "it has ended already");
}

#[test]
fn a_slot_that_is_passed_on_in_a_pause_is_used_after_it() {
    let mut definition = workflow(json!([{ "id": "g", "parallel": [plain("a"), plain("b"), plain("c")] }]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.pauses().completes("a").told(), ["call a#1"]);
    assert_eq!(story.resumes().told(), ["call b#1"]);
    assert_eq!(story.completes("b").told(), ["call c#1"]);
}

#[test]
fn a_pause_outlives_a_crash() {
    let mut story = Story::begin(&workflow(json!([plain("a"), plain("b")])));
    story.completes("a").pauses().told();
    assert_eq!(story.at(50).crashes().told(), ["call b#2"], "what had begun is made again");
    assert_eq!(story.completes("b").told(), ["completed"]);
    let mut story = Story::begin(&workflow(json!([plain("a"), plain("b")])));
    story.pauses().completes("a").crashes();
    assert_eq!((story.told(), story.phase()), (Vec::new(), Phase::Paused));
    assert_eq!(story.resumes().told(), ["call b#1"]);
}

/// Calls that stand in line, of this priority.
fn with_priority(priorities: &[i32]) -> Vec<Json> {
    let step = |(n, priority): (usize, &i32)| call(&format!("s{n}"), json!({ "priority": priority }));
    priorities.iter().enumerate().map(step).collect()
}

#[test]
fn of_those_in_line_the_one_of_the_highest_priority_comes_first() {
    for of_run in [false, true] {
        let mut definition = workflow(json!([{ "id": "g", "parallel": with_priority(&[0, 0, -5, 9, 0, 9]) }]));
        match of_run {
            true => definition["concurrency"] = json!(1),
            false => definition["steps"][0]["concurrency"] = json!(1),
        }
        let mut story = Story::begin(&definition);
        let mut order = Vec::new();
        while let Some(id) = story.told().first().and_then(|line| Some(line.strip_prefix("call ")?[..2].to_owned())) {
            story.completes(&id);
            order.push(id);
        }
        assert_eq!(order, ["s0", "s3", "s5", "s1", "s4", "s2"], "who is in already stays; among equals who came first");
    }
}

/// A workflow of two calls beside each other, of which so many may run at once for a key.
fn per_key(limit: u32, keys: Json) -> Json {
    json!({
        "id": "w", "concurrency": { "key": "{{ input.user }}", "perKey": limit },
        "steps": [{ "id": "g", "parallel": [call("a", keys.clone()), call("b", keys)] }],
    })
}

#[test]
fn so_many_calls_of_all_runs_with_the_same_key_run_at_once() {
    let mut house = House::default();
    let definition = per_key(2, json!({}));
    house.start_with_key("one", &definition, "ada").start_with_key("two", &definition, "ada");
    house.start_with_key("three", &definition, "eve").start("four", &definition);
    assert_eq!(
        house.told(),
        ["one: call a#1", "one: call b#1", "three: call a#1", "three: call b#1", "four: call a#1", "four: call b#1"]
    );
    let mut elsewhere = definition.clone();
    elsewhere["id"] = json!("elsewhere");
    assert_eq!(house.start_with_key("five", &elsewhere, "ada").told().len(), 2, "another workflow is another key");
    assert_eq!(house.completes("one", "b").told(), ["two: call a#1"], "in the order in which they came");
    assert_eq!(house.completes("two", "a").told(), ["two: call b#1"]);
    assert_eq!(house.status("two", "g"), "running");
}

#[test]
fn a_place_of_a_key_is_given_back() {
    let definition = per_key(1, json!({ "retry": retry(2) }));
    let begin = || {
        let mut house = House::default();
        house.start_with_key("one", &definition, "ada").start_with_key("two", &definition, "ada");
        assert_eq!(house.told(), ["one: call a#1"]);
        house
    };
    let mut house = begin();
    assert_eq!(house.fails("one", "a").told(), ["one: call b#1"], "while it waits for its retry");
    assert_eq!(house.at(100).told(), NOTHING);
    assert_eq!(house.completes("one", "b").told(), ["two: call a#1"]);
    assert_eq!(house.completes("two", "a").told(), ["two: call b#1"], "who was in line before the retry was due");
    assert_eq!(house.completes("two", "b").told(), ["one: call a#2", "two: collect g", "two: completed"]);
    house.completes("one", "a");
    house.assert_idle();
    let mut house = begin();
    assert_eq!(house.cancels("one").told(), ["one: abort a#1: cancelled", "two: call a#1", "one: cancelled"]);
    let mut house = begin();
    assert_eq!(house.removes("one").told(), ["two: call a#1"]);
    let mut house = begin();
    assert_eq!(house.removes("two").completes("one", "a").told(), ["one: call b#1"], "who was in line is gone");
    assert_eq!(house.completes("one", "b").told(), ["one: collect g", "one: completed"]);
    house.removes("one").start_with_key("three", &per_key(2, json!({})), "ada");
    assert_eq!(house.told(), ["three: call a#1", "three: call b#1"], "nobody knows the key any more");
    let mut house = begin();
    assert_eq!(house.at(30_000).told()[0], "one: abort a#1: timed out");
}

#[test]
fn a_key_lives_on_in_another_process() {
    let mut house = House::default();
    let definition = per_key(1, json!({}));
    house.start_with_key("one", &definition, "ada").start_with_key("two", &definition, "ada");
    house.told();
    assert_eq!(house.at(7).crashes(&[("one", "ada"), ("two", "ada")]).told(), ["one: call a#2"]);
    assert_eq!(house.completes("one", "a").told(), ["one: call b#1"], "it was in line in its run before");
    assert_eq!(house.completes("one", "b").told(), ["two: call a#1", "one: collect g", "one: completed"]);
}

#[test]
fn a_run_goes_on_where_its_journal_ends() {
    let definition = json!({ "id": "w", "timeout": "1m", "output": "{{ steps.last.output }}", "steps": [
        plain("done"),
        { "id": "g", "timeout": "50s", "parallel": [
            plain("runs"),
            call("delayed", json!({ "retry": retry(2) })),
            call("asked", json!({ "when": "true" })),
            { "id": "until", "wait": "10s" },
            { "id": "signal", "wait": { "signal": "go", "timeout": "20s" } },
            { "id": "each", "forEach": "{{ input.sets }}", "concurrency": 1, "steps": [plain("lift")] },
            { "id": "early", "steps": [plain("before"), { "id": "late", "wait": { "signal": "early" } }] },
            call("fallen", json!({ "fallback": [{ "call": "gym.cheap" }] })),
        ] },
        plain("last"),
    ] });
    let mut story = Story::begin(&definition);
    story.at(1_000).completes("done").fails("delayed").has_items("each", 2).completes("lift[0]").fails("fallen");
    story.signals("early", 4).told();
    story.at(1_050).crashes();
    assert_eq!(
        story.told(),
        [
            "iterate each[0] as 1",
            "iterate each[1] as 2",
            "call runs#2",
            "ask whether: asked",
            "call before#2",
            "call fallback 1 of fallen#3",
            "call lift[1]#2",
        ],
        "`done` and `lift[0]` are not called again"
    );
    assert_eq!(story.wakes_at(), Some(1_100), "the delay goes on");
    assert_eq!(story.at(1_100).told(), ["call delayed#2"]);
    assert_eq!(story.holds("asked").completes("before").told(), ["call asked#1", "late receives 4", "collect early"]);
    assert_eq!(story.at(10_999).told(), NOTHING);
    assert_eq!(story.at(11_000).status("until").name(), "completed", "at the instant that was set before");
    for id in ["runs", "delayed", "asked", "fallen", "lift[1]"] {
        story.completes(id);
    }
    assert_eq!(story.told(), ["collect each"]);
    assert_eq!(story.crashes().wakes_at(), Some(21_000), "the signal has its old deadline");
    story.told();
    assert_eq!(story.signals("go", 5).told(), ["signal receives 5", "collect g", "call last#1"]);
    assert_eq!(story.wakes_at(), Some(41_000));
    story.completes("last").told();
    let told = story.crashes().told();
    assert_eq!(told.last().map(String::as_str), Some("build the output"), "it had not been built");
    assert_eq!(story.builds().told(), ["completed"]);
    let told = story.crashes().told();
    assert_eq!(told.len(), 8, "what moves values comes again, and how it ended: {told:?}");
    assert_eq!(told.last().map(String::as_str), Some("completed"));
    assert_eq!(story.wakes_at(), None);
}

#[test]
fn what_became_due_while_nobody_ran_is_due_at_once() {
    let mut story = Story::begin(&json!({ "id": "w", "timeout": "1h", "steps": [
        { "id": "w", "wait": "10s" }, call("a", json!({ "totalTimeout": "5s", "retry": retry(3) })),
    ] }));
    story.engine.drain_commands();
    story.crashes_until(60_000);
    assert_eq!(story.at(60_000).told(), ["call a#1"]);
    story.at(61_000).fails("a").crashes_until(90_000);
    assert_eq!(story.at(90_000).told(), ["failed: a took too long in all"]);
    let mut story = Story::begin(&json!({ "id": "w", "timeout": "1h", "steps": [plain("a")] }));
    story.told();
    story.crashes_until(7_200_000);
    assert_eq!(story.at(7_200_000).told().last().map(String::as_str), Some("timed out"));
}

#[test]
fn attempts_that_were_cut_off_are_told_and_count_as_no_try() {
    let mut story = Story::begin(&workflow(json!([call("a", json!({ "retry": retry(2) }))])));
    story.at(1).crashes().at(2).crashes();
    assert_eq!(story.told(), ["call a#3"]);
    assert_eq!(story.fails("a").at(102).told(), ["call a#4"], "one of two tries was used");
    assert_eq!(
        story.log()[2..9],
        [
            "0 attempt.started a#1",
            "1 run.restored",
            "1 attempt.interrupted a#1",
            "1 attempt.started a#2",
            "2 run.restored",
            "2 attempt.interrupted a#2",
            "2 attempt.started a#3",
        ]
    );
}

#[test]
fn a_tick_does_not_do_all_at_once_when_very_much_is_due() {
    let mut engine = repflow::workflow::Engine::default();
    let plan = plan(&workflow(json!([{ "id": "w", "wait": "1s" }])));
    let runs = 1_000;
    for seed in 0..runs {
        engine.start(std::rc::Rc::clone(&plan), seed, None, at(0));
    }
    let (mut ended, mut ticks) = (0, 0);
    while engine.next_deadline().is_some() {
        engine.tick(at(1_000));
        let now = engine.drain_commands().count();
        assert!(now <= 128, "{now} runs in one tick");
        (ended, ticks) = (ended + now, ticks + 1);
    }
    assert_eq!((ended as u64, ticks), (runs, 8));
}
