//! `adaptation`: how to go on in a session, given how it goes.
//!
//! Params: `{ request, feedback: { fatigue, difficulty, heartRateBpm?, zoneMaxBpm?, rpe?, rir?, targetRir?, symptoms? } }`:
//! `fatigue` from 0 to 1; `difficulty` is `easy`, `moderate`, `hard` or `too_hard`; `zoneMaxBpm` is where the planned zone
//! ends; `symptoms` are texts, and any of them is a sign to stop. Answer: `{ decision, load_pct, sets_pct, accessory_sets, rest_pct, reason }`,
//! changes in percent and in sets of each accessory exercise. Result: the answer with `ceiling`, what the rules allow
//! at most, and `provenance`.
//!
//! The rules (house) decide first: stop at a red-flag sign, at 95 % of the maximal heart rate or at a fatigue of 0.9. A
//! stop asks no model. A model may be more careful than the rules, never less, and every decision has its own bounds.

use std::rc::Rc;

use super::{Case, Faults, Opened, Origin, Task, Work, may_train, with};
use crate::fitness::form::{Form, field, figure, list, number, text};
use crate::fitness::heart_rate;
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::fitness::words::{Condition, Word, words};
use crate::value::{Fields, Value, put};

words! {
    /// What becomes of a session, from careful to hard.
    Decision {
        Stop = "stop", "Stop, and see somebody when it was a sign.";
        StrongCut = "strong_cut", "Much less.";
        Cut = "cut", "Less.";
        Hold = "hold", "As planned.";
        Progress = "progress", "More.";
    }
}

/// How a session goes. Any symptom is a sign, whatever its name.
const PARAMS: Form = Form::Object(&[
    (
        "feedback",
        Form::Object(&[
            ("difficulty", Form::Word("easy moderate hard too_hard")),
            ("fatigue", Form::Number(0, 1)),
            ("heartRateBpm?", Form::Number(20, 250)),
            ("rir?", Form::Number(0, 30)),
            ("rpe?", Form::Number(0, 10)),
            ("symptoms?", Form::List(0, 20, &Form::Text(60))),
            ("targetRir?", Form::Number(0, 10)),
            ("zoneMaxBpm?", Form::Number(20, 250)),
        ]),
    ),
    ("request", Form::Ref("WorkoutRequest")),
]);

/// The changes, in the order of [`BOUNDS`].
const CHANGES: &str = "load_pct sets_pct accessory_sets rest_pct";

