//! Until when an answer is awaited.

use std::time::Duration;

use proptest::prelude::*;
use repflow::bus::Requests;
use repflow::time::Timestamp;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(millis: u64) -> Timestamp {
    Timestamp::EPOCH + ms(millis)
}

#[test]
fn an_answer_in_time_ends_a_request() {
    let mut requests = Requests::default();
    let plan = requests.begin(ms(2_000), at(100));
    assert_eq!((requests.len(), requests.next_deadline()), (1, Some(at(2_100))));
    requests.end(plan, at(1));
    assert!(requests.is_empty());
    assert_eq!(requests.next_deadline(), None);
    assert_eq!(requests.expire(at(10_000)), None);
}

#[test]
fn what_is_not_answered_expires_earliest_first() {
    let mut requests = Requests::default();
    let slow = requests.begin(ms(500), at(0));
    let quick = requests.begin(ms(200), at(0));
    let answered = requests.begin(ms(300), at(0));
    requests.end(answered, at(1));
    assert_eq!(requests.expire(at(199)), None);
    assert_eq!(requests.expire(at(1_000)), Some(quick));
    assert_eq!(requests.expire(at(1_000)), Some(slow));
    assert_eq!(requests.expire(at(1_000)), None);
    assert!(requests.is_empty());
}

#[test]
fn a_late_answer_ends_nothing() {
    let mut requests = Requests::default();
    let late = requests.begin(ms(10), at(0));
    let other = requests.begin(ms(50), at(0));
    assert_eq!(requests.expire(at(10)), Some(late));
    requests.end(late, at(1));
    requests.end(late, at(1));
    assert_eq!(requests.len(), 1);
    assert_eq!(requests.expire(at(50)), Some(other));
}

proptest! {
    #[test]
    fn requests_do_what_a_list_does(steps in prop::collection::vec((0_u8..3, 0_u64..50, any::<prop::sample::Index>()), 0..200)) {
        let mut requests = Requests::default();
        // Deadline, order of beginning, id.
        let mut open: Vec<(u64, usize, u32)> = Vec::new();
        let mut now = 0;
        for (order, (step, amount, which)) in steps.into_iter().enumerate() {
            match step {
                0 => {
                    let id = requests.begin(ms(amount), at(now));
                    prop_assert!(open.iter().all(|(_, _, other)| *other != id), "the id {} is used twice", id);
                    open.push((now + amount, order, id));
                    open.sort_unstable();
                }
                1 if !open.is_empty() => {
                    let (_, _, id) = open.remove(which.index(open.len()));
                    requests.end(id, at(now));
                }
                1 => {}
                _ => {
                    now += amount / 5;
                    while open.first().is_some_and(|(due, ..)| *due <= now) {
                        prop_assert_eq!(requests.expire(at(now)), Some(open.remove(0).2));
                    }
                    prop_assert_eq!(requests.expire(at(now)), None);
                }
            }
            prop_assert_eq!(requests.len(), open.len());
            prop_assert_eq!(requests.is_empty(), open.is_empty());
            prop_assert_eq!(requests.next_deadline(), open.first().map(|(due, ..)| at(*due)));
        }
    }
}
