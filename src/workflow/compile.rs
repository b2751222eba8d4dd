//! From a definition to its plan.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use super::definition::{CallDefinition, Definition, Order, StepAction, StepDefinition, Target, WaitDefinition};
use super::expression::{Names, Unresolved};
use super::plan::{Call, Case, Computed, Fallback, Plan, Step, StepIx, StepKind, Wait};
use super::template::Template;
use crate::error::nearest;
use crate::policy::Options;
use crate::reader::{Problems, join, list};
use crate::small::{self, ByName};

/// Compiles a definition, and notes what is wrong with it as a whole.
pub(super) fn compile(definition: &Definition, default_timeout: Duration, problems: &mut Problems) -> Plan {
    let mut compiler = Compiler {
        id: &definition.id,
        default_timeout,
        steps: Vec::new(),
        written: Vec::new(),
        by_id: ByName::default(),
        signals: Vec::new(),
    };
    let roots = compiler.add_list(&definition.steps, None, problems);
    compiler.link(&definition.steps, &roots, Order::Sequence, problems);
    compiler.check_circles(problems);
    for step in 0..compiler.steps.len() {
        compiler.read_templates(StepIx(step as u32), problems);
    }
    let output = definition.output.as_ref().map(|json| {
        let mut sight = Sight { compiler: &compiler, from: From::Output, variables: Vec::new() };
        Template::parse(json, "/output", &mut sight, problems)
    });
    let per_key = definition.per_key.as_ref().map(|per_key| {
        let mut sight = Sight { compiler: &compiler, from: From::Start, variables: Vec::new() };
        (Template::parse(&per_key.key, "/concurrency/key", &mut sight, problems), per_key.limit)
    });
    Plan {
        id: definition.id.as_str().into(),
        version: definition.version.as_str().into(),
        timeout: definition.timeout,
        concurrency: definition.concurrency,
        per_key,
        roots,
        output,
        signals: compiler.signals,
        steps: compiler.steps,
    }
}

/// The step as written; one that undoes another is written inside of it.
#[derive(Clone, Copy)]
struct Written<'a> {
    definition: &'a StepDefinition,
    undoes: Option<&'a CallDefinition>,
}

struct Compiler<'a> {
    id: &'a str,
    default_timeout: Duration,
    steps: Vec<Step>,
    written: Vec<Written<'a>>,
    by_id: ByName<&'a str, StepIx>,
    signals: Vec<Rc<str>>,
}

impl<'a> Compiler<'a> {
    /// Adds the steps of a list, each with what is inside of it.
    fn add_list(
        &mut self,
        definitions: &'a [StepDefinition],
        parent: Option<StepIx>,
        problems: &mut Problems,
    ) -> Vec<StepIx> {
        definitions.iter().map(|definition| self.add(definition, parent, problems)).collect()
    }

    fn add(&mut self, definition: &'a StepDefinition, parent: Option<StepIx>, problems: &mut Problems) -> StepIx {
        let step = StepIx(self.steps.len() as u32);
        match self.by_id.get(definition.id.as_str()) {
            Some(first) => {
                let before = &self.written[first.ix()].definition.pointer;
                let message = format!("the id `{}` is taken by the step at {before}", definition.id);
                problems.note(join(&definition.pointer, "id"), message);
            }
            // A missing id has been noted, and names nobody.
            None if definition.id.is_empty() => {}
            None => {
                self.by_id.insert(&definition.id, step);
            }
        }
        let (kind, timeout, policies) = match &definition.action {
            StepAction::Call(call) => (StepKind::Call(call_of(call)), None, Some(&call.policies)),
            StepAction::Group { concurrency, timeout, .. } => {
                (StepKind::Group { children: Vec::new(), concurrency: *concurrency }, *timeout, None)
            }
            StepAction::Switch { timeout, .. } => (StepKind::Switch { cases: Vec::new() }, *timeout, None),
            StepAction::ForEach { concurrency, timeout, .. } => {
                let items = Template::Literal(crate::value::Value::Null);
                (StepKind::ForEach { items, body: Vec::new(), concurrency: *concurrency }, *timeout, None)
            }
            StepAction::Wait(wait) => (StepKind::Wait(self.wait_of(wait)), None, None),
        };
        self.written.push(Written { definition, undoes: None });
        self.steps.push(Step {
            pointer: definition.pointer.clone(),
            id: definition.id.as_str().into(),
            kind,
            needs: Vec::new(),
            dependents: Vec::new(),
            parent,
            end: step,
            when: None,
            on_error: definition.on_error,
            priority: definition.priority,
            timeout,
            policies: self.policies_of(policies),
            scope: policies.and_then(|policies| self.scope_of(policies, &definition.id)),
            compensation: None,
            compensates: None,
        });
        self.add_parts(step, &definition.action, problems);
        if let StepAction::Call(call) = &definition.action
            && let Some(undo) = &call.compensate
        {
            self.add_compensation(step, definition, undo);
        }
        self.steps[step.ix()].end = StepIx(self.steps.len() as u32);
        step
    }

