//! What only values tell: whether a condition holds, which case it is, until when to wait.

use super::definition::{INSTANT, duration_of, instant_of};
use super::event::Decision;
use super::expression::Scope;
use super::message::Question;
use super::plan::{Computed, Step, StepKind, Wait};
use crate::error::{Code, Error};
use crate::time::Timestamp;

/// Answers a question of a step from what it sees. How many items a loop has is for the host to say, which keeps them.
///
/// # Errors
/// `expression.failed` when an expression fails, or gives something else than what was asked.
pub fn decide(step: &Step, question: Question, scope: &dyn Scope, now: Timestamp) -> Result<Decision, Error> {
    match (question, &step.kind) {
        (Question::When, _) => match &step.when {
            Some(when) => when.holds(scope, "when").map(Decision::When),
            None => Ok(Decision::When(true)),
        },
        (Question::Case, StepKind::Switch { cases }) => {
            for (index, case) in cases.iter().enumerate() {
                let holds = match &case.when {
                    Some(when) => when.holds(scope, "when")?,
                    None => true,
                };
                if holds {
                    return Ok(Decision::Case(Some(index as u32)));
                }
            }
            Ok(Decision::Case(None))
        }
        (Question::Until, StepKind::Wait(Wait::Computed(template, computed))) => {
            let value = template.fill(scope)?.into_data();
            let (at, expected) = match computed {
                Computed::Duration => (duration_of(&value).map(|it| now + it), "a duration such as \"10s\""),
                Computed::Instant => (instant_of(&value), INSTANT),
            };
            at.map(Decision::Until).ok_or_else(|| {
                let given = crate::reader::describe_value(&value);
                let message = format!("step `{}` waits for {expected}, but its expression gives {given}", step.id);
                Error::new(Code::ExpressionFailed, message)
            })
        }
        (Question::Case | Question::Until | Question::Items, _) => {
            Err(Error::new(Code::ExpressionFailed, format!("step `{}` has nothing of the kind", step.id)))
        }
    }
}
