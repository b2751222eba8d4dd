//! Sorting, queueing, finding by name, cutting and splitting texts, in a few bytes.
//!
//! The standard library's sorts, queues and trees are made for many elements: each type that is sorted adds some 5 KB to
//! the wasm, each type that is kept in a `BTreeMap` some 8, and each type that is queued in a `VecDeque` some 1. These add
//! a few hundred bytes, and for the dozens of elements that are kept here they are as fast.

use std::fmt;
use std::ops::{Deref, DerefMut, Range};

/// Sorts by insertion: stable, and quadratic, so for short lists only. `before` says whether its first argument has to
/// stand before its second.
pub fn sort_by<T>(items: &mut [T], mut before: impl FnMut(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && before(&items[at], &items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Sorts numbers, however many, by what they stand for (heapsort, Williams 1964). No two may be the same to `before`, which
/// says whether its first argument has to stand before its second.
pub fn sort_indices(items: &mut [u32], before: &dyn Fn(u32, u32) -> bool) {
    let sink = |items: &mut [u32], mut place: usize, end: usize| loop {
        let mut below = 2 * place + 1;
        if below + 1 < end && before(items[below], items[below + 1]) {
            below += 1;
        }
        if below >= end || !before(items[place], items[below]) {
            return;
        }
        items.swap(place, below);
        place = below;
    };
    for place in (0..items.len() / 2).rev() {
        sink(items, place, items.len());
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sink(items, 0, end);
    }
}

/// First in, first out. A list that remembers how many of its elements were taken: their room is used again when they are
/// as many as those that wait, so each element is moved once at most, on average.
#[derive(Clone)]
pub struct Queue<T> {
    items: Vec<T>,
    /// How many were taken.
    taken: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { items: Vec::new(), taken: 0 }
    }
}

impl<T: fmt::Debug> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Those that wait, the first one first.
impl<T> Deref for Queue<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.items.get(self.taken..).unwrap_or_default()
    }
}

impl<T: Copy> Queue<T> {
    /// Joins the queue at its end.
    pub fn push(&mut self, item: T) {
        self.use_again();
        self.items.push(item);
    }

    /// Takes the first one out.
    pub fn pop(&mut self) -> Option<T> {
        let item = *self.items.get(self.taken)?;
        self.taken += 1;
        if self.taken == self.items.len() {
            self.clear();
        }
        Some(item)
    }

    /// Joins the queue where those from `place` on let it pass.
    pub fn insert(&mut self, place: usize, item: T) {
        self.use_again();
        self.items.insert(self.taken + place, item);
    }

    /// Leaves the queue. Whoever does is mostly the first one, and then nobody moves.
    pub fn remove(&mut self, place: usize) -> T {
        let item = self[place];
        if place == 0 {
            self.pop();
        } else {
            self.items.remove(self.taken + place);
        }
        item
    }

    /// The room of those that were taken, when they are as many as those that wait.
    fn use_again(&mut self) {
        if self.taken * 2 > self.items.len() {
            self.items.copy_within(self.taken.., 0);
            self.items.truncate(self.items.len() - self.taken);
            self.taken = 0;
        }
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.items.clear();
        self.taken = 0;
    }
}

/// A list that is mostly empty, and then as large as a pointer.
#[derive(Clone)]
#[allow(clippy::box_collection)] // its size is what it is for
pub struct Few<T>(Option<Box<Vec<T>>>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map_or(&[], |items| items)
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.0.as_deref_mut().map_or(&mut [], |items| items)
    }
}

impl<T> Few<T> {
    /// Adds an element at the end.
    pub fn push(&mut self, item: T) {
        self.0.get_or_insert_default().push(item);
    }

    /// Takes the last element out.
    pub fn pop(&mut self) -> Option<T> {
        self.0.as_deref_mut()?.pop()
    }

    /// Takes all out.
    pub fn take(&mut self) -> Vec<T> {
        self.0.take().map_or_else(Vec::new, |items| *items)
    }
}

/// Things by name, in the order of the names. Two lists, so that all that is about names is compiled once for every kind
/// of thing.
#[derive(Clone, Debug)]
pub struct ByName<N, T> {
    names: Vec<N>,
    /// Each where its name is.
    things: Vec<T>,
}

