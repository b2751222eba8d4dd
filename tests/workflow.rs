//! What a workflow is, and how a run of it moves: definitions refused, expressions read, and runs told as stories.

#[path = "workflow/definition.rs"]
mod definition;
#[path = "workflow/engine.rs"]
mod engine;
#[path = "workflow/expression/mod.rs"]
mod expression;
#[allow(dead_code, reason = "the simulation uses all of it")]
#[path = "sim/generate.rs"]
mod generate;
#[path = "workflow/journal.rs"]
mod journal;
#[path = "workflow/order.rs"]
mod order;
#[path = "workflow/plan.rs"]
mod plan;
#[path = "workflow/policies.rs"]
mod policies;
#[path = "workflow/run.rs"]
mod run;
#[path = "workflow/sharing.rs"]
mod sharing;
#[path = "workflow/story.rs"]
mod story;
