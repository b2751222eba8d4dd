//! What an expression at one place may name, and the templates and conditions that stand there.

use std::rc::Rc;

use super::{Compiler, call_of};
use crate::error::nearest;
use crate::reader::{At, list};
use crate::value::Value;
use crate::workflow::definition::{CallDefinition, Target};
use crate::workflow::expression::{Expression, Names, Unresolved};
use crate::workflow::plan::{Call, Fallback, StepIx};
use crate::workflow::template::Template;

/// From where an expression looks at the steps.
#[derive(Clone, Copy)]
pub(super) enum From {
    /// Before the first one.
    Start,
    /// When a step starts.
    Step(StepIx),
    /// When a step that had completed is undone.
    Undo(StepIx),
    /// After the last one.
    Output,
}

/// What an expression at one place may name.
pub(super) struct Sight<'a, 'b> {
    pub(super) compiler: &'b Compiler<'a>,
    pub(super) from: From,
    pub(super) variables: Vec<Rc<str>>,
}

impl Names for Sight<'_, '_> {
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved> {
        let compiler = self.compiler;
        let Some(step) = compiler.find(id) else {
            let mut known: Vec<&str> = compiler.ids().map(|(id, _)| id).filter(|id| !id.is_empty()).collect();
            known.dedup();
            let suggestion = nearest(id, known.iter().copied()).map(str::to_owned);
            known.truncate(20);
            return Err(Unresolved {
                message: format!("there is no step `{id}`; there are {}", list(&known)),
                suggestion,
            });
        };
        let wrong = |message| Err(Unresolved { message, suggestion: None });
        let reader = match self.from {
            From::Start => return wrong("no step has begun when this is looked at; it may read `input`".to_owned()),
            From::Step(reader) | From::Undo(reader) => Some(reader),
            From::Output => None,
        };
        if let Some(each) = compiler.loop_between(step, reader) {
            let each = &compiler.step(each).id;
            let message = format!("`{id}` happens once for each item of `{each}`; read the list `steps.{each}.output`");
            return wrong(message);
        }
        let undone = matches!(self.from, From::Undo(undone) if undone == step);
        if let Some(reader) = reader.filter(|reader| !undone && !compiler.ends_before(step, *reader)) {
            let own = &compiler.step(reader).id;
            let advice = compiler.advice(step, reader);
            return wrong(format!("`{id}` may not have completed when `{own}` starts; {advice}"));
        }
        Ok(step)
    }

    fn variables(&self) -> &[Rc<str>] {
        &self.variables
    }
}

impl Sight<'_, '_> {
    #[inline(never)]
    pub(super) fn template(&mut self, json: &Value, at: &At<'_>) -> Template {
        let problems = self.compiler.problems;
        Template::parse(json, at, self, problems)
    }

    /// The template under a key of what stands at `at`.
    #[inline(never)]
    pub(super) fn under(&mut self, json: Option<&Value>, at: &At<'_>, key: &str) -> Option<Template> {
        json.map(|json| self.template(json, &At::Key(at, key)))
    }

    /// The condition of what stands at `at`.
    #[inline(never)]
    pub(super) fn condition(&mut self, text: Option<&str>, at: &At<'_>) -> Option<Expression> {
        let problems = self.compiler.problems;
        Template::condition(text?, &At::Key(at, "when"), self, problems)
    }

    /// A call with its templates.
    pub(super) fn call(&mut self, call: &CallDefinition, at: &At<'_>) -> Call {
        let mut read = call_of(call);
        read.with = self.under(call.with.as_ref(), at, "with");
        for fallback in &call.fallback {
            let key = if fallback.target == Target::Value { "value" } else { "with" };
            let with = self.under(fallback.with.as_ref(), &At::Pointer(&fallback.pointer), key);
            read.fallbacks.push(Fallback { target: fallback.target.clone(), with });
        }
        read.key = self.under(call.cache_key.as_ref(), &At::Key(at, "cache"), "key");
        read.idempotency_key = self.under(call.idempotency_key.as_ref(), at, "idempotencyKey");
        read
    }
}
