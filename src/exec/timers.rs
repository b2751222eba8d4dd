//! Many deadlines behind one host timer.
//!
//! A binary heap orders the deadlines, so the host keeps one `setTimeout` for the earliest instead of one for each. A
//! cleared timer stays in the heap as a dead entry until it surfaces, or until the dead outnumber the living: then the
//! heap is rebuilt without them. Clearing is therefore cheap, and a million timeouts that never fire do not pile up.
//!
//! The heap is our own: that of the standard library is compiled to more, since it carries a hole up and down where this
//! one swaps.

use std::num::NonZeroU64;

use crate::time::Timestamp;

/// Names a timer that was set; stale after it fired or was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    slot: u32,
    seq: NonZeroU64,
}

/// Deadlines with a key each. Timers that are due at the same instant fire in the order in which they were set.
#[derive(Debug)]
pub struct Timers<K> {
    heap: Heap,
    /// The live timers, by slot.
    live: Vec<Option<(NonZeroU64, K)>>,
    free: Vec<u32>,
    next_seq: NonZeroU64,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { heap: Heap::default(), live: Vec::new(), free: Vec::new(), next_seq: NonZeroU64::MIN }
    }
}

impl<K> Timers<K> {
    /// Sets a timer that is due at `at`.
    pub fn set(&mut self, at: Timestamp, key: K) -> TimerId {
        let seq = self.next_seq;
        self.next_seq = seq.saturating_add(1);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.live.push(None);
            (self.live.len() - 1) as u32
        });
        self.live[slot as usize] = Some((seq, key));
        self.heap.push(Entry { at, seq, slot });
        TimerId { slot, seq }
    }

    /// Clears a timer. Clearing one that fired or was cleared before does nothing.
    pub fn clear(&mut self, id: TimerId) {
        if self.is_live(id.slot, id.seq) {
            self.take(id.slot);
            if self.heap.0.len() > 64 && self.heap.0.len() > 2 * self.len() {
                let mut entries = std::mem::take(&mut self.heap.0);
                entries.retain(|entry| self.is_live(entry.slot, entry.seq));
                self.heap = Heap::of(entries);
            }
        }
    }

    /// Takes the earliest timer out if it is due.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<K> {
        if self.next_due()? > now {
            return None;
        }
        let slot = self.heap.0.first()?.slot;
        self.heap.pop();
        self.take(slot)
    }

    /// When the earliest timer is due.
    pub fn next_due(&mut self) -> Option<Timestamp> {
        loop {
            let Entry { at, seq, slot } = *self.heap.0.first()?;
            if self.is_live(slot, seq) {
                return Some(at);
            }
            self.heap.pop();
        }
    }

    /// The earliest timer: when it is due, and its key.
    pub fn peek(&mut self) -> Option<(Timestamp, &K)> {
        let at = self.next_due()?;
        let slot = self.heap.0.first()?.slot;
        Some((at, self.live[slot as usize].as_ref().map(|(_, key)| key)?))
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

    fn is_live(&self, slot: u32, seq: NonZeroU64) -> bool {
        matches!(&self.live[slot as usize], Some((live_seq, _)) if *live_seq == seq)
    }

    fn take(&mut self, slot: u32) -> Option<K> {
        let (_, key) = self.live[slot as usize].take()?;
        self.free.push(slot);
        Some(key)
    }
}

/// One timer, live or dead.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    /// Breaks ties, and tells a live entry from a dead one.
    seq: NonZeroU64,
    slot: u32,
}

/// The earliest first: each entry comes before the two at twice its place and one and two more.
#[derive(Debug, Default)]
struct Heap(Vec<Entry>);

impl Heap {
    /// A heap of entries in any order.
    fn of(entries: Vec<Entry>) -> Self {
        let mut heap = Self(entries);
        for place in (0..heap.0.len() / 2).rev() {
            heap.sink(place);
        }
        heap
    }

    fn push(&mut self, entry: Entry) {
        let mut place = self.0.len();
        self.0.push(entry);
        while place > 0 && entry.is_before(&self.0[(place - 1) / 2]) {
            self.0.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    /// Takes the first one out. There has to be one.
    fn pop(&mut self) {
        self.0.swap_remove(0);
        self.sink(0);
    }

    /// Moves an entry down until both below it come later.
    fn sink(&mut self, mut place: usize) {
        let Some(sinking) = self.0.get(place).copied() else { return };
        while let Some(mut first) = self.0.get(2 * place + 1).copied() {
            let mut below = 2 * place + 1;
            if let Some(second) = self.0.get(below + 1).copied()
                && second.is_before(&first)
            {
                (below, first) = (below + 1, second);
            }
            if !first.is_before(&sinking) {
                break;
            }
            self.0[place] = first;
            place = below;
        }
        self.0[place] = sinking;
    }
}

impl Entry {
    fn is_before(&self, other: &Self) -> bool {
        self.at < other.at || self.at == other.at && self.seq < other.seq
    }
}
