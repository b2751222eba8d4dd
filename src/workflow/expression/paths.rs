//! Where a path begins: names become what they stand for, and a name of nothing is refused with what there is.

use std::rc::Rc;

use super::message::fill;
use super::parser::Parser;
use super::token::{Tokens, is_name};
use super::tree::{NOTHING, NodeIx, NodeKind};
use super::{Root, Unresolved};
use crate::error::nearest;
use crate::reader::list;
use crate::value::Value;

impl<'a> Parser<'a, '_> {
    /// A name that is not a function's: of a variable, or where a path begins.
    pub(super) fn root(&mut self, at: usize, name: &'a str) -> NodeIx {
        let variables = self.names.variables();
        let kind = if let Some(local) = self.locals.iter().rposition(|local| *local == name) {
            NodeKind::Local(local)
        } else if let Some(depth) = variables.iter().position(|variable| **variable == *name) {
            NodeKind::Root(Root::Variable(depth as u32))
        } else if !self.names.are_of_workflow() {
            return self.unknown_name(at, name);
        } else if name == "index" && !variables.is_empty() {
            NodeKind::Root(Root::Index)
        } else {
            match name {
                "input" | "parameters" => NodeKind::Root(Root::Input),
                "run" => match self.key() {
                    Some((_, key)) if &*key == "id" => NodeKind::Root(Root::RunId),
                    _ => return self.fail_near(at, "`run` has one field, `@`", "@", "run.id"),
                },
                "steps" => return self.step(at),
                _ => return self.unknown_name(at, name),
            }
        };
        self.node(at, kind, &[])
    }

    fn step(&mut self, at: usize) -> NodeIx {
        let Some((at, id)) = self.key() else {
            return self.fail(at, "expected the id of a step after `steps`, as in `steps.a.output`", "");
        };
        // In CEL `a-b` subtracts, and there is nothing to subtract from a step itself.
        if self.tokens.kind == b'-' {
            return self.fail(self.tokens.at, "a name with `-` is written as a key: `steps[\"my-step\"].output`", "");
        }
        let step = match self.names.step(&id) {
            Ok(step) => step,
            Err(Unresolved { message, suggestion }) => {
                self.tokens.note(at, message, suggestion);
                return NOTHING;
            }
        };
        let kind = match self.key().as_ref().map(|(_, key)| &**key) {
            Some("output") => NodeKind::Root(Root::Output(step)),
            Some("status") => NodeKind::Root(Root::Status(step)),
            _ => {
                let path = if id.bytes().all(|byte| is_name(&byte)) { "steps.@.output" } else { "steps[\"@\"].output" };
                return self.fail_near(at, "expected `output` or `status` after the id of a step", path, &id);
            }
        };
        self.node(at, kind, &[])
    }

    /// `.name` or `["name"]`, if one comes next, and where what it names stands.
    fn key(&mut self) -> Option<(usize, Rc<str>)> {
        if self.eat(b'.') {
            let (at, name) = self.field_name();
            return Some((at, name.into()));
        }
        if !self.eat(b'[') {
            return None;
        }
        let Value::String(key) = &self.tokens.literal else { return None };
        let key = Rc::clone(key);
        let at = self.tokens.take();
        self.expect(b']', "]");
        Some((at, key))
    }

    fn unknown_name(&mut self, at: usize, name: &str) -> NodeIx {
        if at > 0 && self.tokens.before(at) == b'-' && is_name(&self.tokens.before(at - 1)) {
            return self.fail(at, "a name with `-` is written as a key, as in `input[\"my-goal\"]`", "");
        }
        let variables = self.names.variables();
        let are_of_workflow = self.names.are_of_workflow();
        let mut names = Vec::new();
        if are_of_workflow {
            names.extend_from_slice(&["input", "parameters", "steps", "run"]);
        }
        for local in self.locals.iter().rev() {
            names.push(local);
        }
        for variable in variables {
            names.push(variable);
        }
        if are_of_workflow && !variables.is_empty() {
            names.push("index");
        }
        unknown(&mut self.tokens, at, name, &names, &[])
    }
}

/// Fails because a name is none of those that are `there`. One from `elsewhere` may be what was meant, too.
pub(super) fn unknown(tokens: &mut Tokens<'_>, at: usize, name: &str, there: &[&str], elsewhere: &[&str]) -> NodeIx {
    let suggestion = nearest(name, there.iter().chain(elsewhere).copied()).map(str::to_owned);
    tokens.note(at, fill("unknown name `@`; there are @", &[name, &list(there)]), suggestion);
    NOTHING
}
