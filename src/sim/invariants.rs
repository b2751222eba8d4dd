//! What must hold in every run, whatever the world does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::policy::{BreakerState, Change};
use crate::time::Timestamp;
use crate::workflow::plan::{Step, StepKind, Wait};
use crate::workflow::{Event, EventKind, NodeIx, Plan, Run, RunEnd, Status, StepIx};

/// Watches the commands of one run, and panics when one of them should not have come.
#[derive(Debug)]
pub(super) struct Watch {
    plan: Rc<Plan>,
    /// The attempts that run, with their level; of one step several when it hedges.
    running: BTreeMap<(NodeIx, u32), u32>,
    /// The attempts that were made, by step.
    attempts: BTreeMap<NodeIx, u32>,
    /// The attempts that a crash has cut off.
    cut_off: BTreeSet<(NodeIx, u32)>,
    /// How often a crash has cut a step off.
    cuts: BTreeMap<NodeIx, u32>,
    ended: bool,
}

impl Watch {
    pub(super) fn new(plan: &Rc<Plan>) -> Self {
        Self {
            plan: Rc::clone(plan),
            running: BTreeMap::new(),
            attempts: BTreeMap::new(),
            cut_off: BTreeSet::new(),
            cuts: BTreeMap::new(),
            ended: false,
        }
    }

    pub(super) fn is_running(&self, node: NodeIx, attempt: u32) -> bool {
        self.running.contains_key(&(node, attempt))
    }

    /// The steps that have an attempt that runs.
    pub(super) fn busy(&self) -> BTreeSet<NodeIx> {
        self.running.keys().map(|(node, _)| *node).collect()
    }

    /// Those of them that run behind all their policies.
    pub(super) fn busy_at_first_level(&self) -> impl Iterator<Item = NodeIx> {
        let nodes: BTreeSet<NodeIx> =
            self.running.iter().filter(|(_, level)| **level == 0).map(|((node, _), _)| *node).collect();
        nodes.into_iter()
    }

    /// Attempts of a step before this one that were not cut off.
    pub(super) fn before(&self, node: NodeIx, attempt: u32) -> u32 {
        attempt - 1 - self.cut_off.iter().filter(|(it, _)| *it == node).count() as u32
    }

    pub(super) fn called(&mut self, run: &Run, node: NodeIx, attempt: u32, level: u32) {
        let step = self.plan.step(run.node(node).step);
        let id = &step.id;
        assert!(!self.ended, "`{id}` was called after the run had ended");
        let at_once = 1 + step.policies.hedge.map_or(0, |hedge| hedge.max_extra);
        let running = self.running.keys().filter(|(it, _)| *it == node).count();
        assert!(running < at_once as usize, "`{id}` was called while {running} of {at_once} attempts run");
        let before = self.attempts.insert(node, attempt).unwrap_or_default();
        assert_eq!(attempt, before + 1, "the attempts of `{id}` are not counted one by one");
        // A try that was cut off is made again, with all that runs beside it.
        let again = self.cuts.get(&node).copied().unwrap_or_default();
        let allowed = at_once * (tries(step) + again) + fallbacks(step);
        assert!(attempt <= allowed, "attempt {attempt} of `{id}`, which may be tried {allowed} times");
        self.running.insert((node, attempt), level);
        if step.compensates.is_some() {
            let others = self.busy().len();
            assert_eq!(others, 1, "`{id}` is undone while {others} calls run");
            return;
        }
        let mut at = Some(node);
        while let Some(it) = at {
            self.assert_needs(run, it);
            at = run.parent_of(it);
        }
        if let Some(limit) = self.plan.concurrency {
            assert!(self.busy().len() <= limit as usize, "more than {limit} calls of the run at once: {:?}", run.log());
        }
        self.check_groups(run, node);
    }

    /// All that a step needs has ended.
    fn assert_needs(&self, run: &Run, node: NodeIx) {
        let (step, frame) = (self.plan.step(run.node(node).step), run.node(node).frame);
        for need in &step.needs {
            let need = run.node_of(frame, *need);
            let status = run.node(need).status;
            let over = matches!(status, Status::Completed | Status::Skipped | Status::Failed);
            let busy = self.busy().iter().any(|it| is_in(run, *it, need));
            assert!(over && !busy, "`{}` began before what it needs had ended: it is {status:?}", step.id);
        }
    }

