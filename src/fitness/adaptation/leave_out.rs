//! What a person should not do, taken out of what is left of a session.
//!
//! That is what the profile rules out, which may say more than it did when the workout was made, and what loads a part
//! that hurts, as if it were moderately injured (house). Sets that are done stay. A partner that is left out of a superset or
//! a circuit leaves a pause, so the others keep their pace (house).

use super::plan::{resize, take_done};
use super::request::AdaptationRequest;
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::{self, Restrictions};
use crate::fitness::record::copy;
use crate::fitness::session::report;
use crate::fitness::time_budget;
use crate::fitness::words::{Area, Set, Tag};
use crate::fitness::workout::{Block, BlockKind};

/// What loads one of these areas.
pub(in crate::fitness) fn loads(areas: Set<Area>) -> Set<Tag> {
    areas.iter().fold(Set::EMPTY, |tags, area| tags.union(contraindications::area(area).exclude_tags))
}

impl AdaptationRequest {
    /// What may be done.
    #[must_use]
    pub fn restrictions(&self) -> Restrictions {
        let mut restrictions = Restrictions::of(&self.profile);
        restrictions.tags = restrictions.tags.union(loads(self.pain));
        restrictions
    }

    /// Takes out what should not be done, and keeps in mind what that was.
    pub(super) fn leave_out(&mut self) {
        let restrictions = self.restrictions();
        if let Some(current) = self.current.take_if(|current| !restrictions.allow(current.exercise)) {
            self.left_out.push(current.exercise);
        }
        self.signs.left_out = !self.left_out.is_empty();
        let Some(workout) = &mut self.workout else { return };
        let (mut completed, mut blocks) = (self.completed.clone(), Vec::new());
        let mut changed = false;
        for mut block in std::mem::take(&mut workout.blocks) {
            let main = block.kind.is_main();
            let done = if main { take_done(&block, &mut completed) } else { 0 };
            let out = |id: &str| catalogue::find(id).filter(|exercise| !restrictions.allow(exercise));
            if done >= block.rounds || block.steps.iter().all(|step| out(&step.exercise_id).is_none()) {
                blocks.push(block);
                continue;
            }
            changed = true;
            if done > 0 {
                let mut part = copy(&block);
                resize(&mut part, done);
                blocks.push(part);
            }
            let rounds = block.rounds - done;
            for exercise in leave_out_of(&mut block, &out) {
                if main && !self.left_out.iter().any(|known| known.id == exercise.id) {
                    self.left_out.push(exercise);
                }
            }
            let Some(last) = block.steps.last() else { continue };
            if done > 0 {
                block.setup_s = last.rest_s;
            }
            if main {
                resize(&mut block, rounds);
            } else {
                block.duration_s = time_budget::block_s(&block);
            }
            blocks.push(block);
        }
        workout.blocks = blocks;
        if changed {
            self.signs.left_out = true;
            workout.totals = report::totals(&workout.blocks, self.profile.weight_kg);
            workout.provenance.rules.push("adaptation:left_out".to_owned());
        }
    }
}

/// Takes steps out of a block, and returns their exercises.
fn leave_out_of(block: &mut Block, out: &dyn Fn(&str) -> Option<&'static Exercise>) -> Vec<&'static Exercise> {
    let (mut found, mut pause_s) = (Vec::new(), 0);
    for step in std::mem::take(&mut block.steps) {
        match (out(&step.exercise_id), block.steps.last_mut()) {
            (None, _) => block.steps.push(step),
            (Some(exercise), before) => {
                found.push(exercise);
                match before {
                    Some(before) => before.rest_s += step.work_s + step.rest_s,
                    None => pause_s += step.work_s + step.rest_s,
                }
            }
        }
    }
    if let Some(last) = block.steps.last_mut() {
        last.rest_s += pause_s;
    }
    if block.steps.len() == 1 && matches!(block.kind, BlockKind::Superset | BlockKind::Circuit) {
        block.kind = BlockKind::Main;
    }
    found
}
