//! What was answered before, for as long as it may be answered again.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::cache::{Cache, CacheOptions, Lookup};
use repflow::time::Timestamp;

fn at(secs: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_secs(secs)
}

/// Fresh for 10 s, with room for 100 bytes.
fn options() -> CacheOptions {
    CacheOptions { ttl: Duration::from_secs(10), max_bytes: 100, ..CacheOptions::default() }
}

/// Puts a value that has to fit, and returns its slot and what left.
fn put(cache: &mut Cache, key: &str, bytes: u64, now: Timestamp) -> (u32, Vec<u32>) {
    let mut evicted = Vec::new();
    let slot = cache.put(key, bytes, now, &mut evicted).expect("it fits");
    (slot, evicted)
}

#[test]
fn the_default_is_five_minutes_in_ten_mebibytes_and_never_stale() {
    let expected = CacheOptions {
        ttl: Duration::from_secs(300),
        max_bytes: 10_485_760,
        stale_while_revalidate: Duration::ZERO,
        stale_if_error: Duration::ZERO,
    };
    assert_eq!(CacheOptions::default(), expected);
}

/// RFC 9111, 4.2: fresh while the age is below the lifetime, so not at its very end.
#[test]
fn rfc_9111_fresh_until_the_end_of_its_time_to_live() {
    let mut cache = Cache::new(options());
    assert_eq!(cache.get("plan", at(0)), Lookup::Miss);
    let (slot, _) = put(&mut cache, "plan", 7, at(5));
    assert_eq!(cache.get("plan", at(5)), Lookup::Fresh(slot));
    assert_eq!(cache.get("plan", Timestamp::from_millis(14_999.999)), Lookup::Fresh(slot));
    assert_eq!(cache.get("plan", at(15)), Lookup::Miss);
    assert_eq!(cache.get("plan", at(6)), Lookup::Miss, "it is gone, even if the clock goes back");
}

#[test]
fn a_use_does_not_prolong_freshness_and_a_new_value_does() {
    let mut cache = Cache::new(options());
    put(&mut cache, "plan", 7, at(0));
    cache.get("plan", at(9));
    assert_eq!(cache.get("plan", at(10)), Lookup::Miss);
    put(&mut cache, "plan", 7, at(10));
    let (slot, _) = put(&mut cache, "plan", 7, at(19));
    assert_eq!(cache.get("plan", at(28)), Lookup::Fresh(slot));
}

/// RFC 5861, 3: its example `max-age=600, stale-while-revalidate=30`.
#[test]
fn rfc_5861_stale_while_revalidate() {
    let (ttl, stale_while_revalidate) = (Duration::from_secs(600), Duration::from_secs(30));
    let mut cache = Cache::new(CacheOptions { ttl, stale_while_revalidate, ..options() });
    let (slot, _) = put(&mut cache, "page", 7, at(0));
    assert_eq!(cache.get("page", at(599)), Lookup::Fresh(slot));
    assert_eq!(cache.get("page", at(600)), Lookup::Stale(slot));
    assert_eq!(cache.get("page", at(629)), Lookup::Stale(slot));
    assert_eq!(cache.if_error("page", at(629)), None, "that is another span");
    assert_eq!(cache.get("page", at(630)), Lookup::Miss);
}

/// RFC 5861, 4: its example `max-age=600, stale-if-error=1200`: at 900 s an error is answered with the stored response,
/// at 1,800 s it is passed on.
#[test]
fn rfc_5861_stale_if_error() {
    let (ttl, stale_if_error) = (Duration::from_secs(600), Duration::from_secs(1_200));
    let mut cache = Cache::new(CacheOptions { ttl, stale_if_error, ..options() });
    let (slot, _) = put(&mut cache, "page", 7, at(0));
    assert_eq!(cache.get("page", at(900)), Lookup::Miss, "a new one is tried first");
    assert_eq!(cache.if_error("page", at(900)), Some(slot));
    assert_eq!(cache.get("page", at(1_799)), Lookup::Miss);
    assert_eq!(cache.if_error("page", at(1_799)), Some(slot));
    assert_eq!(cache.if_error("page", at(1_800)), None);
    assert_eq!(cache.if_error("other", at(900)), None);
}

