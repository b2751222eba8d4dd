//! What must hold in every run, whatever the world does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::policy::{BreakerState, Change};
use crate::workflow::plan::StepKind;
use crate::workflow::{Event, EventKind, Plan, RunEnd, StepIx};

/// Watches the commands of one run, and panics when one of them should not have come.
#[derive(Debug)]
pub(super) struct Watch {
    plan: Rc<Plan>,
    /// The attempts that run; of one step several when it hedges.
    running: BTreeSet<(StepIx, u32)>,
    /// The attempts that were made, by step.
    attempts: BTreeMap<StepIx, u32>,
    /// The calls whose answer was awaited and came; whether it was a good one is for the log to say.
    answered: BTreeSet<StepIx>,
    ended: bool,
}

impl Watch {
    pub(super) fn new(plan: &Rc<Plan>) -> Self {
        Self {
            plan: Rc::clone(plan),
            running: BTreeSet::new(),
            attempts: BTreeMap::new(),
            answered: BTreeSet::new(),
            ended: false,
        }
    }

    pub(super) fn is_running(&self, step: StepIx, attempt: u32) -> bool {
        self.running.contains(&(step, attempt))
    }

    /// The steps that have an attempt that runs.
    pub(super) fn busy(&self) -> BTreeSet<StepIx> {
        self.running.iter().map(|(step, _)| *step).collect()
    }

    fn is_busy(&self, step: StepIx) -> bool {
        self.running.iter().any(|(it, _)| *it == step)
    }

    pub(super) fn called(&mut self, step: StepIx, attempt: u32) {
        let id = &self.plan.step(step).id;
        let policies = &self.plan.step(step).policies;
        assert!(!self.ended, "`{id}` was called after the run had ended");
        let at_once = 1 + policies.hedge.map_or(0, |hedge| hedge.max_extra);
        let running = self.running.iter().filter(|(it, _)| *it == step).count();
        assert!(running < at_once as usize, "`{id}` was called while {running} of {at_once} attempts run");
        let before = self.attempts.insert(step, attempt).unwrap_or_default();
        assert_eq!(attempt, before + 1, "the attempts of `{id}` are not counted one by one");
        let allowed = at_once * tries(&self.plan, step);
        assert!(attempt <= allowed, "attempt {attempt} of `{id}`, which may be tried {allowed} times");
        for need in &self.plan.step(step).needs {
            self.assert_answered(*need, id);
        }
        let mut group = self.plan.step(step).parent;
        while let Some(parent) = group {
            for need in &self.plan.step(parent).needs {
                self.assert_answered(*need, id);
            }
            group = self.plan.step(parent).parent;
        }
        self.running.insert((step, attempt));
        if let Some(limit) = self.plan.concurrency {
            assert!(self.busy().len() <= limit as usize, "more than {limit} calls of the run at once");
        }
        self.check_group(self.plan.step(step).parent);
    }

    /// Every call below `step` has been answered.
    fn assert_answered(&self, step: StepIx, reader: &str) {
        match &self.plan.step(step).kind {
            StepKind::Group { children, .. } => children.iter().for_each(|child| self.assert_answered(*child, reader)),
            StepKind::Call { .. } => {
                let id = &self.plan.step(step).id;
                let over = self.answered.contains(&step) && !self.is_busy(step);
                assert!(over, "`{reader}` began before `{id}`, which it needs, had ended");
            }
        }
    }

    fn check_group(&self, group: Option<StepIx>) {
        let Some(group) = group else { return };
        if let StepKind::Group { concurrency: Some(limit), children } = &self.plan.step(group).kind {
            // A child that is a group may have several calls under way, and counts once.
            let running = self.busy();
            let busy = children.iter().filter(|child| running.iter().any(|step| self.is_in(*step, **child))).count();
            let id = &self.plan.step(group).id;
            assert!(busy <= *limit as usize, "more than {limit} steps of `{id}` at once");
        }
        self.check_group(self.plan.step(group).parent);
    }

    fn is_in(&self, step: StepIx, group: StepIx) -> bool {
        step == group || self.plan.step(step).parent.is_some_and(|parent| self.is_in(parent, group))
    }

    pub(super) fn settled(&mut self, step: StepIx, attempt: u32) {
        if self.running.remove(&(step, attempt)) {
            self.answered.insert(step);
        }
    }

    pub(super) fn aborted(&mut self, step: StepIx, attempt: u32) {
        let id = &self.plan.step(step).id;
        assert!(self.running.remove(&(step, attempt)), "attempt {attempt} of `{id}` was aborted, but does not run");
    }

    pub(super) fn ended(&mut self, end: RunEnd, log: &[Event]) {
        assert!(!self.ended, "the run ended twice");
        assert!(self.running.is_empty(), "the run ended while calls were running");
        self.ended = true;
        check_log(&self.plan, end, log);
        for (step, attempts) in &self.attempts {
            let told =
                log.iter().filter(|it| matches!(it.kind, EventKind::AttemptStarted(it, _) if it == *step)).count();
            let id = &self.plan.step(*step).id;
            assert_eq!(told, *attempts as usize, "`{id}` was called {attempts} times, and the log tells of {told}");
        }
    }
}

