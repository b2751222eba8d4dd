//! A concurrency limit with a line behind it.

use std::collections::VecDeque;

use proptest::prelude::*;
use repflow::exec::Slots;

#[test]
fn who_comes_first_goes_first() {
    let mut bench = Slots::new(Some(1));
    assert_eq!(bench.acquire("Ada"), Some("Ada"));
    assert_eq!(bench.acquire("Ben"), None);
    assert_eq!(bench.acquire("Cleo"), None);
    assert_eq!(bench.used(), 1);
    assert_eq!(bench.release(), Some("Ben"));
    assert_eq!(bench.acquire("Dan"), None, "nobody overtakes the line");
    assert_eq!(bench.release(), Some("Cleo"));
    assert_eq!(bench.release(), Some("Dan"));
    assert_eq!(bench.used(), 1);
    assert_eq!(bench.release(), None);
    assert_eq!(bench.used(), 0);
    assert_eq!(bench.acquire("Eve"), Some("Eve"));
}

#[test]
fn without_a_limit_nobody_waits() {
    let mut floor = Slots::new(None);
    for who in 0..10_000 {
        assert_eq!(floor.acquire(who), Some(who));
    }
    assert_eq!(floor.used(), 10_000);
    assert_eq!(floor.release(), None);
    assert_eq!(floor.used(), 9_999);
}

proptest! {
    #[test]
    fn slots_do_what_a_count_and_a_line_do(
        limit in prop::option::of(1_u32..5),
        steps in prop::collection::vec(any::<bool>(), 0..100),
    ) {
        let mut slots = Slots::new(limit);
        let mut holders: Vec<usize> = Vec::new();
        let mut line: VecDeque<usize> = VecDeque::new();
        for (who, comes) in steps.into_iter().enumerate() {
            if comes {
                let expected = limit.is_none_or(|limit| holders.len() < limit as usize);
                prop_assert_eq!(slots.acquire(who), expected.then_some(who));
                if expected { holders.push(who) } else { line.push_back(who) }
            } else if holders.pop().is_some() {
                let next = line.pop_front();
                prop_assert_eq!(slots.release(), next);
                holders.extend(next);
            }
            prop_assert_eq!(slots.used() as usize, holders.len());
        }
    }
}
