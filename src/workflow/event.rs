//! What a run tells: one compact record for everything that happens to it.
//!
//! Records, metrics, the dashboard and the journal are folds over these. They stay as small numbers
//! until somebody reads them.

use std::time::Duration;

use super::message::Note;
use super::state::NodeIx;
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

/// What values told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Whether the condition holds.
    When(bool),
    /// Which case it is; none when no condition holds and there is no last resort.
    Case(Option<u32>),
    /// How many items there are.
    Items(u32),
    /// Until when.
    Until(Timestamp),
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
    RunFailed(Option<NodeIx>),
    /// The run took longer than its timeout.
    RunTimedOut,
    /// Somebody cancelled the run.
    RunCancelled,
    /// Nothing new begins until further notice.
    RunPaused,
    /// The run goes on after a pause.
    RunResumed,
    /// The run goes on from its journal.
    RunRestored,
    /// The run is going to end in vain, and undoes before that what it can.
    RunCompensating(Vain),
    /// A step began: its needs are settled and it has its slot.
    StepStarted(NodeIx),
    /// A step ended well.
    StepCompleted(NodeIx),
    /// A step failed, after all its attempts.
    StepFailed(NodeIx),
    /// A step that had begun was stopped.
    StepCancelled(NodeIx),
    /// A step did not begin, because a condition did not hold.
    StepSkipped(NodeIx),
    /// The step took longer than its total timeout, or what it waited for did not come in time.
    StepTimedOut(NodeIx),
    /// A condition, a choice, a list or an instant of a step is known.
    StepEvaluated(NodeIx, Decision),
    /// An attempt has a part of its result, or says how far it is.
    StepProgress(NodeIx, u32),
    /// An attempt wrote a line for the log.
    StepLogged(NodeIx, u32),
    /// An attempt began; the first is 1.
    AttemptStarted(NodeIx, u32),
    /// An attempt failed.
    AttemptFailed(NodeIx, u32),
    /// An attempt took longer than its timeout.
    AttemptTimedOut(NodeIx, u32),
    /// An attempt was refused by the circuit breaker.
    AttemptShortCircuited(NodeIx),
    /// An attempt was refused by the bulkhead.
    AttemptRejected(NodeIx),
    /// An attempt was refused by the rate limit.
    AttemptRateLimited(NodeIx),
    /// An attempt ran when its process ended, and is made again.
    AttemptInterrupted(NodeIx, u32),
    /// Another step asks for the same already, and this one waits for its answer.
    AttemptShared(NodeIx),
    /// That other step gave up, and this one asks for itself.
    AttemptUnshared(NodeIx),
    /// The next attempt begins after a delay.
    RetryScheduled(NodeIx, u32, Duration),
    /// The step goes on with a fallback, from 1.
    FallbackStarted(NodeIx, u32),
    /// A step waits until an instant.
    TimerSet(NodeIx, Timestamp),
    /// What a step waited for is due, or its next attempt.
    TimerFired(NodeIx),
    /// A signal came: which one, and the host's number of what came with it.
    SignalReceived(u32, u32),
    /// An iteration of a loop began: its index and its frame.
    IterationStarted(NodeIx, u32, u32),
    /// A step is being undone.
    CompensationStarted(NodeIx),
    /// A step was undone.
    CompensationCompleted(NodeIx),
    /// A step could not be undone.
    CompensationFailed(NodeIx),
}

/// In what way a run ends in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vain {
    /// A step failed.
    Failed,
    /// The output cannot be built.
    OutputFailed,
    /// It takes too long.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
}

/// What an event is about, beside its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fields {
    pub(super) node: Option<NodeIx>,
    pub(super) attempt: Option<u32>,
    pub(super) a: Option<u32>,
    pub(super) b: Option<f64>,
}

impl EventKind {
    /// The stable names, in the order of [`index`](Self::index).
    pub const NAMES: &[&str] = &[
        "run.started",
        "run.completed",
        "run.failed",
        "run.timed_out",
        "run.cancelled",
        "run.paused",
        "run.resumed",
        "run.restored",
        "run.compensating",
        "step.started",
        "step.completed",
        "step.failed",
        "step.cancelled",
        "step.skipped",
        "step.timed_out",
        "step.evaluated",
        "step.progress",
        "step.logged",
        "attempt.started",
        "attempt.failed",
        "attempt.timed_out",
        "attempt.short_circuited",
        "attempt.rejected",
        "attempt.rate_limited",
        "attempt.interrupted",
        "retry.scheduled",
        "fallback.started",
        "timer.set",
        "timer.fired",
        "signal.received",
        "iteration.started",
        "compensation.started",
        "compensation.completed",
        "compensation.failed",
        "attempt.shared",
        "attempt.unshared",
    ];

