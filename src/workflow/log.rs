//! What happened in a run, in its order: 16 bytes for most events, and for most steps.
//!
//! A step leaves three events, and thousands of runs may be active, each with all that happened so far. Most events say no
//! more than when, what, and which step and attempt, or an instant that is seconds away; only those few that say more are kept
//! as they are, beside the others. And mostly a step begins as the one before it ends, with its first attempt: these three events
//! are one entry.

use std::fmt;
use std::time::Duration;

use super::event::{Decision, Event, EventKind, Fields};
use super::state::NodeIx;
use crate::time::Timestamp;

/// What happened so far.
#[derive(Clone, Default)]
pub struct Log {
    entries: Vec<Entry>,
    /// How many events they are.
    events: usize,
    /// What is more than an entry holds, with the place of its entry; in order.
    more: Vec<(u32, EventKind)>,
}

/// An event that says no more than which step and attempt it is about, or until when a step waits; or some that come together.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    /// The node above, and below it what there is to say. As one number: a processor that reads at once what it has just written in
    /// two parts waits for that, and each entry is read once as it moves into its place.
    words: u64,
}

/// In the place of a kind: it is among those that say more.
const MORE: u32 = 255;
/// In the place of a kind: the step ended well, and another one began, with its first attempt. In the place of an attempt: how far
/// behind it that one is, or before it. Steps of one definition are never eight million apart.
const LED_ON: u32 = 254;
/// In the place of a kind: the step began, with its first attempt.
const BEGAN: u32 = 253;
/// What an entry has no room for: attempts, or 17 seconds.
const TOO_MANY: u64 = 1 << 24;

/// The events, and not how they are kept: a run that went on at once keeps fewer entries than the same run replayed.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("len", &self.events).field("events", &self.to_vec()).finish()
    }
}

impl Log {
    pub(super) fn with_capacity(entries: usize) -> Self {
        Self { entries: Vec::with_capacity(entries), ..Self::default() }
    }

    pub(super) fn push(&mut self, Event { at, kind }: Event) {
        let entry = match kind.short(at) {
            Some((node, more)) if more < TOO_MANY => Entry::new(node, kind.index() as u32 | (more as u32) << 8, at),
            _ => {
                self.more.push((self.entries.len() as u32, kind));
                Entry::new(NodeIx(0), MORE, at)
            }
        };
        self.add(entry);
    }

    /// A step began, with its first attempt.
    pub(super) fn push_began(&mut self, node: NodeIx, at: Timestamp) {
        self.add(Entry::new(node, BEGAN, at));
    }

    /// A step ended well, and that is why another one began, with its first attempt.
    pub(super) fn push_led_on(&mut self, node: NodeIx, next: NodeIx, at: Timestamp) {
        self.add(Entry::new(node, LED_ON | next.0.wrapping_sub(node.0) << 8, at));
    }

    fn add(&mut self, entry: Entry) {
        self.events += entry.events();
        self.entries.push(entry);
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// All events, as a list.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Event> {
        self.iter().collect()
    }

    /// All events.
    #[must_use]
    pub fn iter(&self) -> Events<'_> {
        Events { log: self, entry: 0, part: 0, more: 0 }
    }

    /// The events from a place on. To find it takes as long as there are events behind it.
    #[must_use]
    pub fn since(&self, from: usize) -> Events<'_> {
        let (mut entry, mut place) = (self.entries.len(), self.events);
        while place > from {
            entry -= 1;
            place -= self.entries[entry].events();
        }
        let more = self.more.partition_point(|(place, _)| (*place as usize) < entry);
        Events { log: self, entry, part: from.saturating_sub(place), more }
    }
}

/// Events of a log, in their order.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    log: &'a Log,
    /// The entry that the next one is in, and which one of its events it is.
    entry: usize,
    part: usize,
    /// The next one of those that say more.
    more: usize,
}

impl Iterator for Events<'_> {
    type Item = Event;

    #[inline(never)]
    fn next(&mut self) -> Option<Event> {
        let entry = self.log.entries.get(self.entry)?;
        let (node, what) = (entry.node(), entry.what());
        let led_to = NodeIx(node.0.wrapping_add_signed(what as i32 >> 8));
        let kind = match (what & 255, self.part) {
            (MORE, _) => self.log.more[self.more].1,
            (LED_ON, 0) => EventKind::StepCompleted(node),
            (LED_ON, 1) | (BEGAN, 0) => EventKind::StepStarted(led_to),
            (LED_ON | BEGAN, _) => EventKind::AttemptStarted(led_to, 1),
            _ => entry.kind(),
        };
        self.part += 1;
        if self.part == entry.events() {
            self.entry += 1;
            self.part = 0;
            self.more += usize::from(what == MORE);
        }
        Some(Event { at: entry.at, kind })
    }
}

impl Entry {
    fn new(node: NodeIx, what: u32, at: Timestamp) -> Self {
        Self { at, words: u64::from(node.0) << 32 | u64::from(what) }
    }

    fn node(self) -> NodeIx {
        NodeIx((self.words >> 32) as u32)
    }

    /// The kind in the lowest byte; above it the attempt, or in how many microseconds it is that a step waits for.
    fn what(self) -> u32 {
        self.words as u32
    }

    /// How many events it is.
    fn events(self) -> usize {
        match self.what() & 255 {
            LED_ON => 3,
            BEGAN => 2,
            _ => 1,
        }
    }

    fn kind(self) -> EventKind {
        let more = self.what() >> 8;
        let until = self.at + Duration::from_micros(more.into());
        let (a, b) = (Some(Decision::UNTIL), Some(until.as_millis()));
        let fields = Fields { node: Some(self.node()), attempt: Some(more), a, b };
        // What says more is not here.
        EventKind::from_fields((self.what() & 255) as usize, fields).unwrap_or(EventKind::RunStarted)
    }
}
