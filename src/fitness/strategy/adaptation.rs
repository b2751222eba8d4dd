//! `adaptation`: how to go on in a session, given how it goes.
//!
//! Params: those of `workout-adaptation.adapt` ([`request`](crate::fitness::adaptation::request)). Answer:
//! `{ decision, load_pct, sets_pct, accessory_sets, rest_pct, reason }`, changes in percent and in sets of each accessory
//! exercise. Result: an [`Adaptation`](crate::fitness::adaptation::Adaptation), worked out from the answer.
//!
//! The [rules] decide first. A stop asks no model. A model may be more careful than the
//! rules, never less, and every decision has its own bounds. What comes of the answer goes through
//! [the checker](crate::fitness::check::adaptation).

use std::rc::Rc;

use super::{Case, Faults, Opened, Origin, Work, may_train};
use crate::fitness::adaptation::{
    AdaptationRequest, CHANGES, Changes, Decision, adapt, bounds, decided, reason, rules,
};
use crate::fitness::check::adaptation::check_adaptation;
use crate::fitness::form::{number, text};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::screening::Screening;
use crate::fitness::words::Word;
use crate::value::{Fields, Value, put};

/// Feedback on its way to a model.
pub(super) struct Adaptation {
    case: Case,
    request: AdaptationRequest,
    ceiling: Decision,
}

impl Adaptation {
    pub(super) fn open(params: &Value) -> Opened {
        let request = AdaptationRequest::parse(params)?;
        let (ceiling, _) = rules::ceiling(&request.signs, request.person());
        let mut case = Case { notes: request.notes.clone(), ..Case::of(&request.profile) };
        let facts = &mut case.facts;
        put(facts, "ceiling", ceiling.to_json());
        put(facts, "difficulty", request.signs.difficulty.to_json());
        put(facts, "fatigueTenths", ((request.signs.fatigue * 10.0) as u32).to_json());
        put(facts, "exercise", request.current.as_ref().map(|current| current.exercise.id.as_str()).to_json());
        put(facts, "pain", request.pain.to_json());
        let mut told = Fields::new();
        for decision in Decision::ALL {
            if *decision <= ceiling {
                let [load, sets, accessory, rest] = bounds(*decision);
                put(&mut told, decision.as_str(), Object(CHANGES, &[load, sets, accessory, rest]).to_json());
            }
        }
        case.tell("ceiling", &ceiling);
        case.tell("bounds", &Value::Map(Rc::new(told)));
        if ceiling == Decision::Stop || !may_train(&Screening::of(&request.profile)) {
            case.output = Some(adapt(&request).to_json());
        }
        Ok(Box::new(Self { case, request, ceiling }))
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
        let (mut reader, mut changes) = (Reader::default(), [0.0; 4]);
        for ((key, bounds), change) in CHANGES.split(' ').zip(bounds(decision)).zip(&mut changes) {
            *change = number(answer, key);
            let _ = reader.number_within(Some(&change.to_json()), &At::Key(&At::Pointer(""), key), *bounds);
        }
        faults.read(reader, Some("A3"));
        if !faults.0.is_empty() {
            return Value::Null;
        }
        let mut reasons: Vec<Value> = Vec::new();
        if decision == self.ceiling {
            let (_, why) = rules::ceiling(&self.request.signs, self.request.person());
            reasons.extend_from_slice(why.as_list().unwrap_or_default());
        }
        reasons.push(reason("model", text(answer, "reason")));
        let reasons = reasons.to_json();
        let adaptation = decided(&self.request, self.ceiling, decision, reasons, Changes::from(changes), origin);
        for violation in check_adaptation(&adaptation, &self.request) {
            faults.broken(violation.rule, violation.message);
        }
        adaptation.to_json()
    }

    fn by_rules(&self) -> Value {
        let [load, sets, accessory, rest] = Changes::of(self.ceiling).all();
        let reason = match self.ceiling {
            Decision::Stop => "Stop here.",
            Decision::StrongCut => "This is too much today: much less load, fewer sets, longer rests.",
            Decision::Cut => "A little less load and longer rests keep the quality up.",
            Decision::Hold => "As planned.",
            Decision::Progress => "It is easy enough for a little more.",
        };
        Object(
            "accessory_sets decision load_pct reason rest_pct sets_pct",
            &[&accessory, &self.ceiling, &load, &reason, &rest, &sets],
        )
        .to_json()
    }
}
