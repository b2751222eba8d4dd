//! The usual case, at once: a plain call has ended well, and plain calls follow.
//!
//! What [`Run::handle`] makes of that goes through the agenda, through effects and back, several times for each step: the
//! agenda puts groups, choices and limits into one order, which is the order of the log. Where there is nothing to be put into
//! order, the same comes of doing it at once, in a quarter of the instructions. Anything else is left to `handle`; and
//! a run that is replayed from its log goes through `handle` alone, so that each test that resumes a run holds the two
//! against each other.

use std::rc::Rc;

use super::{NodeIx, Phase, Run};
use crate::policy::Bulkhead;
use crate::time::Timestamp;
use crate::workflow::event::EventKind;
use crate::workflow::message::Effect;
use crate::workflow::plan::{PartOf, StepIx, StepKind};
use crate::workflow::state::{Frame, Hold, Status, StepState};

const FOLLOWED_WRONGLY: &str = "a step was followed that does not run, or that has no next item";

impl Run {
    /// Whether an attempt that ended well is that of a plain call, after which one plain call follows, as
    /// [`PlainCall`](crate::workflow::plan::PlainCall) says, and nothing else happens: then it may be [followed](Self::follow).
    ///
    /// This is [`complete_plainly`](Self::complete_plainly) for chains and loops, where all that can happen is known
    /// beforehand.
    pub(in crate::workflow) fn is_followed(&self, node: NodeIx, attempt: u32) -> bool {
        let Some(ended) = self.nodes.get(node.0 as usize) else { return false };
        let Some((next, _)) = self.plan.plain_calls[ended.step.ix()].and_then(|call| call.follower) else {
            return false;
        };
        let is_usual = ended.called
            && ended.attempt == attempt
            && ended.live == 1
            && ended.hold == Hold::Both
            && self.phase == Phase::Running
            && self.slots.has_nobody_waiting()
            && self.agenda.is_empty();
        if next == ended.step {
            return is_usual && self.next_item(ended.frame).is_some();
        }
        let follower = self.node(NodeIx(node.0 + next.0 - ended.step.0));
        is_usual && follower.blockers == 1 && !follower.is_over()
    }

    /// A plain call ended well, and those that waited for nothing else have begun: they are appended to `begun`. Of a loop, it is
    /// the step of the next iteration, which is returned.
    ///
    /// # Panics
    /// When that is not what follows: whoever says so is told by [`is_followed`](Self::is_followed), or by
    /// [`leads_to`](crate::workflow::Plan::leads_to).
    pub(in crate::workflow) fn follow(
        &mut self,
        node: NodeIx,
        now: Timestamp,
        begun: &mut Vec<NodeIx>,
    ) -> Option<Effect> {
        let ended = self.node(node);
        let (step, frame) = (ended.step, ended.frame);
        assert!(ended.called && ended.live == 1, "{FOLLOWED_WRONGLY}");
        self.completed_plainly(node, now);
        let Some((next, part_of)) = self.plan.plain_calls[step.ix()].and_then(|call| call.follower) else {
            self.open_roots -= 1;
            self.record(EventKind::StepCompleted(node), now);
            self.slots.leave();
            self.begin_dependents(node, None, now, begun);
            return None;
        };
        match part_of {
            PartOf::Run => self.open_roots -= 1,
            PartOf::Group(group) => self.state(NodeIx(node.0 + group.0 - step.0)).open_children -= 1,
            PartOf::Loop => self.frames[frame as usize - 1].open -= 1,
        }
        if next == step {
            self.record(EventKind::StepCompleted(node), now);
            return Some(self.begin_next_item(step, frame, now, begun));
        }
        let next = NodeIx(node.0 + next.0 - step.0);
        self.state(next).blockers = 0;
        self.called_plainly(next, now);
        self.log.push_led_on(node, next, now);
        begun.push(next);
        None
    }

    /// The loop and the item that is next when the only step of an iteration has ended, and exactly one iteration begins.
    fn next_item(&self, frame: u32) -> Option<(NodeIx, u32)> {
        let each = self.frames[frame as usize - 1].each;
        let it = &self.loops[self.node(each).part()?];
        let is_next = it.next < it.count && (it.active >= it.limit || it.next + 1 == it.count);
        is_next.then_some((each, it.next))
    }

    fn begin_next_item(&mut self, step: StepIx, ended: u32, now: Timestamp, begun: &mut Vec<NodeIx>) -> Effect {
        let next = self.next_item(ended);
        let (node, index) = next.expect(FOLLOWED_WRONGLY);
        let (base, frame) = (self.nodes.len() as u32, self.frames.len() as u32 + 1);
        if let Some(it) = self.loop_of(node) {
            it.next += 1;
            it.frames.push(frame);
        }
        self.state(node).open_children -= 1;
        self.frames.push(Frame { each: node, index, base, open: 1 });
        self.nodes.push(StepState::new(step, frame, 0, 0));
        self.record(EventKind::IterationStarted(node, index, frame), now);
        self.called_plainly(NodeIx(base), now);
        self.log.push_began(NodeIx(base), now);
        begun.push(NodeIx(base));
        Effect::Iterate { node, index, frame }
    }

    fn completed_plainly(&mut self, node: NodeIx, now: Timestamp) {
        let state = self.state(node);
        state.called = false;
        state.live = 0;
        state.status = Status::Completed;
        state.ended_at = Some(now);
        state.hold = Hold::Nothing;
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
        self.completed_plainly(node, now);
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
                self.begin_dependents(node, parent, now, begun);
                match parent {
                    Some(parent) => self.state(parent).open_children -= 1,
                    None => self.open_roots -= 1,
                }
            }
        }
        true
    }

    /// Of those that waited for a step, begins all that wait for nothing else; they take a slot of the group each.
    fn begin_dependents(&mut self, node: NodeIx, group: Option<NodeIx>, now: Timestamp, begun: &mut Vec<NodeIx>) {
        let plan = Rc::clone(&self.plan);
        let step = self.node(node).step;
        for dependent in &plan.step(step).dependents {
            let dependent = NodeIx(node.0 + dependent.0 - step.0);
            let state = self.state(dependent);
            state.blockers -= 1;
            if state.blockers == 0 {
                if let Some(slots) = self.slots_in(group) {
                    slots.enter(dependent);
                }
                self.begin_plainly(dependent, now);
                begun.push(dependent);
            }
        }
    }

    fn slots_in(&mut self, group: Option<NodeIx>) -> Option<&mut Bulkhead<NodeIx>> {
        let slots = self.node(group?).part()?;
        self.group_slots.get_mut(slots)
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
            && let Some(slots) = self.node(group).part()
            && let Some(next) = self.group_slots[slots].first()
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
        let is_limited = self.slots.limit().is_some() || parent.is_some_and(|it| self.node(it).part().is_some());
        (!is_limited || step.dependents.len() == 1).then_some(Next::Dependents(parent))
    }

    fn is_plain_step(&self, node: NodeIx) -> bool {
        let plain = self.plan.plain_calls[self.node(node).step.ix()];
        plain.is_some_and(|plain| plain.is_certain)
    }

    /// A plain call that has its slots begins, with its one attempt.
    fn begin_plainly(&mut self, node: NodeIx, now: Timestamp) {
        self.slots.enter(node);
        self.called_plainly(node, now);
        self.log.push_began(node, now);
    }

    #[inline]
    fn called_plainly(&mut self, node: NodeIx, now: Timestamp) {
        let state = self.state(node);
        state.hold = Hold::Both;
        state.called = true;
        state.called_at = now;
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