    fn check_groups(&self, run: &Run, node: NodeIx) {
        let mut group = run.parent_of(node);
        while let Some(it) = group {
            let step = self.plan.step(run.node(it).step);
            let limit = match &step.kind {
                StepKind::Group { concurrency, .. } | StepKind::ForEach { concurrency, .. } => *concurrency,
                _ => None,
            };
            if let Some(limit) = limit {
                // A child that is a group may have several calls under way, and counts once; so does an iteration.
                let is_loop = matches!(step.kind, StepKind::ForEach { .. });
                let children: BTreeSet<u32> = self
                    .busy()
                    .into_iter()
                    .filter(|busy| *busy != it && is_in(run, *busy, it))
                    .map(|busy| {
                        let child = climb(run, busy).take_while(|at| *at != it).last().unwrap_or(busy);
                        if is_loop { run.node(child).frame } else { child.0 }
                    })
                    .collect();
                assert!(children.len() <= limit as usize, "more than {limit} parts of `{}` at once", step.id);
            }
            group = run.parent_of(it);
        }
    }

    pub(super) fn settled(&mut self, node: NodeIx, attempt: u32) {
        self.running.remove(&(node, attempt));
    }

    pub(super) fn aborted(&mut self, node: NodeIx, attempt: u32) {
        let was = self.running.remove(&(node, attempt));
        assert!(was.is_some(), "attempt {attempt} of {node:?} was aborted, but does not run");
    }

    /// The process has ended, and all that ran in it.
    pub(super) fn crashed(&mut self) {
        for node in self.busy() {
            *self.cuts.entry(node).or_default() += 1;
        }
        self.cut_off.extend(std::mem::take(&mut self.running).into_keys());
        // Whoever goes on with it after that is told of its end once more.
        self.ended = false;
    }

    pub(super) fn ended(&mut self, end: RunEnd, run: &Run) {
        assert!(!self.ended, "the run ended twice");
        let running = &self.running;
        assert!(running.is_empty(), "the run ended while calls were running: {running:?}: {:?}", run.log());
        self.ended = true;
        check_log(&self.plan, end, run);
        for (node, attempts) in &self.attempts {
            let started = |it: &Event| matches!(it.kind, EventKind::AttemptStarted(it, _) if it == *node);
            let told = run.log().iter().filter(started).count();
            assert_eq!(told, *attempts as usize, "{node:?} was called {attempts} times, and the log tells of {told}");
        }
    }
}

/// A step, what it is a part of, what that is a part of, and so on.
fn climb(run: &Run, node: NodeIx) -> impl Iterator<Item = NodeIx> {
    std::iter::successors(Some(node), |node| run.parent_of(*node))
}

fn is_in(run: &Run, node: NodeIx, group: NodeIx) -> bool {
    climb(run, node).any(|it| it == group)
}

/// How often the call of a step may be tried; attempts beside each other are one try.
fn tries(step: &Step) -> u32 {
    step.policies.retry.as_ref().map_or(1, |retry| retry.max_attempts)
}

fn fallbacks(step: &Step) -> u32 {
    match &step.kind {
        StepKind::Call(call) => call.fallbacks.len() as u32,
        _ => 0,
    }
}

/// Watches the circuit breakers of an engine: each change leads on from the one before it.
#[derive(Debug, Default)]
pub(super) struct Circuits(BTreeMap<u32, BreakerState>);

impl Circuits {
    pub(super) fn changed(&mut self, breaker: u32, change: Change) {
        let before = self.0.insert(breaker, change.to).unwrap_or(BreakerState::Closed);
        assert_eq!(change.from, before, "circuit {breaker} left a state that it was not in");
        assert_ne!(change.to, change.from, "circuit {breaker} changed to what it was");
    }
}

/// The log of a run that has ended tells one story, from its start to its end, in order, and the state of the run is
/// what the log adds up to.
fn check_log(plan: &Plan, end: RunEnd, run: &Run) {
    let log = run.log().to_vec();
    for pair in log.windows(2) {
        assert!(pair[0].at <= pair[1].at, "the log goes back in time");
    }
    assert_eq!(log.first().map(|event| event.kind), Some(EventKind::RunStarted));
    let last = match end {
        RunEnd::Completed => EventKind::RunCompleted,
        RunEnd::Failed(node, _) => EventKind::RunFailed(Some(node)),
        RunEnd::OutputFailed => EventKind::RunFailed(None),
        RunEnd::TimedOut => EventKind::RunTimedOut,
        RunEnd::Cancelled => EventKind::RunCancelled,
    };
    assert_eq!(log.last().map(|event| event.kind), Some(last));
    for index in 0..run.nodes().len() as u32 {
        check_node(plan, run, NodeIx(index), end);
    }
    check_compensation(plan, run, end);
    check_pauses(plan, run);
    check_times(plan, run);
}

