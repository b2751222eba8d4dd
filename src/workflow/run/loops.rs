//! Iterations: each has nodes of its own for the steps of the body.

use std::num::NonZeroU32;
use std::rc::Rc;

use super::{NodeIx, Run, Task};
use crate::small::sort_indices;
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
        let loop_ix = self.loops.len() as u32;
        let state = self.state(node);
        (state.open_children, state.part) = (count, NonZeroU32::new(loop_ix + 1));
        self.loops.push(Loop { node, frames: Vec::new(), count, next: 0, active: 0, limit });
        self.agenda.push(if count == 0 { Task::Complete(node) } else { Task::Iterate(node) });
    }

    /// Begins the next iteration, if it may.
    pub(super) fn iterate(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let (base, frame) = (self.nodes.len() as u32, self.frames.len() as u32 + 1);
        let Some(it) = self.loop_of(node) else { return };
        if it.next == it.count || it.active >= it.limit {
            return;
        }
        let index = it.next;
        it.next += 1;
        it.active += 1;
        it.frames.push(frame);
        let plan = Rc::clone(&self.plan);
        let each = self.node(node).step;
        let StepKind::ForEach { body, .. } = &plan.step(each).kind else { return };
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

    /// How far a loop is, once its items are counted.
    pub(super) fn loop_of(&mut self, node: NodeIx) -> Option<&mut Loop> {
        let place = self.node(node).part()?;
        self.loops.get_mut(place).filter(|it| it.node == node)
    }

    /// The nodes of a step, of what is inside of it, and of the iterations that have begun in there; in order.
    pub(super) fn nodes_within(&self, node: NodeIx) -> Vec<u32> {
        let after = |node: u32| {
            let step = self.node(NodeIx(node)).step;
            node + self.plan.step(step).end.0 - step.0
        };
        let mut nodes = Vec::new();
        let mut parts = vec![(node.0, after(node.0))];
        let mut place = 0;
        while let Some((first, end)) = parts.get(place).copied() {
            place += 1;
            for part in first..end {
                nodes.push(part);
                let it = self.node(NodeIx(part)).part().and_then(|place| self.loops.get(place));
                for frame in it.filter(|it| it.node.0 == part).iter().flat_map(|it| &it.frames) {
                    let base = self.frames[*frame as usize - 1].base;
                    parts.push((base, base + after(part) - part - 1));
                }
            }
        }
        if !nodes.is_sorted() {
            sort_indices(&mut nodes, &|a, b| a < b);
        }
        nodes
    }

    fn iteration_ended(&mut self, each: NodeIx) {
        if let Some(it) = self.loop_of(each) {
            it.active -= 1;
        }
        let open = &mut self.state(each).open_children;
        *open -= 1;
        let task = if *open == 0 { Task::Complete(each) } else { Task::Iterate(each) };
        self.agenda.push(task);
    }
}
