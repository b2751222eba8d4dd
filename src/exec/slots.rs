//! A concurrency limit with a first-in, first-out queue behind it.

use std::collections::VecDeque;

/// Grants up to `limit` slots at once; who comes later waits in line.
#[derive(Clone, Debug)]
pub struct Slots<T> {
    limit: Option<u32>,
    used: u32,
    waiting: VecDeque<T>,
}

impl<T> Slots<T> {
    /// At most `limit` slots at once; `None` is no limit.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self { limit, used: 0, waiting: VecDeque::new() }
    }

    /// Asks for a slot. Gives `who` back when it has one now; otherwise keeps it until [`release`](Self::release).
    #[must_use]
    pub fn acquire(&mut self, who: T) -> Option<T> {
        if self.limit.is_some_and(|limit| self.used >= limit) {
            self.waiting.push_back(who);
            None
        } else {
            self.used += 1;
            Some(who)
        }
    }

    /// Gives a slot back, and passes it on to the first in line, who is returned.
    #[must_use]
    pub fn release(&mut self) -> Option<T> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            debug_assert!(self.used > 0, "released a slot that nobody held");
            self.used -= 1;
        }
        next
    }

    /// How many slots are held.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.used
    }
}