#[test]
fn what_somebody_else_fetched_meanwhile_is_better_than_an_error() {
    let mut cache = Cache::new(options());
    assert_eq!(cache.get("plan", at(0)), Lookup::Miss);
    let (slot, _) = put(&mut cache, "plan", 7, at(1));
    assert_eq!(cache.if_error("plan", at(2)), Some(slot));
    assert_eq!(cache.if_error("plan", at(11)), None);
}

/// npm `lru-cache`: `maxSize` counts what it is told, and the least recently used leaves first; a hit is a use.
#[test]
fn lru_cache_the_least_recently_used_leaves_first() {
    let mut cache = Cache::new(options());
    let (a, _) = put(&mut cache, "a", 29, at(0));
    let (b, _) = put(&mut cache, "b", 29, at(0));
    let (c, _) = put(&mut cache, "c", 29, at(0));
    assert_eq!(cache.get("a", at(1)), Lookup::Fresh(a));
    let (_, evicted) = put(&mut cache, "d", 29, at(1));
    assert_eq!(evicted, [b]);
    let (_, evicted) = put(&mut cache, "e", 60, at(1));
    assert_eq!(evicted, [c, a]);
    assert_eq!((cache.len(), cache.bytes()), (2, 91));
}

#[test]
fn lru_cache_a_fresh_or_stale_answer_is_a_use_and_a_miss_is_not() {
    let ten = Duration::from_secs(10);
    let mut cache = Cache::new(CacheOptions { stale_while_revalidate: ten, stale_if_error: 2 * ten, ..options() });
    let (a, _) = put(&mut cache, "a", 29, at(0));
    let (b, _) = put(&mut cache, "b", 29, at(0));
    let (c, _) = put(&mut cache, "c", 29, at(0));
    assert_eq!(cache.get("a", at(15)), Lookup::Stale(a));
    assert_eq!(cache.get("b", at(25)), Lookup::Miss);
    let (d, evicted) = put(&mut cache, "d", 29, at(25));
    assert_eq!(evicted, [b], "the miss was no use");
    assert_eq!(cache.if_error("c", at(25)), Some(c));
    assert_eq!(put(&mut cache, "e", 29, at(25)).1, [a]);
    assert_eq!(put(&mut cache, "f", 29, at(25)).1, [d], "instead of an error it was a use");
}

#[test]
fn keys_count_too_and_the_last_byte_is_usable() {
    let mut cache = Cache::new(options());
    let mut evicted = Vec::new();
    assert_eq!(cache.put("four", 97, at(0), &mut evicted), None, "97 and 4 are too many");
    assert!(cache.put("four", 96, at(0), &mut evicted).is_some());
    assert_eq!((cache.bytes(), evicted.len()), (100, 0));
    assert_eq!(cache.put("four", u64::MAX, at(0), &mut evicted), None, "nothing overflows");
}

/// npm `lru-cache`: a value above `maxEntrySize` is not kept, and what was there under its key leaves.
#[test]
fn lru_cache_what_is_too_large_is_not_kept_and_what_it_replaces_is_outdated() {
    let mut cache = Cache::new(options());
    let (a, _) = put(&mut cache, "a", 9, at(0));
    let (b, _) = put(&mut cache, "b", 9, at(0));
    let mut evicted = Vec::new();
    assert_eq!(cache.put("a", 100, at(1), &mut evicted), None);
    assert_eq!(evicted, [a]);
    assert_eq!(cache.get("a", at(1)), Lookup::Miss);
    assert_eq!(cache.get("b", at(1)), Lookup::Fresh(b), "nothing else has to make room for it");
}

#[test]
fn a_new_value_has_a_new_slot_so_that_the_host_frees_and_stores_in_any_order() {
    let mut cache = Cache::new(options());
    let (first, _) = put(&mut cache, "plan", 90, at(0));
    let (second, evicted) = put(&mut cache, "plan", 90, at(1));
    assert_eq!(evicted, [first]);
    assert_ne!(second, first);
    assert_eq!(put(&mut cache, "plan", 90, at(2)), (first, vec![second]), "two slots do for ever");
}

