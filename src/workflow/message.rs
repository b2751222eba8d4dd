//! What goes into a run, and what comes out.

use super::plan::StepIx;
use crate::time::Timestamp;

/// What a host tells a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Started,
    /// An attempt of a call ended. One that the run no longer waits for is ignored.
    StepSettled {
        /// The step.
        step: StepIx,
        /// The attempt, as [`Effect::Call`] named it.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
    },
    /// A timer is due.
    TimerFired(Timer),
    /// The output that [`Effect::BuildOutput`] asked for is there, or cannot be had.
    OutputBuilt(Outcome),
    /// Somebody wants the run to stop.
    CancelRequested,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a value, which the host keeps.
    Completed,
    /// With an error that another attempt may not meet.
    Failed,
    /// With an error that every attempt will meet.
    FailedForGood,
}

/// What a run asks of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Call the handler of a step; report back with [`Input::StepSettled`].
    Call {
        /// The step.
        step: StepIx,
        /// Which attempt this is, from 1.
        attempt: u32,
    },
    /// An attempt is no longer wanted: tell its handler to stop, and drop what it may still answer.
    Abort {
        /// The step.
        step: StepIx,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: AbortReason,
    },
    /// A group completed: its output is the outputs of its children, by id.
    Collect {
        /// The group.
        step: StepIx,
    },
    /// Wake the run at an instant. There is at most one timer of a kind; setting it again moves it.
    SetTimer {
        /// Which timer.
        timer: Timer,
        /// When.
        at: Timestamp,
    },
    /// A timer is no longer needed.
    ClearTimer {
        /// Which timer.
        timer: Timer,
    },
    /// Every step completed, and the definition says what the run's output is: build it, and report back with
    /// [`Input::OutputBuilt`]. The run has not completed before it is there.
    BuildOutput,
    /// The run ended; nothing comes after this.
    Settle(RunEnd),
}

/// Why an attempt is no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortReason {
    /// It took longer than its timeout.
    TimedOut,
    /// The run ended without it.
    RunEnded,
}

/// A timer of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The timeout of the run.
    Run,
    /// The timeout of a step's attempt or, between attempts, the delay before the next one.
    Step(StepIx),
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

/// Why the last attempt of a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// Its handler said so; the host has the error.
    Error,
    /// It took longer than its timeout.
    Timeout,
}