/// How far each decision may change load, sets, accessory sets and rest (house). The end nearer to zero is what the rules
/// themselves do, but for progress, which is its lower end.
const BOUNDS: [[(f64, f64); 4]; 5] = [
    [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
    [(-20.0, -10.0), (-50.0, -33.0), (-1.0, 0.0), (50.0, 100.0)],
    [(-20.0, -5.0), (-33.0, 0.0), (-1.0, -1.0), (30.0, 100.0)],
    [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
    [(2.5, 5.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
];

/// Feedback on its way to a model.
pub(super) struct Adaptation {
    case: Case,
    ceiling: Decision,
}

impl Adaptation {
    pub(super) fn open(params: &Value) -> Opened {
        let read = super::read(&PARAMS, params)?;
        let request = WorkoutRequest::parse(field(&read, "request").unwrap_or(&Value::Null))?;
        let feedback = field(&read, "feedback").cloned().unwrap_or_default();
        let may_train = may_train(&Screening::of(&request));
        let mut ceiling = ceiling(&request, &feedback);
        if !may_train {
            ceiling = ceiling.min(Decision::Hold);
        }
        let mut case = Case { notes: None, ..Case::of(&request) };
        put(&mut case.facts, "ceiling", ceiling.to_json());
        put(&mut case.facts, "difficulty", text(&feedback, "difficulty").to_json());
        put(&mut case.facts, "fatigueTenths", ((number(&feedback, "fatigue") * 10.0) as u32).to_json());
        let mut bounds = Fields::new();
        for decision in Decision::ALL {
            if *decision <= ceiling {
                let [load, sets, accessory, rest] = &BOUNDS[decision.index()];
                let of = Object(CHANGES, &[load, sets, accessory, rest]);
                put(&mut bounds, decision.as_str(), of.to_json());
            }
        }
        case.tell("ceiling", &ceiling);
        case.tell("bounds", &Value::Map(Rc::new(bounds)));
        let mut work = Self { case, ceiling };
        if !may_train || ceiling == Decision::Stop {
            let output = work.finish(&work.by_rules(), &Origin::offline());
            work.case.output = Some(output);
        }
        Ok(Box::new(work))
    }

    fn finish(&self, answer: &Value, origin: &Origin) -> Value {
        let output = with(answer, "ceiling", self.ceiling.to_json());
        with(&output, "provenance", origin.provenance(Task::Adaptation))
    }
}

/// What the rules allow at most. Monotone: more fatigue, a higher heart rate or more difficulty never allows more.
fn ceiling(request: &WorkoutRequest, feedback: &Value) -> Decision {
    let of = |key: &str| figure(feedback, key);
    let at_least = |key: &str, limit: Option<f64>| of(key).zip(limit).is_some_and(|(given, limit)| given >= limit);
    let most = request.age.map(|age| 0.95 * heart_rate::max_bpm(age));
    let sign = !request.symptoms.is_empty() || !list(feedback, "symptoms").is_empty();
    let (fatigue, felt) = (number(feedback, "fatigue"), text(feedback, "difficulty"));
    // A beta blocker hides that the heart rate is too high for the zone.
    let hidden = request.conditions.contains(Condition::BetaBlocker);
    if sign || fatigue >= 0.9 || at_least("heartRateBpm", most) {
        Decision::Stop
    } else if fatigue >= 0.8 || felt == "too_hard" || at_least("rpe", Some(9.5)) {
        Decision::StrongCut
    } else if fatigue >= 0.6 || felt == "hard" || (!hidden && at_least("heartRateBpm", of("zoneMaxBpm"))) {
        Decision::Cut
    } else if fatigue < 0.3 && felt == "easy" && at_least("rir", of("targetRir").map(|target| target + 2.0)) {
        Decision::Progress
    } else {
        Decision::Hold
    }
}

impl Work for Adaptation {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let decision = Decision::from_name(text(answer, "decision")).unwrap_or(Decision::Stop);
        if decision > self.ceiling {
            faults.broken("A1", format!("the rules allow at most {}", self.ceiling.as_str()));
        }
        let mut reader = Reader::default();
        for (key, bounds) in CHANGES.split(' ').zip(BOUNDS[decision.index()]) {
            let change = number(answer, key).to_json();
            let _ = reader.number_within(Some(&change), &At::Key(&At::Pointer(""), key), bounds);
        }
        faults.read(reader, Some("A3"));
        self.finish(answer, origin)
    }

    fn by_rules(&self) -> Value {
        let bounds = BOUNDS[self.ceiling.index()];
        let nearest = |(min, max): (f64, f64)| if max <= 0.0 { max } else { min };
        let reason = match self.ceiling {
            Decision::Stop => "Stop here. With pain, dizziness or chest discomfort see a doctor.",
            Decision::StrongCut => "This is too much today: much less load, fewer sets, longer rests.",
            Decision::Cut => "A little less load and longer rests keep the quality up.",
            Decision::Hold => "As planned.",
            Decision::Progress => "It is easy enough for a little more.",
        };
        let change = |place: usize| nearest(bounds[place]);
        Object(
            "accessory_sets decision load_pct reason rest_pct sets_pct",
            &[&change(2), &self.ceiling, &change(0), &reason, &change(3), &change(1)],
        )
        .to_json()
    }
}