impl<N, T> Default for ByName<N, T> {
    fn default() -> Self {
        Self { names: Vec::new(), things: Vec::new() }
    }
}

impl<N: AsRef<str>, T> ByName<N, T> {
    /// The thing of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.things.get(place(&self.names, name).ok()?)
    }

    /// Adds a thing; the one that had its name before is returned.
    pub fn insert(&mut self, name: N, thing: T) -> Option<T> {
        match place(&self.names, name.as_ref()) {
            Ok(place) => self.things.get_mut(place).map(|old| std::mem::replace(old, thing)),
            Err(place) => {
                self.names.insert(place, name);
                self.things.insert(place, thing);
                None
            }
        }
    }

    /// Takes a thing out.
    pub fn remove(&mut self, name: &str) -> Option<T> {
        let place = place(&self.names, name).ok()?;
        self.names.remove(place);
        Some(self.things.remove(place))
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.names.iter().map(N::as_ref)
    }

    /// The things, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&N, &T)> {
        self.names.iter().zip(&self.things)
    }
}

/// Where a name is, or where it would be.
fn place<N: AsRef<str>>(names: &[N], name: &str) -> Result<usize, usize> {
    names.binary_search_by(|other| other.as_ref().cmp(name))
}

/// Texts one after the other, with `between` between them.
#[must_use]
pub fn join(texts: &[&str], between: &str) -> String {
    let mut joined = String::new();
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            joined.push_str(between);
        }
        joined.push_str(text);
    }
    joined
}

/// A part of a text; empty where there is none. A slice panics instead, and says where in which text: with the tables of
/// the characters that can be shown, that is 7 KB of wasm as soon as one text is sliced anywhere.
#[must_use]
pub fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// The text before the first of these ASCII characters, and the one behind it. Here and in what follows bytes are looked at
/// one by one: the standard library decodes characters, or looks for a byte by words of memory, which is 2 KB of wasm.
#[must_use]
pub fn cut<'a>(text: &'a str, at: &[u8]) -> Option<(&'a str, &'a str)> {
    let place = place_of(text, at)?;
    Some((part(text, 0..place), rest(text, place + 1)))
}

/// Where the first of these ASCII characters is.
#[inline(never)]
#[must_use]
pub fn place_of(text: &str, sought: &[u8]) -> Option<usize> {
    text.bytes().position(|byte| is_among(byte, sought))
}

/// Whether a byte is one of these.
#[must_use]
pub fn is_among(byte: u8, these: &[u8]) -> bool {
    these.iter().copied().any(|it| it == byte)
}

/// A text without the white space at its ends, in one pass.
#[must_use]
pub fn trim(text: &str) -> &str {
    let (mut start, mut end, mut at) = (text.len(), 0, 0);
    for character in text.chars() {
        let after = at + character.len_utf8();
        if !character.is_whitespace() {
            (start, end) = (start.min(at), after);
        }
        at = after;
    }
    part(text, start..end)
}

/// The parts of a text between ASCII characters.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    rest: Option<&'a str>,
    at: u8,
}

/// The parts of a text between ASCII characters.
#[must_use]
pub fn split(text: &str, at: u8) -> Split<'_> {
    Split { rest: Some(text), at }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let (part, rest) = cut(text, &[self.at]).map_or((text, None), |(part, rest)| (part, Some(rest)));
        self.rest = rest;
        Some(part)
    }
}

/// A text from a byte on.
#[must_use]
pub fn rest(text: &str, from: usize) -> &str {
    part(text, from..text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_never_runs_empty_takes_no_more_room_than_those_who_wait() {
        for join in [Queue::push, |queue: &mut Queue<u32>, item| queue.insert(queue.len(), item)] {
            let mut queue = Queue::default();
            join(&mut queue, 0);
            for item in 1..10_000 {
                join(&mut queue, item);
                let gone = if item % 3 == 0 { Some(queue.remove(0)) } else { queue.pop() };
                assert_eq!((gone, &*queue), (Some(item - 1), &[item][..]));
            }
            assert!(queue.items.capacity() < 10, "{} places for one", queue.items.capacity());
        }
    }
}