    fn add_parts(&mut self, step: StepIx, action: &'a StepAction, problems: &mut Problems) {
        match action {
            StepAction::Group { steps, .. } => {
                let added = self.add_list(steps, Some(step), problems);
                if let StepKind::Group { children, .. } = &mut self.steps[step.ix()].kind {
                    *children = added;
                }
            }
            StepAction::Switch { cases, .. } => {
                for case in cases {
                    let children = self.add_list(&case.steps, Some(step), problems);
                    if let StepKind::Switch { cases } = &mut self.steps[step.ix()].kind {
                        cases.push(Case { when: None, children });
                    }
                }
            }
            StepAction::ForEach { steps, .. } => {
                let added = self.add_list(steps, Some(step), problems);
                if let StepKind::ForEach { body, .. } = &mut self.steps[step.ix()].kind {
                    *body = added;
                }
            }
            StepAction::Call(_) | StepAction::Wait(_) => {}
        }
    }

    /// What undoes a step is a step, too, but stands in no list: nothing but the end of the run makes it begin.
    fn add_compensation(&mut self, undone: StepIx, definition: &'a StepDefinition, call: &'a CallDefinition) {
        let step = StepIx(self.steps.len() as u32);
        self.written.push(Written { definition, undoes: Some(call) });
        self.steps.push(Step {
            pointer: join(&definition.pointer, "compensate"),
            id: definition.id.as_str().into(),
            kind: StepKind::Call(call_of(call)),
            needs: Vec::new(),
            dependents: Vec::new(),
            parent: None,
            end: StepIx(step.0 + 1),
            when: None,
            on_error: definition.on_error,
            priority: 0,
            timeout: None,
            policies: self.policies_of(Some(&call.policies)),
            scope: self.scope_of(&call.policies, &format!("{}.compensate", definition.id)),
            compensation: None,
            compensates: Some(undone),
        });
        self.steps[undone.ix()].compensation = Some(step);
    }

    fn policies_of(&self, policies: Option<&Options>) -> Rc<Options> {
        Rc::new(policies.map_or_else(Options::default, |policies| Options {
            timeout: policies.timeout.or(Some(self.default_timeout)),
            ..policies.clone()
        }))
    }

    fn scope_of(&self, policies: &Options, id: &str) -> Option<Rc<str>> {
        policies.share_something().then(|| format!("{}.{id}", self.id).into())
    }

    fn wait_of(&mut self, wait: &WaitDefinition) -> Wait {
        let nothing = || Template::Literal(crate::value::Value::Null);
        match wait {
            WaitDefinition::For(duration) => Wait::For(*duration),
            WaitDefinition::Until(at) => Wait::Until(*at),
            WaitDefinition::ForComputed(..) => Wait::Computed(nothing(), Computed::Duration),
            WaitDefinition::UntilComputed(_) => Wait::Computed(nothing(), Computed::Instant),
            WaitDefinition::Signal { name, timeout } => {
                let known = self.signals.iter().position(|signal| **signal == **name);
                let signal = known.unwrap_or_else(|| {
                    self.signals.push(name.as_str().into());
                    self.signals.len() - 1
                });
                Wait::Signal { signal: signal as u32, timeout: *timeout }
            }
        }
    }

