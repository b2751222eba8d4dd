//! The graph: a definition compiled for running, and checked as a whole.
//!
//! Ids become indices, and each step knows how many steps it waits for and who waits for it. What can only be judged
//! with the whole in view is judged here: duplicate ids, needs that name nobody, circles, and expressions that read a
//! step which may not have finished.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use super::definition::{Definition, Order, StepAction, StepDefinition};
use super::expression::{Names, Unresolved};
use super::template::Template;
use crate::error::{Code, Error, Problem, nearest};
use crate::policy::Options;
use crate::reader::{Problems, join, list};
use crate::small::{self, ByName};

/// A step, as an index into its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIx(pub u32);

impl StepIx {
    fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A workflow, ready to run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The workflow's name.
    pub id: Rc<str>,
    /// The workflow's version; empty when it has none.
    pub version: Rc<str>,
    /// Bounds the whole run.
    pub timeout: Option<Duration>,
    /// How many calls of one run may run at once.
    pub concurrency: Option<u32>,
    /// The steps of the outermost list.
    pub roots: Vec<StepIx>,
    /// The run's output.
    pub output: Option<Template>,
    steps: Vec<Step>,
}

/// A step of a plan.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// Where it stands in the definition, as a JSON pointer.
    pub pointer: String,
    /// Its name.
    pub id: Rc<str>,
    /// What it does.
    pub kind: StepKind,
    /// How many steps it waits for.
    pub needs: Vec<StepIx>,
    /// Who waits for it.
    pub dependents: Vec<StepIx>,
    /// The group it belongs to.
    pub parent: Option<StepIx>,
    /// What guards its call.
    pub policies: Rc<Options>,
    /// Whose calls share what the policies share: those of this step in all runs. `None` when they share nothing.
    pub scope: Option<Rc<str>>,
}

/// What a step does.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepKind {
    /// Requests an action of a feature.
    Call {
        /// The feature.
        feature: Rc<str>,
        /// The action.
        action: Rc<str>,
        /// What it is given; `None` is the input of the run.
        with: Option<Template>,
    },
    /// Runs its children; its output is theirs, by id.
    Group {
        /// The children.
        children: Vec<StepIx>,
        /// How many of them may run at once.
        concurrency: Option<u32>,
    },
}

/// What the error of a definition is about.
pub(super) const WHAT: &str = "the workflow definition";

impl Plan {
    /// Reads a definition and compiles it. A call without a `timeout` of its own gets `default_timeout`, so that no run
    /// waits for ever.
    ///
    /// # Errors
    /// `workflow.invalid` with every problem, each with its JSON pointer; then nothing is left behind.
    ///
    /// ```
    /// use repflow::workflow::Plan;
    /// use std::time::Duration;
    ///
    /// let timeout = Duration::from_secs(30);
    /// let definition = r#"{ "id": "greet", "steps": [{ "id": "hello", "call": "greeter.hello" }] }"#;
    /// let plan = Plan::from_json(definition, timeout)?;
    /// assert_eq!(plan.steps().len(), 1);
    ///
    /// let definition = r#"{ "id": "greet", "steps": [{ "id": "hello", "cal": "greeter.hello" }] }"#;
    /// let error = Plan::from_json(definition, timeout).unwrap_err();
    /// assert_eq!(error.problems()[0].pointer, "/steps/0/cal");
    /// assert_eq!(error.problems()[0].suggestion.as_deref(), Some("call"));
    /// # Ok::<(), repflow::Error>(())
    /// ```
    pub fn from_json(text: &str, default_timeout: Duration) -> Result<Self, Error> {
        match serde_json::from_str(text) {
            Ok(json) => Self::new(&json, default_timeout),
            Err(error) => {
                let problem = Problem::new("", format!("not JSON: {error}"));
                Err(Error::invalid(Code::WorkflowInvalid, WHAT, vec![problem]))
            }
        }
    }

    /// Compiles a definition that has been read already.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn new(definition: &Json, default_timeout: Duration) -> Result<Self, Error> {
        let mut problems = Problems::default();
        let definition = Definition::read(definition, &mut problems);
        let plan = definition.map(|it| Self::compile(&it, default_timeout, &mut problems));
        match plan {
            Some(plan) if problems.0.is_empty() => Ok(plan),
            _ => Err(Error::invalid(Code::WorkflowInvalid, WHAT, problems.0)),
        }
    }

    /// The steps; a group stands before its children.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// One step.
    #[must_use]
    pub fn step(&self, step: StepIx) -> &Step {
        &self.steps[step.ix()]
    }

    fn compile(definition: &Definition, default_timeout: Duration, problems: &mut Problems) -> Self {
        let mut compiler = Compiler {
            id: &definition.id,
            default_timeout,
            steps: Vec::new(),
            written: Vec::new(),
            by_id: ByName::default(),
        };
        let roots = compiler.add_list(&definition.steps, None, problems);
        compiler.link(&definition.steps, &roots, Order::Sequence, problems);
        compiler.check_circles(problems);
        compiler.read_templates(problems);
        let output = definition.output.as_ref().map(|json| {
            let by_id = &compiler.by_id;
            Template::parse(json, "/output", &mut InSight(|id: &str| find(by_id, id)), problems)
        });
        Self {
            id: definition.id.as_str().into(),
            version: definition.version.as_str().into(),
            timeout: definition.timeout,
            concurrency: definition.concurrency,
            roots,
            output,
            steps: compiler.steps,
        }
    }
}

