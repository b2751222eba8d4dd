//! What an injury, a condition or age forbids, limits or modifies.
//!
//! The rules are `data/contraindications.json`. They are graded: a *mild* injury modifies (one more repetition in
//! reserve), a *moderate* one excludes exercises by their tags, a *severe* one excludes the movement patterns and
//! everything else that loads the area, in warm-up and cool-down too, and asks for a professional. Everything here is code over data; no model and no free text takes part.

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
    /// Demands that a severe injury excludes too, in warm-up and cool-down as anywhere: all that loads the area, leans
    /// on it or takes it to the end of its range (house).
    pub severe_tags: Set<Tag>,
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
    /// Whether to ask a professional, while training as the rules allow goes on.
    #[serde(default)]
    pub refer: bool,
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
    /// Whose rule it is, for people: `severe knee injury`, `pregnancy`, `age 65 and over`.
    pub label: String,
    /// What it says, beginning with the label.
    pub message: String,
    /// The tags it excludes.
    pub tags: Set<Tag>,
    /// The patterns it excludes.
    pub patterns: Set<Pattern>,
}

impl Note {
    /// Whether its rule forbids an exercise.
    #[must_use]
    pub fn excludes(&self, exercise: &Exercise) -> bool {
        !exercise.tags.intersection(self.tags).is_empty() || self.patterns.contains(exercise.pattern)
    }
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
            let (name, severity) = (injury.area.as_str(), injury.severity.as_str());
            let (mut tags, mut patterns) = (rule.exclude_tags, Set::EMPTY);
            let mild;
            let mut message: &str = &rule.modify;
            match injury.severity {
                InjurySeverity::Mild => {
                    found.mild_tags = found.mild_tags.union(tags);
                    tags = Set::EMPTY;
                    mild = format!("{message} What loads it leaves one more repetition in reserve.");
                    message = &mild;
                }
                InjurySeverity::Moderate => {}
                InjurySeverity::Severe => {
                    tags = tags.union(rule.severe_tags);
                    patterns = rule.severe_patterns;
                    found.refer.insert(injury.area);
                    message = "everything that loads it or takes it to the end of its range is left out.";
                }
            }
            let label = format!("{severity} {} injury", plain(name));
            found.exclude(format!("injury:{name}:{severity}"), label, message, tags, patterns);
        }
        for rule in request.conditions.iter().map(condition) {
            found.caps = found.caps.and(rule.caps);
            let name = rule.id.as_str();
            let label = condition_name(rule.id);
            found.exclude(format!("condition:{name}"), label, &rule.modify, rule.exclude_tags, Set::EMPTY);
        }
        let older = &RULES.older;
        if request.age.is_some_and(|age| age >= older.from_age) {
            found.caps = found.caps.and(older.caps);
            found.balance = true;
            let (rule, label) = (format!("age:{}", older.from_age), format!("age {} and over", older.from_age));
            found.exclude(rule, label, &older.modify, older.exclude_tags, Set::EMPTY);
        }
        found
    }

    /// Whether an exercise may be done at all.
    #[must_use]
    pub fn allow(&self, exercise: &Exercise) -> bool {
        exercise.tags.intersection(self.tags).is_empty() && !self.patterns.contains(exercise.pattern)
    }

    /// Adds what a rule excludes and says.
    fn exclude(&mut self, rule: String, label: String, message: &str, tags: Set<Tag>, patterns: Set<Pattern>) {
        self.tags = self.tags.union(tags);
        self.patterns = self.patterns.union(patterns);
        let message = format!("{}: {message}", capital(&label));
        self.notes.push(Note { rule, label, message, tags, patterns });
    }
}

/// A condition as people name it.
pub(super) fn condition_name(condition: Condition) -> String {
    match condition {
        Condition::Hypertension => "high blood pressure".to_owned(),
        Condition::UncontrolledHypertension => "uncontrolled high blood pressure".to_owned(),
        Condition::Cardiac => "heart condition".to_owned(),
        other => plain(other.as_str()),
    }
}

/// A word of a vocabulary as people read it.
pub(super) fn plain(word: &str) -> String {
    word.replace('_', " ")
}

/// With a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
