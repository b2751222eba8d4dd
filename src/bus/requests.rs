//! Until when an answer is awaited.
//!
//! Every request has a deadline, so that no caller waits for ever. What answers after its deadline is late, and dropped.

use std::time::Duration;

use slab::Slab;

use crate::exec::{TimerId, Timers};
use crate::time::Timestamp;

/// Names a request until it is settled or expires; then the number is used again.
pub type RequestId = u32;

/// The requests that are under way.
#[derive(Debug, Default)]
pub struct Requests {
    open: Slab<TimerId>,
    deadlines: Timers<RequestId>,
}

impl Requests {
    /// A request begins, and is awaited for `timeout`.
    pub fn begin(&mut self, timeout: Duration, now: Timestamp) -> RequestId {
        let entry = self.open.vacant_entry();
        let id = entry.key() as RequestId;
        entry.insert(self.deadlines.set(now + timeout, id));
        id
    }

    /// A request was answered or given up.
    pub fn end(&mut self, id: RequestId) {
        if let Some(timer) = self.open.try_remove(id as usize) {
            self.deadlines.clear(timer);
        }
    }

    /// Takes a request out whose deadline has passed, earliest first.
    pub fn expire(&mut self, now: Timestamp) -> Option<RequestId> {
        let id = self.deadlines.pop_due(now)?;
        self.open.remove(id as usize);
        Some(id)
    }

    /// When the next request expires.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        self.deadlines.next_due()
    }

    /// How many requests are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether no request is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
