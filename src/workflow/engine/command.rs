//! What an engine asks of its host.

use std::num::NonZeroU32;

use crate::policy::{Change, FailureReason};
use crate::workflow::message::{AbortReason, Question, RunEnd};
use crate::workflow::state::NodeIx;

/// Names a run from its start until it is removed; then the number is used again.
pub type RunId = u32;

/// What the host has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask whom a step asks; report back with [`Engine::settle`](super::Engine::settle).
    Call {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// Which attempt this is, from 1.
        attempt: u32,
        /// 0 is the step itself, then its fallbacks.
        level: u32,
    },
    /// Tell an attempt to stop, and drop what it may still answer.
    Abort {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: AbortReason,
    },
    /// A call whose answer others may have is to begin: say by which key, with [`Engine::begin`](super::Engine::begin).
    Prepare {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
    },
    /// Find out what only values tell; report back with [`Engine::evaluated`](super::Engine::evaluated) or
    /// [`Engine::evaluation_failed`](super::Engine::evaluation_failed).
    Evaluate {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// What to find out.
        question: Question,
    },
    /// An iteration begins, with nodes behind all those there are: one for each step of the loop's body.
    Iterate {
        /// The run.
        run: RunId,
        /// The loop.
        node: NodeIx,
        /// Which item it is about, from 0.
        index: u32,
        /// The number of its frame.
        frame: u32,
    },
    /// A step that has steps of its own completed: its output is made of theirs.
    Collect {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// Of a switch, which of its cases was chosen, counted from 1.
        case: Option<NonZeroU32>,
    },
    /// The output of a step is what came with a signal.
    Receive {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// The host's number for it.
        payload: u32,
    },
    /// The last word on why a step failed.
    Fail {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// Where it began: the step itself, or one inside of it.
        origin: NodeIx,
        /// Why.
        reason: FailureReason,
    },
    /// A step goes on with a fallback.
    FellBack {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// Which one, from 1.
        level: u32,
        /// Why the level before it failed.
        reason: FailureReason,
    },
    /// The output of a step goes into a cache.
    Keep {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// Which cache.
        cache: u32,
        /// Its place there.
        slot: u32,
    },
    /// The output of a step comes from a cache.
    Recall {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// Which cache.
        cache: u32,
        /// Its place there.
        slot: u32,
    },
    /// What is in this place of a cache is not kept any more.
    Drop {
        /// Which cache.
        cache: u32,
        /// The place.
        slot: u32,
    },
    /// What became of a step is what became of another one, which asked for the same.
    Share {
        /// The run.
        run: RunId,
        /// The step.
        node: NodeIx,
        /// The run of the other one.
        from: RunId,
        /// The other one.
        leader: NodeIx,
    },
    /// Every step has ended: build the output that the definition describes; report back with
    /// [`Engine::output_built`](super::Engine::output_built).
    BuildOutput {
        /// The run.
        run: RunId,
    },
    /// The run ended. The host takes what it wants to keep and calls [`Engine::remove`](super::Engine::remove).
    Settle {
        /// The run.
        run: RunId,
        /// How it ended.
        end: RunEnd,
    },
    /// A circuit breaker changed its state; it belongs to all runs.
    Circuit {
        /// Which one; see [`Guards::breaker_name`](crate::policy::Guards::breaker_name).
        breaker: u32,
        /// From what to what.
        change: Change,
    },
}

impl Command {
    /// The run it is about, if it is about one.
    #[must_use]
    pub fn run(self) -> Option<RunId> {
        match self {
            Self::Call { run, .. }
            | Self::Abort { run, .. }
            | Self::Prepare { run, .. }
            | Self::Evaluate { run, .. }
            | Self::Iterate { run, .. }
            | Self::Collect { run, .. }
            | Self::Receive { run, .. }
            | Self::Fail { run, .. }
            | Self::FellBack { run, .. }
            | Self::Keep { run, .. }
            | Self::Recall { run, .. }
            | Self::Share { run, .. }
            | Self::BuildOutput { run }
            | Self::Settle { run, .. } => Some(run),
            Self::Drop { .. } | Self::Circuit { .. } => None,
        }
    }
}
