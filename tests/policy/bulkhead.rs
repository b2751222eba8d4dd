//! How many at once, and the queue behind them.

use std::collections::VecDeque;

use proptest::prelude::*;
use repflow::policy::{Bulkhead, Entry};

#[test]
fn who_comes_first_goes_first() {
    let mut bench = Bulkhead::new(Some(1), 3);
    assert_eq!(bench.enter("Ada"), Entry::Entered);
    assert_eq!(bench.enter("Ben"), Entry::Queued);
    assert_eq!(bench.enter("Cleo"), Entry::Queued);
    assert_eq!((bench.used(), bench.queued()), (1, 2));
    bench.leave();
    assert_eq!(bench.enter("Dan"), Entry::Queued, "nobody overtakes the queue, not even before it has moved");
    assert_eq!(bench.pass_on(), Some("Ben"));
    assert_eq!(bench.pass_on(), None, "the bench is taken again");
    bench.leave();
    assert_eq!(bench.pass_on(), Some("Cleo"));
    bench.leave();
    assert_eq!(bench.pass_on(), Some("Dan"));
    bench.leave();
    assert_eq!((bench.pass_on(), bench.used()), (None, 0));
    assert_eq!(bench.enter("Eve"), Entry::Entered);
}

/// resilience4j (`maxWaitDuration` 0), cockatiel and Polly (`QueueLimit`): beyond the queue a call is refused at once.
#[test]
fn beyond_the_queue_a_call_is_refused_at_once() {
    let mut squat_rack = Bulkhead::new(Some(2), 1);
    let entries: Vec<Entry> = (0..4).map(|who| squat_rack.enter(who)).collect();
    assert_eq!(entries, [Entry::Entered, Entry::Entered, Entry::Queued, Entry::Full]);
    let mut no_queue = Bulkhead::new(Some(1), 0);
    assert_eq!([no_queue.enter(1), no_queue.enter(2)], [Entry::Entered, Entry::Full]);
}

/// cockatiel: a caller whose signal is aborted leaves the queue, and the next one moves up.
#[test]
fn who_gives_up_leaves_the_queue() {
    let mut bench = Bulkhead::new(Some(1), 2);
    let _ = (bench.enter("Ada"), bench.enter("Ben"), bench.enter("Cleo"));
    assert_eq!(bench.enter("Dan"), Entry::Full);
    assert!(bench.withdraw("Ben"));
    assert!(!bench.withdraw("Ben"), "once");
    assert!(!bench.withdraw("Ada"), "who is inside is not in the queue");
    assert_eq!(bench.enter("Dan"), Entry::Queued);
    bench.leave();
    assert_eq!(bench.pass_on(), Some("Cleo"));
}

#[test]
fn without_a_limit_nobody_waits() {
    let mut floor = Bulkhead::new(None, 0);
    assert!((0..10_000).all(|who| floor.enter(who) == Entry::Entered));
    assert_eq!(floor.used(), 10_000);
}

/// Netflix concurrency-limits: a limit that was lowered below what runs lets nobody in until enough have left.
#[test]
fn a_limit_that_moves_holds_from_then_on() {
    let mut floor = Bulkhead::new(Some(3), 9);
    for who in 0..6 {
        let _ = floor.enter(who);
    }
    floor.set_limit(1);
    floor.leave();
    floor.leave();
    assert_eq!((floor.used(), floor.pass_on()), (1, None));
    floor.leave();
    assert_eq!((floor.pass_on(), floor.pass_on()), (Some(3), None));
    floor.set_limit(3);
    assert_eq!((floor.pass_on(), floor.pass_on(), floor.pass_on()), (Some(4), Some(5), None));
}

#[derive(Clone, Debug)]
enum Step {
    Comes,
    Leaves,
    GivesUp(prop::sample::Index),
    Limit(u32),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Comes),
        3 => Just(Step::Leaves),
        1 => any::<prop::sample::Index>().prop_map(Step::GivesUp),
        1 => (1_u32..6).prop_map(Step::Limit),
    ]
}

proptest! {
    #[test]
    fn a_bulkhead_does_what_a_count_and_a_line_do(
        mut limit in 1_u32..5,
        max_queue in 0_u32..5,
        steps in prop::collection::vec(any_step(), 0..120),
    ) {
        let mut bulkhead = Bulkhead::new(Some(limit), max_queue);
        let mut inside = 0;
        let mut line: VecDeque<usize> = VecDeque::new();
        for (who, step) in steps.into_iter().enumerate() {
            match step {
                Step::Comes => {
                    let expected = if inside < limit && line.is_empty() {
                        inside += 1;
                        Entry::Entered
                    } else if line.len() < max_queue as usize {
                        line.push_back(who);
                        Entry::Queued
                    } else {
                        Entry::Full
                    };
                    prop_assert_eq!(bulkhead.enter(who), expected);
                }
                Step::Leaves if inside > 0 => {
                    bulkhead.leave();
                    inside -= 1;
                }
                Step::Leaves => {}
                Step::GivesUp(index) if !line.is_empty() => {
                    let gone = line.remove(index.index(line.len())).expect("it is in the line");
                    prop_assert!(bulkhead.withdraw(gone));
                }
                Step::GivesUp(_) => prop_assert!(!bulkhead.withdraw(who)),
                Step::Limit(new) => {
                    limit = new;
                    bulkhead.set_limit(new);
                }
            }
            loop {
                let expected = if inside < limit { line.pop_front() } else { None };
                inside += u32::from(expected.is_some());
                prop_assert_eq!(bulkhead.pass_on(), expected);
                if expected.is_none() { break }
            }
            prop_assert_eq!((bulkhead.used(), bulkhead.queued()), (inside, line.len()));
        }
    }
}

proptest! {
    /// The queue is what a stable sort by priority makes of those who wait, in the order in which they came.
    #[test]
    fn who_passes_whom_is_what_a_stable_sort_says(
        limit in 1_u32..4, acts in prop::collection::vec((0_u8..4, -2_i32..3), 0..60)
    ) {
        let mut bench = Bulkhead::new(Some(limit), u32::MAX);
        let mut waiting: Vec<(usize, i32)> = Vec::new();
        let mut inside = 0;
        for (who, (act, priority)) in acts.into_iter().enumerate() {
            match act {
                0 if inside > 0 => {
                    bench.leave();
                    inside -= 1;
                    waiting.sort_by_key(|(_, priority)| -priority);
                    let next = (!waiting.is_empty()).then(|| waiting.remove(0));
                    inside += u32::from(next.is_some());
                    prop_assert_eq!(bench.pass_on(), next);
                }
                1 if !waiting.is_empty() => {
                    let gone = waiting.remove(who % waiting.len());
                    prop_assert!(bench.withdraw(gone));
                }
                _ => {
                    let entry = bench.enter_before((who, priority), |(_, other)| other < priority);
                    if inside < limit {
                        inside += 1;
                        prop_assert_eq!(entry, Entry::Entered);
                    } else {
                        waiting.push((who, priority));
                        prop_assert_eq!(entry, Entry::Queued);
                    }
                }
            }
            prop_assert_eq!((bench.used(), bench.queued()), (inside, waiting.len()));
        }
    }
}
