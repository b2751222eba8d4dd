//! The graph: a definition compiled for running, and checked as a whole.
//!
//! Ids become indices, and each step knows how many steps it waits for and who waits for it. What can only be judged
//! with the whole in view is judged by the compiler (`compile`): duplicate ids, needs that name nobody, circles,
//! and expressions that read a step which may not have ended.

use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use super::compile::compile;
use super::definition::{Definition, OnError, Target};
use super::expression::Expression;
use super::state::StepState;
use super::template::Template;
use crate::error::{Code, Error, Problem};
use crate::policy::Options;
use crate::reader::Problems;
use crate::time::Timestamp;
use crate::value::Value;

/// A step, as an index into its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIx(pub u32);

impl StepIx {
    pub(super) fn ix(self) -> usize {
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
    /// How many calls of all runs with the same key may run at once.
    pub per_key: Option<(Template, u32)>,
    /// The steps of the outermost list.
    pub roots: Vec<StepIx>,
    /// The run's output.
    pub output: Option<Template>,
    /// The signals that steps wait for, by name.
    pub signals: Vec<Rc<str>>,
    pub(super) steps: Vec<Step>,
    /// By step.
    pub(super) plain_calls: Vec<Option<PlainCall>>,
    /// The steps as they are before anything has happened. In the place of the limit that is a group's in its run, there is how many
    /// it lets in.
    pub(super) nodes: Vec<StepState>,
    /// How many entries the log of a run has in which each step happens once.
    pub(super) usual_entries: usize,
}

/// A call that is one attempt that may take so long, and nothing else: most calls are. See `engine::plain`. What is asked of
/// one for each answer stands here, in a few bytes to a step, so that of the steps themselves hardly any is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainCall {
    pub(super) timeout: Option<Duration>,
    /// Whether it needs no condition to hold.
    pub(super) is_certain: bool,
    /// What follows it whatever happens: the only one that waits for it, and for nothing else; or where a loop has no other
    /// step, the same step for the next item.
    pub(super) follower: Option<(StepIx, PartOf)>,
}

/// What a step is a part of.
#[derive(Clone, Copy, Debug)]
pub(super) enum PartOf {
    /// Of the outermost list.
    Run,
    Group(StepIx),
    Loop,
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
    /// The steps it waits for.
    pub needs: Vec<StepIx>,
    /// Who waits for it.
    pub dependents: Vec<StepIx>,
    /// What it is a part of.
    pub parent: Option<StepIx>,
    /// The first step behind it that is not a part of it.
    pub end: StepIx,
    /// The condition without which it is skipped.
    pub when: Option<Expression>,
    /// What its failure means for the rest.
    pub on_error: OnError,
    /// Who comes first when several wait for a slot: the higher one.
    pub priority: i32,
    /// Bounds a step that has steps of its own.
    pub timeout: Option<Duration>,
    /// What guards its call.
    pub policies: Rc<Options>,
    /// Whose calls share what the policies share: those of this step in all runs. `None` when they share nothing.
    pub scope: Option<Rc<str>>,
    /// What undoes it: a step that stands in no list.
    pub compensation: Option<StepIx>,
    /// The step that it undoes, when it stands in no list.
    pub compensates: Option<StepIx>,
}

/// What a step does.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepKind {
    /// Asks somebody.
    Call(Call),
    /// Runs its children; its output is theirs, by id.
    Group {
        /// The children.
        children: Vec<StepIx>,
        /// How many of them may run at once.
        concurrency: Option<u32>,
    },
    /// Runs the children of one case; its output is theirs, by id.
    Switch {
        /// The cases, in order.
        cases: Vec<Case>,
    },
    /// Runs its body for each item; its output is a list of what a group would give.
    ForEach {
        /// The items.
        items: Template,
        /// The steps of the body's outermost list.
        body: Vec<StepIx>,
        /// How many iterations may be active at once.
        concurrency: Option<u32>,
    },
    /// Waits.
    Wait(Wait),
}

/// Whom a step asks, and how.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call {
    /// Whom.
    pub target: Target,
    /// What they are given; `None` is the input of the run, or for a step that undoes another the output of that one.
    pub with: Option<Template>,
    /// Who is asked when it fails.
    pub fallbacks: Vec<Fallback>,
    /// What tells the same answer in the cache; `None` is whom it asks, and what they are given.
    pub key: Option<Template>,
    /// What tells the service that it is the same request again.
    pub idempotency_key: Option<Template>,
}

/// Who is asked instead, and how.
#[derive(Debug)]
pub struct Fallback {
    /// Whom.
    pub target: Target,
    /// What they are given; `None` is what the step itself is given.
    pub with: Option<Template>,
}

/// A case of a switch.
#[derive(Debug)]
pub struct Case {
    /// Its condition; without one it is the last resort.
    pub when: Option<Expression>,
    /// The steps of its list.
    pub children: Vec<StepIx>,
}

/// What a step waits for.
#[derive(Debug)]
pub enum Wait {
    /// A while.
    For(Duration),
    /// An instant.
    Until(Timestamp),
    /// A while, or an instant, that values give.
    Computed(Template, Computed),
    /// A signal.
    Signal {
        /// Its place in [`Plan::signals`].
        signal: u32,
        /// How long.
        timeout: Option<Duration>,
    },
}

