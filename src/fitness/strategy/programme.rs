//! `programme`: one phase of twelve weeks.
//!
//! Params: as `program-planning.planPhase` takes them. Answer: `{ summary, weeks: [{ week, pct_1rm, sets_pct, rir, note }]
//! }`, the four weeks of the phase; `pct_1rm` in percent, to a half, `sets_pct` in percent of a usual week. Result: the
//! programme so far, as `program-planning.planPhase` answers it; where nobody may train without a doctor's word, no weeks,
//! and `referral`.
//!
//! The model says how hard each week is. The sessions are built by the coach and the whole is checked as any programme
//! is, so a fault names a rule of [`check_programme`](crate::fitness::check::check_programme).

use super::{Case, Faults, Opened, Origin, Task, Work};
use crate::fitness::form::{list, number, text, whole};
use crate::fitness::programme::build::{planned, up_to};
use crate::fitness::programme::outline::Outline;
use crate::fitness::programme::plan::{PHASE, Params};
use crate::fitness::programme::{PhaseName, Programme, TrainingPhase, Week};
use crate::fitness::record::{FromJson, Object, ToJson};
use crate::fitness::words::Word;
use crate::fitness::workout::{Insight, Status};
use crate::value::{Value, put};

/// A phase on its way to a model.
pub(super) struct Phase {
    case: Case,
    params: Params,
    outline: Outline,
    /// What the coach plans.
    built: Programme,
}

impl Phase {
    pub(super) fn open(params: &Value) -> Opened {
        let params = Params::read(params, &PHASE)?;
        let built = params.plan()?;
        let outline = Outline::of(&params.request.session);
        let mut case = Case::of(&params.request.session);
        let phase = params.phase;
        if built.status != Status::Ok {
            case.output = Some(built.to_json());
        }
        let percent = |share: f64| share * 100.0;
        let mut loads = Vec::new();
        for (from, to) in outline.loads(phase) {
            loads.push((percent(from), percent(to)));
        }
        let row = &outline.rows[phase];
        let last = built.weeks.get(..4 * phase).unwrap_or_default().iter().rfind(|week| !week.deload);
        let first = 4 * phase as u32 + 1;
        let facts: [(&str, &dyn ToJson); 7] = [
            ("daysPerWeek", &params.request.days_per_week),
            ("phase", &PhaseName::ALL[phase]),
            ("trainedFor", &row.focus),
            ("weeks", &(first, first + 3)),
            ("loads", &loads),
            ("rir", &row.rir),
            ("last_pct_1rm", &last.map(|week| percent(week.pct_1rm))),
        ];
        for (name, fact) in facts {
            put(&mut case.facts, name, fact.to_json());
        }
        put(&mut case.facts, "last_rir", last.map(|week| week.rir).to_json());
        Ok(Box::new(Self { case, params, outline, built }))
    }
}

impl Work for Phase {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let phase = self.params.phase;
        let loads = self.outline.loads(phase);
        let mut given = self.params.given();
        for (place, week) in list(answer, "weeks").iter().enumerate() {
            let number_of = 4 * phase + place + 1;
            let pct_1rm = (number(week, "pct_1rm") * 2.0).round() / 200.0;
            if whole(week, "week") as usize != number_of {
                faults.broken("P1", format!("week {number_of}: the weeks of the phase, in order"));
            }
            if loads.get(place).is_some_and(|(from, to)| pct_1rm < from - 1e-9 || pct_1rm > to + 1e-9) {
                faults.broken("V1", format!("week {number_of}: the load is outside its range of `loads`"));
            }
            given.1.push(Week {
                pct_1rm,
                sets_pct: whole(week, "sets_pct"),
                rir: whole(week, "rir"),
                note: text(week, "note").to_owned(),
                ..Week::blank()
            });
        }
        let summary = text(answer, "summary").to_owned();
        let mut by_model = TrainingPhase { summary: Some(summary.clone()), ..planned(&self.outline, phase) };
        let from = &mut by_model.provenance;
        from.provider.clone_from(&origin.provider);
        from.model.clone_from(&origin.model);
        from.fallback_level = origin.fallback_level;
        from.rules = vec![crate::small::join(&["weeks", Task::Programme.strategy().version], ":")];
        given.0.push(by_model);
        match up_to(&self.params.request, given, phase + 1) {
            Ok(mut programme) => {
                programme.insight = Some(Insight { analysis: summary, ..Insight::default() });
                let from = &mut programme.provenance;
                from.provider.clone_from(&origin.provider);
                from.model.clone_from(&origin.model);
                from.fallback_level = origin.fallback_level;
                from.repairs = Some(origin.repairs);
                from.cache.clone_from(&origin.cache);
                return programme.to_json();
            }
            Err(violations) => {
                for violation in violations {
                    faults.broken(violation.rule, violation.message);
                }
            }
        }
        Value::Null
    }

    fn by_rules(&self) -> Value {
        let mut weeks = Vec::new();
        for week in self.built.weeks.iter().skip(4 * self.params.phase) {
            weeks.push(
                Object(
                    "week pct_1rm sets_pct rir note",
                    &[&week.week, &(week.pct_1rm * 100.0), &week.sets_pct, &week.rir, &week.note],
                )
                .to_json(),
            );
        }
        Object("summary weeks", &[&self.built.title, &weeks]).to_json()
    }
}
