//! What a run tells: one compact record for everything that happens to it.
//!
//! Records, metrics and the dashboard are folds over these. They stay as small integers until somebody reads them.

use std::time::Duration;

use super::plan::StepIx;
use crate::time::Timestamp;

/// Something that happened in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Its place in the run, from 0, without gaps.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// The run began.
    RunStarted,
    /// The run ended well.
    RunCompleted,
    /// The run failed: with a step, or with its output.
    RunFailed(Option<StepIx>),
    /// The run took longer than its timeout.
    RunTimedOut,
    /// Somebody cancelled the run.
    RunCancelled,
    /// A step began: its needs are settled and it has its slot.
    StepStarted(StepIx),
    /// A step ended well.
    StepCompleted(StepIx),
    /// A step failed, after all its attempts.
    StepFailed(StepIx),
    /// A step that had begun was stopped because the run ended.
    StepCancelled(StepIx),
    /// An attempt began; the first is 1.
    AttemptStarted(StepIx, u32),
    /// An attempt failed.
    AttemptFailed(StepIx, u32),
    /// An attempt took longer than its timeout.
    AttemptTimedOut(StepIx, u32),
    /// An attempt was refused by the circuit breaker.
    AttemptShortCircuited(StepIx),
    /// An attempt was refused by the bulkhead.
    AttemptRejected(StepIx),
    /// An attempt was refused by the rate limit.
    AttemptRateLimited(StepIx),
    /// The step took longer than its total timeout.
    StepTimedOut(StepIx),
    /// The next attempt begins after a delay.
    RetryScheduled(StepIx, u32, Duration),
}

impl EventKind {
    /// The stable names, in the order of [`index`](Self::index).
    pub const NAMES: &[&str] = &[
        "run.started",
        "run.completed",
        "run.failed",
        "run.timed_out",
        "run.cancelled",
        "step.started",
        "step.completed",
        "step.failed",
        "step.cancelled",
        "attempt.started",
        "attempt.failed",
        "attempt.timed_out",
        "retry.scheduled",
        "attempt.short_circuited",
        "attempt.rejected",
        "attempt.rate_limited",
        "step.timed_out",
    ];

    /// The stable name, such as `"step.completed"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// The place of its name among [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::RunStarted => 0,
            Self::RunCompleted => 1,
            Self::RunFailed(_) => 2,
            Self::RunTimedOut => 3,
            Self::RunCancelled => 4,
            Self::StepStarted(_) => 5,
            Self::StepCompleted(_) => 6,
            Self::StepFailed(_) => 7,
            Self::StepCancelled(_) => 8,
            Self::AttemptStarted(..) => 9,
            Self::AttemptFailed(..) => 10,
            Self::AttemptTimedOut(..) => 11,
            Self::RetryScheduled(..) => 12,
            Self::AttemptShortCircuited(_) => 13,
            Self::AttemptRejected(_) => 14,
            Self::AttemptRateLimited(_) => 15,
            Self::StepTimedOut(_) => 16,
        }
    }

    /// The step it is about, if it is about one.
    #[must_use]
    pub fn step(self) -> Option<StepIx> {
        match self {
            Self::RunStarted | Self::RunCompleted | Self::RunTimedOut | Self::RunCancelled => None,
            Self::RunFailed(step) => step,
            Self::StepStarted(step)
            | Self::StepCompleted(step)
            | Self::StepFailed(step)
            | Self::StepCancelled(step)
            | Self::StepTimedOut(step)
            | Self::AttemptShortCircuited(step)
            | Self::AttemptRejected(step)
            | Self::AttemptRateLimited(step)
            | Self::AttemptStarted(step, _)
            | Self::AttemptFailed(step, _)
            | Self::AttemptTimedOut(step, _)
            | Self::RetryScheduled(step, ..) => Some(step),
        }
    }

    /// The attempt it is about, if it is about one; the first is 1.
    #[must_use]
    pub fn attempt(self) -> Option<u32> {
        match self {
            Self::AttemptStarted(_, attempt)
            | Self::AttemptFailed(_, attempt)
            | Self::AttemptTimedOut(_, attempt)
            | Self::RetryScheduled(_, attempt, _) => Some(attempt),
            _ => None,
        }
    }
}