    /// Connects the steps of a list by their `needs`, and the lists inside of it.
    fn link(&mut self, definitions: &'a [StepDefinition], list_of: &[StepIx], order: Order, problems: &mut Problems) {
        let mut siblings = ByName::default();
        for (definition, step) in definitions.iter().zip(list_of) {
            siblings.insert(definition.id.as_str(), *step);
        }
        for (index, (definition, step)) in definitions.iter().zip(list_of).enumerate() {
            let mut needs: Vec<StepIx> = match (&definition.needs, order) {
                (Some(ids), _) => self.find_needs(ids, definition, &siblings, problems),
                (None, Order::Sequence) => index.checked_sub(1).map(|before| list_of[before]).into_iter().collect(),
                (None, Order::Parallel) => Vec::new(),
            };
            small::sort_by(&mut needs, |a, b| a < b);
            needs.dedup();
            for need in &needs {
                self.steps[need.ix()].dependents.push(*step);
            }
            self.steps[step.ix()].needs = needs;
            let children: Vec<StepIx> = self.steps[step.ix()].children().collect();
            match &definition.action {
                StepAction::Group { steps, order, .. } => self.link(steps, &children, *order, problems),
                StepAction::ForEach { steps, .. } => self.link(steps, &children, Order::Sequence, problems),
                StepAction::Switch { cases, .. } => {
                    let mut rest = &children[..];
                    for case in cases {
                        let (children, others) = rest.split_at(case.steps.len());
                        self.link(&case.steps, children, Order::Sequence, problems);
                        rest = others;
                    }
                }
                StepAction::Call(_) | StepAction::Wait(_) => {}
            }
        }
    }

