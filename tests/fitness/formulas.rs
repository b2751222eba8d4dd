//! Strength, heart rate and energy against worked figures.

use repflow::fitness::catalogue;
use repflow::fitness::energy::{gross_kcal, met, net_kcal};
use repflow::fitness::heart_rate::{Zone, at_reserve_share, max_bpm, reserve_share};
use repflow::fitness::history::rir_of;
use repflow::fitness::strength::{brzycki_kg, epley_kg, pct_1rm, rir_for, round_to_kg, rpe};
use repflow::fitness::words::{Muscle, Word};
use serde_json::{Value as Json, json};

use crate::support::call;
use crate::support::example;

fn figures() -> Json {
    serde_json::from_str(include_str!("data/test_vectors.json")).unwrap()
}

fn vectors(name: &str) -> Vec<Json> {
    figures()[name].as_array().unwrap().clone()
}

/// The numbers in a text such as `30-39 (57-63)`, or in a number.
fn numbers(json: &Json) -> Vec<f64> {
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let parts = text.split(|char: char| !char.is_ascii_digit() && char != '.');
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// Whatever stands in the file is tested: here, but for the twelve weeks, which are a matter of the programme.
#[test]
fn every_figure_of_the_file_is_known() {
    let mut names: Vec<String> = figures().as_object().unwrap().keys().cloned().collect();
    names.sort();
    let known = ["hr150", "hr_zones_acsm", "karvonen", "kcal", "one_rm", "reps_rir_to_pct", "rpe_rir", "twelve_weeks"];
    assert_eq!(names, known);
}

fn close(a: f64, b: &Json, digits: i32) {
    let b = b.as_f64().unwrap();
    assert!((a - b).abs() <= 0.5001 * 10_f64.powi(-digits), "{a} is not {b}");
}

fn whole(json: &Json) -> u32 {
    u32::try_from(json.as_u64().unwrap()).unwrap()
}

#[test]
fn one_repetition_maximum() {
    for row in vectors("one_rm") {
        let (kg, reps) = (row["w"].as_f64().unwrap(), whole(&row["reps"]));
        close(epley_kg(kg, reps), &row["epley"], 2);
        close(brzycki_kg(kg, reps), &row["brzycki"], 2);
    }
}

#[test]
fn repetitions_and_reserve_stand_for_a_share_of_the_maximum() {
    for row in vectors("reps_rir_to_pct") {
        let (reps, rir) = (whole(&row["reps"]), whole(&row["rir"]));
        close(pct_1rm(reps, rir), &row["pct"], 4);
        if reps + rir > 1 {
            assert_eq!(rir_for(reps, pct_1rm(reps, rir)), rir);
        }
    }
    assert_eq!((rpe(0), rpe(2), rpe(6)), (10, 8, 4));
    assert_eq!(round_to_kg(81.1, 2.5), 80.0);
}

#[test]
fn heart_rate_reserve() {
    for row in vectors("hr150") {
        let (age, rest, bpm) = (whole(&row["age"]), row["rest"].as_f64().unwrap(), row["hr"].as_f64().unwrap());
        close(max_bpm(age), &row["hrmax"], 1);
        close(100.0 * bpm / max_bpm(age), &row["pct_hrmax"], 1);
        close(100.0 * reserve_share(bpm, age, rest), &row["pct_hrr"], 1);
    }
    for row in vectors("karvonen") {
        let (age, rest) = (whole(&row["age"]), row["rest"].as_f64().unwrap());
        for (zone, name) in [(Zone::Light, "light"), (Zone::Moderate, "moderate"), (Zone::Vigorous, "vigorous")] {
            // The figures give the last whole percent inside the half-open zone.
            let (from, to) = zone.of_reserve();
            close(at_reserve_share(from, age, rest), &row[name][0], 1);
            close(at_reserve_share(to - 0.01, age, rest), &row[name][1], 1);
        }
    }
}

/// The zones of the file, by the reserve and by the maximum: its whole percents are inside, and the next one is not.
#[test]
fn zones_are_those_of_the_file() {
    use Zone::{Light, Moderate, NearMax, VeryLight, Vigorous};
    let zones = figures()["hr_zones_acsm"].clone();
    for (zone, name) in [(Light, "light"), (Moderate, "moderate"), (Vigorous, "vigorous")] {
        let [from, to, from_max, to_max] = numbers(&zones[name])[..] else { panic!("{name}") };
        assert_eq!([from, to].map(|pct| Zone::at_reserve(pct / 100.0)), [zone, zone], "{name}");
        let share = zone.of_reserve();
        assert!((share.0 * 100.0 - from).abs() < 1e-9 && (share.1 * 100.0 - to - 1.0).abs() < 1e-9, "{name}");
        let (low, high) = zone.of_maximum();
        let inside = |pct: f64| low * 100.0 - 1e-9 <= pct && pct <= high * 100.0 + 1e-9;
        assert!(inside(from_max) && inside(to_max), "{name}: {low} to {high}");
    }
    let [below, _] = numbers(&zones["very_light"])[..] else { panic!() };
    assert_eq!((Zone::at_reserve(below / 100.0 - 1e-9), Zone::at_reserve(below / 100.0)), (VeryLight, Light));
    let [from, _] = numbers(&zones["near_max"])[..] else { panic!() };
    assert_eq!((Zone::at_reserve(from / 100.0 - 1e-9), Zone::at_reserve(from / 100.0)), (Vigorous, NearMax));
}

/// A rating stands for the repetitions in reserve that the file gives; half ones for the lower of two.
#[test]
fn effort_and_reserve() {
    let mut tested = 0;
    for row in vectors("rpe_rir") {
        let reserve = numbers(&row["rir"]);
        for rating in numbers(&row["rpe"]) {
            // Below 5 the file speaks of light effort, and of no number.
            let [least, .., most] = [&reserve[..], &reserve[..]].concat()[..] else { continue };
            let rir = rir_of(rating);
            assert!((least..=most).contains(&f64::from(rir)), "{rating} leaves {rir}");
            if rating.fract() == 0.0 {
                assert_eq!(f64::from(rpe(rir)), rating);
            }
            tested += 1;
        }
    }
    assert_eq!(tested, 9);
}

/// Fractional volume: three sets of presses and two of curls.
#[test]
fn volume_is_counted_in_fractional_sets() {
    let mut expected = Vec::new();
    for muscle in Muscle::ALL {
        let share = |id: &str| catalogue::find(id).unwrap().share(*muscle);
        expected.push((muscle.as_str(), 3.0 * share("Dumbbell_Bench_Press") + 2.0 * share("Dumbbell_Bicep_Curl")));
    }
    let of = |name: &str| expected.iter().find(|(muscle, _)| *muscle == name).unwrap().1;
    assert_eq!((of("chest"), of("triceps"), of("shoulders"), of("biceps")), (3.0, 1.5, 1.5, 2.0));
    let history = json!([
        { "daysAgo": 1, "exerciseId": "Dumbbell_Bench_Press", "sets": vec![json!({ "reps": 8 }); 3] },
        { "daysAgo": 6.9, "exerciseId": "Dumbbell_Bicep_Curl", "sets": vec![json!({ "reps": 8 }); 2] },
    ]);
    let answer = call("workout-recommendations", "recovery", &json!({ "request": example(), "history": history }));
    for state in answer.unwrap()["recovery"]["muscles"].as_array().unwrap() {
        assert_eq!(state["week_sets"], of(state["muscle"].as_str().unwrap()), "{state}");
    }
}

#[test]
fn zones_are_half_open() {
    let zones = [0.29, 0.30, 0.40, 0.599, 0.60, 0.899, 0.90].map(Zone::at_reserve);
    use Zone::{Light, Moderate, NearMax, VeryLight, Vigorous};
    assert_eq!(zones, [VeryLight, Light, Moderate, Moderate, Vigorous, Vigorous, NearMax]);
}

#[test]
fn energy_is_met_times_weight_times_hours() {
    for row in vectors("kcal") {
        let (met, kg) = (row["met"].as_f64().unwrap(), row["kg"].as_f64().unwrap());
        let seconds = whole(&row["min"]) * 60;
        close(gross_kcal(met, kg, seconds), &row["gross"], 1);
        close(net_kcal(met, kg, seconds), &row["net"], 1);
    }
    assert_eq!((met("02054"), met("17190"), met("99999")), (Some(3.5), Some(3.8), None));
}
