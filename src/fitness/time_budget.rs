//! How long a session takes, to the second.
//!
//! One formula serves builder, checker and tests. A set is its repetitions times the tempo, or its time, twice when each
//! side works. A block is its set-up, and for every round each step's set and the pause after it, without the pause
//! after the very last set: setting up for what follows is the rest there. A session is the sum of its blocks.

use super::workout::{Block, Goal, GoalKind, Workout};

/// Seconds to get to an exercise and set it up (house).
pub const TRANSITION_S: u32 = 60;

/// How far a session may miss the asked duration: ±10 %.
pub const TOLERANCE: f64 = 0.10;

/// Warm-up for sessions of half an hour and more.
pub const WARM_UP_S: (u32, u32) = (300, 600);

/// Warm-up for shorter sessions.
pub const SHORT_WARM_UP_S: (u32, u32) = (180, 600);

/// Cool-down: at least 3 minutes; at most 10 (house).
pub const COOL_DOWN_S: (u32, u32) = (180, 600);

/// The shortest pause between the two exercises of a superset: time to change places (house).
pub const CHANGE_S: u32 = 10;

/// The bounds of the warm-up for a session.
#[must_use]
pub fn warm_up_bounds_s(duration_min: u32) -> (u32, u32) {
    if duration_min >= 30 { WARM_UP_S } else { SHORT_WARM_UP_S }
}

/// The seconds a session may take: the asked duration ±10 %, both ends included.
#[must_use]
pub fn window_s(duration_min: u32) -> (u32, u32) {
    (duration_min * 54, duration_min * 66)
}

/// Seconds of work in a set, both sides together. The upper end of the goal counts.
#[must_use]
pub fn set_work_s(goal: &Goal, tempo_s: Option<u32>, per_side: bool) -> u32 {
    let one_side = match goal.kind {
        GoalKind::Reps => goal.max * tempo_s.unwrap_or(0),
        GoalKind::TimeS => goal.max,
    };
    if per_side { 2 * one_side } else { one_side }
}

/// The seconds of a block.
#[must_use]
pub fn block_s(block: &Block) -> u32 {
    let round: u32 = block.steps.iter().map(|step| step.work_s + step.rest_s).sum();
    let last_rest = block.steps.last().map_or(0, |step| step.rest_s);
    block.setup_s + (block.rounds * round).saturating_sub(last_rest)
}

/// The seconds of a session.
#[must_use]
pub fn total_s(workout: &Workout) -> u32 {
    workout.blocks.iter().map(block_s).sum()
}
