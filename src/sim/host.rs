//! What a host does with the commands of the engine: here, against the simulated world.

use std::mem::discriminant;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use super::happening::{Fault, Happening};
use super::{Answer, Call, RunScope, SimulatedRun, Simulation};
use crate::policy::Part;
use crate::rng::Rng;
use crate::value::Value;
use crate::workflow::definition::Target;
use crate::workflow::plan::{Step, StepKind};
use crate::workflow::{Command, Decision, NodeIx, Question, Root, RunId, Scope, StepIx, decide};

impl<W: FnMut(&Call<'_>, &mut Rng) -> Answer> Simulation<W> {
    pub(super) fn perform(&mut self) {
        loop {
            let commands: Vec<Command> = self.engine.drain_commands().collect();
            if commands.is_empty() {
                return;
            }
            for command in commands {
                match command.run().map(|id| self.numbers.get(&id).copied()) {
                    Some(None) => {}
                    Some(Some(number)) => self.perform_one(number, command),
                    None => match command {
                        Command::Circuit { breaker, change } => self.circuits.changed(breaker, change),
                        Command::Drop { cache, slot } => _ = self.kept.remove(&(cache, slot)),
                        _ => {}
                    },
                }
            }
        }
    }

    fn perform_one(&mut self, number: usize, command: Command) {
        let now = self.now;
        match command {
            Command::Call { run, node, attempt, level } => self.call(number, run, node, attempt, level),
            Command::Abort { node, attempt, .. } => {
                self.runs[number].is_certain = false;
                self.runs[number].watch.aborted(node, attempt);
            }
            Command::Prepare { run, node } => {
                let step = self.engine.run(run).map_or(StepIx(0), |run| run.node(node).step);
                let key = format!("{}.{}", self.runs[number].plan.id, self.runs[number].plan.step(step).id);
                self.engine.begin(run, node, Some(&key), now);
            }
            Command::Evaluate { run, node, question: Question::Items } => {
                let Some(items) = self.look(number, run, node, |step, scope| match &step.kind {
                    StepKind::ForEach { items, .. } => items.fill(scope),
                    _ => Ok(Value::Null),
                }) else {
                    return;
                };
                match items.map(|items| Json::from(&items)) {
                    Ok(Json::Array(items)) => {
                        let count = items.len() as u32;
                        self.runs[number].lists.insert(node, items.iter().map(Value::from).collect());
                        self.engine.evaluated(run, node, Decision::Items(count), now);
                    }
                    _ => self.engine.evaluation_failed(run, node, now),
                }
            }
            Command::Evaluate { run, node, question } => {
                match self.look(number, run, node, |step, scope| decide(step, question, scope, now)) {
                    Some(Ok(decision)) => self.engine.evaluated(run, node, decision, now),
                    Some(Err(_)) => self.engine.evaluation_failed(run, node, now),
                    None => {}
                }
            }
            Command::Iterate { node, index, frame, .. } => {
                let state = &mut self.runs[number];
                let item = state.lists.get(&node).and_then(|list| list.get(index as usize)).cloned();
                state.items.resize((frame as usize).max(state.items.len()), Value::Null);
                state.items.insert(frame as usize, item.expect("a loop has as many iterations as items"));
            }
            Command::Collect { run, node, case } => self.collect(number, run, node, case),
            Command::Receive { node, payload, .. } => {
                let value = self.runs[number].signals[payload as usize].clone();
                self.runs[number].set_output(node, value);
            }
            Command::Fail { node, .. } => self.runs[number].set_output(node, Value::Null),
            Command::FellBack { .. } => {}
            Command::Keep { node, cache, slot, .. } => {
                self.kept.insert((cache, slot), self.runs[number].output_of(node));
            }
            Command::Recall { node, cache, slot, .. } => {
                let value = self.kept.get(&(cache, slot)).cloned().expect("what the cache has is kept");
                self.runs[number].set_output(node, value);
            }
            Command::Share { node, from, leader, .. } => {
                let from = self.numbers[&from];
                let value = self.runs[from].output_of(leader);
                self.runs[number].set_output(node, value);
            }
            Command::BuildOutput { run } => {
                let state = &self.runs[number];
                let Some(it) = self.engine.run(run) else { return };
                let scope = RunScope { state, run: it, frame: 0 };
                match state.plan.output.as_ref().map(|template| template.fill(&scope)) {
                    Some(Ok(value)) => {
                        self.runs[number].output = value;
                        self.engine.output_built(run, now);
                    }
                    _ => self.engine.output_failed(run, now),
                }
            }
            Command::Settle { run, end } => {
                let state = &mut self.runs[number];
                if let Some(run) = self.engine.run(run) {
                    state.watch.ended(end, run);
                }
                if let (None, Some(last)) = (&state.plan.output, state.plan.roots.last()) {
                    state.output = state.output_of(NodeIx(last.0));
                }
                // Whoever crashed after that hears of it again.
                let before = state.end.replace(end);
                assert!(
                    before.is_none_or(|before| discriminant(&before) == discriminant(&end)),
                    "{before:?}, then {end:?}"
                );
            }
            Command::Drop { .. } | Command::Circuit { .. } => {}
        }
    }

    /// Goes on from an answer without asking the engine, which is told of it, where it is certain what follows. Says whether it did.
    pub(super) fn follow(&mut self, number: usize, node: NodeIx, attempt: u32) -> bool {
        let state = &mut self.runs[number];
        let plan = Rc::clone(&state.plan);
        let Some((id, run)) = state.id.and_then(|id| Some((id, self.engine.run(id)?))) else { return false };
        if !state.is_certain || !state.watch.is_running(node, attempt) {
            return false;
        }
        let (step, frame) = (run.node(node).step, run.node(node).frame);
        let leads_to = plan.leads_to(step, plan.is_plain_graph());
        let begun = if leads_to == [step] {
            let frames: Vec<_> = (1..).map_while(|it| run.frame(it)).collect();
            let each = frames[frame as usize - 1].each;
            let next = frames.iter().filter(|frame| frame.each == each).count();
            let Some(item) = state.lists[&each].get(next).cloned() else { return false };
            state.items.resize(frames.len() + 1, Value::Null);
            state.items.push(item);
            vec![NodeIx(run.nodes().len() as u32)]
        } else {
            let has_ended =
                |need: &StepIx| *need == step || run.node(run.node_of(frame, *need)).status.name() == "completed";
            // A host counts by whom a step is led to.
            let counts = |next: &StepIx| {
                let needs = &plan.step(*next).needs;
                needs.iter().all(|need| plan.leads_to(*need, plan.is_plain_graph()).contains(next))
            };
            assert!(leads_to.iter().all(counts), "a step is led to by some of those that it waits for, but not by all");
            let may_begin = |next: &&StepIx| plan.step(**next).needs.iter().all(has_ended);
            leads_to.iter().filter(may_begin).map(|next| run.node_of(frame, *next)).collect()
        };
        if leads_to.is_empty() {
            return false;
        }
        state.watch.settled(node, attempt);
        self.followed += 1;
        self.engine.followed(id, std::iter::once((node, self.now)));
        for node in begun {
            self.call(number, id, node, 1, 0);
        }
        true
    }

    /// Looks at a step with its scope.
    fn look<T>(
        &self,
        number: usize,
        run: RunId,
        node: NodeIx,
        look: impl FnOnce(&Step, &RunScope<'_>) -> T,
    ) -> Option<T> {
        let (state, run) = (&self.runs[number], self.engine.run(run)?);
        let scope = RunScope { state, run, frame: run.node(node).frame };
        Some(look(state.plan.step(run.node(node).step), &scope))
    }

    /// The output of a step that has steps of its own; of a switch, of the case that was chosen, counted from 1.
    fn collect(&mut self, number: usize, run: RunId, node: NodeIx, case: Option<NonZeroU32>) {
        let (state, Some(run)) = (&self.runs[number], self.engine.run(run)) else { return };
        let (step, frame) = (state.plan.step(run.node(node).step), run.node(node).frame);
        let value = match &step.kind {
            StepKind::Switch { cases } => {
                let chosen = case.map(|case| case.get() as usize - 1);
                // One whose steps all had conditions that do not hold did nothing.
                let did = |at: usize| {
                    cases[at].children.iter().any(|it| run.node(run.node_of(frame, *it)).status.name() != "skipped")
                };
                let others = (0..cases.len()).filter(|at| did(*at) && Some(*at) != chosen);
                assert_eq!(others.count(), 0, "case {chosen:?} was chosen, and another one did something");
                chosen.map_or(Value::Null, |at| state.by_id(run, frame, cases[at].children.iter().copied()))
            }
            StepKind::ForEach { body, .. } => {
                let frames = (1..).map_while(|it| Some((it, run.frame(it)?)));
                let mut own: Vec<(u32, u32)> =
                    frames.filter(|(_, frame)| frame.each == node).map(|(it, frame)| (frame.index, it)).collect();
                own.sort_unstable();
                let list = own.into_iter().map(|(_, frame)| state.by_id(run, frame, body.iter().copied()));
                Value::List(Rc::new(list.collect()))
            }
            _ => state.by_id(run, frame, step.children().into_iter()),
        };
        self.runs[number].set_output(node, value);
    }

    fn call(&mut self, number: usize, run: RunId, node: NodeIx, attempt: u32, level: u32) {
        let now = self.now;
        let Some(it) = self.engine.run(run) else { return };
        let (step, frame) = (it.node(node).step, it.node(node).frame);
        self.runs[number].watch.called(it, node, attempt, level);
        self.check_bulkhead(number, node);
        self.check_key(number);
        let plan = Rc::clone(&self.runs[number].plan);
        let params = self.look(number, run, node, |step, scope| {
            let StepKind::Call(call) = &step.kind else { return Ok(Value::Null) };
            let fallback = (level as usize).checked_sub(1).and_then(|level| call.fallbacks.get(level)?.with.as_ref());
            match fallback.or(call.with.as_ref()) {
                Some(with) => with.fill(scope),
                None => Ok(scope.root(Root::Input)),
            }
        });
        let id = match plan.step(step).compensates {
            Some(_) => format!("{}.undo", plan.step(step).id),
            None => plan.step(step).id.to_string(),
        };
        let state = &self.runs[number];
        let before = state.watch.before(node, attempt);
        let is_value = matches!(&plan.step(step).kind, StepKind::Call(call)
            if level > 0 && call.fallbacks[level as usize - 1].target == Target::Value);
        let (delay, answer) = match params.unwrap_or(Ok(Value::Null)) {
            Err(_) => (Duration::ZERO, Err(Fault::Lasting)),
            Ok(params) if is_value => (Duration::ZERO, Ok(Json::from(&params))),
            Ok(params) => {
                let call = Call { step: &id, frame, attempt, before, level, params: &params };
                match (self.world)(&call, &mut self.rng) {
                    Answer::Value(delay, value) => (delay, Ok(value)),
                    Answer::Fail(delay) => (delay, Err(Fault::Passing)),
                    Answer::FailForGood(delay) => (delay, Err(Fault::Lasting)),
                    Answer::Never => return,
                }
            }
        };
        let (run, life) = (number, self.runs[number].life);
        if delay > Duration::ZERO && attempt % 3 == 1 {
            self.happenings.set(now + delay / 2, Happening::Tell { run, life, node, attempt });
        }
        self.happenings.set(now + delay, Happening::Settle { run, life, node, attempt, answer });
    }

    /// No more calls run behind a bulkhead than it lets in, whichever runs they belong to. Fallbacks do not pass it.
    fn check_bulkhead(&self, number: usize, node: NodeIx) {
        let Some((name, limit)) = self.bulkhead(number, node) else { return };
        let is_behind = |number, node| self.bulkhead(number, node).is_some_and(|(other, _)| other == name);
        let inside: usize = (0..self.runs.len())
            .map(|run| self.runs[run].watch.busy_at_first_level().filter(|node| is_behind(run, *node)).count())
            .sum();
        assert!(inside <= limit as usize, "{inside} calls in the bulkhead `{name}` of {limit}");
    }

    /// The bulkhead of a step and its limit.
    fn bulkhead(&self, number: usize, node: NodeIx) -> Option<(&str, u32)> {
        let run = self.engine.run(self.runs[number].id?)?;
        let step = self.runs[number].plan.step(run.node(node).step);
        match step.policies.bulkhead.as_ref()? {
            Part::Own(options) => Some((step.scope.as_deref()?, options.max_concurrent)),
            Part::Named(name) => Some((name, *self.limits.get(name)?)),
        }
    }

    /// No more calls of runs with the same key run than their workflow says.
    fn check_key(&self, number: usize) {
        let state = &self.runs[number];
        let (Some(key), Some((_, limit))) = (&state.key, &state.plan.per_key) else { return };
        let same = |other: &&SimulatedRun| {
            other.key.as_ref() == Some(key) && other.plan.id == state.plan.id && other.id.is_some()
        };
        let busy: usize = self.runs.iter().filter(same).map(|run| run.watch.busy().len()).sum();
        assert!(busy <= *limit as usize, "{busy} calls of runs with the key `{key}`, which has {limit}");
    }
}
