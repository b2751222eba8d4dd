//! Sorting the few things a coach sorts.
//!
//! The sorts of the standard library are made for millions of items, and each use costs about 7 KB of WebAssembly. The
//! lists here have at most some two hundred, so an insertion sort serves as well.

/// Sorts by a key, keeping the order of equals.
pub(super) fn sort_by_key<T, K: PartialOrd>(items: &mut [T], key: impl Fn(&T) -> K) {
    for i in 1..items.len() {
        let mut at = i;
        while at > 0 && key(&items[at]) < key(&items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}
