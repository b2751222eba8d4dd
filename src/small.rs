//! Sorting short lists.
//!
//! The standard library's sorts are made for long ones: each type that is sorted adds some 5 KB to the wasm. This adds a
//! few hundred bytes, and for the dozens of elements that are sorted here it is as fast.

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
