//! From a definition to its plan: the steps, how they wait for each other, and what may read what. `sight` is what an
//! expression at one place may name, `order` what has ended by then.
//!
//! The file is long because of one type, whose methods stand in the order in which [`compile`] needs them: with some of them in a
//! file of their own, what is made of all of them is larger by 70 to 180 bytes, compressed, and the core has none to spare.

mod order;
mod sight;

use std::cell::RefCell;
use std::rc::Rc;

use self::order::Precedence;
use self::sight::{From, Sight};
use super::definition::{CallDefinition, Definition, Order, StepAction, StepDefinition, WaitDefinition};
use super::plan::{Call, Case, Computed, Plan, Step, StepIx, StepKind, Wait};
use super::template::Template;
use crate::error::nearest;
use crate::reader::{At, Problems};
use crate::small::{ByName, join, sort_indices};
use crate::value::Value;

/// Compiles a definition, and notes what is wrong with it as a whole.
#[inline(never)]
pub(super) fn compile(definition: &Definition, problems: &Problems) -> Plan {
    let mut compiler = Compiler {
        id: &definition.id,
        problems,
        steps: Vec::new(),
        written: Vec::new(),
        by_id: Vec::new(),
        order: RefCell::default(),
        signals: Vec::new(),
        signals_by_name: ByName::default(),
    };
    let roots = compiler.add_list(&definition.steps, None);
    compiler.check_ids();
    compiler.link(&definition.steps, &roots, Order::Sequence);
    compiler.check_circles();
    compiler.order = RefCell::new(Precedence::of(&compiler.steps));
    for step in 0..compiler.steps.len() {
        compiler.read_templates(StepIx(step as u32));
    }
    let read = |json: &Value, at: &str, from: From| {
        let mut sight = Sight { compiler: &compiler, from, variables: Vec::new() };
        sight.template(json, &At::Pointer(at))
    };
    let plain_calls = Plan::plain_calls_of(&compiler.steps);
    Plan {
        id: definition.id.as_str().into(),
        version: definition.version.as_str().into(),
        timeout: definition.timeout,
        concurrency: definition.concurrency,
        output: definition.output.as_ref().map(|json| read(json, "/output", From::Output)),
        per_key: definition
            .per_key
            .as_ref()
            .map(|per_key| (read(&per_key.key, "/concurrency/key", From::Start), per_key.limit)),
        roots,
        signals: compiler.signals,
        usual_entries: Plan::usual_entries_of(&compiler.steps, &plain_calls),
        plain_calls,
        nodes: Plan::nodes_of(&compiler.steps),
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
    problems: &'a Problems,
    steps: Vec<Step>,
    written: Vec<Written<'a>>,
    /// Steps that stand in a list, as indices: in the order of their ids, and of those with the same id in their own order.
    by_id: Vec<u32>,
    order: RefCell<Precedence>,
    signals: Vec<Rc<str>>,
    signals_by_name: ByName<Rc<str>, u32>,
}

impl<'a> Compiler<'a> {
    /// Adds the steps of a list, each with what is inside of it.
    fn add_list(&mut self, definitions: &'a [StepDefinition], parent: Option<StepIx>) -> Vec<StepIx> {
        definitions.iter().map(|definition| self.add(definition, parent)).collect()
    }

    fn add(&mut self, definition: &'a StepDefinition, parent: Option<StepIx>) -> StepIx {
        let step = StepIx(self.steps.len() as u32);
        self.by_id.push(step.0);
        let (kind, timeout, call) = match &definition.action {
            StepAction::Call(call) => (StepKind::Call(call_of(call)), None, Some(&**call)),
            StepAction::Group { concurrency, timeout, .. } => {
                (StepKind::Group { children: Vec::new(), concurrency: *concurrency }, *timeout, None)
            }
            StepAction::Switch { timeout, .. } => (StepKind::Switch { cases: Vec::new() }, *timeout, None),
            StepAction::ForEach { concurrency, timeout, .. } => {
                (StepKind::ForEach { items: NOTHING, body: Vec::new(), concurrency: *concurrency }, *timeout, None)
            }
            StepAction::Wait(wait) => (StepKind::Wait(self.wait_of(wait)), None, None),
        };
        let added = self.push(Written { definition, undoes: None }, kind, call);
        added.parent = parent;
        added.priority = definition.priority;
        added.timeout = timeout;
        if call.is_none() {
            self.add_parts(step, &definition.action);
        }
        if let Some(undo) = call.and_then(|call| call.compensate.as_deref()) {
            // What undoes a step is a step, too, but stands in no list: nothing but the end of the run makes it begin.
            let compensation = StepIx(self.steps.len() as u32);
            let written = Written { definition, undoes: Some(undo) };
            self.push(written, StepKind::Call(call_of(undo)), Some(undo)).compensates = Some(step);
            self.step_mut(step).compensation = Some(compensation);
        }
        let end = StepIx(self.steps.len() as u32);
        self.step_mut(step).end = end;
        step
    }

    /// Adds a step that stands alone.
    #[inline(never)]
    fn push(&mut self, written: Written<'a>, kind: StepKind, call: Option<&CallDefinition>) -> &mut Step {
        let Written { definition, undoes } = written;
        let at = At::Pointer(&definition.pointer);
        let (pointer, suffix) = match undoes {
            None => (at.pointer(), ""),
            Some(_) => (At::Key(&at, "compensate").pointer(), ".compensate"),
        };
        let policies = call.map(|call| Rc::clone(&call.policies)).unwrap_or_default();
        let scope = policies.share_something().then(|| format!("{}.{}{suffix}", self.id, definition.id).into());
        self.written.push(written);
        let end = self.written.len();
        self.steps.push(Step {
            pointer,
            id: definition.id.as_str().into(),
            kind,
            needs: Vec::new(),
            dependents: Vec::new(),
            parent: None,
            end: StepIx(end as u32),
            when: None,
            on_error: definition.on_error,
            priority: 0,
            timeout: None,
            policies,
            scope,
            compensation: None,
            compensates: None,
        });
        self.step_mut(StepIx(end as u32 - 1))
    }

    // The places at which a step is looked for are many, and each would say for itself that there might be none.

    #[inline(never)]
    fn step(&self, step: StepIx) -> &Step {
        &self.steps[step.ix()]
    }

    #[inline(never)]
    fn step_mut(&mut self, step: StepIx) -> &mut Step {
        &mut self.steps[step.ix()]
    }

    fn written(&self, step: StepIx) -> Written<'a> {
        self.written[step.ix()]
    }

    /// Sorts the ids, and notes each that was taken already.
    #[inline(never)]
    fn check_ids(&mut self) {
        let Self { by_id, steps, .. } = self;
        let in_order = by_id.clone();
        let id = |step: u32| &*steps[step as usize].id;
        sort_indices(by_id, &|a, b| (id(a), a) < (id(b), b));
        for step in in_order {
            let definition = self.written(StepIx(step)).definition;
            if let Some(first) = self.find(&definition.id).filter(|first| first.0 != step) {
                let before = &self.written(first).definition.pointer;
                let message = format_args!("the id `{}` is taken by the step at {before}", definition.id);
                self.problems.note(&At::Key(&At::Pointer(&definition.pointer), "id"), message);
            }
        }
    }

    /// The ids, in order.
    fn ids(&self) -> impl Iterator<Item = (&str, StepIx)> {
        self.ids_from(0)
    }

    /// The same from one place on. Skipping after the ids were looked up would look up all that are skipped.
    fn ids_from(&self, place: usize) -> impl Iterator<Item = (&str, StepIx)> {
        let steps = self.by_id.iter().skip(place);
        steps.map(|step| (&*self.steps[*step as usize].id, StepIx(*step)))
    }

    /// The steps with this id, the first one first.
    fn with_id(&self, id: &str) -> impl Iterator<Item = StepIx> {
        let from = self.by_id.partition_point(|step| &*self.steps[*step as usize].id < id);
        self.ids_from(from).take_while(move |(it, _)| *it == id).map(|(_, step)| step)
    }

    /// The step with this id, the first one if there are more. A missing id has been noted, and names nobody.
    fn find(&self, id: &str) -> Option<StepIx> {
        self.with_id(id).next().filter(|_| !id.is_empty())
    }

    #[inline(never)]
    fn add_parts(&mut self, step: StepIx, action: &'a StepAction) {
        match action {
            StepAction::Group { steps, .. } | StepAction::ForEach { steps, .. } => {
                let added = self.add_list(steps, Some(step));
                if let StepKind::Group { children, .. } | StepKind::ForEach { body: children, .. } =
                    &mut self.step_mut(step).kind
                {
                    *children = added;
                }
            }
            StepAction::Switch { cases, .. } => {
                for case in cases {
                    let children = self.add_list(&case.steps, Some(step));
                    if let StepKind::Switch { cases } = &mut self.step_mut(step).kind {
                        cases.push(Case { when: None, children });
                    }
                }
            }
            StepAction::Call(_) | StepAction::Wait(_) => {}
        }
    }

    #[inline(never)]
    fn wait_of(&mut self, wait: &WaitDefinition) -> Wait {
        match wait {
            WaitDefinition::For(duration) => Wait::For(*duration),
            WaitDefinition::Until(at) => Wait::Until(*at),
            WaitDefinition::ForComputed(..) => Wait::Computed(NOTHING, Computed::Duration),
            WaitDefinition::UntilComputed(_) => Wait::Computed(NOTHING, Computed::Instant),
            WaitDefinition::Signal { name, timeout } => {
                let known = self.signals_by_name.get(name).copied();
                let signal = known.unwrap_or_else(|| {
                    let (signal, name) = (self.signals.len() as u32, Rc::<str>::from(name.as_str()));
                    self.signals.push(Rc::clone(&name));
                    self.signals_by_name.insert(name, signal);
                    signal
                });
                Wait::Signal { signal, timeout: *timeout }
            }
        }
    }

    /// Connects the steps of a list by their `needs`, and the lists inside of it.
    fn link(&mut self, definitions: &'a [StepDefinition], list_of: &[StepIx], order: Order) {
        for (index, (definition, step)) in definitions.iter().zip(list_of).enumerate() {
            let named = match (&definition.needs, order) {
                (Some(ids), _) => self.find_needs(ids, definition, list_of),
                (None, Order::Sequence) => list_of[..index].last().copied().into_iter().collect(),
                (None, Order::Parallel) => Vec::new(),
            };
            for need in named {
                let dependents = &mut self.step_mut(need).dependents;
                // Whoever names it twice waits for it once.
                if dependents.last() != Some(step) {
                    dependents.push(*step);
                }
            }
            let children = self.step(*step).children();
            match &definition.action {
                StepAction::Group { steps, order, .. } => self.link(steps, &children, *order),
                StepAction::ForEach { steps, .. } => self.link(steps, &children, Order::Sequence),
                StepAction::Switch { cases, .. } => {
                    let mut rest = &children[..];
                    for case in cases {
                        let (children, others) = rest.split_at(case.steps.len());
                        self.link(&case.steps, children, Order::Sequence);
                        rest = others;
                    }
                }
                StepAction::Call(_) | StepAction::Wait(_) => {}
            }
        }
        // So each step gets its needs in the order of the list.
        for need in list_of {
            for place in 0..self.step(*need).dependents.len() {
                let dependent = self.step(*need).dependents[place];
                self.step_mut(dependent).needs.push(*need);
            }
        }
    }

    #[inline(never)]
    fn find_needs(&self, ids: &[String], definition: &StepDefinition, list_of: &[StepIx]) -> Vec<StepIx> {
        // A list is written in the order of its steps.
        let is_sibling = |step: &StepIx| list_of.binary_search(step).is_ok();
        let list = At::Pointer(&definition.pointer);
        let list = At::Key(&list, "needs");
        let mut needs = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let at = At::Place(&list, index);
            match self.with_id(id).filter(is_sibling).last() {
                Some(_) if *id == definition.id => self.problems.note(&at, format_args!("a step cannot need itself")),
                Some(step) => needs.push(step),
                None if self.find(id).is_some() => {
                    let message = format_args!("`{id}` is in another list; `needs` names steps of the same list");
                    self.problems.note(&at, message);
                }
                None => {
                    let known = self.ids().filter(|(id, step)| is_sibling(step) && *id != definition.id);
                    let message = format_args!("there is no step `{id}` in this list");
                    self.problems.note_near(&at, message, nearest(id, known.map(|(id, _)| id)));
                }
            }
        }
        needs
    }

    /// Takes away steps that wait for nobody until none is left (Kahn 1962); what is left over goes in circles. A circle
    /// is told, then taken away too, so that every other one is found behind it.
    #[inline(never)]
    fn check_circles(&self) {
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
            for step in self.note_circle(left, &waiting) {
                waiting[step] = 0;
                free.push(step);
            }
        }
    }

    #[inline(never)]
    fn note_circle(&self, from: usize, waiting: &[usize]) -> Vec<usize> {
        let circle = self.circle(from, waiting);
        let mut names: Vec<&str> = circle.iter().map(|step| &*self.steps[*step].id).collect();
        names.push(names[0]);
        let at = At::Pointer(&self.steps[circle[0]].pointer);
        let message = format_args!("the steps wait for each other in a circle: {}", join(&names, " needs "));
        self.problems.note(&At::Key(&at, "needs"), message);
        circle
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
        let mut before = path.split_off(place[at].unwrap_or_default());
        let first = before.iter().enumerate().min_by_key(|(_, step)| **step).map_or(0, |(place, _)| place);
        let mut circle = before.split_off(first);
        circle.append(&mut before);
        circle
    }

    /// Reads the templates and conditions of a step, where an expression may name only steps that are certain to have
    /// ended.
    fn read_templates(&mut self, step: StepIx) {
        let Written { definition, undoes } = self.written(step);
        let from = match self.step(step).compensates {
            Some(undone) => From::Undo(undone),
            None => From::Step(step),
        };
        // What undoes a step stands where that one does.
        let place = self.step(step).compensates.unwrap_or(step);
        let mut sight = Sight { compiler: self, from, variables: self.variables(place) };
        let at = At::Pointer(&self.step(step).pointer);
        let (call, when) = match (undoes, &definition.action) {
            (Some(undo), _) => (Some(undo), None),
            (None, action) => {
                let call = if let StepAction::Call(call) = action { Some(&**call) } else { None };
                (call, sight.condition(definition.when.as_deref(), &at))
            }
        };
        let kind = match call {
            Some(call) => Some(StepKind::Call(sight.call(call, &at))),
            None => self.read_other(step, &definition.action, &mut sight, &at),
        };
        let compiled = self.step_mut(step);
        compiled.when = when;
        if let Some(kind) = kind {
            compiled.kind = kind;
        }
    }

    /// The same of a step that is no call: what it is, when that has templates.
    #[inline(never)]
    fn read_other(
        &self,
        step: StepIx,
        action: &StepAction,
        sight: &mut Sight<'_, '_>,
        at: &At<'_>,
    ) -> Option<StepKind> {
        let known = &self.step(step).kind;
        Some(match (action, known) {
            (StepAction::Switch { cases, .. }, StepKind::Switch { cases: known }) => {
                let read = cases.iter().zip(known).map(|(case, known)| Case {
                    when: sight.condition(case.when.as_deref(), &At::Pointer(&case.pointer)),
                    children: known.children.clone(),
                });
                StepKind::Switch { cases: read.collect() }
            }
            (StepAction::ForEach { items, .. }, StepKind::ForEach { body, concurrency, .. }) => {
                let items = sight.template(items, &At::Key(at, "forEach"));
                StepKind::ForEach { items, body: body.clone(), concurrency: *concurrency }
            }
            (StepAction::Wait(wait), _) => {
                let (json, keys, computed) = match wait {
                    WaitDefinition::ForComputed(json, keys) => (json, *keys, Computed::Duration),
                    WaitDefinition::UntilComputed(json) => (json, "wait/until", Computed::Instant),
                    _ => return None,
                };
                let pointer = format!("{}/{keys}", self.step(step).pointer);
                StepKind::Wait(Wait::Computed(sight.template(json, &At::Pointer(&pointer)), computed))
            }
            _ => return None,
        })
    }

    /// What the items of the loops around a step are called, innermost first.
    fn variables(&self, step: StepIx) -> Vec<Rc<str>> {
        let mut variables = Vec::new();
        for group in &self.with_groups(step)[1..] {
            if let StepAction::ForEach { variable, .. } = &self.written(*group).definition.action {
                variables.push(variable.as_str().into());
            }
        }
        variables
    }

    /// Whether `step` has ended, in every run, when `reader` starts.
    fn ends_before(&self, step: StepIx, reader: StepIx) -> bool {
        let apart = self.apart(step, reader);
        apart.is_some_and(|(ahead, behind)| self.order.borrow_mut().is_before(&self.steps, ahead, behind))
    }

    /// The step or what it is a part of, and the reader or what that is a part of, where the two stand in the same list:
    /// steps wait only for others of their list, and a group that has ended has ended children. `None` when one of the two
    /// is a part of the other.
    fn apart(&self, step: StepIx, reader: StepIx) -> Option<(StepIx, StepIx)> {
        let inside = self.with_groups(reader);
        let ahead = self.groups_without(step, &inside).pop()?;
        let behind = inside.into_iter().find(|it| self.step(*it).parent == self.step(ahead).parent)?;
        Some((ahead, behind))
    }

    /// The loop that `step` is in and `reader` is not: its steps happen once for each item, and cannot be told apart
    /// from outside.
    fn loop_between(&self, step: StepIx, reader: Option<StepIx>) -> Option<StepIx> {
        let inside = reader.map(|reader| self.with_groups(reader)).unwrap_or_default();
        let groups = self.groups_without(step, &inside);
        let is_loop = |group: &StepIx| matches!(self.step(*group).kind, StepKind::ForEach { .. });
        groups.iter().rev().copied().find(|group| *group != step && is_loop(group))
    }

    /// What makes sure that `step` has ended when `reader` starts: `needs` between the two, or between the groups they
    /// are in that stand in the same list.
    fn advice(&self, step: StepIx, reader: StepIx) -> String {
        match self.apart(step, reader) {
            Some((ahead, behind)) => {
                format!("name `{}` in the `needs` of `{}`", self.step(ahead).id, self.step(behind).id)
            }
            None => format!("it completes no earlier than `{}` itself", self.step(reader).id),
        }
    }

    /// The step, what it is a part of, what that is a part of, and so on.
    #[inline(never)]
    fn with_groups(&self, step: StepIx) -> Vec<StepIx> {
        let mut groups = vec![step];
        let mut at = step;
        while let Some(group) = self.step(at).parent {
            groups.push(group);
            at = group;
        }
        groups
    }

    /// The same, up to the first one that is among `inside`.
    #[inline(never)]
    fn groups_without(&self, step: StepIx, inside: &[StepIx]) -> Vec<StepIx> {
        let mut groups = self.with_groups(step);
        let shared = groups.iter().position(|group| inside.contains(group));
        groups.truncate(shared.unwrap_or(groups.len()));
        groups
    }
}

/// What stands where a template is going to.
const NOTHING: Template = Template::Literal(crate::value::Value::Null);

/// A call before its templates are read.
fn call_of(call: &CallDefinition) -> Call {
    Call { target: call.target.clone(), with: None, fallbacks: Vec::new(), key: None, idempotency_key: None }
}
