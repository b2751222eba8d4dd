//! Sorting, and finding by name, in a few bytes.
//!
//! The standard library's sorts and trees are made for many elements: each type that is sorted adds some 5 KB to the
//! wasm, and each type that is kept in a `BTreeMap` some 8. These add a few hundred bytes, and for the dozens of elements
//! that are kept here they are as fast.

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

/// Things by name, in the order of the names.
#[derive(Clone, Debug)]
pub struct ByName<N, T>(Vec<(N, T)>);

impl<N, T> Default for ByName<N, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<N: AsRef<str>, T> ByName<N, T> {
    /// The thing of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// Adds a thing; the one that had its name before is returned.
    pub fn insert(&mut self, name: N, thing: T) -> Option<T> {
        match self.place(name.as_ref()) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, thing)),
            Err(place) => {
                self.0.insert(place, (name, thing));
                None
            }
        }
    }

    /// Takes a thing out.
    pub fn remove(&mut self, name: &str) -> Option<T> {
        self.place(name).ok().map(|place| self.0.remove(place).1)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// The things, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&N, &T)> {
        self.0.iter().map(|(name, thing)| (name, thing))
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_ref().cmp(name))
    }
}
