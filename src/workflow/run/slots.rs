//! What is limited: how many steps of a group, and how many calls of the run, may be under way.

use super::{NodeIx, Run, Task};
use crate::policy::{Bulkhead, Entry};
use crate::time::Timestamp;
use crate::workflow::message::Effect;
use crate::workflow::plan::StepKind;
use crate::workflow::state::Hold;

/// The limit of the run, among those of its groups.
const OF_RUN: usize = usize::MAX;

impl Run {
    /// Asks for a slot of the group; when there is none, the step is entered later.
    pub(super) fn enter_group(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let group = self.group_of(node);
        let entered = self.ask(group, node);
        self.state(node).hold = if entered { Hold::Group } else { Hold::QueuedInGroup };
        // With nothing in line before it, its turn is now.
        if entered && self.agenda.is_empty() {
            self.enter(node, now, effects);
        } else if entered {
            self.agenda.push(Task::Enter(node));
        }
    }

    /// Asks for a slot of the run; when there is none, the call is made later.
    pub(super) fn enter_run(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let entered = self.ask(Some(OF_RUN), node);
        self.state(node).hold = if entered { Hold::Both } else { Hold::QueuedInRun };
        if entered && self.agenda.is_empty() {
            self.attempt(node, now, effects);
        } else if entered {
            self.agenda.push(Task::Attempt(node));
        }
    }

    /// Says whether there is a slot at once. Otherwise the step stands in the queue, before those of lower priority.
    fn ask(&mut self, limit: Option<usize>, node: NodeIx) -> bool {
        let Self { slots, group_slots, nodes, plan, .. } = self;
        let slots = match limit {
            None => return true,
            Some(OF_RUN) => slots,
            Some(group) => &mut group_slots[group],
        };
        let priority_of = |node: NodeIx| plan.step(nodes[node.0 as usize].step).priority;
        let priority = priority_of(node);
        slots.enter_before(node, |other| priority_of(other) < priority) == Entry::Entered
    }

    /// Gives back what a step holds, and passes it on to who is next in line.
    pub(super) fn release(&mut self, node: NodeIx) {
        match std::mem::replace(&mut self.state(node).hold, Hold::Nothing) {
            Hold::Nothing => {}
            Hold::QueuedInGroup => {
                self.slots_of_group(node).map(|slots| slots.withdraw(node));
            }
            Hold::Group => self.leave_group(node),
            Hold::QueuedInRun => {
                self.slots.withdraw(node);
                self.leave_group(node);
            }
            Hold::Both => {
                self.slots.leave();
                if let Some(next) = self.slots.pass_on() {
                    self.state(next).hold = Hold::Both;
                    self.agenda.push(Task::Attempt(next));
                }
                self.leave_group(node);
            }
        }
    }

    fn leave_group(&mut self, node: NodeIx) {
        let next = self.slots_of_group(node).and_then(|slots| {
            slots.leave();
            slots.pass_on()
        });
        if let Some(next) = next {
            self.state(next).hold = Hold::Group;
            self.agenda.push(Task::Enter(next));
        }
    }

    fn slots_of_group(&mut self, node: NodeIx) -> Option<&mut Bulkhead<NodeIx>> {
        let group = self.group_of(node)?;
        self.group_slots.get_mut(group)
    }

    /// The limit of the group that the step is in, when it has one.
    pub(super) fn group_of(&self, node: NodeIx) -> Option<usize> {
        if self.group_slots.is_empty() {
            return None;
        }
        let group = self.node(self.parent_of(node)?);
        matches!(self.plan.step(group.step).kind, StepKind::Group { .. }).then(|| group.part()).flatten()
    }
}
