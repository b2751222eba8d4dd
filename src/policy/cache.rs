//! What was answered before, for as long as it may be answered again.
//!
//! An entry is fresh for its time to live. After that it may still be of use: for a while it is served while a new one is
//! fetched (`stale_while_revalidate`), and for a while it is better than an error (`stale_if_error`); both as in RFC 5861,
//! and both counted from the end of freshness. When the values outgrow `max_bytes`, the least recently used leave first.
//!
//! Values stay with the host. The cache hands out slot numbers, and says which slots to free: a slot belongs to one value
//! from the [`Cache::put`] that gave it until a call that returned it.
//!
//! The index is a sorted list and the order of use a linked one, both of slots. That adds 2.2 KB to the compressed wasm,
//! where a `BTreeMap` as the index made it 3.7 and crate `lru` 6.2. What it costs is moving 4 bytes for each entry behind
//! a new one, which is nothing beside the call that fetched it.

use std::time::Duration;

use crate::time::Timestamp;

/// How long entries are of use, and how much room they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheOptions {
    /// How long an entry is fresh.
    pub ttl: Duration,
    /// How many bytes all entries may have, keys included.
    pub max_bytes: u64,
    /// How long after that it is served while a new one is fetched.
    pub stale_while_revalidate: Duration,
    /// How long after that it is served instead of an error.
    pub stale_if_error: Duration,
}

impl Default for CacheOptions {
    /// Fresh for five minutes in 10 MiB, and never stale.
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(300),
            max_bytes: 10 * 1024 * 1024,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
        }
    }
}

/// What the cache has for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The value in this slot: use it.
    Fresh(u32),
    /// The value in this slot: use it, and fetch a new one meanwhile.
    Stale(u32),
    /// Nothing that may be used without trying to fetch a new one first.
    Miss,
}

/// Entries by key, with the order in which they were used.
#[derive(Debug)]
pub struct Cache {
    options: CacheOptions,
    /// The slots of what there is, in the order of their keys.
    by_key: Vec<u32>,
    /// By slot, and never fewer, so that every slot is an index. One that is neither in `by_key` nor free is in `dropped`.
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// What was past every use when it was met; the next call that can say so tells the host.
    dropped: Vec<u32>,
    /// The sum of the entries in `by_key`; never above `max_bytes`.
    bytes: u64,
    /// The ends of the list of entries in order of use, or `NONE`.
    latest: u32,
    oldest: u32,
}

/// A link of the list.
#[derive(Debug)]
struct Entry {
    /// Empty once it was taken out; then nothing else here means anything.
    key: Box<str>,
    bytes: u64,
    stored_at: Timestamp,
    later: u32,
    earlier: u32,
}

