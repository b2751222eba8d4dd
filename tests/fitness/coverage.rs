//! The promise about time: every focus, level, duration and usual equipment gets a session that keeps it.

use repflow::fitness::check::check;
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::session;
use serde_json::json;

#[test]
fn sweep() {
    let sets: [&[&str]; 14] = [
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
        &["cable"],
        &["machine"],
        &["dumbbell", "bench", "bands", "kettlebell", "pull_up_bar"],
        &["full_gym"],
    ];
    let mut bad = 0;
    let mut n = 0;
    let mut worst = 0.0_f64;
    for focus in ["strength", "hypertrophy", "endurance", "power", "general_fitness", "weight_loss"] {
        for level in ["beginner", "intermediate", "advanced"] {
            for equipment in sets {
                for duration in [15, 20, 25, 30, 45, 60, 75, 90] {
                    n += 1;
                    let request = WorkoutRequest::parse(&json!({"userId":"u","duration":duration,"focus":focus,"equipment":equipment,"fitnessLevel":level,"weightKg":75})).unwrap();
                    match session::build(&request) {
                        Ok(w) => {
                            assert_eq!(check(&w, &request), []);
                            let off = (w.totals.duration_s as f64 / (duration * 60) as f64 - 1.0).abs();
                            worst = worst.max(off);
                            if off > 0.04 {
                                println!("off {off:.3} {focus} {level} {equipment:?} {duration}");
                            }
                        }
                        Err(e) => {
                            bad += 1;
                            println!("{focus} {level} {equipment:?} {duration}: {e}");
                        }
                    }
                }
            }
        }
    }
    println!("{bad} of {n}, worst {worst}");
    assert_eq!(bad, 0);
}

#[test]
fn show() {
    for (focus, level, duration, equipment) in [
        ("strength", "intermediate", 30, vec!["dumbbells", "bench"]),
        ("strength", "advanced", 15, vec!["full_gym"]),
        ("general_fitness", "beginner", 90, vec![]),
        ("hypertrophy", "intermediate", 60, vec!["dumbbells", "bench"]),
        ("power", "advanced", 45, vec!["gym"]),
        ("weight_loss", "beginner", 30, vec!["bands"]),
        ("strength", "beginner", 90, vec![]),
    ] {
        let request = WorkoutRequest::parse(&json!({"userId":"user123","duration":duration,"focus":focus,"equipment":equipment,"fitnessLevel":level,"weightKg":75,"age":30})).unwrap();
        let w = session::build(&request).unwrap();
        println!(
            "=== {focus} {level} {duration} {equipment:?} total {} kcal {:?} {:?}",
            w.totals.duration_s, w.totals.kcal_net, w.totals.sets_per_muscle
        );
        for b in &w.blocks {
            println!("{:?} x{} setup {} dur {}", b.kind, b.rounds, b.setup_s, b.duration_s);
            for s in &b.steps {
                println!(
                    "    {} {:?} {}-{} side={} work {} rest {} recov {:?} {:?}",
                    s.exercise_id,
                    s.set_type,
                    s.goal.min,
                    s.goal.max,
                    s.per_side,
                    s.work_s,
                    s.rest_s,
                    s.recovery_s,
                    s.target
                );
            }
        }
        for w in &w.warnings {
            println!("  ! {} {}", w.code, w.message);
        }
    }
}
