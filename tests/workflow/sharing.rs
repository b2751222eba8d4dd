//! Steps that keep their answers, and steps that share them while they run.

use std::time::Duration;

use repflow::policy::{FailureReason, Outcome};
use repflow::workflow::{Input, NodeIx, Run};
use serde_json::{Value as Json, json};

use crate::policies::House;
use crate::story::{call, effects, plan, workflow};

const NOTHING: [&str; 0] = [];

/// A workflow named `id` of one call named `a` that shares its answer.
fn sharing(id: &str, keys: Json) -> Json {
    let mut keys = keys;
    keys["singleFlight"] = json!(true);
    json!({ "id": id, "steps": [call("a", keys)] })
}

/// A workflow of one call whose answer is kept.
fn keeping(ttl: &str, keys: Json) -> Json {
    let mut keys = keys;
    keys["cache"] = json!({ "ttl": ttl });
    json!({ "id": "w", "steps": [call("a", keys)] })
}

fn retry(max_attempts: u32) -> Json {
    json!({ "maxAttempts": max_attempts, "delay": "10s", "jitter": "none" })
}

#[test]
fn an_answer_is_kept_and_recalled() {
    let mut house = House::default();
    let definition = keeping("1m", json!({}));
    house.start("one", &definition);
    assert_eq!(house.told(), ["one: prepare a"]);
    assert_eq!(house.prepares("one", "a", "k").told(), ["one: call a#1"]);
    assert_eq!(house.at(100).completes("one", "a").told(), ["one: keep a in 0", "one: completed"]);
    house.start("two", &definition).prepares("two", "a", "k");
    assert_eq!(house.told(), ["two: prepare a", "two: recall a from 0", "two: completed"]);
    assert_eq!(house.log("two")[1..], ["100 step.started a", "100 step.completed a", "100 run.completed"]);
    house.start("three", &definition).prepares("three", "a", "another");
    assert_eq!(house.told(), ["three: prepare a", "three: call a#1"]);
    assert_eq!(house.completes("three", "a").told(), ["three: keep a in 1", "three: completed"]);
    assert_eq!(house.at(60_100).start("four", &definition).prepares("four", "a", "k").told()[1..], ["four: call a#1"]);
    house.completes("four", "a");
    house.assert_idle();
}

#[test]
fn without_a_key_nothing_is_kept() {
    let mut house = House::default();
    let definition = keeping("1m", json!({}));
    for name in ["one", "two"] {
        house.start(name, &definition);
        let (run, node) = house.node(name, "a");
        house.engine.begin(run, node, None, repflow::time::Timestamp::EPOCH);
        house.completes(name, "a");
        assert_eq!(house.told(), ["prepare a", "call a#1", "completed"].map(|line| format!("{name}: {line}")));
    }
    house.assert_idle();
}

#[test]
fn what_the_cache_has_no_room_for_is_dropped() {
    let mut house = House::default();
    let definition = json!({ "id": "w", "steps": [call("a", json!({ "cache": { "ttl": "1m", "maxBytes": 1_000 } }))] });
    let big = Outcome::Completed { bytes: 900 };
    house.start("one", &definition).prepares("one", "a", "k").answers("one", "a", &big);
    house.told();
    house.start("two", &definition).prepares("two", "a", "l").answers("two", "a", &big);
    let told = house.told();
    assert!(told.contains(&"drop 0".to_owned()), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("two: keep a in ")), "{told:?}");
}

#[test]
fn an_old_answer_is_better_than_an_error() {
    let mut house = House::default();
    let cache = json!({ "ttl": "1s", "staleIfError": "1h" });
    let definition = json!({ "id": "w", "steps": [call("a", json!({ "cache": cache }))] });
    house.start("one", &definition).prepares("one", "a", "k").completes("one", "a");
    house.at(5_000).start("two", &definition).prepares("two", "a", "k");
    house.told();
    assert_eq!(house.fails("two", "a").told(), ["two: recall a from 0", "two: completed"]);
    house.assert_idle();
}

