//! What stands between `{{` and `}}`.

use std::rc::Rc;

use repflow::value::Value;
use repflow::workflow::expression::{Expression, Names, Unresolved};
use repflow::workflow::plan::StepKind;
use repflow::workflow::{Root, Scope, StepIx};
use serde_json::{Value as Json, json};

use crate::runs::plan;
use crate::{Once, Workload};

/// Sizes are expressions, elements of a list, or fields.
pub const ALL: &[Workload] = &[
    Workload { name: "parse-expressions", prepare: parse },
    Workload { name: "evaluate-conditions", prepare: evaluate },
    Workload { name: "evaluate-over-list", prepare: over_list },
    Workload { name: "fill-template", prepare: fill },
];

/// Conditions as people write them; all of them hold.
const CONDITIONS: [&str; 4] = [
    "input.fatigue >= 0.8",
    "input.level in ['beginner', 'intermediate'] && input.minutes > 15",
    "!has(input.injury) || size(input.injury) == 0",
    "steps.assess.output.score * 2.0 + 1.0 < (input.minutes > 20 ? 99.0 : 1.0)",
];

/// A run that is at its second step.
struct Midway {
    input: Value,
    output: Value,
}

impl Midway {
    fn new(sets: usize) -> Self {
        let sets: Vec<Json> = (0..sets).map(|place| json!({ "reps": 5 + place % 3, "done": place % 2 == 0 })).collect();
        let input =
            json!({ "userId": "user123", "level": "intermediate", "fatigue": 0.9, "minutes": 30, "sets": sets });
        Self { input: Value::from(&input), output: Value::from(&json!({ "score": 12.5, "name": "squat" })) }
    }
}

impl Scope for Midway {
    fn root(&self, root: Root) -> Value {
        match root {
            Root::Input => self.input.clone(),
            Root::Output(_) => self.output.clone(),
            _ => Value::Null,
        }
    }
}

impl Names for Midway {
    fn step(&mut self, _: &str) -> Result<StepIx, Unresolved> {
        Ok(StepIx(0))
    }

    fn variables(&self) -> &[Rc<str>] {
        &[]
    }
}

fn parsed(source: &str) -> Expression {
    Expression::parse(source, &mut Midway::new(0)).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

fn parse(count: usize) -> Once {
    let mut names = Midway::new(0);
    Box::new(move || {
        for source in CONDITIONS.iter().cycle().take(count) {
            assert!(Expression::parse(source, &mut names).is_ok());
        }
    })
}

fn evaluate(count: usize) -> Once {
    let (conditions, scope) = (CONDITIONS.map(parsed), Midway::new(0));
    Box::new(move || {
        for condition in conditions.iter().cycle().take(count) {
            assert_eq!(condition.holds(&scope, "when"), Ok(true));
        }
    })
}

fn over_list(elements: usize) -> Once {
    let expression = parsed("size(input.sets.filter(set, set.done).map(set, set.reps * 2))");
    let scope = Midway::new(elements);
    let done = elements.div_ceil(2) as i64;
    Box::new(move || assert!(matches!(expression.evaluate(&scope), Ok(Value::Int(count)) if count == done)))
}

/// The parameters of a call, each with an expression.
fn fill(fields: usize) -> Once {
    let fields = (0..fields).map(|place| match place % 3 {
        0 => (format!("field{place}"), json!("{{ steps.assess.output.score }}")),
        1 => (format!("field{place}"), json!("{{ steps.assess.output.name }} for {{ input.userId }}")),
        _ => (format!("field{place}"), json!([{ "level": "{{ input.level }}", "kind": "strength" }])),
    });
    let with: Json = fields.collect::<serde_json::Map<String, Json>>().into();
    let definition = json!({ "id": "fill", "steps": [
        { "id": "assess", "call": "bench.step" }, { "id": "fill", "call": "bench.step", "with": with },
    ] });
    let (plan, scope) = (plan(&definition), Midway::new(0));
    let count = with.as_object().map_or(0, serde_json::Map::len);
    Box::new(move || {
        let StepKind::Call(call) = &plan.step(StepIx(1)).kind else { panic!("the step is a call") };
        let filled = call.with.as_ref().expect("it has parameters").fill(&scope);
        assert!(matches!(filled, Ok(Value::Map(fields)) if fields.len() == count));
    })
}
