//! `performance-assessment`: how does the session go, and what may become of it?
//!
//! `assess` takes the params of `workout-adaptation.adapt`
//! ([`adaptation::request`](crate::fitness::adaptation::request)). Result:
//!
//! ```jsonc
//! { "fatigue": { "value": 0.7, "band": "tired" },      // fresh, normal, tired, very_tired, exhausted
//!   "hr": { "bpm": 150, "pct_max": 80.2, "pct_reserve": null, "zone": "vigorous" }, // or null
//!   "effort": { "difficulty": "hard", "rpe": null, "rir": null, "target_rir": null },
//!   "flags": [], "ceiling": "cut", "reasons": [{ "rule": "fatigue:0.6", "message": "…" }], "notice": "…" }
//! ```
//!
//! `flags` are `symptom`, `pain`, `beta_blocker` and `screening`. The zone is that of the reserve where the heart rate at
//! rest is known, else that of the maximum; without an age, and with a beta blocker, there is none.
//!
//! `evaluateConditions` takes `{ assessment, request }`, the params again as `request`. What it is told never allows more
//! than the rules: `{ condition, ceiling, reasons, restrictions }`, where `condition` is `stop`, `adapt`, `hold` or
//! `progress` and `restrictions` are what the person's health changes, in words.

use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::adaptation::request::FORM;
use crate::fitness::adaptation::{AdaptationRequest, Decision, Person, reason, rules};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::form::{Form, field, text};
use crate::fitness::heart_rate::{self, Zone};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::words::Word;
use crate::fitness::workout::NOTICE;
use crate::value::Value;

/// The feature `performance-assessment`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "performance-assessment",
    description: "Says how a session goes, and what may become of it.",
    capabilities: &["assessment", "real-time"],
    actions: &[
        Action { name: "assess", input: &FORM, output: "PerformanceAssessment", perform: assess },
        Action {
            name: "evaluateConditions",
            input: &Form::Object(&[("assessment", Form::Ref("PerformanceAssessment")), ("request", FORM)]),
            output: "SessionConditions",
            perform: evaluate,
        },
    ],
};

/// Where the bands of fatigue end: those of the rules.
const BANDS: [(f64, &str); 5] =
    [(0.3, "fresh"), (0.6, "normal"), (0.8, "tired"), (0.9, "very_tired"), (f64::INFINITY, "exhausted")];

fn assess(params: &Value) -> Result<Value, Error> {
    let request = AdaptationRequest::parse(params)?;
    let signs = &request.signs;
    let person = request.person();
    let (ceiling, reasons) = rules::ceiling(signs, person);
    let band = BANDS.iter().find(|(end, _)| signs.fatigue < *end).map_or("", |(_, band)| band);
    let mut flags = Vec::new();
    for (applies, flag) in [
        (signs.symptom || !request.profile.symptoms.is_empty(), "symptom"),
        (signs.pain, "pain"),
        (person.hidden, "beta_blocker"),
        (person.most < Decision::Progress, "screening"),
    ] {
        if applies {
            flags.push(flag);
        }
    }
    let hr = signs.heart_rate.map(|bpm| heart_rate_of(bpm, &request, person));
    Ok(Object(
        "fatigue hr effort flags ceiling reasons notice",
        &[
            &Object("value band", &[&signs.fatigue, &band]),
            &hr,
            &Object("difficulty rpe rir target_rir", &[&signs.difficulty, &signs.rpe, &signs.rir, &signs.target_rir]),
            &flags,
            &ceiling,
            &reasons,
            &NOTICE,
        ],
    )
    .to_json())
}

/// The zones with a name, from easy to hard.
const ZONES: [(Zone, &str); 4] =
    [(Zone::Light, "light"), (Zone::Moderate, "moderate"), (Zone::Vigorous, "vigorous"), (Zone::NearMax, "near_max")];

fn heart_rate_of(bpm: f64, request: &AdaptationRequest, person: Person) -> Value {
    let tenths = |share: f64| (share * 1_000.0).round() / 10.0;
    let age = request.profile.age;
    let of_max = age.map(|age| bpm / heart_rate::max_bpm(age));
    let of_reserve = age.zip(request.signs.resting_bpm).map(|(age, rest)| heart_rate::reserve_share(bpm, age, rest));
    let starts = |reserve: f64, maximum: f64| match of_reserve {
        Some(share) => share >= reserve,
        None => of_max.is_some_and(|share| share >= maximum),
    };
    let mut name = "very_light";
    for (zone, its) in ZONES {
        if starts(zone.of_reserve().0, zone.of_maximum().0) {
            name = its;
        }
    }
    let zone = of_max.filter(|_| !person.hidden).map(|_| name);
    Object("bpm pct_max pct_reserve zone", &[&bpm, &of_max.map(tenths), &of_reserve.map(tenths), &zone]).to_json()
}

fn evaluate(params: &Value) -> Result<Value, Error> {
    let nothing = Value::Null;
    let request = super::params::adaptation_of(params, "assessment")?;
    let (mut ceiling, mut reasons) = rules::ceiling(&request.signs, request.person());
    let assessment = field(params, "assessment").unwrap_or(&nothing);
    if let Some(said) = Decision::from_name(text(assessment, "ceiling")).filter(|said| *said < ceiling) {
        ceiling = said;
        reasons = vec![reason("assessment", "The assessment asks for more care.")].to_json();
    }
    let condition = match ceiling {
        Decision::StrongCut | Decision::Cut => "adapt",
        other => other.as_str(),
    };
    let restrictions = Restrictions::of(&request.profile);
    Ok(Object("condition ceiling reasons restrictions", &[&condition, &ceiling, &reasons, &restrictions.messages()])
        .to_json())
}
