//! What an injury, a condition or age forbids, limits or modifies.
//!
//! The rules are `data/contraindications.json`. They are graded: a *mild* injury modifies (one more repetition in
//! reserve), a *moderate* one excludes exercises by their tags, a *severe* one excludes the movement patterns and
//! everything else that loads the area, in warm-up and cool-down too, and asks for a professional. Everything here is
//! code over data; no model and no free text takes part.

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
    /// Demands that a severe injury excludes too, in warm-up and cool-down as anywhere: all that loads the area, leans
    /// on it or takes it to the end of its range (house).
    pub severe_tags: Set<Tag>,
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
    /// Whether to ask a professional, while training as the rules allow goes on.
    pub refer: bool,
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
            let mut message = rule.modify;
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
            let label = format!("{severity} {} injury", injury.area.spoken());
            found.exclude(format!("injury:{name}:{severity}"), label, message, tags, patterns);
        }
        for rule in request.conditions.iter().map(condition) {
            found.caps = found.caps.and(rule.caps);
            let name = rule.id.as_str();
            let label = condition_name(rule.id);
            found.exclude(format!("condition:{name}"), label, rule.modify, rule.exclude_tags, Set::EMPTY);
        }
        if request.age.is_some_and(|age| age >= OLDER.from_age) {
            found.caps = found.caps.and(OLDER.caps);
            found.balance = true;
            let (rule, label) = (format!("age:{}", OLDER.from_age), format!("age {} and over", OLDER.from_age));
            found.exclude(rule, label, OLDER.modify, OLDER.exclude_tags, Set::EMPTY);
        }
        found
    }

    /// What the notes say.
    #[must_use]
    pub fn messages(&self) -> Vec<&str> {
        let mut messages = Vec::new();
        for note in &self.notes {
            messages.push(note.message.as_str());
        }
        messages
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
        other => other.spoken(),
    }
}

/// With a capital first letter. What it is for begins with an English word or a number.
pub(super) fn capital(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