/// What the log tells of one step is in order, and nothing in it comes too early, too late or out of nothing.
fn check_node(plan: &Plan, run: &Run, node: NodeIx, end: RunEnd) {
    let step = plan.step(run.node(node).step);
    let (id, policies) = (&step.id, &step.policies);
    let is_about = |it: &Event| it.kind.node() == Some(node) && !matches!(it.kind, EventKind::RunFailed(_));
    let story: Vec<Event> = run.log().iter().filter(is_about).collect();
    let mut tale = Tale::default();
    for event in &story {
        assert!(!tale.over, "something happened to `{id}` after its end: {event:?}");
        match event.kind {
            EventKind::StepStarted(_) | EventKind::CompensationStarted(_) => {
                assert!(tale.began.is_none(), "`{id}` began twice");
                tale.began = Some(event.at);
                tale.status = Status::Running;
            }
            EventKind::StepCompleted(_) | EventKind::CompensationCompleted(_) => tale.end(Status::Completed, id),
            EventKind::StepFailed(_) | EventKind::CompensationFailed(_) => tale.end(Status::Failed, id),
            EventKind::StepCancelled(_) => tale.end(Status::Cancelled, id),
            EventKind::StepSkipped(_) => {
                assert!(tale.began.is_none(), "`{id}` was skipped after it had begun");
                (tale.over, tale.status) = (true, Status::Skipped);
            }
            EventKind::AttemptStarted(_, attempt) => {
                assert_eq!(
                    attempt as usize,
                    tale.started.len() + 1,
                    "the log counts the attempts of `{id}` one by one"
                );
                assert!(
                    tale.due.take().is_none_or(|due| due <= event.at),
                    "attempt {attempt} of `{id}` came too early"
                );
                tale.started.insert(attempt, event.at);
                tale.open.insert(attempt);
            }
            EventKind::AttemptFailed(_, attempt) | EventKind::AttemptTimedOut(_, attempt) => {
                assert!(tale.open.remove(&attempt), "attempt {attempt} of `{id}` failed, but did not run");
                let took = event.at.since(tale.started[&attempt]);
                let fits = policies.timeout.is_none_or(|timeout| took <= timeout);
                assert!(fits, "attempt {attempt} of `{id}` took {took:?}");
                tale.failures += 1;
            }
            EventKind::AttemptInterrupted(_, attempt) => {
                assert!(tale.open.remove(&attempt), "attempt {attempt} of `{id}` was cut off, but did not run");
            }
            EventKind::AttemptShortCircuited(_) => {
                assert!(policies.breaker.is_some(), "`{id}` has no circuit breaker");
                tale.failures += 1;
            }
            EventKind::AttemptRejected(_) => {
                assert!(policies.bulkhead.is_some(), "`{id}` has no bulkhead");
                tale.failures += 1;
            }
            EventKind::AttemptRateLimited(_) => {
                assert!(policies.rate_limit.is_some(), "`{id}` has no rate limit");
                tale.failures += 1;
            }
            EventKind::RetryScheduled(_, attempt, delay) => {
                assert!(tale.open.is_empty(), "`{id}` is tried again while {:?} run", tale.open);
                assert_eq!(attempt as usize, tale.started.len() + 1, "the log names the attempt of `{id}` that comes");
                tale.due = Some(event.at + Duration::from_micros(delay));
                tale.retries += 1;
            }
            EventKind::FallbackStarted(_, level) => {
                assert_eq!(level, tale.level + 1, "`{id}` left a fallback out");
                tale.level = level;
                tale.open.clear();
            }
            EventKind::TimerSet(_, at) => tale.due = Some(at),
            EventKind::TimerFired(_) => {
                assert!(tale.due.is_some_and(|due| due <= event.at), "the timer of `{id}` rang too early");
            }
            _ => {}
        }
    }
    let status = run.node(node).status;
    let told = if tale.status == Status::Completed && status == Status::Compensated { status } else { tale.status };
    assert_eq!(status, told, "the state of `{id}` is not what its log adds up to");
    assert_eq!(tale.over, tale.began.is_some() || tale.status == Status::Skipped, "`{id}` began, and did not end");
    assert!(tale.retries <= tale.failures, "`{id}` was retried {} times after {}", tale.retries, tale.failures);
    assert!(tale.retries < tries(step), "`{id}` was retried {} times", tale.retries);
    assert!(tale.level <= fallbacks(step), "`{id}` has no fallback {}", tale.level);
    let is_part = step.compensates.is_none() && happens_here(plan, run, node);
    if matches!(end, RunEnd::Completed | RunEnd::OutputFailed) && is_part && !inside_of_failure(run, node) {
        assert!(tale.over, "`{id}` has not ended, but the run has");
    }
    if let (Some(total), Some(first), Some(last)) = (policies.total_timeout, story.first(), story.last()) {
        let begun = story.iter().find(|it| !matches!(it.kind, EventKind::StepEvaluated(..))).unwrap_or(first);
        let took = last.at.since(begun.at);
        assert!(took <= total, "`{id}` took {took:?}, which is above its total timeout: {story:?}");
    }
}

