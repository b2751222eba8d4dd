//! The usual case, at once: a plain call has ended well, and plain calls follow.
//!
//! What [`Run::handle`] makes of that goes through the agenda, through effects and back, several times for each step: the
//! agenda puts groups, choices and limits into one order, which is the order of the log. Where there is nothing to be put into
//! order, the same comes of doing it at once, in a quarter of the instructions. Anything else is left to `handle`; and
//! a run that is replayed from its log goes through `handle` alone, so that each test that resumes a run holds the two
//! against each other.

use super::{NodeIx, Phase, Run};
use crate::policy::Bulkhead;
use crate::time::Timestamp;
use crate::workflow::event::{Event, EventKind};
use crate::workflow::plan::{Follower, Step, StepKind};
use crate::workflow::state::{Hold, Status};

impl Run {
    /// An attempt of a plain call ended well. When one plain call follows, as [`Follower`] says, and nothing else does, that
    /// one begins; otherwise nothing has changed. Says which one it is, and until when it may take.
    ///
    /// This is [`complete_plainly`](Self::complete_plainly) for chains, where all that could happen is known beforehand.
    #[inline]
    pub(in crate::workflow) fn go_on(
        &mut self,
        node: NodeIx,
        attempt: u32,
        now: Timestamp,
    ) -> Option<(NodeIx, Option<Timestamp>)> {
        let Follower { step, parent, timeout } = (*self.plan.followers.get(node.0 as usize)?)?;
        let (before, after) = (self.nodes.get(node.0 as usize)?, self.nodes.get(step.0 as usize)?);
        let is_usual = before.called
            && before.attempt == attempt
            && before.live == 1
            && before.hold == Hold::Both
            && after.blockers == 1
            && !after.is_over()
            && self.phase == Phase::Running
            && self.slots.has_nobody_waiting()
            && self.agenda.is_empty();
        if !is_usual {
            return None;
        }
        let before = &mut self.nodes[node.0 as usize];
        before.called = false;
        before.live = 0;
        before.status = Status::Completed;
        before.ended_at = Some(now);
        before.hold = Hold::Nothing;
        match parent {
            None => self.open_roots -= 1,
            Some(parent) => self.nodes[parent.ix()].open_children -= 1,
        }
        let next = NodeIx(step.0);
        self.nodes[step.ix()].blockers = 0;
        self.called_plainly(next, now);
        let (ended, begun) = (EventKind::StepCompleted(node), EventKind::StepStarted(next));
        let event = |kind| Event { at: now, kind };
        self.log.extend_from_slice(&[event(ended), event(begun), event(EventKind::AttemptStarted(next, 1))]);
        Some((next, timeout.map(|timeout| now + timeout)))
    }

    /// A plain call ended well. When that is all there is to it, begins the plain calls that follow, appends them to
    /// `begun`, and says so; otherwise nothing has changed.
    pub(in crate::workflow) fn complete_plainly(
        &mut self,
        node: NodeIx,
        now: Timestamp,
        begun: &mut Vec<NodeIx>,
    ) -> bool {
        let Some(next) = self.passes_on(node) else { return false };
        let plan = std::rc::Rc::clone(&self.plan);
        let step = self.node(node).step;
        let state = self.state(node);
        state.called = false;
        state.live = 0;
        state.status = Status::Completed;
        state.ended_at = Some(now);
        state.hold = Hold::Nothing;
        self.record(EventKind::StepCompleted(node), now);
        self.slots.leave();
        match next {
            Next::InGroup(next, parent) => {
                if let Some(slots) = self.slots_in(Some(parent)) {
                    slots.leave();
                    slots.pass_on();
                }
                self.begin_plainly(next, now);
                begun.push(next);
                self.state(parent).open_children -= 1;
            }
            Next::Dependents(parent) => {
                if let Some(slots) = self.slots_in(parent) {
                    slots.leave();
                }
                for dependent in &plan.step(step).dependents {
                    let dependent = NodeIx(node.0 + dependent.0 - step.0);
                    let state = self.state(dependent);
                    state.blockers -= 1;
                    if state.blockers == 0 {
                        if let Some(slots) = self.slots_in(parent) {
                            slots.enter(dependent);
                        }
                        self.begin_plainly(dependent, now);
                        begun.push(dependent);
                    }
                }
                match parent {
                    Some(parent) => self.state(parent).open_children -= 1,
                    None => self.open_roots -= 1,
                }
            }
        }
        true
    }

    fn slots_in(&mut self, group: Option<NodeIx>) -> Option<&mut Bulkhead<NodeIx>> {
        let slots = self.node(group?).slots?;
        self.group_slots.get_mut(slots as usize)
    }

    /// What follows a plain call that ended well; `None` when that is more than plain calls.
    fn passes_on(&self, node: NodeIx) -> Option<Next> {
        let state = self.node(node);
        let step = self.plan.step(state.step);
        let is_usual = self.phase == Phase::Running
            && state.hold == Hold::Both
            && step.compensation.is_none()
            && self.slots.has_nobody_waiting()
            && self.agenda.is_empty();
        if !is_usual {
            return None;
        }
        let parent = match step.parent {
            None if self.open_roots > 1 => None,
            Some(_) if state.frame == 0 => {
                let parent = NodeIx(step.parent?.0);
                let is_group = matches!(self.plan.step(self.node(parent).step).kind, StepKind::Group { .. });
                (is_group && self.node(parent).open_children > 1).then_some(())?;
                Some(parent)
            }
            _ => return None,
        };
        if let Some(group) = parent
            && let Some(slots) = self.node(group).slots
            && let Some(next) = self.group_slots[slots as usize].first()
        {
            let is_plain = step.dependents.is_empty() && self.is_plain_step(next) && !self.node(next).is_over();
            return is_plain.then_some(Next::InGroup(next, group));
        }
        for dependent in &step.dependents {
            let dependent = NodeIx(node.0 + dependent.0 - state.step.0);
            let it = self.node(dependent);
            if it.is_over() || (it.blockers == 1 && !self.is_plain_step(dependent)) {
                return None;
            }
        }
        // Those that follow take the slot of this one, and there may be more of them than one.
        let is_limited = self.slots.limit().is_some() || parent.is_some_and(|it| self.node(it).slots.is_some());
        (!is_limited || step.dependents.len() == 1).then_some(Next::Dependents(parent))
    }

    fn is_plain_step(&self, node: NodeIx) -> bool {
        let step: &Step = self.plan.step(self.node(node).step);
        step.is_plain && step.when.is_none()
    }

    /// A plain call that has its slots begins, with its one attempt.
    fn begin_plainly(&mut self, node: NodeIx, now: Timestamp) {
        self.slots.enter(node);
        self.called_plainly(node, now);
        self.record(EventKind::StepStarted(node), now);
        self.record(EventKind::AttemptStarted(node, 1), now);
    }

    #[inline]
    fn called_plainly(&mut self, node: NodeIx, now: Timestamp) {
        let seed = self.rng.next_u64();
        let state = self.state(node);
        state.hold = Hold::Both;
        state.called = true;
        state.called_at = now;
        state.seed = seed;
        state.status = Status::Running;
        state.started_at = Some(now);
        state.attempt = 1;
        state.live = 1;
    }
}

/// What follows a plain call.
enum Next {
    /// The step that is first in line for the slot of its group.
    InGroup(NodeIx, NodeIx),
    /// Those that waited for it; and the group that it is in.
    Dependents(Option<NodeIx>),
}
