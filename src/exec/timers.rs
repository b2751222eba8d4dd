//! Many deadlines behind one host timer.
//!
//! A binary heap orders the deadlines, so the host keeps one `setTimeout` for the earliest instead of one for each. A
//! cleared timer stays in the heap as a dead entry until it surfaces, or until the dead outnumber the living: then the
//! heap is rebuilt without them. Clearing is therefore cheap, and a million timeouts that never fire do not pile up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Timestamp;

/// Names a timer that was set; stale after it fired or was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    slot: u32,
    seq: u64,
}

/// Deadlines with a key each. Timers that are due at the same instant fire in the order in which they were set.
#[derive(Debug)]
pub struct Timers<K> {
    /// Earliest first; `seq` breaks ties and tells a live entry from a dead one.
    heap: BinaryHeap<Reverse<(Timestamp, u64, u32)>>,
    /// The live timers, by slot.
    live: Vec<Option<(u64, K)>>,
    free: Vec<u32>,
    next_seq: u64,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), live: Vec::new(), free: Vec::new(), next_seq: 0 }
    }
}

impl<K> Timers<K> {
    /// Sets a timer that is due at `at`.
    pub fn set(&mut self, at: Timestamp, key: K) -> TimerId {
        let seq = self.next_seq;
        self.next_seq += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.live.push(None);
            (self.live.len() - 1) as u32
        });
        self.live[slot as usize] = Some((seq, key));
        self.heap.push(Reverse((at, seq, slot)));
        TimerId { slot, seq }
    }

    /// Clears a timer. Clearing one that fired or was cleared before does nothing.
    pub fn clear(&mut self, id: TimerId) {
        if self.is_live(id.slot, id.seq) {
            self.take(id.slot);
            if self.heap.len() > 64 && self.heap.len() > 2 * self.len() {
                let live = &self.live;
                self.heap.retain(|Reverse((_, seq, slot))| {
                    live[*slot as usize].as_ref().is_some_and(|(live_seq, _)| live_seq == seq)
                });
            }
        }
    }

    /// Takes the earliest timer out if it is due.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<K> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse((_, _, slot)) = self.heap.pop()?;
        self.take(slot)
    }

    /// When the earliest timer is due.
    pub fn next_due(&mut self) -> Option<Timestamp> {
        loop {
            let Reverse((at, seq, slot)) = *self.heap.peek()?;
            if self.is_live(slot, seq) {
                return Some(at);
            }
            self.heap.pop();
        }
    }

    /// How many timers are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live.len() - self.free.len()
    }

    /// Whether no timer is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_live(&self, slot: u32, seq: u64) -> bool {
        matches!(&self.live[slot as usize], Some((live_seq, _)) if *live_seq == seq)
    }

    fn take(&mut self, slot: u32) -> Option<K> {
        let (_, key) = self.live[slot as usize].take()?;
        self.free.push(slot);
        Some(key)
    }
}
