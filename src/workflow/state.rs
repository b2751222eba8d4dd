//! Where a step of a run is.
//!
//! A run has nodes, and most of them are steps: node number *n* is step number *n*. Steps in the body of a loop happen
//! once for each item, so each iteration has nodes of its own, in a [`Frame`].

use std::num::NonZeroU32;

use crate::time::Timestamp;

use super::plan::StepIx;

/// A step of a run, as an index. The first nodes are the steps of the plan; behind them stand those of iterations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIx(pub u32);

/// Where a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It waits for its needs or for a slot, or never got to run.
    #[default]
    Pending,
    /// It runs.
    Running,
    /// It waits for its next attempt, for an instant or for a signal.
    Waiting,
    /// It ended well.
    Completed,
    /// It failed.
    Failed,
    /// It was stopped: the run ended, or what it was a part of failed.
    Cancelled,
    /// Its condition did not hold, or that of something that it is a part of.
    Skipped,
    /// It had ended well, and was undone.
    Compensated,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: &[Self] = &[
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Skipped,
        Self::Compensated,
    ];

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
            Self::Skipped => "skipped",
            Self::Compensated => "compensated",
        }
    }
}

/// What a run knows of one step. Thousands of runs may be active, so it is kept small: what the plan says of the step is not
/// here once more.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StepState {
    /// Which step it is.
    pub step: StepIx,
    /// The iteration it belongs to; 0 is none.
    pub frame: u32,
    /// Where it is.
    pub status: Status,
    /// The current attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The fallback that is asked, from 1; 0 is the step itself.
    pub level: u32,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Of a group with a limit, which of the limits of the run; of a loop whose items are counted, which of its loops; of a switch,
    /// which of its cases was chosen. Counted from 1.
    pub(super) part: Option<NonZeroU32>,
    /// When its call was asked for.
    pub(super) called_at: Timestamp,
    /// When its timer is due, or the delay before its next attempt is over.
    pub(super) due: Option<Timestamp>,
    /// Attempts that failed and were followed by another.
    pub(super) tries: u32,
    /// Attempts that run, of which there are a handful at most.
    pub(super) live: u8,
    /// Why its call rests, when it does.
    pub(super) rest: Rest,
    /// Needs that have not ended, one more while what it is a part of has not begun.
    pub(super) blockers: u32,
    /// Children that have not ended.
    pub(super) open_children: u32,
    /// What it holds of what is limited.
    pub(super) hold: Hold,
    /// Whether its condition is known to hold.
    pub(super) admitted: bool,
    /// What it waits to be told.
    pub(super) asks: Option<super::message::Question>,
    /// Whether its call has begun and not ended.
    pub(super) called: bool,
    /// Whether it is over before it began.
    pub(super) dropped: bool,
}

impl StepState {
    #[inline]
    pub(super) fn new(step: StepIx, frame: u32, blockers: u32, open_children: u32) -> Self {
        Self {
            step,
            frame,
            status: Status::Pending,
            attempt: 0,
            level: 0,
            started_at: None,
            ended_at: None,
            part: None,
            called_at: Timestamp::EPOCH,
            due: None,
            tries: 0,
            live: 0,
            rest: Rest::None,
            blockers,
            open_children,
            hold: Hold::Nothing,
            admitted: false,
            asks: None,
            called: false,
            dropped: false,
        }
    }

    /// What it waits to be told, if something.
    #[must_use]
    pub fn question(&self) -> Option<super::message::Question> {
        self.asks
    }

    /// Of a group, the limit of its children among those of the run; of a loop, its place among those of the run.
    pub(super) fn part(&self) -> Option<usize> {
        self.part.map(|part| part.get() as usize - 1)
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.dropped || !matches!(self.status, Status::Pending | Status::Running | Status::Waiting)
    }
}

/// Why a call that has begun does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It runs, or waits for time to pass.
    None,
    /// The delay before its next attempt is over, and the attempt has not been asked for.
    Ready,
    /// It waits for the answer of another call.
    Shared,
}

/// What a step holds of the slots of its group and of its run: first it takes one of the group, then one of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Nothing,
    /// It is in the queue of its group.
    QueuedInGroup,
    /// It has a slot of its group.
    Group,
    /// It has a slot of its group, and is in the queue of the run.
    QueuedInRun,
    /// It has a slot of both.
    Both,
}

/// An iteration of a loop.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Frame {
    /// The loop; for the run itself, which has number 0, it means nothing.
    pub each: NodeIx,
    /// Which item it is about, from 0.
    pub index: u32,
    /// Its first node.
    pub base: u32,
    /// Steps of the body's outermost list that have not ended.
    pub(super) open: u32,
}

/// How far a loop is.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) node: NodeIx,
    /// The numbers of its iterations.
    pub(super) frames: Vec<u32>,
    /// How many items there are.
    pub(super) count: u32,
    /// The next one to begin.
    pub(super) next: u32,
    pub(super) active: u32,
    /// How many may be active at once.
    pub(super) limit: u32,
}