    /// The stable name, such as `"step.completed"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// The place of its name among [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn index(self) -> usize {
        self.parts().0
    }

    /// The step it is about, if it is about one.
    #[must_use]
    pub fn node(self) -> Option<NodeIx> {
        self.parts().1.node
    }

    /// The attempt it is about, if it is about one; the first is 1.
    #[must_use]
    pub fn attempt(self) -> Option<u32> {
        self.parts().1.attempt
    }

    /// The number of its kind, and what it is about: the one place that says what an event consists of.
    pub(super) fn parts(self) -> (usize, Fields) {
        let none = Fields::default();
        let of = |node| Fields { node: Some(node), ..none };
        let attempt = |node, attempt| Fields { attempt: Some(attempt), ..of(node) };
        match self {
            Self::RunStarted => (0, none),
            Self::RunCompleted => (1, none),
            Self::RunFailed(node) => (2, Fields { node, ..none }),
            Self::RunTimedOut => (3, none),
            Self::RunCancelled => (4, none),
            Self::RunPaused => (5, none),
            Self::RunResumed => (6, none),
            Self::RunRestored => (7, none),
            Self::RunCompensating(vain) => (8, Fields { a: Some(vain as u32), ..none }),
            Self::StepStarted(node) => (9, of(node)),
            Self::StepCompleted(node) => (10, of(node)),
            Self::StepFailed(node) => (11, of(node)),
            Self::StepCancelled(node) => (12, of(node)),
            Self::StepSkipped(node) => (13, of(node)),
            Self::StepTimedOut(node) => (14, of(node)),
            Self::StepEvaluated(node, decision) => {
                let (a, b) = match decision {
                    Decision::When(holds) => (0, f64::from(u8::from(holds))),
                    Decision::Case(case) => (1, case.map_or(-1.0, f64::from)),
                    Decision::Items(count) => (2, f64::from(count)),
                    Decision::Until(at) => (3, at.as_millis()),
                };
                (15, Fields { a: Some(a), b: Some(b), ..of(node) })
            }
            Self::StepProgress(node, of) => (16, attempt(node, of)),
            Self::StepLogged(node, of) => (17, attempt(node, of)),
            Self::AttemptStarted(node, of) => (18, attempt(node, of)),
            Self::AttemptFailed(node, of) => (19, attempt(node, of)),
            Self::AttemptTimedOut(node, of) => (20, attempt(node, of)),
            Self::AttemptShortCircuited(node) => (21, of(node)),
            Self::AttemptRejected(node) => (22, of(node)),
            Self::AttemptRateLimited(node) => (23, of(node)),
            Self::AttemptInterrupted(node, of) => (24, attempt(node, of)),
            Self::RetryScheduled(node, of, delay) => {
                (25, Fields { b: Some(delay.as_secs_f64() * 1_000.0), ..attempt(node, of) })
            }
            Self::FallbackStarted(node, level) => (26, Fields { a: Some(level), ..of(node) }),
            Self::TimerSet(node, at) => (27, Fields { b: Some(at.as_millis()), ..of(node) }),
            Self::TimerFired(node) => (28, of(node)),
            Self::SignalReceived(signal, payload) => {
                (29, Fields { a: Some(signal), b: Some(f64::from(payload)), ..none })
            }
            Self::IterationStarted(node, index, frame) => {
                (30, Fields { a: Some(index), b: Some(f64::from(frame)), ..of(node) })
            }
            Self::CompensationStarted(node) => (31, of(node)),
            Self::CompensationCompleted(node) => (32, of(node)),
            Self::CompensationFailed(node) => (33, of(node)),
            Self::AttemptShared(node) => (34, of(node)),
            Self::AttemptUnshared(node) => (35, of(node)),
        }
    }

    /// What [`parts`](Self::parts) took apart; `None` for what is no event.
    pub(super) fn from_parts(index: usize, fields: Fields) -> Option<Self> {
        let Fields { node, attempt, a, b } = fields;
        Some(match index {
            0 => Self::RunStarted,
            1 => Self::RunCompleted,
            2 => Self::RunFailed(node),
            3 => Self::RunTimedOut,
            4 => Self::RunCancelled,
            5 => Self::RunPaused,
            6 => Self::RunResumed,
            7 => Self::RunRestored,
            8 => Self::RunCompensating(match a? {
                0 => Vain::Failed,
                1 => Vain::OutputFailed,
                2 => Vain::TimedOut,
                3 => Vain::Cancelled,
                _ => return None,
            }),
            9 => Self::StepStarted(node?),
            10 => Self::StepCompleted(node?),
            11 => Self::StepFailed(node?),
            12 => Self::StepCancelled(node?),
            13 => Self::StepSkipped(node?),
            14 => Self::StepTimedOut(node?),
            15 => Self::StepEvaluated(
                node?,
                match a? {
                    0 => Decision::When(b? != 0.0),
                    1 => Decision::Case((b? >= 0.0).then_some(b? as u32)),
                    2 => Decision::Items(b? as u32),
                    3 => Decision::Until(Timestamp::from_millis(b?)),
                    _ => return None,
                },
            ),
            16 => Self::StepProgress(node?, attempt?),
            17 => Self::StepLogged(node?, attempt?),
            18 => Self::AttemptStarted(node?, attempt?),
            19 => Self::AttemptFailed(node?, attempt?),
            20 => Self::AttemptTimedOut(node?, attempt?),
            21 => Self::AttemptShortCircuited(node?),
            22 => Self::AttemptRejected(node?),
            23 => Self::AttemptRateLimited(node?),
            24 => Self::AttemptInterrupted(node?, attempt?),
            25 => Self::RetryScheduled(node?, attempt?, Duration::from_micros((b? * 1_000.0 + 0.5) as u64)),
            26 => Self::FallbackStarted(node?, a?),
            27 => Self::TimerSet(node?, Timestamp::from_millis(b?)),
            28 => Self::TimerFired(node?),
            29 => Self::SignalReceived(a?, b? as u32),
            30 => Self::IterationStarted(node?, a?, b? as u32),
            31 => Self::CompensationStarted(node?),
            32 => Self::CompensationCompleted(node?),
            33 => Self::CompensationFailed(node?),
            34 => Self::AttemptShared(node?),
            35 => Self::AttemptUnshared(node?),
            _ => return None,
        })
    }

    /// What an attempt tells.
    pub(super) fn noted(note: Note, node: NodeIx, attempt: u32) -> Self {
        match note {
            Note::Progress => Self::StepProgress(node, attempt),
            Note::Log => Self::StepLogged(node, attempt),
        }
    }
}

