//! The exercises the coach knows.
//!
//! `data/catalogue.json` is the project's own annotation, keyed by the ids of the public-domain *free-exercise-db* so
//! that an app can join pictures and instructions. Names and muscles are those of that dataset; pattern, kind, level,
//! requirements, tags, tempo and cue are ours, because the dataset hides needs (a bench, a rack) and knows no risk.

use std::sync::LazyLock;

use super::words::{Equipment, Kind, Level, Load, Muscle, Pattern, Set, Tag, Word, with_spaces};

/// One exercise.
#[derive(Debug)]
pub struct Exercise {
    /// The id in free-exercise-db.
    pub id: String,
    /// The name in free-exercise-db.
    pub name: String,
    /// The movement it trains.
    pub pattern: Pattern,
    /// The role it can play.
    pub kind: Kind,
    /// The least experience it wants.
    pub level: Level,
    /// Where its resistance comes from.
    pub load: Load,
    /// The muscles a set of it counts fully for.
    pub primary: Set<Muscle>,
    /// The muscles a set of it counts half for.
    pub secondary: Set<Muscle>,
    /// Everything it needs.
    pub requires: Set<Equipment>,
    /// What it demands of the body.
    pub tags: Set<Tag>,
    /// Whether one side works at a time, so that a set is done twice.
    pub per_side: bool,
    /// Seconds for one repetition (house); `None` when it is done by time.
    pub tempo_s: Option<u32>,
    /// One line of coaching, our own words.
    pub cue: &'static str,
}

impl Exercise {
    /// How many sets one set of it counts for `muscle`: primary 1, secondary ½ (the fractional counting of Pelland
    /// 2025).
    #[must_use]
    pub fn share(&self, muscle: Muscle) -> f64 {
        if self.primary.contains(muscle) {
            1.0
        } else if self.secondary.contains(muscle) {
            0.5
        } else {
            0.0
        }
    }

    /// How many demands a moderate injury or a condition could forbid: the tags before those that are only about severe
    /// injuries.
    #[must_use]
    pub fn demands(&self) -> usize {
        self.tags.iter().filter(|tag| tag.index() <= Tag::Hip.index()).count()
    }

    /// Its place in a session: jumps, several joints, one joint, trunk, conditioning; among the second and third, large
    /// muscles before small ones.
    #[must_use]
    pub fn order(&self) -> (Kind, bool) {
        (self.kind, matches!(self.kind, Kind::Compound | Kind::Isolation) && self.is_small())
    }

    /// Whether its main muscles are all small ones, which come after the large ones (house list: shoulders, traps,
    /// arms, calves, trunk, neck).
    #[must_use]
    pub fn is_small(&self) -> bool {
        use Muscle::{Abdominals, Biceps, Calves, Forearms, Neck, Shoulders, Traps, Triceps};
        let small: Set<Muscle> =
            [Abdominals, Biceps, Calves, Forearms, Neck, Shoulders, Traps, Triceps].into_iter().collect();
        self.primary.is_subset(small)
    }
}

/// What `build.rs` makes of an exercise of the data file, besides its texts.
struct Facts {
    pattern: Pattern,
    kind: Kind,
    level: Level,
    load: Load,
    per_side: bool,
    /// 0 when it is done by time.
    tempo_s: u8,
    primary: Set<Muscle>,
    secondary: Set<Muscle>,
    requires: Set<Equipment>,
    tags: Set<Tag>,
}

// `FACTS`, and `TEXTS`: three lines for each exercise, its id, its name where that is not the id with spaces, its cue.
include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

static CATALOGUE: LazyLock<Vec<Exercise>> = LazyLock::new(|| {
    let mut exercises = Vec::with_capacity(FACTS.len());
    let mut texts = TEXTS.split('\n');
    for facts in &FACTS {
        let mut text = || texts.next().unwrap_or_default();
        let (id, name, cue) = (text(), text(), text());
        exercises.push(Exercise {
            id: id.to_owned(),
            name: if name.is_empty() { with_spaces(id) } else { name.to_owned() },
            pattern: facts.pattern,
            kind: facts.kind,
            level: facts.level,
            load: facts.load,
            primary: facts.primary,
            secondary: facts.secondary,
            requires: facts.requires,
            tags: facts.tags,
            per_side: facts.per_side,
            tempo_s: (facts.tempo_s > 0).then_some(u32::from(facts.tempo_s)),
            cue,
        });
    }
    exercises
});

/// Every exercise, in the order of the data file.
///
/// ```
/// use repflow::fitness::catalogue;
///
/// let row = catalogue::find("One-Arm_Dumbbell_Row").unwrap();
/// assert!(row.per_side);
/// assert_eq!(catalogue::all().len(), 187);
/// ```
#[must_use]
pub fn all() -> &'static [Exercise] {
    &CATALOGUE
}

/// The exercise with that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Exercise> {
    all().iter().find(|exercise| exercise.id == id)
}

/// The exercise that is meant by an id or a name, in any case, with spaces or hyphens, in the plural or not.
///
/// ```
/// use repflow::fitness::catalogue;
///
/// assert_eq!(catalogue::resolve("Push-ups").map(|exercise| exercise.id.as_str()), Some("Pushups"));
/// assert!(catalogue::resolve("moon squat").is_none());
/// ```
#[must_use]
pub fn resolve(name: &str) -> Option<&'static Exercise> {
    find(name).or_else(|| {
        let key = key(name);
        all().iter().find(|exercise| key == self::key(&exercise.id) || key == self::key(&exercise.name))
    })
}

/// Letters and digits in lower case, without the `s` or `es` of a plural, nor any `e` or `s` before it.
pub(super) fn key(name: &str) -> String {
    let mut key = String::new();
    for char in name.chars().filter(char::is_ascii_alphanumeric) {
        key.push(char.to_ascii_lowercase());
    }
    while matches!(key.as_bytes().last(), Some(b'e' | b's')) {
        key.pop();
    }
    key
}
