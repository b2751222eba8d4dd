//! One phase after the other: what is planned so far comes back as JSON, and is believed only where the request and its
//! own weeks give it again.

use crate::error::{Code, Error};
use crate::fitness::form::{Form, Ids, field, plain, text};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, ToJson};
use crate::fitness::strategy::json;
use crate::fitness::words::Word;
use crate::fitness::workout::Status;
use crate::value::Value;

use super::build::{Given, infeasible, up_to};
use super::{PhaseName, Programme, ProgrammeRequest, Week};

/// What a phase is planned from.
pub(in crate::fitness) const PHASE: Form = Form::Object(&[
    ("request", Form::Ref("ProgrammeRequest")),
    ("assessment?", Form::Ref("FitnessAssessment")),
    ("phase", Form::Word("foundation development specialization")),
    ("plan?", Form::Ref("Programme")),
]);

/// What all of them are planned from.
pub(in crate::fitness) const WHOLE: Form = Form::Object(&[("request", Form::Ref("ProgrammeRequest"))]);

/// Params of a phase, read.
pub(in crate::fitness) struct Params {
    pub(in crate::fitness) request: ProgrammeRequest,
    /// The place of the phase.
    pub(in crate::fitness) phase: usize,
    /// What is planned so far, and nothing else.
    plan: Value,
}

impl Params {
    /// Reads what [`PHASE`] or [`WHOLE`] says. The assessment is passed over: all of it that matters is in its request.
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    #[inline(never)]
    pub(in crate::fitness) fn read(params: &Value, form: &Form) -> Result<Self, Error> {
        let mut reader = Reader::default();
        let read = form.read(Some(params), &At::Pointer(""), &Ids::default(), &mut reader);
        let nothing = Value::Null;
        let request = field(&read, "request").unwrap_or(&nothing);
        let request = ProgrammeRequest::read_among(request, "/request", &[], &mut reader.problems);
        let whole = field(&read, "phase").is_none();
        let phase = PhaseName::from_name(text(&read, "phase")).map_or(2, Word::index);
        let mut plan = field(&read, "plan").unwrap_or(&nothing).clone();
        // Nobody has weeks who may not train.
        if text(&plan, "status") == Status::Referral.as_str() {
            plan = Value::Null;
        } else if !whole && (phase == 0) != plan.is_null() {
            reader.problem(&At::Pointer("/plan"), "is for the second and the third phase, and only for them");
        } else if !plan.is_null() {
            let (phases, weeks) = given(&plan, &mut reader);
            let mut wrong = weeks.len() != 4 * phase || phases.len() != phase;
            for week in &weeks {
                wrong |= !(0.1..=1.0).contains(&week.pct_1rm) || week.sets_pct > 200 || week.rir > 10;
            }
            if wrong {
                reader.problem(&At::Pointer("/plan"), "does not have the weeks of the phases before");
            }
        }
        match reader.problems.is_empty() {
            true => Ok(Self { request, phase, plan }),
            false => Err(invalid(reader)),
        }
    }

    /// The phases before.
    pub(in crate::fitness) fn given(&self) -> Given {
        if self.plan.is_null() { Given::default() } else { given(&self.plan, &mut Reader::default()) }
    }

    /// The programme up to this phase, which the coach plans.
    ///
    /// # Errors
    /// `workout.infeasible`; `workout.invalid` when the plan so far is not what its request and its weeks give.
    pub(in crate::fitness) fn plan(&self) -> Result<Programme, Error> {
        let mut programme = up_to(&self.request, self.given(), self.phase + 1).map_err(|all| infeasible(&all))?;
        if let Some(before) = field(&self.plan, "weeks").filter(|_| programme.status == Status::Ok) {
            let next = programme.weeks.split_off(4 * self.phase);
            let is_same = json::text(&programme.weeks.to_json()) == json::text(before);
            programme.weeks.extend(next);
            if !is_same {
                let mut reader = Reader::default();
                reader.problem(&At::Pointer("/plan"), "is not the programme that this request and these weeks give");
                return Err(invalid(reader));
            }
        }
        Ok(programme)
    }
}

fn invalid(reader: Reader) -> Error {
    Error::invalid(Code::WorkoutInvalid, "the params", reader.problems)
}

/// What a plan has.
#[inline(never)]
fn given(plan: &Value, reader: &mut Reader) -> Given {
    let mut given = Given::default();
    given.0.read(field(plan, "phases"), &At::Pointer("/plan/phases"), reader);
    given.1.read(field(plan, "weeks"), &At::Pointer("/plan/weeks"), reader);
    for Week { note, .. } in &mut given.1 {
        *note = plain(note, 160);
    }
    given
}
