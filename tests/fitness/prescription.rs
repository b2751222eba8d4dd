use repflow::fitness::prescription::{Caps, capped, row, weekly_sets};
use repflow::fitness::strength::pct_1rm;
use repflow::fitness::words::{Focus, Level, Word};

fn mean(range: (u32, u32)) -> f64 {
    f64::from(range.0 + range.1) / 2.0
}

#[test]
fn there_is_a_row_for_every_focus_and_level_and_its_start_is_inside() {
    for focus in Focus::ALL {
        for level in Level::ALL {
            let row = row(*focus, *level);
            assert!(
                row.reps.0 <= row.plan_reps.0 && row.plan_reps.0 < row.plan_reps.1 && row.plan_reps.1 <= row.reps.1
            );
            assert!((row.rir.0..=row.rir.1).contains(&row.plan_rir));
            assert!((row.pct.0..=row.pct.1).contains(&row.plan_pct()));
            if *focus != Focus::Power {
                // Repetitions, reserve and load say the same thing.
                assert!((row.plan_pct() - pct_1rm(row.plan_reps.1, row.plan_rir)).abs() < 0.005, "{focus:?} {level:?}");
            }
        }
    }
}

#[test]
fn strength_rests_longer_than_hypertrophy_and_that_longer_than_endurance() {
    for level in Level::ALL {
        let rest = |focus| mean(row(focus, *level).rest_compound);
        assert!(rest(Focus::Strength) > rest(Focus::Hypertrophy));
        assert!(rest(Focus::Hypertrophy) > rest(Focus::Endurance));
    }
}

#[test]
fn no_cap_changes_nothing() {
    assert_eq!(&capped(Focus::Strength, Level::Advanced, Caps::default()), row(Focus::Strength, Level::Advanced));
}

#[test]
fn hypertension_moves_heavy_strength_to_general_fitness_with_longer_rests() {
    let caps = Caps { rpe_max: Some(7), pct_1rm_max: Some(0.7), rest_min_s: Some(90) };
    let capped = capped(Focus::Strength, Level::Intermediate, caps);
    assert_eq!(capped.focus, Focus::GeneralFitness);
    assert_eq!((capped.rest_compound, capped.rest_iso), ((90, 120), (90, 90)));
    assert!(capped.plan_pct() <= 0.7 && capped.plan_rir >= 3);
}

#[test]
fn a_lower_load_comes_with_more_repetitions_and_more_in_reserve() {
    let caps = Caps { pct_1rm_max: Some(0.6), ..Caps::default() };
    let capped = capped(Focus::WeightLoss, Level::Beginner, caps);
    assert_eq!(capped.focus, Focus::WeightLoss);
    assert_eq!((capped.plan_reps, capped.plan_rir), ((12, 15), 5));
    assert_eq!(capped.plan_pct(), 0.6);
}

#[test]
fn the_stricter_cap_wins() {
    let one = Caps { rpe_max: Some(7), pct_1rm_max: None, rest_min_s: Some(60) };
    let other = Caps { rpe_max: Some(6), pct_1rm_max: Some(0.6), rest_min_s: Some(90) };
    assert_eq!(one.and(other), Caps { rpe_max: Some(6), pct_1rm_max: Some(0.6), rest_min_s: Some(90) });
}

#[test]
fn weekly_sets_are_those_of_the_table() {
    assert_eq!(weekly_sets().of(Level::Intermediate), (8, 16));
    assert_eq!(weekly_sets().days(Level::Beginner), (2, 3));
    assert_eq!((weekly_sets().per_session_cap, weekly_sets().hypertrophy_floor), (10, 10));
}
