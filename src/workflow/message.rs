//! What goes into a run, and what comes out.

use super::plan::StepIx;
use crate::policy::FailureReason;
use crate::time::Timestamp;
use std::time::Duration;

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Started,
    /// An attempt of a call began.
    AttemptStarted {
        /// The step.
        step: StepIx,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// An attempt of a call failed; 0 is one that was not admitted.
    AttemptFailed {
        /// The step.
        step: StepIx,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: FailureReason,
    },
    /// The next attempt of a call comes after a delay.
    RetryScheduled {
        /// The step.
        step: StepIx,
        /// How long.
        delay: Duration,
    },
    /// The delay before the next attempt of a call is over.
    RetryDue {
        /// The step.
        step: StepIx,
    },
    /// A call ended, after all its attempts.
    CallSettled {
        /// The step.
        step: StepIx,
        /// How it ended.
        outcome: Result<(), FailureReason>,
    },
    /// The timeout of the run is due.
    TimeoutFired,
    /// The output that [`Effect::BuildOutput`] asked for is there.
    OutputBuilt,
    /// The output that [`Effect::BuildOutput`] asked for cannot be had.
    OutputFailed,
    /// Somebody wants the run to stop.
    CancelRequested,
}

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make a call, under the policies of its step. What becomes of it is told as it happens, and at last with
    /// [`Input::CallSettled`].
    Call {
        /// The step.
        step: StepIx,
        /// All the randomness of the call.
        seed: u64,
    },
    /// The call whose delay is over may make its next attempt.
    Resume {
        /// The step.
        step: StepIx,
    },
    /// A call is no longer wanted.
    CancelCall {
        /// The step.
        step: StepIx,
    },
    /// A group completed: its output is the outputs of its children, by id.
    Collect {
        /// The group.
        step: StepIx,
    },
    /// Send [`Input::TimeoutFired`] at an instant.
    SetTimeout {
        /// When.
        at: Timestamp,
    },
    /// The timeout is no longer needed.
    ClearTimeout,
    /// Every step completed, and the definition says what the run's output is: build it, and report back with
    /// [`Input::OutputBuilt`] or [`Input::OutputFailed`]. The run has not completed before that.
    BuildOutput,
    /// The run ended; nothing comes after this.
    Settle(RunEnd),
}

/// Why an attempt is no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortReason {
    /// It took longer than its `timeout`.
    TimedOut,
    /// The step took longer than its `totalTimeout`.
    TotalTimedOut,
    /// Another attempt answered first.
    Superseded,
    /// The run ended without it.
    RunEnded,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Every step completed.
    Completed,
    /// A step failed.
    Failed(StepIx, FailureReason),
    /// Every step completed, but the output cannot be built from what they gave.
    OutputFailed,
    /// The run took longer than the workflow's timeout.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
}