#[test]
fn who_asks_for_the_same_at_the_same_time_shares_the_answer() {
    let mut house = House::default();
    let definition = sharing("w", json!({}));
    for name in ["one", "two", "three"] {
        house.start(name, &definition).prepares(name, "a", "k");
    }
    house.start("four", &definition).prepares("four", "a", "another");
    assert_eq!(
        house.told(),
        ["one: prepare a", "one: call a#1", "two: prepare a", "three: prepare a", "four: prepare a", "four: call a#1"]
    );
    assert_eq!(house.status("two", "a"), "waiting");
    assert_eq!(
        house.at(7).completes("one", "a").told(),
        [
            "two: share with a what 0 has in 0",
            "three: share with a what 0 has in 0",
            "one: completed",
            "two: completed",
            "three: completed",
        ],
        "what they share is there for as long as whom they share it with"
    );
    assert_eq!(
        house.log("two")[1..],
        ["0 step.started a", "0 attempt.shared a", "7 step.completed a", "7 run.completed"]
    );
    house.completes("four", "a");
    house.assert_idle();
}

#[test]
fn a_failure_is_shared_too() {
    let mut house = House::default();
    let definition = sharing("w", json!({}));
    house.start("one", &definition).prepares("one", "a", "k").start("two", &definition).prepares("two", "a", "k");
    house.told();
    let told = house.fails("one", "a").told();
    assert_eq!(told, ["two: share with a what 0 has in 0", "one: failed: a", "two: failed: a"]);
    assert_eq!(house.failures(), ["one: a: Error", "two: a: Error"]);
    house.assert_idle();
}

#[test]
fn two_steps_of_one_run_share_too() {
    let mut house = House::default();
    let each = json!({ "id": "each", "forEach": [1, 1], "steps": [call("a", json!({ "singleFlight": true }))] });
    house.start("one", &workflow(json!([each]))).decides("one", "each", repflow::workflow::Decision::Items(2));
    house.prepares("one", "a[0]", "k").prepares("one", "a[1]", "k");
    house.told();
    assert_eq!(
        house.completes("one", "a[0]").told(),
        ["one: share with a[1] what 0 has in 2", "one: collect each", "one: completed"]
    );
    house.assert_idle();
}

#[test]
fn when_the_leader_gives_up_the_next_one_asks() {
    for removes in [false, true] {
        let mut house = House::default();
        let definition = sharing("w", json!({}));
        for name in ["one", "two", "three"] {
            house.start(name, &definition).prepares(name, "a", "k");
        }
        house.told();
        if removes {
            assert_eq!(house.at(5).removes("one").told(), ["two: prepare a", "three: prepare a"]);
        } else {
            assert_eq!(
                house.at(5).cancels("one").told(),
                ["one: abort a#1: cancelled", "two: prepare a", "three: prepare a", "one: cancelled"]
            );
        }
        assert_eq!(house.prepares("two", "a", "k").prepares("three", "a", "k").told(), ["two: call a#1"]);
        assert_eq!(
            house.at(9).completes("two", "a").told(),
            ["three: share with a what 1 has in 0", "two: completed", "three: completed"]
        );
        assert_eq!(
            house.log("three")[2..],
            ["0 attempt.shared a", "9 step.completed a", "9 run.completed"],
            "whom it follows is nothing to tell of"
        );
        assert_eq!(house.log("two")[2..5], ["0 attempt.shared a", "5 attempt.unshared a", "5 attempt.started a#1"]);
        house.assert_idle();
    }
}

#[test]
fn a_follower_that_gives_up_leaves_the_others() {
    let mut house = House::default();
    let definition = sharing("w", json!({}));
    for name in ["one", "two", "three"] {
        house.start(name, &definition).prepares(name, "a", "k");
    }
    house.told();
    assert_eq!(house.cancels("two").told(), ["two: cancelled"]);
    assert_eq!(house.removes("three").told(), NOTHING);
    assert_eq!(house.completes("one", "a").told(), ["one: completed"]);
    house.assert_idle();
}

#[test]
fn a_follower_holds_no_slots_that_its_leader_may_need() {
    let mut house = House::default();
    // In each run one slot, and its two steps ask for the same in the other order.
    let two = |first: &str, second: &str| {
        let keys = json!({ "singleFlight": true, "needs": [] });
        json!({ "id": "w", "concurrency": 1, "steps": [call(first, keys.clone()), call(second, keys)] })
    };
    house.start("one", &two("a", "b")).prepares("one", "a", "k");
    assert_eq!(house.told(), ["one: prepare a", "one: call a#1"]);
    house.start("two", &two("a", "b")).prepares("two", "a", "k");
    assert_eq!(house.told(), ["two: prepare a", "two: prepare b"], "`b` has the slot that `a` does not need");
    house.prepares("two", "b", "l");
    assert_eq!(house.completes("one", "a").told()[..2], ["two: call b#1", "two: share with a what 0 has in 0"]);
}

