//! `analysis`: what a profile means, in a model's words.
//!
//! Params: a request, as `user-analysis.analyzeProfile` takes it. Answer: `{ summary, priorities, cautions }`, plain texts.
//! Result: what that feature answers, with `insight: { summary, priorities, cautions, provenance }`. Screening,
//! restrictions and prescription are code, and no answer changes them.

use super::{Case, Faults, Origin, Task, Work, may_train, with};
use crate::bus::feature::Feature;
use crate::error::Error;
use crate::fitness::features::UserAnalysis;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::fitness::words::Word;
use crate::value::Value;

/// A profile on its way to a model.
pub(super) struct Analysis {
    case: Case,
    request: WorkoutRequest,
    /// What the coach says.
    offline: Value,
}

impl Analysis {
    pub(super) fn open(params: &Value) -> Result<Self, Error> {
        let request = WorkoutRequest::parse(params)?;
        let offline = UserAnalysis.call("analyzeProfile", params)?;
        let mut case = Case::of(&request);
        if !may_train(&Screening::of(&request)) {
            case.output = Some(offline.clone());
        }
        for part in ["screening", "restrictions", "prescription", "weekly"] {
            case.tell(part, &offline.field(part));
        }
        Ok(Self { case, request, offline })
    }
}

impl Work for Analysis {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, _: &mut Faults) -> Value {
        with(&self.offline, "insight", with(answer, "provenance", origin.provenance(Task::Analysis)))
    }

    fn by_rules(&self) -> Value {
        let request = &self.request;
        let mut cautions = Vec::new();
        for part in [("screening", "reasons"), ("restrictions", "notes")] {
            let texts = self.offline.field(part.0).and_then(|part_json| part_json.field(part.1));
            for text in texts.as_ref().and_then(Value::as_list).unwrap_or_default() {
                if cautions.len() < 5 {
                    cautions.push(text.clone());
                }
            }
        }
        let mut priorities = vec![
            "The basic movements first: squat or lunge, hinge, push, pull.".to_owned(),
            "Add repetitions before load.".to_owned(),
        ];
        for muscle in request.target_muscles.iter().take(3) {
            priorities.push(format!("More work for the {}.", muscle.spoken()));
        }
        let summary = format!(
            "{} minutes of {} at {} level.",
            request.duration_min,
            request.focus.spoken(),
            request.level.as_str()
        );
        Object("summary priorities cautions", &[&summary, &priorities, &cautions]).to_json()
    }
}