struct Compiler<'a> {
    id: &'a str,
    default_timeout: Duration,
    steps: Vec<Step>,
    /// The step as written, for each compiled one.
    written: Vec<&'a StepDefinition>,
    by_id: ByName<&'a str, StepIx>,
}

impl<'a> Compiler<'a> {
    /// Adds the steps of a list and, after each group, its children.
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
                let before = &self.written[first.ix()].pointer;
                let message = format!("the id `{}` is taken by the step at {before}", definition.id);
                problems.note(join(&definition.pointer, "id"), message);
            }
            // A missing id has been noted, and names nobody.
            None if definition.id.is_empty() => {}
            None => {
                self.by_id.insert(&definition.id, step);
            }
        }
        let kind = match &definition.action {
            StepAction::Call { feature, action, .. } => {
                StepKind::Call { feature: feature.as_str().into(), action: action.as_str().into(), with: None }
            }
            StepAction::Group { concurrency, .. } => {
                StepKind::Group { children: Vec::new(), concurrency: *concurrency }
            }
        };
        self.written.push(definition);
        self.steps.push(Step {
            pointer: definition.pointer.clone(),
            id: definition.id.as_str().into(),
            kind,
            needs: Vec::new(),
            dependents: Vec::new(),
            parent,
            scope: definition.policies.share_something().then(|| format!("{}.{}", self.id, definition.id).into()),
            policies: Rc::new(match definition.action {
                StepAction::Call { .. } => Options {
                    timeout: definition.policies.timeout.or(Some(self.default_timeout)),
                    ..definition.policies.clone()
                },
                StepAction::Group { .. } => Options::default(),
            }),
        });
        if let StepAction::Group { steps, .. } = &definition.action {
            let added = self.add_list(steps, Some(step), problems);
            if let StepKind::Group { children, .. } = &mut self.steps[step.ix()].kind {
                *children = added;
            }
        }
        step
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
            if let StepAction::Group { steps, order, .. } = &definition.action {
                let children = match &self.steps[step.ix()].kind {
                    StepKind::Group { children, .. } => children.clone(),
                    StepKind::Call { .. } => Vec::new(),
                };
                self.link(steps, &children, *order, problems);
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
            let pointer = join(&self.written[circle[0]].pointer, "needs");
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

    /// Reads `with`, where an expression may name only steps that are certain to have completed.
    fn read_templates(&mut self, problems: &mut Problems) {
        for index in 0..self.steps.len() {
            let StepAction::Call { with: Some(json), .. } = &self.written[index].action else { continue };
            let pointer = join(&self.written[index].pointer, "with");
            let reader = StepIx(index as u32);
            let template = Template::parse(
                json,
                &pointer,
                &mut InSight(|id: &str| {
                    let step = find(&self.by_id, id)?;
                    if self.completes_before(step, reader) {
                        return Ok(step);
                    }
                    let own = &self.steps[index].id;
                    let advice = self.advice(step, reader);
                    let message = format!("`{id}` may not have completed when `{own}` starts; {advice}");
                    Err(Unresolved { message, suggestion: None })
                }),
                problems,
            );
            if let StepKind::Call { with, .. } = &mut self.steps[index].kind {
                *with = Some(template);
            }
        }
    }

    /// Whether `step` has completed, in every run, when `reader` starts.
    fn completes_before(&self, step: StepIx, reader: StepIx) -> bool {
        // A group that has completed has completed children, but a group that the reader is in has not.
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

    /// What makes sure that `step` has completed when `reader` starts: `needs` between the two, or between the groups
    /// they are in that stand in the same list.
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

    /// The step, the group it is in, the group that one is in, and so on.
    fn with_groups(&self, step: StepIx) -> impl Iterator<Item = StepIx> {
        std::iter::successors(Some(step), |step| self.steps[step.ix()].parent)
    }
}

/// What an expression may name outside of loops: the steps that a function finds.
struct InSight<F>(F);

impl<F: FnMut(&str) -> Result<StepIx, Unresolved>> Names for InSight<F> {
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved> {
        (self.0)(id)
    }

    fn variables(&self) -> &[Rc<str>] {
        &[]
    }
}

fn find(by_id: &ByName<&str, StepIx>, id: &str) -> Result<StepIx, Unresolved> {
    by_id.get(id).copied().ok_or_else(|| {
        let suggestion = nearest(id, by_id.names()).map(str::to_owned);
        let known: Vec<&str> = by_id.names().take(20).collect();
        Unresolved { message: format!("there is no step `{id}`; there are {}", list(&known)), suggestion }
    })
}
