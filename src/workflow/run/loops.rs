//! Iterations: each has nodes of its own for the steps of the body.

use std::rc::Rc;

use super::{NodeIx, Run, Task};
use crate::time::Timestamp;
use crate::workflow::event::EventKind;
use crate::workflow::message::Effect;
use crate::workflow::plan::StepKind;
use crate::workflow::state::{Frame, Loop};

impl Run {
    /// The number of items is known.
    pub(super) fn begin_loop(&mut self, node: NodeIx, count: u32) {
        let StepKind::ForEach { concurrency, .. } = &self.plan.step(self.node(node).step).kind else { return };
        let limit = concurrency.unwrap_or(u32::MAX);
        self.state(node).open_children = count;
        self.loops.push(Loop { node, count, next: 0, active: 0, limit });
        self.agenda.push(if count == 0 { Task::Complete(node) } else { Task::Iterate(node) });
    }

    /// Begins the next iteration, if it may.
    pub(super) fn iterate(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(it) = self.loops.iter_mut().find(|it| it.node == node) else { return };
        if it.next == it.count || it.active >= it.limit {
            return;
        }
        let index = it.next;
        it.next += 1;
        it.active += 1;
        let plan = Rc::clone(&self.plan);
        let each = self.node(node).step;
        let StepKind::ForEach { body, .. } = &plan.step(each).kind else { return };
        let (base, frame) = (self.nodes.len() as u32, self.frames.len() as u32 + 1);
        self.frames.push(Frame { each: node, index, base, open: body.len() as u32 });
        self.add_nodes(frame, each.0 + 1, plan.step(each).end.0 - each.0 - 1);
        self.record(EventKind::IterationStarted(node, index, frame), now);
        effects.push(Effect::Iterate { node, index, frame });
        for root in body {
            self.unblock(self.node_of(frame, *root));
        }
        if body.is_empty() {
            self.iteration_ended(node);
        }
        self.agenda.push(Task::Iterate(node));
    }

    /// A step of the body's outermost list has ended.
    pub(super) fn body_step_ended(&mut self, frame: u32) {
        let frame = &mut self.frames[frame as usize - 1];
        frame.open -= 1;
        let (open, each) = (frame.open, frame.each);
        if open == 0 {
            self.iteration_ended(each);
        }
    }

    fn iteration_ended(&mut self, each: NodeIx) {
        if let Some(it) = self.loops.iter_mut().find(|it| it.node == each) {
            it.active -= 1;
        }
        let open = &mut self.state(each).open_children;
        *open -= 1;
        let task = if *open == 0 { Task::Complete(each) } else { Task::Iterate(each) };
        self.agenda.push(task);
    }
}
