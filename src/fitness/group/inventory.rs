//! How many of each item there are, and who has them.

use std::rc::Rc;

use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, ToJson};
use crate::fitness::request::items;
use crate::fitness::words::{Equipment, Set, Word};
use crate::value::{Fields, Value, put};

/// The most of one item that is worth counting.
const MOST: u32 = 1_000;

/// So many of each item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u32; Equipment::ALL.len()]);

impl Counts {
    /// At least so many of each of some items.
    fn raise(&mut self, items: Set<Equipment>, count: u32) {
        for item in items.iter() {
            let known = &mut self.0[item.index()];
            *known = count.max(*known);
        }
    }

    /// How many there are of an item.
    #[must_use]
    pub fn of(&self, item: Equipment) -> u32 {
        self.0[item.index()]
    }

    /// The items of which there are any.
    #[must_use]
    pub fn items(&self) -> Set<Equipment> {
        let mut set = Set::EMPTY;
        for item in Equipment::ALL {
            if self.of(*item) > 0 {
                set.insert(*item);
            }
        }
        set
    }

    /// One more of each of some items.
    pub fn add(&mut self, items: Set<Equipment>) {
        for item in items.iter() {
            self.0[item.index()] += 1;
        }
    }

    /// Changes each count by another one's.
    pub(super) fn with(mut self, other: &Self, change: fn(u32, u32) -> u32) -> Self {
        for (count, other) in self.0.iter_mut().zip(other.0) {
            *count = change(*count, other);
        }
        self
    }

    /// An item of which there are fewer than in `other`.
    #[must_use]
    pub fn lacks(&self, other: &Self) -> Option<Equipment> {
        Equipment::ALL.iter().copied().find(|item| self.of(*item) < other.of(*item))
    }
}

impl ToJson for Counts {
    fn to_json(&self) -> Value {
        let mut fields = Fields::new();
        for item in self.items().iter() {
            put(&mut fields, item.as_str(), self.of(item).to_json());
        }
        Value::Map(Rc::new(fields))
    }
}

impl FromJson for Counts {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        for (name, json) in reader.object(json, at).unwrap_or(&Fields::new()) {
            let at = At::Key(at, name);
            let count = reader.whole_within(Some(json), &at, (0, MOST), "").unwrap_or_default();
            self.raise(items(reader, &Value::String(name.clone()), &at), count);
        }
    }
}
