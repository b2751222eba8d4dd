//! A call that is tried again at once.
//!
//! As in `plain`, what [`Run::handle`] makes of it goes through the agenda, and comes to the same: a call that waits for no time
//! gives its slots back and takes them again, unless somebody else waits for them. A run that is replayed from its log goes
//! through `handle` alone, so each test that resumes a run holds the two against each other.

use super::{NodeIx, Phase, Run};
use crate::time::Timestamp;
use crate::workflow::event::EventKind;
use crate::workflow::state::Hold;

impl Run {
    /// Whether nothing comes between an attempt that fails now and one that follows without a delay.
    pub(in crate::workflow) fn may_retry_at_once(&self, node: NodeIx, attempt: u32) -> bool {
        let state = self.node(node);
        let waits = |group: usize| !self.group_slots[group].has_nobody_waiting();
        self.phase == Phase::Running
            && state.called
            && (state.attempt, state.live) == (attempt, 1)
            && state.hold == Hold::Both
            && self.agenda.is_empty()
            && self.slots.has_nobody_waiting()
            && !self.group_of(node).is_some_and(waits)
    }

    /// An attempt failed, and the next one has begun.
    pub(in crate::workflow) fn retried_at_once(&mut self, node: NodeIx, failed: u32, next: u32, now: Timestamp) {
        self.record(EventKind::AttemptFailed(node, failed), now);
        self.record(EventKind::RetryScheduled(node, next, 0), now);
        self.record(EventKind::TimerFired(node), now);
        self.record(EventKind::AttemptStarted(node, next), now);
        let state = self.state(node);
        state.tries += 1;
        state.attempt = next;
    }
}