    fn find_needs(
        &self,
        ids: &[String],
        definition: &StepDefinition,
        siblings: &ByName<&str, StepIx>,
        problems: &mut Problems,
    ) -> Vec<StepIx> {
        let mut needs = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let pointer = || join(&join(&definition.pointer, "needs"), index);
            match siblings.get(id.as_str()) {
                Some(_) if *id == definition.id => problems.note(pointer(), "a step cannot need itself"),
                Some(step) => needs.push(*step),
                None if self.by_id.get(id).is_some() => {
                    problems.note(pointer(), format!("`{id}` is in another list; `needs` names steps of the same list"))
                }
                None => problems.note_unknown(
                    pointer(),
                    format!("there is no step `{id}` in this list"),
                    id,
                    siblings.names().filter(|sibling| *sibling != definition.id),
                ),
            }
        }
        needs
    }

    /// Takes away steps that wait for nobody until none is left (Kahn 1962); what is left over goes in circles. A circle
    /// is told, then taken away too, so that every other one is found behind it.
    fn check_circles(&self, problems: &mut Problems) {
        let mut waiting: Vec<usize> = self.steps.iter().map(|step| step.needs.len()).collect();
        let mut free: Vec<usize> = (0..waiting.len()).filter(|step| waiting[*step] == 0).collect();
        let mut first = 0;
        loop {
            while let Some(step) = free.pop() {
                for dependent in self.steps[step].dependents.iter().map(|it| it.ix()) {
                    if waiting[dependent] > 0 {
                        waiting[dependent] -= 1;
                        if waiting[dependent] == 0 {
                            free.push(dependent);
                        }
                    }
                }
            }
            let Some(left) = (first..waiting.len()).find(|step| waiting[*step] > 0) else { return };
            first = left;
            let circle = self.circle(left, &waiting);
            let mut names: Vec<&str> = circle.iter().map(|step| &*self.steps[*step].id).collect();
            names.push(names[0]);
            let pointer = join(&self.steps[circle[0]].pointer, "needs");
            problems.note(pointer, format!("the steps wait for each other in a circle: {}", names.join(" needs ")));
            for step in circle {
                waiting[step] = 0;
                free.push(step);
            }
        }
    }

    /// A circle among the steps that are still `waiting`: each of them waits for another one, so walking backwards ends
    /// in one. It begins with its first step, which has `needs`: the order of a list makes no step wait for a later one.
    fn circle(&self, from: usize, waiting: &[usize]) -> Vec<usize> {
        let mut place = vec![None; waiting.len()];
        let mut path = Vec::new();
        let mut at = from;
        while place[at].is_none() {
            place[at] = Some(path.len());
            path.push(at);
            at = self.steps[at].needs.iter().map(|need| need.ix()).find(|need| waiting[*need] > 0).unwrap_or(at);
        }
        let mut circle = path.split_off(place[at].unwrap_or_default());
        let first = circle.iter().enumerate().min_by_key(|(_, step)| **step).map_or(0, |(place, _)| place);
        circle.rotate_left(first);
        circle
    }

    /// Reads the templates and conditions of a step, where an expression may name only steps that are certain to have
    /// ended.
    fn read_templates(&mut self, step: StepIx, problems: &mut Problems) {
        let Written { definition, undoes } = self.written[step.ix()];
        let pointer = self.steps[step.ix()].pointer.clone();
        let from = match self.steps[step.ix()].compensates {
            Some(undone) => From::Undo(undone),
            None => From::Step(step),
        };
        // What undoes a step stands where that one does.
        let place = self.steps[step.ix()].compensates.unwrap_or(step);
        let own = Sight { compiler: self, from, variables: self.variables(place) };
        let read = |json: &Json, key: &str, problems: &mut Problems| {
            let mut sight = own.clone();
            Template::parse(json, &format!("{pointer}/{key}"), &mut sight, problems)
        };
        let condition = |text: &str, pointer: &str, problems: &mut Problems| {
            let mut sight = own.clone();
            Template::condition(text, &join(pointer, "when"), &mut sight, problems)
        };
        let when = match (&definition.when, undoes) {
            (Some(text), None) => condition(text, &pointer, problems),
            _ => None,
        };
        let mut kind = None;
        match (&definition.action, undoes) {
            (StepAction::Call(call), None) => kind = Some(StepKind::Call(fill_call(call, &read, problems))),
            (_, Some(call)) => kind = Some(StepKind::Call(fill_call(call, &read, problems))),
            (StepAction::Switch { cases, .. }, None) => {
                let StepKind::Switch { cases: known } = &self.steps[step.ix()].kind else { return };
                let read = cases.iter().zip(known).map(|(case, known)| Case {
                    when: case.when.as_deref().and_then(|text| condition(text, &case.pointer, problems)),
                    children: known.children.clone(),
                });
                kind = Some(StepKind::Switch { cases: read.collect() });
            }
            (StepAction::ForEach { items, .. }, None) => {
                let StepKind::ForEach { body, concurrency, .. } = &self.steps[step.ix()].kind else { return };
                let items = read(items, "forEach", problems);
                kind = Some(StepKind::ForEach { items, body: body.clone(), concurrency: *concurrency });
            }
            (StepAction::Wait(WaitDefinition::ForComputed(json, key)), None) => {
                kind = Some(StepKind::Wait(Wait::Computed(read(json, key, problems), Computed::Duration)));
            }
            (StepAction::Wait(WaitDefinition::UntilComputed(json)), None) => {
                kind = Some(StepKind::Wait(Wait::Computed(read(json, "wait/until", problems), Computed::Instant)));
            }
            _ => {}
        }
        let compiled = &mut self.steps[step.ix()];
        compiled.when = when;
        if let Some(kind) = kind {
            compiled.kind = kind;
        }
    }

    /// What the items of the loops around a step are called, innermost first.
    fn variables(&self, step: StepIx) -> Vec<Rc<str>> {
        self.with_groups(step)
            .skip(1)
            .filter_map(|group| match &self.written[group.ix()].definition.action {
                StepAction::ForEach { variable, .. } => Some(variable.as_str().into()),
                _ => None,
            })
            .collect()
    }

    /// Whether `step` has ended, in every run, when `reader` starts.
    fn ends_before(&self, step: StepIx, reader: StepIx) -> bool {
        // A group that has ended has ended children, but a group that the reader is in has not.
        let inside: Vec<StepIx> = self.with_groups(reader).collect();
        let goals: Vec<StepIx> = self.with_groups(step).take_while(|it| !inside.contains(it)).collect();
        let mut seen = vec![false; self.steps.len()];
        let mut ahead = inside;
        while let Some(at) = ahead.pop() {
            for need in &self.steps[at.ix()].needs {
                if goals.contains(need) {
                    return true;
                }
                if !std::mem::replace(&mut seen[need.ix()], true) {
                    ahead.push(*need);
                }
            }
        }
        false
    }

    /// The loop that `step` is in and `reader` is not: its steps happen once for each item, and cannot be told apart
    /// from outside.
    fn loop_between(&self, step: StepIx, reader: Option<StepIx>) -> Option<StepIx> {
        let inside: Vec<StepIx> = reader.into_iter().flat_map(|reader| self.with_groups(reader)).collect();
        let is_loop = |step: &StepIx| matches!(self.steps[step.ix()].kind, StepKind::ForEach { .. });
        self.with_groups(step).skip(1).take_while(|it| !inside.contains(it)).filter(is_loop).last()
    }

    /// What makes sure that `step` has ended when `reader` starts: `needs` between the two, or between the groups they
    /// are in that stand in the same list.
    fn advice(&self, step: StepIx, reader: StepIx) -> String {
        let inside: Vec<StepIx> = self.with_groups(reader).collect();
        let ahead = self.with_groups(step).take_while(|it| !inside.contains(it)).last();
        let parent = |step: StepIx| self.steps[step.ix()].parent;
        let behind = ahead.and_then(|ahead| inside.iter().find(|it| parent(**it) == parent(ahead)));
        match (ahead, behind) {
            (Some(ahead), Some(behind)) => {
                format!("name `{}` in the `needs` of `{}`", self.steps[ahead.ix()].id, self.steps[behind.ix()].id)
            }
            _ => format!("it completes no earlier than `{}` itself", self.steps[reader.ix()].id),
        }
    }

    /// The step, what it is a part of, what that is a part of, and so on.
    fn with_groups(&self, step: StepIx) -> impl Iterator<Item = StepIx> {
        std::iter::successors(Some(step), |step| self.steps[step.ix()].parent)
    }
}