const NONE: u32 = u32::MAX;

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: CacheOptions) -> Self {
        Self {
            options,
            by_key: Vec::new(),
            entries: Vec::new(),
            free: Vec::new(),
            dropped: Vec::new(),
            bytes: 0,
            latest: NONE,
            oldest: NONE,
        }
    }

    /// How long an answer may be given without a new one being waited for.
    #[must_use]
    pub fn life(&self) -> Duration {
        self.options.ttl.saturating_add(self.options.stale_while_revalidate)
    }

    /// What there is for `key`. A hit counts as a use.
    pub fn get(&mut self, key: &str, now: Timestamp) -> Lookup {
        let Some(slot) = self.find(key) else { return Lookup::Miss };
        let CacheOptions { ttl, stale_if_error, .. } = self.options;
        let age = self.age(slot, now);
        let found = if age < ttl {
            Lookup::Fresh(slot)
        } else if age < self.life() {
            Lookup::Stale(slot)
        } else {
            if age >= ttl.saturating_add(stale_if_error) {
                self.take(slot);
                self.dropped.push(slot);
            }
            return Lookup::Miss;
        };
        self.touch(slot);
        found
    }

    /// What to serve for `key` instead of an error: what is fresh by now, or expired and within `stale_if_error`. A hit
    /// counts as a use.
    pub fn if_error(&mut self, key: &str, now: Timestamp) -> Option<u32> {
        let slot = self.find(key)?;
        if self.age(slot, now) >= self.options.ttl.saturating_add(self.options.stale_if_error) {
            return None;
        }
        self.touch(slot);
        Some(slot)
    }

    /// Makes room for a value of `bytes` bytes under `key`, and returns its slot. `None` when it would not fit even
    /// alone; what was there for `key` leaves nevertheless, since it is outdated.
    ///
    /// Pushes to `evicted` every slot whose value the host is to free: that of the value it replaces, of the least
    /// recently used that had to make room, and of those that were past every use. The returned slot is none of them.
    pub fn put(&mut self, key: &str, bytes: u64, now: Timestamp, evicted: &mut Vec<u32>) -> Option<u32> {
        let first = evicted.len();
        evicted.append(&mut self.dropped);
        if let Some(slot) = self.find(key) {
            evicted.push(self.take(slot));
        }

        let bytes = bytes.saturating_add(key.len() as u64);
        let fits = bytes <= self.options.max_bytes;
        // What is there has bytes, so the list is not empty.
        while fits && self.bytes > self.options.max_bytes - bytes {
            evicted.push(self.take(self.oldest));
        }
        // Only after that may the slots of this call be reused, so that the host frees and stores in any order.
        let slot = fits.then(|| self.insert(key, bytes, now));
        self.free.extend_from_slice(&evicted[first..]);
        slot
    }

    /// Forgets what there is for `key`, and returns its slot, which the host is to free.
    pub fn remove(&mut self, key: &str) -> Option<u32> {
        let slot = self.find(key)?;
        self.take(slot);
        self.free.push(slot);
        Some(slot)
    }

    /// Forgets everything, and returns every slot that the host is to free.
    #[must_use = "the host keeps the values until it is told"]
    pub fn clear(&mut self) -> Vec<u32> {
        let mut slots = std::mem::take(&mut self.dropped);
        slots.append(&mut self.by_key);
        *self = Self::new(self.options);
        slots
    }

    /// How many entries there are, expired ones included that nobody asked for since.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The size of all entries: of their values as the host told, and of their keys.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where `key` stands in `by_key`, or where it would.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.by_key.binary_search_by(|slot| (*self.entries[*slot as usize].key).cmp(key))
    }

    fn find(&self, key: &str) -> Option<u32> {
        self.place(key).ok().map(|place| self.by_key[place])
    }

    /// Zero when the clock went back.
    fn age(&self, slot: u32, now: Timestamp) -> Duration {
        now.since(self.entries[slot as usize].stored_at)
    }

    fn insert(&mut self, key: &str, bytes: u64, now: Timestamp) -> u32 {
        let place = self.place(key).unwrap_or_else(|place| place);
        let entry = Entry { key: key.into(), bytes, stored_at: now, later: NONE, earlier: NONE };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = entry;
                slot
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        self.by_key.insert(place, slot);
        self.bytes += bytes;
        self.link(slot);
        slot
    }

    /// Takes an entry out; its slot is now the caller's to tell of.
    fn take(&mut self, slot: u32) -> u32 {
        self.unlink(slot);
        if let Ok(place) = self.place(&self.entries[slot as usize].key) {
            self.by_key.remove(place);
        }
        let entry = &mut self.entries[slot as usize];
        self.bytes -= entry.bytes;
        entry.key = Box::default();
        slot
    }

    fn touch(&mut self, slot: u32) {
        if self.latest != slot {
            self.unlink(slot);
            self.link(slot);
        }
    }

    fn link(&mut self, slot: u32) {
        let earlier = std::mem::replace(&mut self.latest, slot);
        let entry = &mut self.entries[slot as usize];
        (entry.later, entry.earlier) = (NONE, earlier);
        match self.entries.get_mut(earlier as usize) {
            Some(earlier) => earlier.later = slot,
            None => self.oldest = slot,
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Entry { later, earlier, .. } = self.entries[slot as usize];
        match self.entries.get_mut(later as usize) {
            Some(later) => later.earlier = earlier,
            None => self.latest = earlier,
        }
        match self.entries.get_mut(earlier as usize) {
            Some(earlier) => earlier.later = later,
            None => self.oldest = later,
        }
    }
}
