//! What goes into a run, and what comes out.

use std::num::NonZeroU32;
use std::time::Duration;

use super::event::Decision;
use super::state::NodeIx;
use crate::policy::FailureReason;
use crate::time::Timestamp;

/// What a run is told. What concerns a step that nobody waits for any more is ignored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// Begin.
    Started,
    /// An attempt of a call began.
    AttemptStarted {
        /// The step.
        node: NodeIx,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// An attempt of a call failed; 0 is one that was not admitted.
    AttemptFailed {
        /// The step.
        node: NodeIx,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: FailureReason,
    },
    /// Another call asks for the same already: this one waits for its answer.
    Shared {
        /// The step.
        node: NodeIx,
    },
    /// The other call was given up: this one has to ask for itself.
    Unshared {
        /// The step.
        node: NodeIx,
    },
    /// The next attempt of a call comes after a delay.
    RetryScheduled {
        /// The step.
        node: NodeIx,
        /// How long.
        delay: Duration,
    },
    /// The delay before the next attempt of a call is over.
    RetryDue {
        /// The step.
        node: NodeIx,
    },
    /// A call goes on with a fallback.
    FellBack {
        /// The step.
        node: NodeIx,
        /// Which one, from 1.
        level: u32,
    },
    /// A call ended, after all its attempts.
    CallSettled {
        /// The step.
        node: NodeIx,
        /// How it ended.
        outcome: Result<(), FailureReason>,
    },
    /// What [`Effect::Evaluate`] asked for.
    Evaluated {
        /// The step.
        node: NodeIx,
        /// What was found.
        decision: Decision,
    },
    /// What [`Effect::Evaluate`] asked for cannot be had.
    EvaluationFailed {
        /// The step.
        node: NodeIx,
    },
    /// A timer is due: that of a step, or without one the timeout of the run.
    TimerFired {
        /// The step.
        node: Option<NodeIx>,
    },
    /// A signal came for the run.
    Signalled {
        /// Which one: its place in the [`signals`](super::Plan::signals) of the plan.
        signal: u32,
        /// What came with it, as a number of the host's.
        payload: u32,
    },
    /// An attempt has something to tell while it still runs.
    Noted {
        /// The step.
        node: NodeIx,
        /// The attempt.
        attempt: u32,
        /// Of what kind.
        note: Note,
    },
    /// The output that [`Effect::BuildOutput`] asked for is there.
    OutputBuilt,
    /// The output that [`Effect::BuildOutput`] asked for cannot be had.
    OutputFailed,
    /// Nothing new is to begin until further notice.
    PauseRequested,
    /// A paused run may go on.
    ResumeRequested,
    /// Somebody wants the run to stop.
    CancelRequested,
    /// The run goes on where its journal ends: attempts that ran then are lost.
    Restored,
}

impl Input {
    /// The step it is about, if it is about one.
    #[must_use]
    pub fn node(&self) -> Option<NodeIx> {
        match *self {
            Self::AttemptStarted { node, .. }
            | Self::AttemptFailed { node, .. }
            | Self::Shared { node }
            | Self::Unshared { node }
            | Self::RetryScheduled { node, .. }
            | Self::RetryDue { node }
            | Self::FellBack { node, .. }
            | Self::CallSettled { node, .. }
            | Self::Evaluated { node, .. }
            | Self::EvaluationFailed { node }
            | Self::Noted { node, .. } => Some(node),
            Self::TimerFired { node } => node,
            Self::Started
            | Self::Signalled { .. }
            | Self::OutputBuilt
            | Self::OutputFailed
            | Self::PauseRequested
            | Self::ResumeRequested
            | Self::CancelRequested
            | Self::Restored => None,
        }
    }
}

/// What an attempt tells while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A part of its result, or how far it is.
    Progress,
    /// A line for the log.
    Log,
}

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Make a call, under the policies of its step. What becomes of it is told as it happens, and at last with
    /// [`Input::CallSettled`].
    Call {
        /// The step.
        node: NodeIx,
    },
    /// The call whose delay is over may make its next attempt.
    Resume {
        /// The step.
        node: NodeIx,
    },
    /// A call is no longer wanted.
    CancelCall {
        /// The step.
        node: NodeIx,
    },
    /// Find out what only values tell, and report back with [`Input::Evaluated`] or [`Input::EvaluationFailed`].
    Evaluate {
        /// The step.
        node: NodeIx,
        /// What to find out.
        question: Question,
    },
    /// A group completed: its output is made of the outputs of its children.
    Collect {
        /// The group.
        node: NodeIx,
        /// Of a switch, which of its cases was chosen, counted from 1.
        case: Option<NonZeroU32>,
    },
    /// An iteration of a loop begins, with nodes of its own.
    Iterate {
        /// The loop.
        node: NodeIx,
        /// Which item it is about, from 0.
        index: u32,
        /// The number of its frame.
        frame: u32,
    },
    /// The output of a step is what came with a signal.
    Receive {
        /// The step.
        node: NodeIx,
        /// The host's number for it.
        payload: u32,
    },
    /// The last word on why a step failed.
    Fail {
        /// The step.
        node: NodeIx,
        /// Where it began: the step itself, or one inside of it.
        origin: NodeIx,
        /// Why.
        reason: FailureReason,
    },
    /// Send [`Input::TimerFired`] at an instant.
    SetTimer {
        /// The step, or none for the run.
        node: Option<NodeIx>,
        /// When.
        at: Timestamp,
    },
    /// A timer is no longer needed.
    ClearTimer {
        /// The step, or none for the run.
        node: Option<NodeIx>,
    },
    /// Every step has ended, and the definition says what the run's output is: build it, and report back with
    /// [`Input::OutputBuilt`] or [`Input::OutputFailed`]. The run has not completed before that.
    BuildOutput,
    /// The run ended; nothing comes after this.
    Settle(RunEnd),
}

/// What only values tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether a step's `when` holds.
    When,
    /// Which case of a `switch` it is.
    Case,
    /// How many items a loop has.
    Items,
    /// Until when a step waits.
    Until,
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
    /// Its step is no longer wanted: the run ended without it, or what it was a part of failed.
    Cancelled,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Every step ended well, or was allowed not to.
    Completed,
    /// A step failed: where it began, and why.
    Failed(NodeIx, FailureReason),
    /// Every step ended well, but the output cannot be built from what they gave.
    OutputFailed,
    /// The run took longer than the workflow's timeout.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
}
