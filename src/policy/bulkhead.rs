//! How many calls may run at once, and who waits behind them.
//!
//! A bulkhead keeps one slow service from taking every connection, and a queue behind it keeps a short burst from being
//! refused. The queue is first in, first out and bounded: beyond it a call is refused at once, which tells the caller
//! the truth while it can still do something else.

use std::time::Duration;

use super::AdaptiveOptions;
use crate::small::Queue;

/// How many at once, and how many may wait for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BulkheadOptions {
    /// Calls at once.
    pub max_concurrent: u32,
    /// Calls that may wait for their turn.
    pub max_queue: u32,
    /// How long one waits at most; `None` is as long as its other limits let it.
    pub max_wait: Option<Duration>,
    /// Lets the limit follow what the service can take, up to `max_concurrent`.
    pub adaptive: Option<AdaptiveOptions>,
}

impl Default for BulkheadOptions {
    /// Ten at once, and nobody waits.
    fn default() -> Self {
        Self { max_concurrent: 10, max_queue: 0, max_wait: None, adaptive: None }
    }
}

/// What comes of asking for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// There is one.
    Entered,
    /// There is none; [`Bulkhead::pass_on`] will name who asked when it is their turn.
    Queued,
    /// There is none, and the queue is full.
    Full,
}

/// Places, and the queue behind them; `T` names who asks.
#[derive(Clone, Debug)]
pub struct Bulkhead<T> {
    /// `None` is no limit.
    limit: Option<u32>,
    max_queue: u32,
    used: u32,
    queue: Queue<T>,
}

impl<T: Copy + PartialEq> Bulkhead<T> {
    /// At most `limit` at once, and `max_queue` behind them.
    #[must_use]
    pub fn new(limit: Option<u32>, max_queue: u32) -> Self {
        Self { limit, max_queue, used: 0, queue: Queue::default() }
    }

    /// Asks for a place. Nobody overtakes the queue.
    pub fn enter(&mut self, who: T) -> Entry {
        self.enter_before(who, |_| false)
    }

    /// Asks for a place; in the queue, those that are `later` let it pass: they stand at its end.
    pub fn enter_before(&mut self, who: T, later: impl Fn(T) -> bool) -> Entry {
        if self.queue.is_empty() && self.has_room() {
            self.used += 1;
            Entry::Entered
        } else if self.queue.len() < self.max_queue as usize {
            // Mostly nobody lets it pass, and then nobody but the last one has to be looked at.
            if self.queue.last().is_none_or(|last| !later(*last)) {
                self.queue.push(who);
            } else {
                let place = self.queue.partition_point(|it| !later(*it));
                self.queue.insert(place, who);
            }
            Entry::Queued
        } else {
            Entry::Full
        }
    }

    /// Gives a place back.
    pub fn leave(&mut self) {
        debug_assert!(self.used > 0, "gave a place back that nobody held");
        self.used = self.used.saturating_sub(1);
    }

    /// The first in line, when there is room: they have a place now. To be asked until nobody is named, after each
    /// [`leave`](Self::leave) and when the limit was raised.
    pub fn pass_on(&mut self) -> Option<T> {
        if !self.has_room() {
            return None;
        }
        let next = self.queue.pop()?;
        self.used += 1;
        Some(next)
    }

    /// Leaves the queue. Says whether `who` was in it.
    pub fn withdraw(&mut self, who: T) -> bool {
        let place = self.queue.iter().position(|it| *it == who);
        place.map(|place| self.queue.remove(place)).is_some()
    }

    /// Changes how many may be inside. Who is inside stays.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = Some(limit);
    }

    /// How many may be inside; `None` is no limit.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        self.limit
    }

    /// How many are inside.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Who is first in line.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.queue.first().copied()
    }

    /// Whether nobody is in line.
    #[must_use]
    pub fn has_nobody_waiting(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.used < limit)
    }
}
