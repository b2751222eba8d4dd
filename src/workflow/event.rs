//! What a run tells: one compact record for everything that happens to it.
//!
//! Records, metrics, the dashboard and the journal are folds over these. They stay as small numbers
//! until somebody reads them.

use super::message::Note;
use super::state::NodeIx;
use crate::time::Timestamp;

/// Something that happened in a run. Its place among the others is that in the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
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

impl Decision {
    /// The number of an [`Until`](Self::Until) among decisions.
    pub(super) const UNTIL: u32 = 3;
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
    /// The next attempt begins after a delay, in microseconds.
    RetryScheduled(NodeIx, u32, u64),
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
    /// Another step asks for the same already, and this one waits for its answer.
    AttemptShared(NodeIx),
    /// That other step gave up, and this one asks for itself.
    AttemptUnshared(NodeIx),
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

/// A step to put another one in the place of.
const NODE: NodeIx = NodeIx(0);

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
        match self {
            Self::RunStarted => 0,
            Self::RunCompleted => 1,
            Self::RunFailed(..) => 2,
            Self::RunTimedOut => 3,
            Self::RunCancelled => 4,
            Self::RunPaused => 5,
            Self::RunResumed => 6,
            Self::RunRestored => 7,
            Self::RunCompensating(..) => 8,
            Self::StepStarted(..) => 9,
            Self::StepCompleted(..) => 10,
            Self::StepFailed(..) => 11,
            Self::StepCancelled(..) => 12,
            Self::StepSkipped(..) => 13,
            Self::StepTimedOut(..) => 14,
            Self::StepEvaluated(..) => 15,
            Self::StepProgress(..) => 16,
            Self::StepLogged(..) => 17,
            Self::AttemptStarted(..) => 18,
            Self::AttemptFailed(..) => 19,
            Self::AttemptTimedOut(..) => 20,
            Self::AttemptShortCircuited(..) => 21,
            Self::AttemptRejected(..) => 22,
            Self::AttemptRateLimited(..) => 23,
            Self::AttemptInterrupted(..) => 24,
            Self::RetryScheduled(..) => 25,
            Self::FallbackStarted(..) => 26,
            Self::TimerSet(..) => 27,
            Self::TimerFired(..) => 28,
            Self::SignalReceived(..) => 29,
            Self::IterationStarted(..) => 30,
            Self::CompensationStarted(..) => 31,
            Self::CompensationCompleted(..) => 32,
            Self::CompensationFailed(..) => 33,
            Self::AttemptShared(..) => 34,
            Self::AttemptUnshared(..) => 35,
        }
    }

    /// The step it is about, if it is about one.
    #[must_use]
    pub fn node(self) -> Option<NodeIx> {
        self.fields().node
    }

    /// The attempt it is about, if it is about one; the first is 1.
    #[must_use]
    pub fn attempt(self) -> Option<u32> {
        self.fields().attempt
    }

    /// Every kind by its index, about nothing yet: what is told of it is put into its places.
    const BLANK: &[Self] = &[
        Self::RunStarted,
        Self::RunCompleted,
        Self::RunFailed(None),
        Self::RunTimedOut,
        Self::RunCancelled,
        Self::RunPaused,
        Self::RunResumed,
        Self::RunRestored,
        Self::RunCompensating(Vain::Failed),
        Self::StepStarted(NODE),
        Self::StepCompleted(NODE),
        Self::StepFailed(NODE),
        Self::StepCancelled(NODE),
        Self::StepSkipped(NODE),
        Self::StepTimedOut(NODE),
        Self::StepEvaluated(NODE, Decision::When(false)),
        Self::StepProgress(NODE, 0),
        Self::StepLogged(NODE, 0),
        Self::AttemptStarted(NODE, 0),
        Self::AttemptFailed(NODE, 0),
        Self::AttemptTimedOut(NODE, 0),
        Self::AttemptShortCircuited(NODE),
        Self::AttemptRejected(NODE),
        Self::AttemptRateLimited(NODE),
        Self::AttemptInterrupted(NODE, 0),
        Self::RetryScheduled(NODE, 0, 0),
        Self::FallbackStarted(NODE, 0),
        Self::TimerSet(NODE, Timestamp::EPOCH),
        Self::TimerFired(NODE),
        Self::SignalReceived(0, 0),
        Self::IterationStarted(NODE, 0, 0),
        Self::CompensationStarted(NODE),
        Self::CompensationCompleted(NODE),
        Self::CompensationFailed(NODE),
        Self::AttemptShared(NODE),
        Self::AttemptUnshared(NODE),
    ];

    /// The places of the step and of the attempt. Most kinds have nothing else, and one place for all of them to be read
    /// and written is a fraction of the wasm that a line for each would be.
    fn places(&mut self) -> (Option<&mut NodeIx>, Option<&mut u32>) {
        match self {
            Self::StepStarted(node)
            | Self::StepCompleted(node)
            | Self::StepFailed(node)
            | Self::StepCancelled(node)
            | Self::StepSkipped(node)
            | Self::StepTimedOut(node)
            | Self::StepEvaluated(node, ..)
            | Self::AttemptShortCircuited(node)
            | Self::AttemptRejected(node)
            | Self::AttemptRateLimited(node)
            | Self::FallbackStarted(node, ..)
            | Self::TimerSet(node, ..)
            | Self::TimerFired(node)
            | Self::IterationStarted(node, ..)
            | Self::CompensationStarted(node)
            | Self::CompensationCompleted(node)
            | Self::CompensationFailed(node)
            | Self::AttemptShared(node)
            | Self::AttemptUnshared(node) => (Some(node), None),
            Self::StepProgress(node, attempt)
            | Self::StepLogged(node, attempt)
            | Self::AttemptStarted(node, attempt)
            | Self::AttemptFailed(node, attempt)
            | Self::AttemptTimedOut(node, attempt)
            | Self::AttemptInterrupted(node, attempt)
            | Self::RetryScheduled(node, attempt, _) => (Some(node), Some(attempt)),
            _ => (None, None),
        }
    }

    /// What it is about.
    pub(super) fn fields(mut self) -> Fields {
        let (node, attempt) = self.places();
        let mut fields = Fields { node: node.copied(), attempt: attempt.copied(), a: None, b: None };
        match self {
            Self::RunFailed(node) => fields.node = node,
            Self::RunCompensating(vain) => fields.a = Some(vain as u32),
            Self::StepEvaluated(_, decision) => {
                let (a, b) = match decision {
                    Decision::When(holds) => (0, f64::from(u8::from(holds))),
                    Decision::Case(case) => (1, case.map_or(-1.0, f64::from)),
                    Decision::Items(count) => (2, f64::from(count)),
                    Decision::Until(at) => (Decision::UNTIL, at.as_millis()),
                };
                (fields.a, fields.b) = (Some(a), Some(b));
            }
            Self::RetryScheduled(_, _, delay) => fields.b = Some(delay as f64 / 1_000.0),
            Self::FallbackStarted(_, level) => fields.a = Some(level),
            Self::TimerSet(_, at) => fields.b = Some(at.as_millis()),
            Self::SignalReceived(a, b) | Self::IterationStarted(_, a, b) => {
                (fields.a, fields.b) = (Some(a), Some(f64::from(b)));
            }
            _ => {}
        }
        fields
    }

    /// The kind of an index, with what [`fields`](Self::fields) took out; `None` for what is no event.
    pub(super) fn from_fields(index: usize, fields: Fields) -> Option<Self> {
        let mut kind = *Self::BLANK.get(index)?;
        let Fields { node, attempt, a, b } = fields;
        let places = kind.places();
        if let Some(place) = places.0 {
            *place = node?;
        }
        if let Some(place) = places.1 {
            *place = attempt?;
        }
        match &mut kind {
            Self::RunFailed(place) => *place = node,
            Self::RunCompensating(vain) => {
                *vain = *[Vain::Failed, Vain::OutputFailed, Vain::TimedOut, Vain::Cancelled].get(a? as usize)?;
            }
            Self::StepEvaluated(_, decision) => {
                let b = b?;
                *decision = match a? {
                    0 => Decision::When(b != 0.0),
                    1 => Decision::Case((b >= 0.0).then_some(b as u32)),
                    2 => Decision::Items(b as u32),
                    Decision::UNTIL => Decision::Until(Timestamp::from_millis(b)),
                    _ => return None,
                };
            }
            Self::RetryScheduled(_, _, delay) => *delay = (b? * 1_000.0 + 0.5) as u64,
            Self::FallbackStarted(_, level) => *level = a?,
            Self::TimerSet(_, at) => *at = Timestamp::from_millis(b?),
            Self::SignalReceived(first, second) | Self::IterationStarted(_, first, second) => {
                *first = a?;
                *second = b? as u32;
            }
            _ => {}
        }
        Some(kind)
    }

    /// The step and the attempt, of what says no more than these, where it is about none 0; or the step and how many microseconds
    /// after `at` it is that it waits for.
    #[inline]
    pub(super) fn short(mut self, at: Timestamp) -> Option<(NodeIx, u64)> {
        if let Self::TimerSet(node, until) | Self::StepEvaluated(node, Decision::Until(until)) = self {
            return Some((node, until.as_micros().checked_sub(at.as_micros())?));
        }
        let says_more = matches!(
            self,
            Self::RunFailed(..)
                | Self::RunCompensating(..)
                | Self::StepEvaluated(..)
                | Self::RetryScheduled(..)
                | Self::FallbackStarted(..)
                | Self::TimerSet(..)
                | Self::SignalReceived(..)
                | Self::IterationStarted(..)
        );
        if says_more {
            return None;
        }
        let (node, attempt) = self.places();
        Some((node.copied().unwrap_or(NODE), attempt.copied().unwrap_or_default().into()))
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
        let Fields { node, attempt, a, b } = self.kind.fields();
        let index = self.kind.index();
        let number = |it: Option<u32>| it.map_or(f64::NAN, f64::from);
        let node = number(node.map(|node| node.0));
        [index as f64, self.at.as_millis(), node, number(attempt), number(a), b.unwrap_or(f64::NAN)]
    }

    /// What [`to_numbers`](Self::to_numbers) gave; `None` for what is no event.
    #[must_use]
    pub fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let &[index, at, node, attempt, a, b] = numbers else { return None };
        let whole = |it: f64| (it >= 0.0 && it < f64::from(u32::MAX)).then_some(it as u32);
        let fields = Fields {
            node: whole(node).map(NodeIx),
            attempt: whole(attempt),
            a: whole(a),
            b: (!b.is_nan()).then_some(b),
        };
        let kind = EventKind::from_fields(whole(index)? as usize, fields)?;
        Some(Self { at: Timestamp::from_millis(at), kind })
    }
}
