use std::collections::BTreeSet;

use repflow::fitness::catalogue;
use repflow::fitness::contraindications;
use repflow::fitness::words::{Area, Condition, Equipment, Kind, Load, Pattern, Set, Symptom, Tag, Word};
use serde_json::Value as Json;

/// The file that people edit; what stands in it is held against its schema and the public dataset by
/// `tests/pkg/catalogue`.
const FILE: &str = include_str!("../../src/fitness/data/catalogue.json");

fn texts<W: Word>(set: Set<W>) -> BTreeSet<String> {
    set.iter().map(|word| word.as_str().to_owned()).collect()
}

#[test]
fn the_catalogue_is_what_stands_in_its_file() {
    let file: Json = serde_json::from_str(FILE).unwrap();
    let rows = file["exercises"].as_array().unwrap();
    assert_eq!(rows.len(), catalogue::all().len());
    for (row, exercise) in rows.iter().zip(catalogue::all()) {
        let list = |key: &str| -> BTreeSet<String> {
            row[key].as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let id = exercise.id.as_str();
        assert_eq!([&row["id"], &row["name"], &row["cue"]], [id, &exercise.name, exercise.cue]);
        let words =
            [exercise.pattern.as_str(), exercise.kind.as_str(), exercise.level.as_str(), exercise.load.as_str()];
        assert_eq!([&row["pattern"], &row["kind"], &row["level"], &row["load"]], words, "{id}");
        assert_eq!(list("primary"), texts(exercise.primary), "{id}");
        assert_eq!(list("secondary"), texts(exercise.secondary), "{id}");
        assert_eq!(list("requires"), texts(exercise.requires), "{id}");
        assert_eq!(list("tags"), texts(exercise.tags), "{id}");
        assert_eq!(row["per_side"].as_bool().unwrap_or(false), exercise.per_side, "{id}");
        assert_eq!(row["tempo_s"].as_u64(), exercise.tempo_s.map(u64::from), "{id}");
    }
}

#[test]
fn ids_are_unique_and_every_exercise_is_complete() {
    let ids: BTreeSet<&str> = catalogue::all().iter().map(|exercise| exercise.id.as_str()).collect();
    assert_eq!(ids.len(), catalogue::all().len());
    for exercise in catalogue::all() {
        let id = &exercise.id;
        assert!(!exercise.primary.is_empty(), "{id}");
        assert!(exercise.cue.ends_with('.') && exercise.cue.len() <= 80, "{id}: {}", exercise.cue);
        assert!(exercise.tempo_s.is_none_or(|s| (2..=4).contains(&s)), "{id}");
        let by_time = matches!(exercise.kind, Kind::Mobility | Kind::Stretch | Kind::Conditioning);
        assert!(!by_time || exercise.tempo_s.is_none(), "{id}");
        assert_eq!(exercise.kind == Kind::Stretch, exercise.pattern == Pattern::Stretch, "{id}");
        assert_eq!(exercise.kind == Kind::Mobility, exercise.pattern == Pattern::Mobility, "{id}");
        assert!(exercise.load != Load::External || !exercise.requires.is_empty(), "{id} has a weight from nowhere");
    }
}

#[test]
fn tags_follow_the_movement() {
    for exercise in catalogue::all() {
        let has = |tag| exercise.tags.contains(tag);
        let id = exercise.id.as_str();
        match exercise.pattern {
            Pattern::PushVertical | Pattern::PullVertical if exercise.kind == Kind::Compound => {
                assert!(has(Tag::Overhead), "{id} goes overhead");
            }
            Pattern::Plyometric => assert!(has(Tag::Impact), "{id} lands"),
            Pattern::Lunge => assert!(has(Tag::SingleLeg) && exercise.per_side, "{id} is on one leg"),
            _ => {}
        }
        assert!(!id.contains("Deadlift") || has(Tag::Spine), "{id} loads the back");
        assert!(!(id.contains("Bicep") || id.contains("Hammer")) || has(Tag::Elbow), "{id} loads the elbow");
        assert!(!(id.contains("Good_Morning")) || (has(Tag::Spine) && has(Tag::Neck)), "{id} loads back and neck");
        assert!(!(id.contains("Jump") && exercise.kind != Kind::Mobility) || has(Tag::Impact), "{id} lands");
        let pressed_up = exercise.pattern == Pattern::PushHorizontal && exercise.requires.is_empty();
        assert!(!pressed_up || has(Tag::Wrist), "{id} leans on the hands");
    }
}

#[test]
fn hidden_needs_are_stated() {
    let needs = |id: &str| catalogue::find(id).unwrap().requires;
    let set = |items: &[Equipment]| items.iter().copied().collect::<Set<Equipment>>();
    assert_eq!(
        needs("Barbell_Bench_Press_-_Medium_Grip"),
        set(&[Equipment::Barbell, Equipment::Bench, Equipment::Rack])
    );
    assert_eq!(needs("Standing_Military_Press"), set(&[Equipment::Barbell, Equipment::Rack]));
    assert_eq!(needs("Band_Good_Morning_Pull_Through"), set(&[Equipment::Bands, Equipment::Anchor]));
    assert_eq!(needs("One-Arm_Dumbbell_Row"), set(&[Equipment::Dumbbell, Equipment::Bench]));
    assert_eq!(needs("Pullups"), set(&[Equipment::PullUpBar]));
}

#[test]
fn every_rule_of_safety_is_there_and_its_substitutes_exist() {
    for area in Area::ALL {
        let rule = contraindications::area(*area);
        assert!(!rule.exclude_tags.is_empty() && !rule.severe_patterns.is_empty());
        for id in &rule.substitutes {
            let exercise = catalogue::find(id).unwrap_or_else(|| panic!("{id} is not in the catalogue"));
            assert!(exercise.tags.intersection(rule.exclude_tags).is_empty() || id == "Leg_Press", "{id} for {area:?}");
        }
    }
    for condition in Condition::ALL {
        assert!(!contraindications::condition(*condition).modify.is_empty());
    }
    for symptom in Symptom::ALL {
        assert!(!contraindications::symptom(*symptom).text.is_empty());
    }
}
