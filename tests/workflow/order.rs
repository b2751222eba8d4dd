//! What the host is asked to do comes in the order in which the run wants it, also when a call is over before it began.

use repflow::policy::Options;
use repflow::value::Value;
use repflow::workflow::Decision;
use serde_json::{Value as Json, json};

use crate::policies::House;
use crate::story::{call, workflow};

/// A call that is refused at once, and those beside it.
fn refused(keys: Json) -> Json {
    let mut keys = keys;
    keys["circuitBreaker"] = json!("open");
    call("refused", keys)
}

/// A house with a circuit breaker `open` that is.
fn house() -> House {
    let mut house =
        House::with("open", json!({ "circuitBreaker": { "windowCalls": 1, "minCalls": 1, "openFor": "1h" } }));
    house.start("fuse", &workflow(json!([refused(json!({}))]))).fails("fuse", "refused");
    house.told();
    house.failures();
    house
}

#[test]
fn what_its_group_gave_up_is_not_begun() {
    let mut house = house();
    let gpu = Options::new(&Value::from(&json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 9 } })))
        .expect("they are valid");
    house.engine.guards().define(&"gpu".into(), &gpu);
    house.start(
        "one",
        &workflow(json!([
            { "id": "g", "onError": "continue", "parallel": [refused(json!({})), call("b", json!({ "bulkhead": "gpu" }))] },
            call("after", json!({ "bulkhead": "gpu" })),
        ])),
    );
    assert_eq!(house.told(), ["one: call after#1"], "`b` was given up before it began, and holds no place");
    house.completes("one", "after");
    assert_eq!(house.told(), ["one: completed"]);
    house.assert_idle();
}

#[test]
fn what_a_run_that_is_being_undone_gave_up_is_not_begun() {
    let mut house = house();
    let undo = json!({ "compensate": { "call": "gym.undo" } });
    house.start(
        "one",
        &workflow(json!([call("a", undo), { "id": "g", "parallel": [refused(json!({})), call("b", json!({}))] }])),
    );
    assert_eq!(house.completes("one", "a").told(), ["one: call a#1", "one: call undo a#1"]);
    assert_eq!(house.completes("one", "undo a").told(), ["one: failed: refused met an open circuit for 3600s"]);
    house.assert_idle();
}

#[test]
fn a_timer_of_what_is_over_is_not_set() {
    let mut house = house();
    let wait = json!({ "id": "inner", "steps": [{ "id": "w", "wait": "10s" }] });
    house.start(
        "one",
        &workflow(json!([
            { "id": "g", "onError": "continue", "parallel": [refused(json!({})), wait] },
            call("after", json!({ "timeout": "1h" })),
        ])),
    );
    assert_eq!(house.told(), ["one: call after#1"]);
    assert_eq!(house.wakes_at(), Some(3_600_000));
}

#[test]
fn outputs_are_there_before_who_reads_them_is_asked() {
    let mut house = house();
    let mut definition = workflow(json!([
        { "id": "g", "steps": [call("a", json!({}))] },
        { "id": "h", "needs": [], "steps": [refused(json!({ "onError": "continue" }))] },
        { "id": "reads", "call": "gym.do", "needs": ["g", "h"], "when": "size(steps.g.output) > 0" },
    ]));
    definition["concurrency"] = json!(1);
    house.start("one", &definition);
    // `a` has the slot; with its end `refused` gets it, and is over at once.
    let told = [house.told(), house.completes("one", "a").told()].concat();
    let place = |wanted: &str| told.iter().position(|line| line == wanted).unwrap_or_else(|| panic!("{told:?}"));
    assert!(place("one: collect g") < place("one: ask whether: reads"), "{told:?}");
}

#[test]
fn iterations_are_told_in_the_order_of_their_frames() {
    let mut house = house();
    let one_by_one =
        |id: &str, body: Json| json!({ "id": id, "forEach": [1, 2], "needs": [], "concurrency": 1, "steps": [body] });
    let mut definition = workflow(json!([
        one_by_one("first", call("a", json!({}))),
        one_by_one("second", refused(json!({ "onError": "continue" }))),
    ]));
    definition["concurrency"] = json!(1);
    house.start("one", &definition);
    house.decides("one", "first", Decision::Items(2)).decides("one", "second", Decision::Items(2));
    // The end of the first one gives its slot to one that is over at once, so both loops go on.
    house.completes("one", "a[0]");
    let told = house.told();
    let frames: Vec<&String> = told.iter().filter(|line| line.contains("iterate")).collect();
    assert_eq!(
        frames,
        [
            "one: iterate first[0] as 1",
            "one: iterate second[0] as 2",
            "one: iterate first[1] as 3",
            "one: iterate second[1] as 4",
        ],
        "a host counts the nodes of each as they come"
    );
}

#[test]
fn a_place_of_a_key_is_not_given_to_who_gives_up() {
    let mut house = House::default();
    let rate = json!({ "rateLimit": { "limit": 1, "per": "1h" } });
    let mut definition = workflow(json!([{ "id": "g", "parallel": [call("a", json!({})), call("b", rate)] }]));
    definition["concurrency"] = json!({ "key": "{{ input.user }}", "perKey": 1 });
    house.start_with_key("one", &definition, "ada");
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.cancels("one").told(), ["one: abort a#1: cancelled", "one: cancelled"]);
    // The turn that `b` would have had is still there.
    house.start_with_key("two", &definition, "ada").completes("two", "a");
    assert_eq!(house.told(), ["two: call a#1", "two: call b#1"]);
}