#[test]
fn what_is_past_every_use_leaves_when_it_is_met_and_the_next_put_tells() {
    let mut cache = Cache::new(options());
    let (old, _) = put(&mut cache, "old", 7, at(0));
    let (live, _) = put(&mut cache, "live", 6, at(5));
    assert_eq!(cache.get("old", at(10)), Lookup::Miss);
    assert_eq!((cache.len(), cache.bytes()), (1, 10));
    let (new, evicted) = put(&mut cache, "new", 7, at(10));
    assert_eq!(evicted, [old]);
    assert!(new != old && new != live);
    assert_eq!(put(&mut cache, "more", 6, at(10)), (old, vec![]), "told once, and then reused");
}

#[test]
fn slots_that_were_pushed_before_are_the_hosts_own() {
    let mut cache = Cache::new(options());
    let mut evicted = vec![77];
    let slot = cache.put("a", 9, at(0), &mut evicted);
    assert_eq!((slot, &evicted[..]), (Some(0), &[77][..]));
    assert_eq!(cache.put("b", 9, at(0), &mut evicted), Some(1), "77 was not the cache's to reuse");
}

#[test]
fn what_is_removed_is_gone() {
    let mut cache = Cache::new(options());
    let (a, _) = put(&mut cache, "a", 9, at(0));
    let (b, _) = put(&mut cache, "b", 9, at(0));
    assert_eq!(cache.remove("a"), Some(a));
    assert_eq!(cache.remove("a"), None);
    assert_eq!(cache.get("a", at(0)), Lookup::Miss);
    assert_eq!((cache.len(), cache.bytes()), (1, 10));
    assert_eq!(put(&mut cache, "c", 9, at(0)).0, a, "its slot is free");
    let mut slots = cache.clear();
    slots.sort_unstable();
    assert_eq!(slots, [a, b]);
    assert_eq!((cache.len(), cache.bytes(), cache.is_empty()), (0, 0, true));
    assert_eq!(cache.get("b", at(0)), Lookup::Miss);
    assert!(put(&mut cache, "d", 9, at(0)).1.is_empty(), "they were told");
}

#[test]
fn when_the_clock_goes_back_what_was_stored_is_fresh() {
    let mut cache = Cache::new(options());
    let (slot, _) = put(&mut cache, "plan", 7, at(100));
    assert_eq!(cache.get("plan", at(3)), Lookup::Fresh(slot));
}

#[test]
fn without_a_time_to_live_there_is_only_what_may_be_stale() {
    let second = Duration::from_secs(1);
    let mut cache = Cache::new(CacheOptions { ttl: Duration::ZERO, ..options() });
    put(&mut cache, "plan", 7, at(0));
    assert_eq!(cache.get("plan", at(0)), Lookup::Miss);
    let mut cache = Cache::new(CacheOptions { ttl: Duration::ZERO, stale_while_revalidate: second, ..options() });
    let (slot, _) = put(&mut cache, "plan", 7, at(0));
    assert_eq!(cache.get("plan", at(0)), Lookup::Stale(slot));
    let forever = CacheOptions { ttl: Duration::MAX, stale_if_error: Duration::MAX, ..options() };
    let mut cache = Cache::new(forever);
    let (slot, _) = put(&mut cache, "plan", 7, at(0));
    assert_eq!(cache.get("plan", at(u64::MAX)), Lookup::Fresh(slot));
}

#[derive(Clone, Debug)]
enum Act {
    Get(String),
    IfError(String),
    Put(String, u64),
    Remove(String),
    Clear,
    Wait(u64),
}

fn any_act() -> impl Strategy<Value = Act> {
    let key = || "[a-d]{0,2}";
    prop_oneof![
        6 => key().prop_map(Act::Get),
        2 => key().prop_map(Act::IfError),
        8 => (key(), 0_u64..30).prop_map(|(key, bytes)| Act::Put(key, bytes)),
        1 => (key(), 90_u64..110).prop_map(|(key, bytes)| Act::Put(key, bytes)),
        1 => key().prop_map(Act::Remove),
        1 => Just(Act::Clear),
        3 => (0_u64..8).prop_map(Act::Wait),
    ]
}