/// What the log has told of a step so far.
#[derive(Default)]
struct Tale {
    began: Option<Timestamp>,
    over: bool,
    status: Status,
    started: BTreeMap<u32, Timestamp>,
    open: BTreeSet<u32>,
    due: Option<Timestamp>,
    failures: u32,
    retries: u32,
    level: u32,
}

impl Tale {
    fn end(&mut self, status: Status, id: &str) {
        assert!(self.began.is_some(), "`{id}` ended before it had begun");
        (self.over, self.status) = (true, status);
    }
}

/// Whether a step in the body of a loop has this node for itself: the others happen in iterations of their own.
fn happens_here(plan: &Plan, run: &Run, node: NodeIx) -> bool {
    let is_loop = |it: &StepIx| matches!(plan.step(*it).kind, StepKind::ForEach { .. });
    let state = run.node(node);
    let innermost = std::iter::successors(plan.step(state.step).parent, |it| plan.step(*it).parent).find(is_loop);
    innermost == run.frame(state.frame).map(|frame| run.node(frame.each).step)
}

fn inside_of_failure(run: &Run, node: NodeIx) -> bool {
    climb(run, node).skip(1).any(|it| run.node(it).status == Status::Failed)
}

/// A run that ends in vain undoes what had completed, in reverse order and all of it; one that ends well undoes nothing.
fn check_compensation(plan: &Plan, run: &Run, end: RunEnd) {
    let mut expected = Vec::new();
    let (mut begun, mut ended) = (Vec::new(), 0);
    for event in run.log().iter() {
        match event.kind {
            EventKind::StepCompleted(node) => {
                let undo = plan.step(run.node(node).step).compensation;
                expected.extend(undo.map(|undo| run.node_of(run.node(node).frame, undo)));
            }
            EventKind::CompensationStarted(node) => begun.push(node),
            EventKind::CompensationCompleted(_) | EventKind::CompensationFailed(_) => ended += 1,
            _ => {}
        }
    }
    expected.reverse();
    if end == RunEnd::Completed {
        expected.clear();
    }
    assert_eq!(begun, expected, "what had completed is undone, the last one first");
    assert_eq!(ended, begun.len(), "every compensation ends");
}

/// While a run is paused nothing begins, but for calls that waited for their turn already.
fn check_pauses(plan: &Plan, run: &Run) {
    let mut paused = false;
    for event in run.log().iter() {
        match event.kind {
            EventKind::RunPaused => paused = true,
            EventKind::RunResumed | EventKind::RunCompensating(_) => paused = false,
            EventKind::StepStarted(node) | EventKind::TimerSet(node, _) | EventKind::IterationStarted(node, ..) => {
                let step = plan.step(run.node(node).step);
                let waited = step.is_call()
                    && (step.policies.bulkhead.is_some()
                        || step.policies.rate_limit.is_some()
                        || step.is_keyed()
                        || plan.per_key.is_some());
                let asked = matches!(step.kind, StepKind::Wait(Wait::Computed(..)));
                assert!(!paused || waited || asked, "`{}` began while the run was paused", step.id);
            }
            _ => {}
        }
    }
}

/// A call that is only bounded in time has ended when its time is over. What a restart cut off is made anew.
fn check_times(plan: &Plan, run: &Run) {
    let mut due = BTreeMap::new();
    for event in run.log().iter() {
        match event.kind {
            EventKind::RunRestored => due.clear(),
            EventKind::AttemptStarted(node, _) => {
                let step = plan.step(run.node(node).step);
                let timeout = step.policies.timeout.filter(|_| step.policies.only_bound_time() && fallbacks(step) == 0);
                due.extend(timeout.map(|timeout| (node, event.at + timeout)));
            }
            EventKind::AttemptFailed(node, _)
            | EventKind::AttemptTimedOut(node, _)
            | EventKind::StepCompleted(node)
            | EventKind::StepFailed(node)
            | EventKind::StepCancelled(node) => {
                let in_time = due.remove(&node).is_none_or(|due| event.at <= due);
                assert!(in_time, "`{}` ended when its time had been over", plan.step(run.node(node).step).id);
            }
            _ => {}
        }
    }
}
