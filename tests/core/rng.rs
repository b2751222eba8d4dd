//! A seed repeats everything.

use proptest::prelude::*;
use repflow::rng::Rng;

#[test]
fn the_sequence_is_splitmix64() {
    // The reference values of the seed 1234567 (Steele, Lea, Flood; as published with the algorithm).
    let mut rng = Rng::new(1_234_567);
    let drawn: Vec<u64> = (0..5).map(|_| rng.next_u64()).collect();
    assert_eq!(
        drawn,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ]
    );
}

#[test]
fn numbers_are_spread_over_their_range() {
    let mut rng = Rng::new(7);
    let mut counts = [0_u32; 6];
    for _ in 0..6_000 {
        counts[rng.below(6)] += 1;
    }
    assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
}

proptest! {
    #[test]
    fn a_seed_repeats_its_sequence(seed: u64) {
        let (mut one, mut other) = (Rng::new(seed), Rng::new(seed));
        for _ in 0..10 {
            prop_assert_eq!(one.next_u64(), other.next_u64());
        }
    }

    #[test]
    fn a_number_is_within_its_bounds(seed: u64, bound: usize) {
        let mut rng = Rng::new(seed);
        let unit = rng.unit();
        prop_assert!((0.0..1.0).contains(&unit));
        let below = rng.below(bound);
        prop_assert!(below < bound || (bound, below) == (0, 0));
    }
}