/// An entry of the model.
#[derive(Clone, Debug)]
struct Kept {
    key: String,
    slot: u32,
    bytes: u64,
    stored_at: u64,
}

proptest! {
    /// The model: a list of entries in order of use, the least recently used first, and the slots that the host holds.
    #[test]
    fn the_cache_is_a_list_in_order_of_use(
        acts in prop::collection::vec(any_act(), 0..120),
        ttl in 0_u64..12,
        revalidate in 0_u64..8,
        if_error in 0_u64..8,
    ) {
        let secs = Duration::from_secs;
        let mut cache = Cache::new(CacheOptions {
            ttl: secs(ttl),
            max_bytes: 100,
            stale_while_revalidate: secs(revalidate),
            stale_if_error: secs(if_error),
        });
        let mut list = Vec::<Kept>::new();
        // Past every use when it was met, and not told yet.
        let mut dropped = Vec::<u32>::new();
        // As many values as the host ever held at once, the one that comes included.
        let mut most = 0;
        let mut now = 0;
        for act in acts {
            let find = |list: &[Kept], key: &str| list.iter().position(|kept| kept.key == *key);
            match act {
                Act::Wait(more) => now += more,
                Act::Get(key) => {
                    let expected = match find(&list, &key) {
                        None => Lookup::Miss,
                        Some(place) => {
                            let kept = list.remove(place);
                            let (slot, age) = (kept.slot, now - kept.stored_at);
                            if age < ttl + revalidate {
                                list.push(kept);
                                if age < ttl { Lookup::Fresh(slot) } else { Lookup::Stale(slot) }
                            } else {
                                if age < ttl + if_error { list.insert(place, kept) } else { dropped.push(slot) }
                                Lookup::Miss
                            }
                        }
                    };
                    prop_assert_eq!(cache.get(&key, at(now)), expected);
                }
                Act::IfError(key) => {
                    let place = find(&list, &key).filter(|place| now - list[*place].stored_at < ttl + if_error);
                    let kept = place.map(|place| list.remove(place));
                    prop_assert_eq!(cache.if_error(&key, at(now)), kept.as_ref().map(|kept| kept.slot));
                    list.extend(kept);
                }
                Act::Put(key, bytes) => {
                    most = most.max(list.len() + dropped.len() + 1);
                    let mut expected = std::mem::take(&mut dropped);
                    expected.extend(find(&list, &key).map(|place| list.remove(place).slot));
                    let size = bytes + key.len() as u64;
                    while size <= 100 && list.iter().map(|kept| kept.bytes).sum::<u64>() + size > 100 {
                        expected.push(list.remove(0).slot);
                    }
                    let mut evicted = Vec::new();
                    let slot = cache.put(&key, bytes, at(now), &mut evicted);
                    prop_assert_eq!(&evicted, &expected);
                    prop_assert_eq!(slot.is_some(), size <= 100);
                    if let Some(slot) = slot {
                        let in_use = list.iter().any(|kept| kept.slot == slot);
                        prop_assert!(!in_use && !evicted.contains(&slot), "{} is given twice", slot);
                        prop_assert!((slot as usize) < most, "a slot was lost before {}", slot);
                        list.push(Kept { key, slot, bytes: size, stored_at: now });
                    }
                }
                Act::Remove(key) => {
                    let slot = find(&list, &key).map(|place| list.remove(place).slot);
                    prop_assert_eq!(cache.remove(&key), slot);
                }
                Act::Clear => {
                    let mut expected: Vec<u32> = list.drain(..).map(|kept| kept.slot).chain(dropped.drain(..)).collect();
                    let mut slots = cache.clear();
                    expected.sort_unstable();
                    slots.sort_unstable();
                    prop_assert_eq!(slots, expected);
                }
            }
            prop_assert_eq!((cache.len(), cache.is_empty()), (list.len(), list.is_empty()));
            prop_assert_eq!(cache.bytes(), list.iter().map(|kept| kept.bytes).sum::<u64>());
            prop_assert!(cache.bytes() <= 100);
        }
    }
}
