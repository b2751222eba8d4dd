//! Many deadlines behind one host timer.

use std::time::Duration;

use proptest::prelude::*;
use repflow::exec::{TimerId, Timers};
use repflow::time::Timestamp;

fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(ms)
}

/// Takes out all that is due.
fn due(timers: &mut Timers<&'static str>, ms: u64) -> Vec<&'static str> {
    std::iter::from_fn(|| timers.pop_due(at(ms))).collect()
}

#[test]
fn timers_fire_when_they_are_due_earliest_first() {
    let mut timers = Timers::default();
    timers.set(at(30), "rest over");
    timers.set(at(10), "warm-up over");
    timers.set(at(20), "set over");
    assert_eq!(timers.next_due(), Some(at(10)));
    assert_eq!(timers.pop_due(at(9)), None);
    assert_eq!(timers.pop_due(at(10)), Some("warm-up over"));
    assert_eq!(timers.pop_due(at(10)), None);
    assert_eq!(due(&mut timers, 1_000), ["set over", "rest over"]);
    assert!(timers.is_empty());
    assert_eq!(timers.next_due(), None);
}

#[test]
fn timers_of_the_same_instant_fire_in_the_order_in_which_they_were_set() {
    let mut timers = Timers::default();
    let gone = timers.set(at(5), "gone");
    for key in ["a", "b", "c"] {
        timers.set(at(5), key);
    }
    timers.clear(gone);
    // Takes the slot that `gone` left, and still comes last.
    timers.set(at(5), "d");
    assert_eq!(due(&mut timers, 5), ["a", "b", "c", "d"]);
}

#[test]
fn a_stale_id_clears_nothing() {
    let mut timers = Timers::default();
    let fired = timers.set(at(1), "first");
    assert_eq!(due(&mut timers, 1), ["first"]);
    let cleared = timers.set(at(2), "second");
    timers.clear(cleared);
    timers.clear(cleared);
    // Both ids named the slot that this one has now.
    timers.set(at(3), "third");
    timers.clear(fired);
    timers.clear(cleared);
    assert_eq!(timers.len(), 1);
    assert_eq!(timers.next_due(), Some(at(3)));
    assert_eq!(due(&mut timers, 3), ["third"]);
}

#[test]
fn timeouts_that_never_fire_do_not_pile_up() {
    let mut timers = Timers::default();
    timers.set(at(500), "stays");
    for round in 0..100_000 {
        let id = timers.set(at(1_000 + round), "timeout");
        timers.clear(id);
    }
    assert_eq!(timers.len(), 1);
    // The heap is private; what shows is that the rebuilt one has kept its order.
    assert!(format!("{timers:?}").len() < 20_000, "dead timers are thrown away");
    assert_eq!(due(&mut timers, 1_000_000), ["stays"]);
}

#[test]
fn timers_that_are_moved_again_and_again_do_not_pile_up() {
    let mut timers = Timers::default();
    let mut ids: Vec<TimerId> = (0..100).map(|key| timers.set(at(0), key)).collect();
    for round in 1..=200 {
        for (key, id) in ids.iter_mut().enumerate() {
            timers.clear(*id);
            *id = timers.set(at(round), key);
        }
    }
    assert!(format!("{timers:?}").len() < 20_000, "the places of dead timers are taken, and they are thrown away");
    assert_eq!((timers.len(), timers.next_due()), (100, Some(at(200))));
    let fired: Vec<usize> = std::iter::from_fn(|| timers.pop_due(at(200))).collect();
    assert_eq!(fired, (0..100).collect::<Vec<_>>());
}

#[derive(Clone, Debug)]
enum Step {
    Set(u64),
    /// Clears one of all that were ever set.
    Clear(prop::sample::Index),
    Advance(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0_u64..40).prop_map(Step::Set),
        5 => any::<prop::sample::Index>().prop_map(Step::Clear),
        1 => (0_u64..10).prop_map(Step::Advance),
    ];
    prop::collection::vec(step, 0..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn timers_do_what_a_sorted_list_does(steps in steps()) {
        let mut timers = Timers::default();
        // When and in which order each was set: the model is sorted by both.
        let mut model: Vec<(u64, usize)> = Vec::new();
        let mut ids: Vec<TimerId> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Set(delay) => {
                    let key = ids.len();
                    ids.push(timers.set(at(now + delay), key));
                    model.push((now + delay, key));
                    model.sort_unstable();
                }
                Step::Clear(which) if !ids.is_empty() => {
                    let key = which.index(ids.len());
                    timers.clear(ids[key]);
                    model.retain(|(_, it)| *it != key);
                }
                Step::Clear(_) => {}
                Step::Advance(by) => {
                    now += by;
                    while model.first().is_some_and(|(due, _)| *due <= now) {
                        let (_, key) = model.remove(0);
                        prop_assert_eq!(timers.pop_due(at(now)), Some(key));
                    }
                    prop_assert_eq!(timers.pop_due(at(now)), None);
                }
            }
            prop_assert_eq!(timers.len(), model.len());
            prop_assert_eq!(timers.is_empty(), model.is_empty());
            prop_assert_eq!(timers.next_due(), model.first().map(|(due, _)| at(*due)));
        }
    }
}
