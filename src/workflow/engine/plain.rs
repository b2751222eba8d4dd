//! Plain calls: one attempt that may take so long, and nothing else. Most calls are of this kind.
//!
//! [Guards](crate::policy::Guards) have nothing to decide there, so they are not asked: the call begins when the run wants
//! it, and ends as its one attempt does. What the log says and what the host is told is what it would be with them, so a
//! run that is restored goes on under guards without anybody noticing. What it buys is most of the time of a step: with
//! guards a step of a chain takes some 4,500 instructions, and without them a third of that.
//!
//! Nor has each call a timer. One for each run is due when the first of its calls may have taken too long; mostly that one
//! has ended by then, and the timer moves on to the next.

use super::{Command, Engine, RunId, Slot, Whose};
use crate::exec::TimerId;
use crate::policy::{FailureReason, Outcome};
use crate::time::Timestamp;
use crate::workflow::message::{AbortReason, Effect, Input};
use crate::workflow::plan::PlainCall;
use crate::workflow::state::NodeIx;

/// The timer of the plain calls of a run: the first of them may have taken too long then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    at: Timestamp,
    pub(super) timer: TimerId,
}

impl Engine {
    /// The call begins.
    pub(super) fn begin_plain(&mut self, run: RunId, node: NodeIx, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        slot.run.attempt_started(node, 1, now);
        let due = slot.await_plainly(node);
        self.commands.push(Command::Call { run, node, attempt: 1, level: 0 });
        if let Some(due) = due.filter(|due| slot.watch.is_none_or(|watch| *due < watch.at)) {
            self.watch(run, Some(due));
        }
    }

    /// An attempt ended well. Says whether that was the attempt of a plain call, and one plain call follows; otherwise
    /// nothing has changed.
    pub(super) fn go_on(&mut self, run: RunId, node: NodeIx, attempt: u32, now: Timestamp) -> bool {
        let Some(slot) = self.runs.get_mut(run as usize) else { return false };
        let is_guarded = slot.calls.get(node.0 as usize).is_some_and(|call| call.id.is_some());
        if slot.key.is_some() || is_guarded || !slot.run.is_followed(node, attempt) {
            return false;
        }
        if let Some(Effect::Iterate { node, index, frame }) = slot.run.follow(node, now, &mut self.begun) {
            self.commands.push(Command::Iterate { run, node, index, frame });
        }
        self.plainly_begun(run);
        true
    }

    /// Plain calls of a run ended well, and the host has begun those that follow each: see [`Plan::leads_to`].
    ///
    /// # Panics
    /// When the host is wrong about that.
    ///
    /// [`Plan::leads_to`]: crate::workflow::Plan::leads_to
    pub fn followed(&mut self, run: RunId, answers: impl Iterator<Item = (NodeIx, Timestamp)>) {
        let Self { runs, begun, .. } = self;
        let Some(slot) = runs.get_mut(run as usize) else { return };
        for (node, at) in answers {
            slot.run.follow(node, at, begun);
        }
        for node in begun.drain(..) {
            // The time of those that have ended since need not be looked after.
            if slot.run.node(node).called {
                slot.await_plainly(node);
            }
        }
    }

    /// Its attempt ended.
    pub(super) fn settle_plain(&mut self, run: RunId, node: NodeIx, outcome: &Outcome<'_>, now: Timestamp) {
        match outcome {
            Outcome::Completed { .. } if self.complete_plainly(run, node, now) => {}
            Outcome::Completed { .. } => self.input(run, Input::CallSettled { node, outcome: Ok(()) }, now),
            Outcome::Failed(_) => {
                self.fail_plain(run, node, FailureReason::Error, now);
                self.work_off(now);
            }
        }
    }

    /// Says whether plain calls follow, and nothing else does.
    fn complete_plainly(&mut self, run: RunId, node: NodeIx, now: Timestamp) -> bool {
        let Some(slot) = self.runs.get_mut(run as usize) else { return false };
        if slot.key.is_some() || !slot.run.complete_plainly(node, now, &mut self.begun) {
            return false;
        }
        self.plainly_begun(run);
        true
    }

    /// Plain calls of a run have begun: the host is to make them, and their time is looked after.
    fn plainly_begun(&mut self, run: RunId) {
        let Self { runs, begun, commands, .. } = self;
        let Some(slot) = runs.get_mut(run as usize) else { return };
        let mut earliest = slot.watch.map(|watch| watch.at);
        let watched = earliest;
        for node in begun.drain(..) {
            commands.push(Command::Call { run, node, attempt: 1, level: 0 });
            if let Some(due) = slot.await_plainly(node)
                && earliest.is_none_or(|at| due < at)
            {
                earliest = Some(due);
            }
        }
        if earliest != watched {
            self.watch(run, earliest);
        }
    }

