//! What an injury, a condition or age forbids, limits or modifies.
//!
//! The rules are `data/contraindications.json`. They are graded: a *mild* injury modifies (one more repetition in
//! reserve), a *moderate* one excludes exercises by their tags, a *severe* one excludes whole movement patterns and asks
//! for a professional. Everything here is code over data; no model and no free text takes part.

use std::sync::LazyLock;

use serde::Deserialize;

use super::embedded;

use super::catalogue::Exercise;
use super::prescription::Caps;
use super::request::WorkoutRequest;
use super::words::{Area, Condition, InjurySeverity, Pattern, Set, Symptom, Tag, Word};

/// What an injured area changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaRule {
    /// The area.
    pub id: Area,
    /// What a moderate injury excludes.
    pub exclude_tags: Set<Tag>,
    /// What a severe injury excludes besides (house).
    pub severe_patterns: Set<Pattern>,
    /// What to change about the rest, our own words.
    pub modify: String,
    /// Ids of exercises that often go well.
    pub substitutes: Vec<String>,
}

/// What a condition changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionRule {
    /// The condition.
    pub id: Condition,
    /// What it excludes.
    #[serde(default)]
    pub exclude_tags: Set<Tag>,
    /// What it limits.
    #[serde(default)]
    pub caps: Caps,
    /// Whether it is a cardiovascular, metabolic or renal disease in the sense of the ACSM screening.
    #[serde(default)]
    pub disease: bool,
    /// Whether only light effort is allowed until a doctor says otherwise.
    #[serde(default)]
    pub light_only: bool,
    /// Whether a doctor must agree before any training.
    #[serde(default)]
    pub clearance: bool,
    /// What to change, our own words.
    pub modify: String,
}

/// A sign that stops training.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymptomRule {
    /// The sign.
    pub id: Symptom,
    /// What it is, our own words.
    pub text: String,
}

#[derive(Deserialize)]
struct Older {
    from_age: u32,
    exclude_tags: Set<Tag>,
    caps: Caps,
    modify: String,
}

#[derive(Deserialize)]
struct File {
    areas: Vec<AreaRule>,
    conditions: Vec<ConditionRule>,
    symptoms: Vec<SymptomRule>,
    older: Older,
    active_definition: String,
}

static RULES: LazyLock<File> = LazyLock::new(|| embedded(include_str!("data/contraindications.json")));

/// The rule for an area.
#[must_use]
pub fn area(area: Area) -> &'static AreaRule {
    RULES.areas.iter().find(|rule| rule.id == area).expect("every area has a rule")
}

/// The rule for a condition.
#[must_use]
pub fn condition(condition: Condition) -> &'static ConditionRule {
    RULES.conditions.iter().find(|rule| rule.id == condition).expect("every condition has a rule")
}

/// The text of a sign.
#[must_use]
pub fn symptom(symptom: Symptom) -> &'static SymptomRule {
    RULES.symptoms.iter().find(|rule| rule.id == symptom).expect("every symptom has a text")
}

/// What "active" means in the screening.
#[must_use]
pub fn active_definition() -> &'static str {
    &RULES.active_definition
}

/// The age from which the rules for older adults hold.
#[must_use]
pub fn older_from_age() -> u32 {
    RULES.older.from_age
}

/// Something to tell the person, with the rule that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The id of the rule: `injury:knee:mild`, `condition:pregnancy`, `age:65`.
    pub rule: String,
    /// What it says.
    pub message: String,
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
            found.note(format!("injury:{}:{}", injury.area.as_str(), injury.severity.as_str()), &rule.modify);
        }
        for rule in request.conditions.iter().map(condition) {
            found.tags = found.tags.union(rule.exclude_tags);
            found.caps = found.caps.and(rule.caps);
            found.note(format!("condition:{}", rule.id.as_str()), &rule.modify);
        }
        if request.age.is_some_and(|age| age >= RULES.older.from_age) {
            found.tags = found.tags.union(RULES.older.exclude_tags);
            found.caps = found.caps.and(RULES.older.caps);
            found.balance = true;
            found.note(format!("age:{}", RULES.older.from_age), &RULES.older.modify);
        }
        found
    }

    /// Whether an exercise may be done at all.
    #[must_use]
    pub fn allow(&self, exercise: &Exercise) -> bool {
        exercise.tags.intersection(self.tags).is_empty() && !self.patterns.contains(exercise.pattern)
    }

    fn note(&mut self, rule: String, message: &str) {
        self.notes.push(Note { rule, message: message.to_owned() });
    }
}
