//! Strength, heart rate and energy against worked figures.

use repflow::fitness::energy::{gross_kcal, met, net_kcal};
use repflow::fitness::heart_rate::{Zone, at_reserve_share, max_bpm, reserve_share};
use repflow::fitness::strength::{brzycki_kg, epley_kg, pct_1rm, rir_for, round_to_kg, rpe};
use serde_json::Value as Json;

fn vectors(name: &str) -> Vec<Json> {
    let all: Json = serde_json::from_str(include_str!("data/vectors.json")).unwrap();
    all[name].as_array().unwrap().clone()
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