    fn fail_plain(&mut self, run: RunId, node: NodeIx, reason: FailureReason, now: Timestamp) {
        self.feed(run, Input::AttemptFailed { node, attempt: 1, reason }, now);
        self.feed(run, Input::CallSettled { node, outcome: Err(reason) }, now);
    }

    /// The first plain call of a run may have taken too long. Those that have are given up, and the timer moves on.
    pub(super) fn watch_fired(&mut self, run: RunId, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        slot.watch = None;
        if let Some((due, node)) = slot.first_plain_due() {
            if due <= now {
                self.commands.push(Command::Abort { run, node, attempt: 1, reason: AbortReason::TimedOut });
                self.fail_plain(run, node, FailureReason::Timeout, now);
                self.work_off(now);
            }
            self.watch_next(run);
        }
    }

    /// Sets the timer for the plain call of a run that has the least time left.
    fn watch_next(&mut self, run: RunId) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        let due = slot.first_plain_due().map(|(due, _)| due);
        self.watch(run, due);
    }

    fn watch(&mut self, run: RunId, due: Option<Timestamp>) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        if let Some(watch) = slot.watch.take() {
            self.timers.clear(watch.timer);
        }
        slot.watch = due.map(|at| Watch { at, timer: self.timers.set(at, Whose::CALLS.key(run)) });
    }

    /// Moves timers on that are due first although the calls that they were set for have ended.
    pub(super) fn refresh_watches(&mut self) {
        while let Some((at, (run, Whose::CALLS))) = self.timers.peek().map(|(at, key)| (at, Whose::of_key(*key))) {
            let due = self.runs.get_mut(run as usize).and_then(|slot| slot.first_plain_due());
            if due.is_some_and(|(due, _)| due <= at) {
                return;
            }
            self.watch(run, due.map(|(due, _)| due));
        }
    }
}

impl Slot {
    /// Whether a call that the run wants is a plain one, and begins only now: those that had begun before a restart are for
    /// guards, which can go on with them.
    pub(super) fn begins_plainly(&self, node: NodeIx, now: Timestamp) -> bool {
        let is_wanted = self.run.node(node).called;
        is_wanted && self.is_plain(node) && self.key.is_none() && self.run.made(node, now).is_none()
    }

    /// Whether this attempt runs, and is that of a plain call.
    pub(super) fn runs_plainly(&self, node: NodeIx, attempt: u32) -> bool {
        let state = self.run.nodes().get(node.0 as usize);
        state.is_some_and(|state| state.called && state.attempt == attempt) && self.ran_plainly(node)
    }

    /// The same of a call that the run has just given up.
    pub(super) fn ran_plainly(&self, node: NodeIx) -> bool {
        let is_guarded = self.calls.get(node.0 as usize).is_some_and(|call| call.id.is_some());
        self.run.node(node).live == 1 && !is_guarded && self.is_plain(node)
    }

    fn is_plain(&self, node: NodeIx) -> bool {
        self.plain_call(node).is_some()
    }

    fn plain_call(&self, node: NodeIx) -> Option<PlainCall> {
        self.run.plan().plain_calls[self.run.node(node).step.ix()]
    }

    /// Has the time of a plain call that begins looked after; when that is over.
    fn await_plainly(&mut self, node: NodeIx) -> Option<Timestamp> {
        let due = self.due_of(node)?;
        self.await_until(due, node);
        Some(due)
    }

    /// Whose time was looked after and who has ended is forgotten on this occasion, so there are seldom more of them than
    /// calls that run.
    fn await_until(&mut self, due: Timestamp, node: NodeIx) {
        self.first_plain();
        // Mostly all have as much time, and the last one that began is the last one whose time is over.
        if self.awaited.last().is_none_or(|last| self.due_of(*last) <= Some(due)) {
            return self.awaited.push(node);
        }
        let place = self.awaited.partition_point(|other| self.due_of(*other) <= Some(due));
        self.awaited.insert(place, node);
    }

    /// When a plain call has taken too long; that of one that has ended stays what it was.
    fn due_of(&self, node: NodeIx) -> Option<Timestamp> {
        Some(self.run.node(node).called_at + self.plain_call(node)?.timeout?)
    }

    /// The plain call that has the least time left, and when that is over.
    fn first_plain_due(&mut self) -> Option<(Timestamp, NodeIx)> {
        let node = self.first_plain()?;
        Some((self.due_of(node)?, node))
    }

    fn first_plain(&mut self) -> Option<NodeIx> {
        while let Some(node) = self.awaited.first().copied() {
            if self.run.node(node).called {
                return Some(node);
            }
            self.awaited.pop();
        }
        None
    }
}