/// What a computed wait gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Computed {
    /// A while.
    Duration,
    /// An instant.
    Instant,
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
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) => Self::new(&Value::from(&json), default_timeout),
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
    pub fn new(definition: &Value, default_timeout: Duration) -> Result<Self, Error> {
        let problems = Problems::default();
        let definition = Definition::read(definition, default_timeout, &problems);
        let plan = definition.map(|it| compile(&it, &problems));
        problems.or(plan, Code::WorkflowInvalid, WHAT)
    }

    /// The steps. What has parts stands before them; what undoes a step stands behind it.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// One step.
    #[must_use]
    pub fn step(&self, step: StepIx) -> &Step {
        &self.steps[step.ix()]
    }

    /// Whether it is a graph of plain calls and nothing else, which all have as much time: then all that waits for something is
    /// [led to](Self::leads_to) by all that it waits for, and whoever counts these knows when it begins.
    #[must_use]
    pub fn is_plain_graph(&self) -> bool {
        let timeout = self.steps.first().and_then(|step| step.policies.timeout);
        let is_usual = |(step, call): (&Step, &Option<PlainCall>)| {
            call.is_some_and(|call| call.is_certain && call.timeout == timeout)
                && step.compensation.is_none()
                && step.parent.is_none()
        };
        self.is_unlimited() && self.steps.iter().zip(&self.plain_calls).all(is_usual)
    }

    /// The steps that follow a plain call that ended well, or the step itself, for the next item of its loop. Only where it is
    /// certain that each of them begins when the last one that it waits for has ended, and that it has no less time than that one
    /// had; otherwise there are none.
    #[must_use]
    pub fn leads_to(&self, step: StepIx, is_plain_graph: bool) -> &[StepIx] {
        let followers = match &self.plain_calls[step.ix()] {
            Some(PlainCall { follower: Some((next, _)), .. }) if self.is_unlimited() => std::slice::from_ref(next),
            Some(_) if is_plain_graph => &self.step(step).dependents,
            _ => &[],
        };
        let time = |step: StepIx| self.step(step).policies.timeout.unwrap_or(Duration::MAX);
        if followers.iter().all(|next| time(*next) >= time(step)) { followers } else { &[] }
    }

    fn is_unlimited(&self) -> bool {
        self.concurrency.is_none() && self.per_key.is_none()
    }

    /// The plain calls among some steps.
    pub(super) fn plain_calls_of(steps: &[Step]) -> Vec<Option<PlainCall>> {
        let of = |(index, step): (usize, &Step)| {
            step.is_plain().then(|| PlainCall {
                timeout: step.policies.timeout,
                is_certain: step.when.is_none(),
                follower: follower_of(steps, StepIx(index as u32)),
            })
        };
        steps.iter().enumerate().map(of).collect()
    }

    /// Some steps as they are before anything has happened.
    pub(super) fn nodes_of(steps: &[Step]) -> Vec<StepState> {
        let of = |(step, index): (&Step, u32)| {
            let open_children = match step.kind {
                StepKind::ForEach { .. } => 0,
                _ => step.children().len() as u32,
            };
            let blockers = step.needs.len() as u32 + u32::from(step.parent.is_some());
            let mut state = StepState::new(StepIx(index), 0, blockers, open_children);
            if let StepKind::Group { concurrency: Some(limit), .. } = step.kind {
                state.part = NonZeroU32::new(limit);
            }
            state
        };
        steps.iter().zip(0..).map(of).collect()
    }

    /// How many entries the log of a run of some steps has. For most steps there is one: that it begins as another one ends.
    pub(super) fn usual_entries_of(steps: &[Step], plain_calls: &[Option<PlainCall>]) -> usize {
        let of = |(step, call): (&Step, &Option<PlainCall>)| match (&step.kind, call) {
            (StepKind::Wait(Wait::Computed(..)), _) => 5,
            (StepKind::Wait(_), _) => 4,
            (_, None) => 3,
            (_, Some(_)) => 1,
        };
        // That the run begins and ends, and the first step begins and the last one ends by itself.
        4 + steps.iter().zip(plain_calls).map(of).sum::<usize>()
    }
}

impl Step {
    /// Whether answers are kept, or shared with who asks for the same.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        self.policies.cache.is_some() || self.policies.single_flight
    }

    /// Whether it is a [`PlainCall`].
    fn is_plain(&self) -> bool {
        let StepKind::Call(call) = &self.kind else { return false };
        call.fallbacks.is_empty() && self.compensates.is_none() && self.policies.only_bound_time()
    }

    /// Whether it asks somebody.
    #[must_use]
    pub fn is_call(&self) -> bool {
        matches!(self.kind, StepKind::Call(_))
    }

    /// The steps inside of it that stand in its own lists.
    pub fn children(&self) -> Vec<StepIx> {
        match &self.kind {
            StepKind::Group { children, .. } | StepKind::ForEach { body: children, .. } => children.clone(),
            StepKind::Switch { cases } => {
                let mut all = Vec::new();
                for case in cases {
                    all.extend_from_slice(&case.children);
                }
                all
            }
            StepKind::Call(_) | StepKind::Wait(_) => Vec::new(),
        }
    }
}

/// See [`PlainCall::follower`].
fn follower_of(steps: &[Step], step: StepIx) -> Option<(StepIx, PartOf)> {
    let it = &steps[step.ix()];
    let part_of = match it.parent.map(|parent| (parent, &steps[parent.ix()].kind)) {
        None => PartOf::Run,
        Some((parent, StepKind::Group { concurrency: None, .. })) => PartOf::Group(parent),
        Some((_, StepKind::ForEach { .. })) => PartOf::Loop,
        Some(_) => return None,
    };
    let next = match (&it.dependents[..], part_of, it.parent) {
        ([only], ..) if steps[only.ix()].needs.len() == 1 => *only,
        ([], PartOf::Loop, Some(each)) if steps[each.ix()].end.ix() - each.ix() == 2 => step,
        _ => return None,
    };
    let follower = &steps[next.ix()];
    let is_certain = it.compensation.is_none() && follower.is_plain() && follower.when.is_none();
    is_certain.then_some((next, part_of))
}