/// How often the call of a step may be tried; attempts beside each other are one try.
fn tries(plan: &Plan, step: StepIx) -> u32 {
    plan.step(step).policies.retry.as_ref().map_or(1, |retry| retry.max_attempts)
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

/// The log of a run that has ended tells one story, from its start to its end, in order.
fn check_log(plan: &Plan, end: RunEnd, log: &[Event]) {
    for (index, pair) in log.windows(2).enumerate() {
        assert_eq!(pair[1].seq, index as u32 + 1, "the log has a gap");
        assert!(pair[0].at <= pair[1].at, "the log goes back in time");
    }
    assert_eq!(log.first().map(|event| event.kind), Some(EventKind::RunStarted));
    let last = match end {
        RunEnd::Completed => EventKind::RunCompleted,
        RunEnd::Failed(step, _) => EventKind::RunFailed(Some(step)),
        RunEnd::OutputFailed => EventKind::RunFailed(None),
        RunEnd::TimedOut => EventKind::RunTimedOut,
        RunEnd::Cancelled => EventKind::RunCancelled,
    };
    assert_eq!(log.last().map(|event| event.kind), Some(last));
    for index in 0..plan.steps().len() as u32 {
        let step = StepIx(index);
        let count = |wanted: fn(EventKind) -> bool| {
            log.iter().filter(|event| event.kind.step() == Some(step) && wanted(event.kind)).count()
        };
        let id = &plan.step(step).id;
        let begun = count(|kind| matches!(kind, EventKind::StepStarted(_)));
        let over = count(|kind| {
            matches!(kind, EventKind::StepCompleted(_) | EventKind::StepFailed(_) | EventKind::StepCancelled(_))
        });
        assert!(begun <= 1, "`{id}` began {begun} times");
        assert_eq!(over, begun, "`{id}` began {begun} times and ended {over} times");
        if matches!(end, RunEnd::Completed | RunEnd::OutputFailed) {
            assert_eq!(count(|kind| matches!(kind, EventKind::StepCompleted(_))), 1, "`{id}` has not completed");
        }
        let attempts = count(|kind| matches!(kind, EventKind::AttemptStarted(..)));
        let failures = count(|kind| matches!(kind, EventKind::AttemptFailed(..) | EventKind::AttemptTimedOut(..)));
        let refusals = count(is_refusal);
        let retries = count(|kind| matches!(kind, EventKind::RetryScheduled(..)));
        assert!(failures <= attempts, "`{id}` failed {failures} of {attempts} attempts");
        assert!(retries <= failures + refusals, "`{id}` was retried {retries} times after {failures} + {refusals}");
        assert!(retries < tries(plan, step) as usize, "`{id}` was retried {retries} times");
        check_step(plan, step, log);
    }
}

fn is_refusal(kind: EventKind) -> bool {
    use EventKind::{AttemptRateLimited, AttemptRejected, AttemptShortCircuited};
    matches!(kind, AttemptShortCircuited(_) | AttemptRejected(_) | AttemptRateLimited(_))
}

/// What the log tells of one step is in order, and nothing in it comes too early, too late or out of nothing.
fn check_step(plan: &Plan, step: StepIx, log: &[Event]) {
    let id = &plan.step(step).id;
    let policies = &plan.step(step).policies;
    let story: Vec<&Event> =
        log.iter().filter(|it| it.kind.step() == Some(step) && !matches!(it.kind, EventKind::RunFailed(_))).collect();
    let (mut started, mut open, mut due) = (BTreeMap::new(), BTreeSet::new(), None);
    for (index, event) in story.iter().enumerate() {
        let (first, last) = (index == 0, index + 1 == story.len());
        match event.kind {
            EventKind::StepStarted(_) => assert!(first, "`{id}` began late"),
            EventKind::StepCompleted(_) | EventKind::StepFailed(_) | EventKind::StepCancelled(_) => {
                assert!(last && !first, "something happened to `{id}` after its end");
            }
            EventKind::AttemptStarted(_, attempt) => {
                assert_eq!(attempt as usize, started.len() + 1, "the log counts the attempts of `{id}` one by one");
                assert!(due.take().is_none_or(|due| due <= event.at), "attempt {attempt} of `{id}` came too early");
                started.insert(attempt, event.at);
                open.insert(attempt);
            }
            EventKind::AttemptFailed(_, attempt) | EventKind::AttemptTimedOut(_, attempt) => {
                assert!(open.remove(&attempt), "attempt {attempt} of `{id}` failed, but did not run");
                let took = event.at.since(started[&attempt]);
                assert!(
                    policies.timeout.is_none_or(|timeout| took <= timeout),
                    "attempt {attempt} of `{id}` took {took:?}"
                );
            }
            EventKind::AttemptShortCircuited(_) => assert!(policies.breaker.is_some(), "`{id}` has no circuit breaker"),
            EventKind::AttemptRejected(_) => assert!(policies.bulkhead.is_some(), "`{id}` has no bulkhead"),
            EventKind::AttemptRateLimited(_) => assert!(policies.rate_limit.is_some(), "`{id}` has no rate limit"),
            EventKind::StepTimedOut(_) => {
                let took = event.at.since(story[0].at);
                assert!(policies.total_timeout.is_some_and(|total| took <= total), "`{id}` timed out after {took:?}");
            }
            EventKind::RetryScheduled(_, attempt, delay) => {
                assert!(open.is_empty(), "`{id}` is tried again while {open:?} run");
                assert_eq!(attempt as usize, started.len() + 1, "the log names the attempt of `{id}` that comes");
                due = Some(event.at + delay);
            }
            _ => {}
        }
    }
    if let (Some(total), Some(first), Some(last)) = (policies.total_timeout, story.first(), story.last()) {
        let took = last.at.since(first.at);
        assert!(took <= total, "`{id}` took {took:?}, which is above its total timeout");
    }
}