impl Event {
    /// How many numbers an event is.
    pub const NUMBERS: usize = 6;

    /// As numbers: its kind, when (milliseconds), the step, the attempt, and two more; NaN for what it has not. Its place
    /// is that in the list.
    #[must_use]
    pub fn to_numbers(&self) -> [f64; Self::NUMBERS] {
        let (index, Fields { node, attempt, a, b }) = self.kind.parts();
        let number = |it: Option<u32>| it.map_or(f64::NAN, f64::from);
        let node = number(node.map(|node| node.0));
        [index as f64, self.at.as_millis(), node, number(attempt), number(a), b.unwrap_or(f64::NAN)]
    }

    /// What [`to_numbers`](Self::to_numbers) gave; `None` for what is no event.
    #[must_use]
    pub fn from_numbers(seq: u32, numbers: &[f64]) -> Option<Self> {
        let &[index, at, node, attempt, a, b] = numbers else { return None };
        let whole = |it: f64| (it >= 0.0 && it < f64::from(u32::MAX)).then_some(it as u32);
        let fields = Fields {
            node: whole(node).map(NodeIx),
            attempt: whole(attempt),
            a: whole(a),
            b: (!b.is_nan()).then_some(b),
        };
        let kind = EventKind::from_parts(whole(index)? as usize, fields)?;
        Some(Self { seq, at: Timestamp::from_millis(at), kind })
    }
}