/// From where an expression looks at the steps.
#[derive(Clone, Copy)]
enum From {
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
#[derive(Clone)]
struct Sight<'a, 'b> {
    compiler: &'b Compiler<'a>,
    from: From,
    variables: Vec<Rc<str>>,
}

impl Names for Sight<'_, '_> {
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved> {
        let compiler = self.compiler;
        let Some(step) = compiler.by_id.get(id).copied() else {
            let suggestion = nearest(id, compiler.by_id.names()).map(str::to_owned);
            let known: Vec<&str> = compiler.by_id.names().take(20).collect();
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
            let each = &compiler.steps[each.ix()].id;
            let message = format!("`{id}` happens once for each item of `{each}`; read the list `steps.{each}.output`");
            return wrong(message);
        }
        let undone = matches!(self.from, From::Undo(undone) if undone == step);
        if let Some(reader) = reader.filter(|reader| !undone && !compiler.ends_before(step, *reader)) {
            let own = &compiler.steps[reader.ix()].id;
            let advice = compiler.advice(step, reader);
            return wrong(format!("`{id}` may not have completed when `{own}` starts; {advice}"));
        }
        Ok(step)
    }

    fn variables(&self) -> &[Rc<str>] {
        &self.variables
    }
}

/// A call before its templates are read.
fn call_of(call: &CallDefinition) -> Call {
    Call { target: call.target.clone(), with: None, fallbacks: Vec::new(), key: None, idempotency_key: None }
}

/// A call with its templates.
fn fill_call(
    call: &CallDefinition,
    read: &impl Fn(&Json, &str, &mut Problems) -> Template,
    problems: &mut Problems,
) -> Call {
    let mut template = |json: &Option<Json>, key: &str| json.as_ref().map(|json| read(json, key, problems));
    Call {
        target: call.target.clone(),
        with: template(&call.with, "with"),
        fallbacks: call
            .fallback
            .iter()
            .enumerate()
            .map(|(index, fallback)| {
                let key = if fallback.target == Target::Value { "value" } else { "with" };
                let with = template(&fallback.with, &format!("fallback/{index}/{key}"));
                Fallback { target: fallback.target.clone(), with }
            })
            .collect(),
        key: template(&call.cache_key, "cache/key"),
        idempotency_key: template(&call.idempotency_key, "idempotencyKey"),
    }
}
