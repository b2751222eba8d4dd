//! Whether to train at all today: the logic of the ACSM preparticipation screening (2015), in our own words.
//!
//! Three questions decide: is the person active, is there a cardiovascular, metabolic or renal disease, is there a
//! sign of one. Controlled high blood pressure alone is no disease in the sense of that algorithm, and is answered with
//! caps; a beta blocker counts as one (house), because it is taken for a disease of the heart, or for blood pressure
//! that is treated, and which is not known. A severe injury asks for a professional too, and where it leaves too little
//! there is nothing to do but to see one (house). Screening is code, never a model's call, and it is on the safe side
//! where the person said nothing.

use super::catalogue;
use super::contraindications::{self, Restrictions, capital, condition_name};
use super::prescription::Caps;
use super::request::WorkoutRequest;
use super::session::selection::{GROUPS, is_available};
use super::words::Word;

/// How hard a session may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clearance {
    /// No training until a doctor agrees.
    Stop,
    /// Light effort only until a doctor agrees.
    LightOnly,
    /// Up to moderate effort; a doctor before vigorous effort.
    Moderate,
    /// As asked, but for what a severe injury or a pregnancy leaves out; a professional should be asked (house; ACOG for
    /// pregnancy).
    Recommended,
    /// As asked.
    Full,
}

impl Clearance {
    /// Its name in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop_and_refer",
            Self::LightOnly => "light_until_cleared",
            Self::Moderate => "moderate_until_cleared",
            Self::Recommended => "clearance_recommended",
            Self::Full => "no_clearance_needed",
        }
    }
}

/// The outcome of screening a request.
#[derive(Clone, Debug)]
pub struct Screening {
    /// How hard the session may be.
    pub clearance: Clearance,
    /// Why, when somebody should be seen; empty otherwise.
    pub reasons: Vec<String>,
}

/// Moderate effort on the lifting scale (house: RPE 6, where ACSM calls 5–6 of 10 moderate).
pub const MODERATE_RPE: u32 = 6;

impl Screening {
    /// Screens a request.
    #[must_use]
    pub fn of(request: &WorkoutRequest) -> Self {
        let mut clearance = Clearance::Full;
        let mut reasons = Vec::new();
        for symptom in request.symptoms.iter().map(contraindications::symptom) {
            clearance = Clearance::Stop;
            reasons.push(format!("{}: stop, and see a doctor before any training.", symptom.text));
        }
        for rule in request.conditions.iter().map(contraindications::condition) {
            let outcome = if rule.clearance || (rule.disease && !request.exercises_regularly) {
                Clearance::Stop
            } else if rule.light_only {
                Clearance::LightOnly
            } else if rule.disease {
                Clearance::Moderate
            } else if rule.refer {
                Clearance::Recommended
            } else {
                continue;
            };
            clearance = clearance.min(outcome);
            let name = capital(&condition_name(rule.id));
            reasons.push(match outcome {
                Clearance::Stop => format!("{name}: get a doctor's clearance before training."),
                Clearance::LightOnly => format!("{name}: only light effort until a doctor has cleared more."),
                Clearance::Recommended => format!("{name}: ask your doctor or midwife before training."),
                _ => format!("{name}: stay at moderate effort until a doctor has cleared more."),
            });
        }
        let restrictions = Restrictions::of(request);
        for area in restrictions.refer.iter() {
            clearance = clearance.min(Clearance::Recommended);
            let area = area.spoken();
            reasons.push(format!("Severe {area} injury: see a doctor or physiotherapist before training it."));
        }
        if !restrictions.refer.is_empty() && clearance == Clearance::LightOnly {
            // What is light enough mostly loads the legs or the arms: two reasons to ask are one to wait (house).
            clearance = Clearance::Stop;
            reasons.push("Both at once: get advice before any training.".to_owned());
        }
        if !restrictions.refer.is_empty() && clearance > Clearance::Stop && too_much_is_out(request, &restrictions) {
            clearance = Clearance::Stop;
            reasons.push(match restrictions.refer.len() {
                1 => "This injury leaves too little to train: get advice first.".to_owned(),
                2 => "These injuries together leave too little to train: get advice first.".to_owned(),
                _ => "Several severe injuries at once: get advice before any training.".to_owned(),
            });
        }
        Self { clearance, reasons }
    }

    /// The limits for a request: those of its restrictions, and of the screening.
    #[must_use]
    pub fn caps(&self, restrictions: &Restrictions) -> Caps {
        match self.clearance {
            Clearance::Full | Clearance::Recommended => restrictions.caps,
            _ => restrictions.caps.and(Caps { rpe_max: Some(MODERATE_RPE), ..Caps::default() }),
        }
    }
}

/// How many severe injuries at once are no matter for a workout (house).
const TOO_MANY: usize = 3;

/// Whether severe injuries leave less than a session: three at once, or fewer than two of the four basic movements with
/// what there is (house). Trunk work alone is not a session.
fn too_much_is_out(request: &WorkoutRequest, restrictions: &Restrictions) -> bool {
    let left = GROUPS.iter().filter(|(_, patterns)| {
        catalogue::all().iter().any(|exercise| {
            patterns.contains(&exercise.pattern) && is_available(exercise, request, request.equipment, restrictions)
        })
    });
    restrictions.refer.len() >= TOO_MANY || left.count() < 2
}
