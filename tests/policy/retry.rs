//! Whether there is a next attempt.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{Backoff, Growth, Jitter, Retry};
use repflow::rng::Rng;

fn retry(max_attempts: u32) -> Retry {
    let delay = Duration::from_millis(100);
    let backoff =
        Backoff { growth: Growth::Exponential, delay, max_delay: Duration::from_secs(1), jitter: Jitter::None };
    Retry { max_attempts, backoff }
}

#[test]
fn three_attempts_are_the_first_and_two_more() {
    let mut rng = Rng::new(0);
    let delays: Vec<_> = (1..=5).map(|attempt| retry(3).next_delay(attempt, &mut rng)).collect();
    let ms = |ms| Some(Duration::from_millis(ms));
    assert_eq!(delays, [ms(100), ms(200), None, None, None]);
}

#[test]
fn the_default_is_three_attempts_with_the_default_backoff() {
    assert_eq!(Retry::default(), Retry { max_attempts: 3, backoff: Backoff::default() });
}

#[test]
fn one_attempt_is_no_retry_and_draws_no_number() {
    let mut rng = Rng::new(4);
    assert_eq!(Retry { max_attempts: 1, ..Retry::default() }.next_delay(1, &mut rng), None);
    assert_eq!(rng.next_u64(), Rng::new(4).next_u64());
}

proptest! {
    #[test]
    fn as_many_attempts_as_were_allowed(max_attempts in 1_u32..200) {
        let mut rng = Rng::new(0);
        let retries = (1..).take_while(|attempt| retry(max_attempts).next_delay(*attempt, &mut rng).is_some()).count();
        prop_assert_eq!(retries + 1, max_attempts as usize);
    }
}
