//! What happened in a run, in its order: 16 bytes for most events.
//!
//! A step leaves three events, and thousands of runs may be active, each with all that happened so far. Most events say no
//! more than when, what, and which step and attempt, or an instant that is seconds away; only those few that say more are kept
//! as they are, beside the others.

use std::time::Duration;

use super::event::{Decision, Event, EventKind, Fields};
use super::state::NodeIx;
use crate::time::Timestamp;

/// What happened so far.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: Vec<Entry>,
    /// What is more than an entry holds, with the place of its entry; in order.
    more: Vec<(u32, EventKind)>,
}

/// An event that says no more than which step and attempt it is about, or until when a step waits.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    node: u32,
    /// The kind in the lowest byte; above it the attempt, or in how many microseconds it is that a step waits for.
    what: u32,
}

/// In the place of a kind: it is among those that say more.
const MORE: u32 = 255;
/// What an entry has no room for: attempts, or 17 seconds.
const TOO_MANY: u64 = 1 << 24;

impl Log {
    pub(super) fn with_capacity(events: usize) -> Self {
        Self { entries: Vec::with_capacity(events), more: Vec::new() }
    }

    pub(super) fn push(&mut self, Event { at, kind }: Event) {
        let entry = match kind.short(at) {
            Some((node, more)) if more < TOO_MANY => {
                Entry { at, node: node.0, what: kind.index() as u32 | (more as u32) << 8 }
            }
            _ => {
                self.more.push((self.entries.len() as u32, kind));
                Entry { at, node: 0, what: MORE }
            }
        };
        self.entries.push(entry);
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All events, as a list.
    #[must_use]
    pub fn to_vec(&self) -> Vec<Event> {
        self.iter().collect()
    }

    /// All events.
    pub fn iter(&self) -> impl Iterator<Item = Event> {
        self.since(0)
    }

    /// The events from a place on.
    pub fn since(&self, from: usize) -> impl Iterator<Item = Event> {
        let mut more = self.more.partition_point(|(place, _)| (*place as usize) < from);
        self.entries.get(from..).unwrap_or_default().iter().map(move |entry| {
            let kind = if entry.what == MORE {
                more += 1;
                self.more[more - 1].1
            } else {
                entry.kind()
            };
            Event { at: entry.at, kind }
        })
    }
}

impl Entry {
    fn kind(&self) -> EventKind {
        let more = self.what >> 8;
        let until = self.at + Duration::from_micros(more.into());
        let (a, b) = (Some(Decision::UNTIL), Some(until.as_millis()));
        let fields = Fields { node: Some(NodeIx(self.node)), attempt: Some(more), a, b };
        // What says more is not here.
        EventKind::from_fields((self.what & 255) as usize, fields).unwrap_or(EventKind::RunStarted)
    }
}
