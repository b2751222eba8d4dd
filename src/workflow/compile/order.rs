//! What has ended when something else begins, in one list.
//!
//! Every expression that reads a step asks, so an answer must not take a walk through the whole list. Two things keep walks
//! short. Steps that wait for each other one by one stand in a row, and in a row the earlier one has ended: a plain list
//! is one row. And whoever waits for a step that reads the same one as itself need look no further.

use crate::workflow::plan::{Step, StepIx};

/// What is known of the order of steps; all of it by step.
#[derive(Debug, Default)]
pub(super) struct Precedence {
    /// The first step of its row.
    rows: Vec<StepIx>,
    /// The last step of its row, up to itself, that waits for more than the one before it in the row.
    joints: Vec<StepIx>,
    /// What was found to end before it, the last time; at first it names itself.
    found: Vec<StepIx>,
    /// Whether a walk has come to it. Between walks it is not.
    seen: Vec<bool>,
}

impl Precedence {
    /// The order that the needs of steps make.
    pub(super) fn of(steps: &[Step]) -> Self {
        let mut order = Self { seen: vec![false; steps.len()], ..Self::default() };
        for (index, step) in steps.iter().enumerate() {
            let own = StepIx(index as u32);
            // A row goes on with one step only.
            let goes_on = |need: &&StepIx| **need < own && steps[need.ix()].dependents.first() == Some(&own);
            let before = step.needs.iter().find(goes_on);
            order.rows.push(before.map_or(own, |before| order.rows[before.ix()]));
            let waits_for_it_alone = before.filter(|_| step.needs.len() == 1);
            order.joints.push(waits_for_it_alone.map_or(own, |before| order.joints[before.ix()]));
            order.found.push(own);
        }
        order
    }

    /// Whether the one has ended, in every run, when the other one begins; they stand in the same list.
    pub(super) fn is_before(&mut self, steps: &[Step], one: StepIx, other: StepIx) -> bool {
        let mut ahead = vec![other];
        let mut place = 0;
        let mut is_before = false;
        while let (Some(&at), false) = (ahead.get(place), is_before) {
            let needs = &steps[self.joints[at.ix()].ix()].needs;
            let is_behind_in_row = self.rows[at.ix()] == self.rows[one.ix()] && one <= at;
            is_before = is_behind_in_row || self.found[at.ix()] == one || needs.binary_search(&one).is_ok();
            if !is_before {
                for need in needs {
                    if !std::mem::replace(&mut self.seen[need.ix()], true) {
                        ahead.push(*need);
                    }
                }
            }
            place += 1;
        }
        for at in ahead {
            self.seen[at.ix()] = false;
        }
        if is_before {
            self.found[other.ix()] = one;
        }
        is_before
    }
}
