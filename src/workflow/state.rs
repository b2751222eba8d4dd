//! Where a step of a run is.

use crate::time::Timestamp;

/// Where a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It waits for its needs or for a slot, or never got to run.
    #[default]
    Pending,
    /// It runs.
    Running,
    /// It waits for its next attempt.
    Waiting,
    /// It ended well.
    Completed,
    /// It failed.
    Failed,
    /// It was stopped because the run ended.
    Cancelled,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: &[Self] =
        &[Self::Pending, Self::Running, Self::Waiting, Self::Completed, Self::Failed, Self::Cancelled];

    /// The stable name, such as `"completed"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a run knows of one step.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StepState {
    /// Where it is.
    pub status: Status,
    /// The current attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Needs that have not completed, one more while its group has not begun.
    pub(super) blockers: u32,
    /// Children that have not completed.
    pub(super) open_children: u32,
    /// Whether its call has begun and not ended.
    pub(super) called: bool,
    /// Whether it holds its slots.
    pub(super) has_slots: bool,
}
