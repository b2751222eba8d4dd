//! What a workflow is, and how a run of it moves: definitions refused, expressions read, and runs told as stories.

#[path = "workflow/choices.rs"]
mod choices;
#[path = "workflow/compensation.rs"]
mod compensation;
#[path = "workflow/control.rs"]
mod control;
#[path = "workflow/definition.rs"]
mod definition;
#[path = "workflow/engine.rs"]
mod engine;
#[path = "workflow/expression/mod.rs"]
mod expression;
#[path = "workflow/failure.rs"]
mod failure;
#[allow(dead_code, reason = "the simulation uses all of it")]
#[path = "sim/generate.rs"]
mod generate;
#[path = "workflow/journal.rs"]
mod journal;
#[path = "workflow/kinds.rs"]
mod kinds;
#[path = "workflow/loops.rs"]
mod loops;
#[path = "workflow/order.rs"]
mod order;
#[path = "workflow/plan.rs"]
mod plan;
#[path = "workflow/policies.rs"]
mod policies;
#[path = "workflow/question.rs"]
mod question;
#[path = "workflow/run.rs"]
mod run;
#[path = "workflow/sharing.rs"]
mod sharing;
#[path = "workflow/story.rs"]
mod story;
#[path = "workflow/template.rs"]
mod template;
#[path = "workflow/waits.rs"]
mod waits;
