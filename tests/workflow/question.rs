//! What values tell.

use repflow::error::Code;
use repflow::value::Value;
use repflow::workflow::{Decision, NodeIx, Question, Root, Run, Scope, StepIx, decide};
use serde_json::{Value as Json, json};

use crate::story::{at, plan, workflow};

/// Nothing but an input.
struct Input(Json);

impl Scope for Input {
    fn root(&self, root: Root) -> Value {
        if root == Root::Input { Value::from(&self.0) } else { Value::Null }
    }
}

/// What the only step of a workflow decides at 1 s, or why it cannot.
fn decided(step: &Json, question: Question, input: Json) -> Result<Decision, String> {
    let plan = plan(&workflow(json!([step])));
    decide(plan.step(StepIx(0)), question, &Input(input), at(1_000)).map_err(|error| {
        assert_eq!(error.code(), Code::ExpressionFailed);
        error.message().to_owned()
    })
}

#[test]
fn a_condition_holds_or_does_not() {
    let when = |condition: &str, input: Json| {
        decided(&json!({ "id": "a", "call": "gym.do", "when": condition }), Question::When, input)
    };
    assert_eq!(when("input.reps > 5", json!({ "reps": 8 })), Ok(Decision::When(true)));
    assert_eq!(when("{{ input.reps > 5 }}", json!({ "reps": 3 })), Ok(Decision::When(false)));
    for (condition, input) in [
        ("input.reps", json!({ "reps": 8 })),
        ("input.nope > 1", json!({})),
        ("input.reps > 1", json!({ "reps": "8" })),
    ] {
        assert!(when(condition, input).is_err(), "{condition} is an error and not false");
    }
    assert_eq!(decided(&json!({ "id": "a", "call": "gym.do" }), Question::When, json!(null)), Ok(Decision::When(true)));
}

#[test]
fn the_first_case_that_holds_is_taken() {
    let case = |input: Json| {
        let switch = json!([
            { "when": "input.n > 10", "steps": [] }, { "when": "input.n > 5", "steps": [] }, { "when": "input.x", "steps": [] },
        ]);
        decided(&json!({ "id": "a", "switch": switch }), Question::Case, input)
    };
    assert_eq!(case(json!({ "n": 11 })), Ok(Decision::Case(Some(0))), "the others are not looked at");
    assert_eq!(case(json!({ "n": 6 })), Ok(Decision::Case(Some(1))));
    assert_eq!(case(json!({ "n": 1, "x": false })), Ok(Decision::Case(None)));
    assert!(case(json!({ "n": 1, "x": 1 })).is_err());
    let last_resort = json!({ "id": "a", "switch": [{ "when": "false", "steps": [] }, { "steps": [] }] });
    assert_eq!(decided(&last_resort, Question::Case, json!(null)), Ok(Decision::Case(Some(1))));
}

#[test]
fn a_wait_is_computed() {
    let until =
        |wait: Json, input: Json| decided(&json!({ "id": "a", "wait": wait }), Question::Until, json!({ "x": input }));
    let (duration, instant) = (json!("{{ input.x }}"), json!({ "until": "{{ input.x }}" }));
    for (input, ms) in [(json!("1.5s"), 2_500), (json!(0), 1_000), (json!(250), 1_250), (json!("1d"), 86_401_000)] {
        assert_eq!(until(duration.clone(), input), Ok(Decision::Until(at(ms))));
    }
    assert_eq!(until(json!("{{ input.x }}s"), json!(3)), Ok(Decision::Until(at(4_000))), "a part of a text, too");
    for (input, ms) in [(json!("1970-01-01T00:01:00Z"), 60_000), (json!(5), 5), (json!(0), 0)] {
        assert_eq!(until(instant.clone(), input), Ok(Decision::Until(at(ms))), "also what has been");
    }
    for input in [json!("soon"), json!(-1), json!(null), json!([]), json!("3651d"), json!(1e300), json!({ "x": 1 })] {
        let message = until(duration.clone(), input.clone()).expect_err("it is no duration");
        assert!(message.contains("step `a` waits for a duration such as \"10s\", but"), "{message}");
        let message = until(instant.clone(), input).expect_err("it is no instant");
        assert!(message.contains("step `a` waits for an instant such as"), "{message}");
    }
}

#[test]
fn what_a_step_does_not_ask_has_no_answer() {
    let call = json!({ "id": "a", "call": "gym.do" });
    for question in [Question::Case, Question::Items, Question::Until] {
        assert!(decided(&call, question, json!(null)).is_err());
    }
    assert!(decided(&json!({ "id": "a", "wait": "1s" }), Question::Until, json!(null)).is_err());
    let run = Run::new(plan(&workflow(json!([call]))), 1);
    assert_eq!(run.node(NodeIx(0)).question(), None);
}
