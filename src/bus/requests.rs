//! Until when an answer is awaited.
//!
//! Every request has a deadline, so that no caller waits for ever. What answers after its deadline is late, and dropped.
//! A request is a [guarded call](Guards) with a total timeout and nothing else.

use std::rc::Rc;
use std::time::Duration;

use slab::Slab;

use crate::policy::{CallId, Command, End, FailureReason, Guards, Options, Outcome, Request, Wiring};
use crate::time::Timestamp;

/// Names a request until it is settled or expires; then the number is used again.
pub type RequestId = u32;

/// The requests that are under way.
#[derive(Debug, Default)]
pub struct Requests {
    open: Slab<CallId>,
    guards: Guards,
    /// Those of the last request: most have the same.
    options: Rc<Options>,
}

impl Requests {
    /// A request begins, and is awaited for `timeout`.
    pub fn begin(&mut self, timeout: Duration, now: Timestamp) -> RequestId {
        if self.options.total_timeout != Some(timeout) {
            self.options = Rc::new(Options { total_timeout: Some(timeout), ..Options::default() });
        }
        let entry = self.open.vacant_entry();
        let id = entry.key() as RequestId;
        entry.insert(self.guards.begin(&self.options, Wiring::default(), &Request::new(id.into()), now));
        // Its handler is called by whoever began it.
        self.guards.take_usual(id.into());
        id
    }

    /// A request was answered or given up.
    pub fn end(&mut self, id: RequestId, now: Timestamp) {
        if let Some(call) = self.open.try_remove(id as usize) {
            self.guards.settle(call, 1, &Outcome::COMPLETED, now);
            self.guards.take_usual(id.into());
        }
    }

    /// Takes a request out whose deadline has passed, earliest first.
    pub fn expire(&mut self, now: Timestamp) -> Option<RequestId> {
        while self.guards.tick(now) {
            while let Some(command) = self.guards.next_command() {
                if let Command::Settle { owner, end: End::Failed(FailureReason::TotalTimeout), .. } = command {
                    let id = owner as RequestId;
                    self.open.try_remove(id as usize);
                    return Some(id);
                }
            }
        }
        None
    }

    /// When the next request expires.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        self.guards.next_deadline()
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
