//! What must hold in every run, whatever the world does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::workflow::plan::StepKind;
use crate::workflow::{Event, EventKind, Plan, RunEnd, StepIx};

/// Watches the commands of one run, and panics when one of them should not have come.
#[derive(Debug)]
pub(super) struct Watch {
    plan: Rc<Plan>,
    /// The attempt that runs, by step.
    running: BTreeMap<StepIx, u32>,
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
            running: BTreeMap::new(),
            attempts: BTreeMap::new(),
            answered: BTreeSet::new(),
            ended: false,
        }
    }

    pub(super) fn is_running(&self, step: StepIx, attempt: u32) -> bool {
        self.running.get(&step) == Some(&attempt)
    }

    pub(super) fn called(&mut self, step: StepIx, attempt: u32) {
        let id = &self.plan.step(step).id;
        assert!(!self.ended, "`{id}` was called after the run had ended");
        assert!(!self.running.contains_key(&step), "`{id}` was called while it runs");
        let before = self.attempts.insert(step, attempt).unwrap_or_default();
        assert_eq!(attempt, before + 1, "the attempts of `{id}` are not counted one by one");
        let allowed = self.plan.step(step).policies.retry.as_ref().map_or(1, |retry| retry.max_attempts);
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
        self.running.insert(step, attempt);
        if let Some(limit) = self.plan.concurrency {
            assert!(self.running.len() <= limit as usize, "more than {limit} calls of the run at once");
        }
        self.check_group(self.plan.step(step).parent);
    }

    /// Every call below `step` has been answered.
    fn assert_answered(&self, step: StepIx, reader: &str) {
        match &self.plan.step(step).kind {
            StepKind::Group { children, .. } => children.iter().for_each(|child| self.assert_answered(*child, reader)),
            StepKind::Call { .. } => {
                let id = &self.plan.step(step).id;
                let over = self.answered.contains(&step) && !self.running.contains_key(&step);
                assert!(over, "`{reader}` began before `{id}`, which it needs, had ended");
            }
        }
    }

    fn check_group(&self, group: Option<StepIx>) {
        let Some(group) = group else { return };
        if let StepKind::Group { concurrency: Some(limit), children } = &self.plan.step(group).kind {
            // A child that is a group may have several calls under way, and counts once.
            let busy =
                children.iter().filter(|child| self.running.keys().any(|step| self.is_in(*step, **child))).count();
            let id = &self.plan.step(group).id;
            assert!(busy <= *limit as usize, "more than {limit} steps of `{id}` at once");
        }
        self.check_group(self.plan.step(group).parent);
    }

    fn is_in(&self, step: StepIx, group: StepIx) -> bool {
        step == group || self.plan.step(step).parent.is_some_and(|parent| self.is_in(parent, group))
    }

    pub(super) fn settled(&mut self, step: StepIx, attempt: u32) {
        if self.is_running(step, attempt) {
            self.running.remove(&step);
            self.answered.insert(step);
        }
    }

    pub(super) fn aborted(&mut self, step: StepIx, attempt: u32) {
        let id = &self.plan.step(step).id;
        assert!(self.is_running(step, attempt), "attempt {attempt} of `{id}` was aborted, but does not run");
        self.running.remove(&step);
    }

    pub(super) fn ended(&mut self, end: RunEnd, log: &[Event]) {
        assert!(!self.ended, "the run ended twice");
        assert!(self.running.is_empty(), "the run ended while calls were running");
        self.ended = true;
        check_log(&self.plan, end, log);
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
        let retries = count(|kind| matches!(kind, EventKind::RetryScheduled(..)));
        assert!(failures <= attempts, "`{id}` failed {failures} of {attempts} attempts");
        assert!(retries <= failures, "`{id}` was retried {retries} times after {failures} failures");
    }
}
