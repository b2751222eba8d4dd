//! What an injury, a condition or age forbids, limits or modifies.
//!
//! The rules are `data/contraindications.json`. They are graded: a *mild* injury modifies (one more repetition in
//! reserve), a *moderate* one excludes exercises by their tags, a *severe* one excludes whole movement patterns and asks
//! for a professional. Everything here is code over data; no model and no free text takes part.

use super::catalogue::{self, Exercise};
use super::prescription::Caps;
use super::request::WorkoutRequest;
use super::words::{Area, Condition, InjurySeverity, Pattern, Set, Symptom, Tag, Word};

/// What an injured area changes.
#[derive(Debug)]
pub struct AreaRule {
    /// The area.
    pub id: Area,
    /// What a moderate injury excludes.
    pub exclude_tags: Set<Tag>,
    /// What a severe injury excludes besides (house).
    pub severe_patterns: Set<Pattern>,
    /// What to change about the rest, our own words.
    pub modify: &'static str,
    /// Ids of exercises that often go well.
    pub substitutes: Substitutes,
}

/// Ids of exercises: their places in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Substitutes(&'static [u8]);

impl IntoIterator for &Substitutes {
    type Item = &'static str;
    type IntoIter = std::iter::Map<std::slice::Iter<'static, u8>, fn(&u8) -> &'static str>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|place| catalogue::all()[usize::from(*place)].id.as_str())
    }
}

/// What a condition changes.
#[derive(Debug)]
pub struct ConditionRule {
    /// The condition.
    pub id: Condition,
    /// What it excludes.
    pub exclude_tags: Set<Tag>,
    /// What it limits.
    pub caps: Caps,
    /// Whether it is a cardiovascular, metabolic or renal disease in the sense of the ACSM screening.
    pub disease: bool,
    /// Whether only light effort is allowed until a doctor says otherwise.
    pub light_only: bool,
    /// Whether a doctor must agree before any training.
    pub clearance: bool,
    /// What to change, our own words.
    pub modify: &'static str,
}

/// A sign that stops training.
#[derive(Debug)]
pub struct SymptomRule {
    /// The sign.
    pub id: Symptom,
    /// What it is, our own words.
    pub text: &'static str,
}

struct Older {
    from_age: u32,
    exclude_tags: Set<Tag>,
    caps: Caps,
    modify: &'static str,
}

// One row for each word of `Area`, `Condition` and `Symptom`, in their order; `OLDER`, `ACTIVE_DEFINITION`.
include!(concat!(env!("OUT_DIR"), "/contraindications.rs"));

/// The rule for an area.
#[must_use]
pub fn area(area: Area) -> &'static AreaRule {
    &AREAS[area.index()]
}

/// The rule for a condition.
#[must_use]
pub fn condition(condition: Condition) -> &'static ConditionRule {
    &CONDITIONS[condition.index()]
}

/// The text of a sign.
#[must_use]
pub fn symptom(symptom: Symptom) -> &'static SymptomRule {
    &SYMPTOMS[symptom.index()]
}

/// What "active" means in the screening.
#[must_use]
pub fn active_definition() -> &'static str {
    ACTIVE_DEFINITION
}

/// The age from which the rules for older adults hold.
#[must_use]
pub fn older_from_age() -> u32 {
    OLDER.from_age
}

/// Something to tell the person, with the rule that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The id of the rule: `injury:knee:mild`, `condition:pregnancy`, `age:65`.
    pub rule: String,
    /// What it says.
    pub message: &'static str,
}

/// Everything that injuries, conditions and age change about a request.
#[derive(Clone, Debug, Default)]
pub struct Restrictions {
    /// Exercises with one of these tags are out.
    pub tags: Set<Tag>,
    /// Exercises of one of these patterns are out.
    pub patterns: Set<Pattern>,
    /// Exercises with one of these tags are done with one more repetition in reserve.
    pub mild_tags: Set<Tag>,
    /// The limits.
    pub caps: Caps,
    /// What to tell the person.
    pub notes: Vec<Note>,
    /// Areas that a professional should look at.
    pub refer: Set<Area>,
    /// Whether to practise balance in the warm-up.
    pub balance: bool,
}

impl Restrictions {
    /// What holds for a request.
    #[must_use]
    pub fn of(request: &WorkoutRequest) -> Self {
        let mut found = Self::default();
        for injury in &request.injuries {
            let rule = area(injury.area);
            match injury.severity {
                InjurySeverity::Mild => found.mild_tags = found.mild_tags.union(rule.exclude_tags),
                InjurySeverity::Moderate => found.tags = found.tags.union(rule.exclude_tags),
                InjurySeverity::Severe => {
                    found.tags = found.tags.union(rule.exclude_tags);
                    found.patterns = found.patterns.union(rule.severe_patterns);
                    found.refer.insert(injury.area);
                }
            }
            found.note(format!("injury:{}:{}", injury.area.as_str(), injury.severity.as_str()), rule.modify);
        }
        for rule in request.conditions.iter().map(condition) {
            found.tags = found.tags.union(rule.exclude_tags);
            found.caps = found.caps.and(rule.caps);
            found.note(format!("condition:{}", rule.id.as_str()), rule.modify);
        }
        if request.age.is_some_and(|age| age >= OLDER.from_age) {
            found.tags = found.tags.union(OLDER.exclude_tags);
            found.caps = found.caps.and(OLDER.caps);
            found.balance = true;
            found.note(format!("age:{}", OLDER.from_age), OLDER.modify);
        }
        found
    }

    /// What the notes say.
    #[must_use]
    pub fn messages(&self) -> Vec<&'static str> {
        self.notes.iter().map(|note| note.message).collect()
    }

    /// Whether an exercise may be done at all.
    #[must_use]
    pub fn allow(&self, exercise: &Exercise) -> bool {
        exercise.tags.intersection(self.tags).is_empty() && !self.patterns.contains(exercise.pattern)
    }

    fn note(&mut self, rule: String, message: &'static str) {
        self.notes.push(Note { rule, message });
    }
}
