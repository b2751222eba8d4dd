//! `analysis`: what a profile means, in a model's words.
//!
//! Params: a request, as `user-analysis.analyzeProfile` takes it. Answer: `{ summary, priorities, cautions }`, plain texts.
//! Result: what that feature answers, with `insight: { summary, priorities, cautions, provenance }`. Screening,
//! restrictions and prescription are code, and no answer changes them.

use super::{Case, Faults, Opened, Origin, Task, Work, may_train, with};
use crate::fitness::features::analyze_profile;
use crate::fitness::form::{field, texts};
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
    pub(super) fn open(params: &Value) -> Opened {
        let request = WorkoutRequest::parse(params)?;
        let offline = analyze_profile(params)?;
        let mut case = Case::of(&request);
        if !may_train(&Screening::of(&request)) {
            case.output = Some(offline.clone());
        }
        for part in ["screening", "restrictions", "prescription", "weekly"] {
            case.tell(part, &offline.field(part));
        }
        Ok(Box::new(Self { case, request, offline }))
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
        let mut cautions = texts(field(&self.offline, "screening").unwrap_or(&Value::Null), "reasons");
        cautions.append(&mut texts(field(&self.offline, "restrictions").unwrap_or(&Value::Null), "notes"));
        cautions.truncate(5);
        let priorities =
            ["The basic movements first: squat or lunge, hinge, push, pull.", "Add repetitions before load."];
        let mut summary = self.request.focus.spoken();
        summary.push_str(", step by step.");
        Object("summary priorities cautions", &[&summary, &priorities.to_vec(), &cautions]).to_json()
    }
}
