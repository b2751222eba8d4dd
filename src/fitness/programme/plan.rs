//! One phase after the other: what is planned so far comes back as JSON, and is believed only where the request and its
//! own weeks give it again.

use crate::error::{Code, Error};
use crate::fitness::form::{Form, Ids, field, plain, text};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, ToJson, record};
use crate::fitness::strategy::json;
use crate::fitness::words::Word;
use crate::fitness::workout::{BlockProvenance, Status};
use crate::value::Value;

use super::build::{Given, infeasible, up_to};
use super::outline::PlannedWeek;
use super::{PhaseName, Programme, ProgrammeRequest};

/// What a phase is planned from.
pub(in crate::fitness) const PHASE: Form = Form::Object(&[
    ("request", Form::Ref("ProgrammeRequest")),
    ("assessment?", Form::Ref("FitnessAssessment")),
    ("phase", Form::Word("foundation development specialization")),
    ("plan?", Form::Ref("Programme")),
]);

record! {
    /// Who planned a phase.
    #[derive(Clone, Debug)]
    pub struct Planner {
        /// What they say of it.
        pub summary = "summary?": Option<String>,
        /// Who it was.
        pub provenance: BlockProvenance,
    }
}

/// Params of a phase, read.
pub(in crate::fitness) struct Params {
    pub(in crate::fitness) request: ProgrammeRequest,
    pub(in crate::fitness) phase: PhaseName,
    /// The phases before.
    pub(in crate::fitness) given: Vec<Given>,
    /// Their weeks, as they came.
    before: Value,
}

impl Params {
    /// Reads `{ request, assessment?, phase, plan? }`. The assessment is passed over: all of it that matters is in its
    /// request.
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    #[inline(never)]
    pub(in crate::fitness) fn read(params: &Value) -> Result<Self, Error> {
        let mut reader = Reader::default();
        let read = PHASE.read(Some(params), &At::Pointer(""), &Ids::default(), &mut reader);
        let nothing = Value::Null;
        let request = field(&read, "request").unwrap_or(&nothing);
        let request = ProgrammeRequest::read_among(request, "/request", &[], &mut reader.problems);
        let phase = PhaseName::from_name(text(&read, "phase")).unwrap_or(PhaseName::Foundation);
        let plan = field(&read, "plan").unwrap_or(&nothing);
        let before = field(plan, "weeks").cloned().unwrap_or_default();
        let mut given = Vec::new();
        // Nobody has weeks who may not train.
        let is_referral = text(plan, "status") == Status::Referral.as_str();
        if phase > PhaseName::Foundation && !is_referral {
            given = phases(plan, phase, &mut reader);
        } else if phase == PhaseName::Foundation && !plan.is_null() {
            reader.problem(&At::Pointer("/plan"), "there is none before the first phase");
        }
        if reader.problems.is_empty() {
            Ok(Self { request, phase, given, before })
        } else {
            Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems))
        }
    }

    /// The programme up to this phase, which the coach plans.
    ///
    /// # Errors
    /// `workout.infeasible`; `workout.invalid` when the plan so far is not what its request and its weeks give.
    pub(in crate::fitness) fn plan(&self) -> Result<Programme, Error> {
        let programme = up_to(&self.request, &self.given, self.phase.index() + 1).map_err(|all| infeasible(&all))?;
        let count = 4 * self.phase.index();
        let before = programme.weeks.get(..count).unwrap_or_default().to_vec();
        if programme.status == Status::Ok && count > 0 && json::text(&before.to_json()) != json::text(&self.before) {
            let mut reader = Reader::default();
            reader.problem(&At::Pointer("/plan"), "is not the programme that this request and these weeks give");
            return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
        }
        Ok(programme)
    }
}

/// The phases that a plan has.
fn phases(plan: &Value, phase: PhaseName, reader: &mut Reader) -> Vec<Given> {
    let (mut weeks, mut planners) = (Vec::<PlannedWeek>::blank(), Vec::<Planner>::blank());
    weeks.read(field(plan, "weeks"), &At::Pointer("/plan/weeks"), reader);
    planners.read(field(plan, "phases"), &At::Pointer("/plan/phases"), reader);
    let count = phase.index();
    for week in &mut weeks {
        let wrong = !(0.1..=1.0).contains(&week.pct_1rm) || week.sets_pct > 200 || week.rir > 10;
        week.note = plain(&week.note, 160);
        if wrong {
            reader.problem(&At::Pointer("/plan/weeks"), "a load, a number of sets or a reserve is out of range");
        }
    }
    if reader.problems.is_empty() && (weeks.len(), planners.len()) != (4 * count, count) {
        reader.problem(&At::Pointer("/plan"), "does not have the weeks of the phases before");
    }
    let mut given = Vec::new();
    for (weeks, planner) in weeks.chunks(4).zip(planners) {
        given.push(Given {
            weeks: weeks.to_vec(),
            summary: planner.summary.map(|summary| plain(&summary, 600)),
            provenance: planner.provenance,
        });
    }
    given
}
