//! A list in an order, which loses elements anywhere.

/// Things in the order of their keys, which mostly come in that order. What is removed leaves a gap; when there are more gaps than
/// things, all are closed at once, so that each is moved a few times at most.
#[derive(Debug)]
pub(super) struct Ordered<T> {
    items: Vec<(u64, Option<T>)>,
    gaps: usize,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self { items: Vec::new(), gaps: 0 }
    }
}

impl<T> Ordered<T> {
    /// Adds a thing; no other has its key, or had it.
    pub(super) fn insert(&mut self, key: u64, thing: T) {
        self.items.insert(self.place(key), (key, Some(thing)));
    }

    /// Takes a thing out.
    pub(super) fn remove(&mut self, key: u64) -> Option<T> {
        let place = self.place(key);
        let (_, thing) = self.items.get_mut(place).filter(|(other, _)| *other == key)?;
        let removed = thing.take()?;
        self.gaps += 1;
        if self.gaps * 2 > self.items.len() {
            self.items.retain(|(_, thing)| thing.is_some());
            self.gaps = 0;
        }
        Some(removed)
    }

    fn place(&self, key: u64) -> usize {
        self.items.partition_point(|(other, _)| *other < key)
    }

    /// The things, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.items.iter().filter_map(|(key, thing)| Some((*key, thing.as_ref()?)))
    }
}

impl<T> IntoIterator for Ordered<T> {
    type Item = (u64, Option<T>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    /// The things in order, and the gaps.
    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}
