//! The promise about time: every focus, level, duration and usual equipment gets a session that keeps it.

use repflow::fitness::check::check;
use repflow::fitness::session;
use repflow::fitness::words::{Focus, Level, Word};
use serde_json::json;

use crate::support::{parse, seconds_of};

const USUAL: [&[&str]; 15] = [
    &[],
    &["bands"],
    &["bands", "anchor"],
    &["dumbbell"],
    &["dumbbell", "bench"],
    &["kettlebell"],
    &["barbell"],
    &["barbell", "rack"],
    &["barbell", "rack", "bench"],
    &["pull_up_bar"],
    &["pull_up_bar", "bands"],
    &["cable"],
    &["machine"],
    &["dumbbell", "bench", "bands", "kettlebell", "pull_up_bar"],
    &["full_gym"],
];

#[test]
fn every_focus_level_duration_and_usual_equipment_is_met() {
    let mut worst = 0.0_f64;
    for focus in Focus::ALL {
        for level in Level::ALL {
            for equipment in USUAL {
                for duration in [15, 20, 30, 45, 60, 75, 90] {
                    let request = parse(&json!({
                        "userId": "someone", "duration": duration, "focus": focus, "equipment": equipment,
                        "fitnessLevel": level, "weightKg": 75,
                    }))
                    .unwrap();
                    let about = format!("{} {} {equipment:?} {duration}", focus.as_str(), level.as_str());
                    let workout = session::build(&request).unwrap_or_else(|error| panic!("{about}: {error}"));
                    assert_eq!(check(&workout, &request), [], "{about}");
                    let asked = f64::from(duration) * 60.0;
                    let off = (seconds_of(&json!(workout)) as f64 - asked).abs() / asked;
                    assert!(off <= 0.1, "{about}: {off}");
                    worst = worst.max(off);
                }
            }
        }
    }
    assert!(worst <= 0.08, "the search keeps a margin: {worst}");
}
