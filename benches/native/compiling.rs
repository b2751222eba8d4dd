//! From a definition to a plan.

use serde_json::Value as Json;

use crate::{Once, Workload, runs, shapes};

/// Sizes are steps.
pub const ALL: &[Workload] = &[
    Workload { name: "compile-chain", prepare: |steps| compile(shapes::chain(steps), steps) },
    Workload { name: "compile-linked", prepare: |steps| compile(shapes::linked(steps), steps) },
    Workload { name: "compile-fan-in", prepare: |steps| compile(shapes::fan_in(steps), steps + 1) },
    Workload { name: "compile-diamonds", prepare: |steps| compile(shapes::diamonds(steps), steps / 3 * 3 + 1) },
];

fn compile(definition: Json, steps: usize) -> Once {
    let text = definition.to_string();
    Box::new(move || assert_eq!(runs::plan_of_text(&text).steps().len(), steps))
}