#[test]
fn a_key_that_comes_too_late_is_ignored() {
    let mut house = House::default();
    let definition = sharing("w", json!({}));
    house.start("one", &definition).cancels("one").prepares("one", "a", "k");
    assert_eq!(house.told(), ["one: prepare a", "one: cancelled"]);
    house.start("two", &definition).prepares("two", "a", "k").prepares("two", "a", "l");
    assert_eq!(house.told(), ["two: prepare a", "two: call a#1"], "a call begins once");
    house.completes("two", "a").prepares("two", "a", "k");
    assert_eq!(house.told(), ["two: completed"]);
    house.assert_idle();
}

#[test]
fn the_total_timeout_counts_while_another_one_asks() {
    let mut house = House::default();
    let definition = sharing("w", json!({ "totalTimeout": "1s" }));
    house.start("one", &sharing("w", json!({}))).prepares("one", "a", "k");
    house.at(300).start("two", &definition).prepares("two", "a", "k");
    house.told();
    assert_eq!(house.at(600).cancels("one").told()[1..], ["two: prepare a", "one: cancelled"]);
    house.prepares("two", "a", "k");
    assert_eq!(
        house.at(1_300).told(),
        ["two: call a#1", "two: abort a#1: total timed out", "two: failed: a took too long in all"]
    );
    house.assert_idle();
}

#[test]
fn after_a_crash_those_who_shared_ask_again() {
    let mut house = House::default();
    let definition = sharing("w", json!({}));
    house.start("one", &definition).prepares("one", "a", "k").start("two", &definition).prepares("two", "a", "k");
    house.told();
    assert_eq!(house.at(50).crashes(&[]).told(), ["one: prepare a", "two: prepare a"]);
    assert_eq!(house.log("one")[3..], ["50 run.restored", "50 attempt.interrupted a#1"]);
    assert_eq!(house.log("two")[2..], ["0 attempt.shared a", "50 run.restored"]);
    // This time the other one comes first.
    assert_eq!(house.prepares("two", "a", "k").prepares("one", "a", "k").told(), ["two: call a#1"]);
    house.at(60).completes("two", "a");
    assert_eq!(house.told(), ["one: share with a what 1 has in 0", "two: completed", "one: completed"]);
    house.assert_idle();
}

#[test]
fn a_delay_that_a_crash_cut_short_does_not_come_back_after_it_was_shared() {
    let mut house = House::default();
    let mut definition = sharing("w", json!({ "retry": retry(3) }));
    definition["concurrency"] = json!(1);
    house.start("one", &definition).prepares("one", "a", "k").fails("one", "a");
    house.told();
    assert_eq!(house.at(1_000).crashes(&[]).told(), ["one: prepare a"]);
    house.start("two", &definition).prepares("two", "a", "k").prepares("one", "a", "k");
    assert_eq!(house.told(), ["two: prepare a", "two: call a#1"], "`one` waits for `two` and not for its delay");
    assert_eq!(house.cancels("two").told()[1..], ["one: prepare a", "two: cancelled"]);
    assert_eq!(house.prepares("one", "a", "k").told(), ["one: call a#2"]);
    house.completes("one", "a");
    assert_eq!(house.told(), ["one: completed"]);
    house.assert_idle();
}

#[test]
fn who_may_go_on_for_two_reasons_takes_its_slots_once() {
    let keys = json!({ "singleFlight": true, "retry": retry(3) });
    let definition = json!({ "id": "w", "concurrency": 1, "steps": [call("a", keys), call("b", json!({}))] });
    let mut run = Run::new(plan(&definition), 1);
    let a = NodeIx(0);
    let told = [
        Input::Started,
        Input::AttemptStarted { node: a, attempt: 1 },
        Input::AttemptFailed { node: a, attempt: 1, reason: FailureReason::Error },
        Input::RetryScheduled { node: a, delay: Duration::from_secs(1) },
        Input::PauseRequested,
        // Its delay is over; then it follows another one, which gives up.
        Input::RetryDue { node: a },
        Input::Restored,
        Input::Shared { node: a },
        Input::Unshared { node: a },
    ];
    for input in told {
        effects(&mut run, input, 0);
    }
    assert_eq!(effects(&mut run, Input::ResumeRequested, 1), ["resume a"]);
    assert_eq!(effects(&mut run, Input::CallSettled { node: a, outcome: Ok(()) }, 2), ["call b"], "the slot is free");
}
