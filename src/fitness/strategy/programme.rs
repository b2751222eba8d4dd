//! `programme`: twelve weeks.
//!
//! Params: `{ request }`, a request for one session of it. Answer: `{ summary, weeks: [{ week, phase, kind, pct_1rm,
//! sets_pct, rir, note }] }`, twelve weeks; `pct_1rm` in percent, `sets_pct` in percent of a usual week. Result: the answer
//! with `status`, `notice` and `provenance`; where nobody may train without a doctor's word, no weeks, and `referral`.
//!
//! The rules are P1 to P4: three phases of four weeks, a deload at the end of each, at most a tenth more load from one
//! loading week to the next, and never above the row for strength of the level, or a medical cap.

use super::{Case, Faults, Opened, Origin, Task, Work, may_train, with};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::form::{Form, field, list, number, text, whole};
use crate::fitness::prescription;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::fitness::session::report;
use crate::fitness::words::{Focus, Word};
use crate::fitness::workout::{NOTICE, Status};
use crate::value::Value;

const PHASES: [&str; 3] = ["foundation", "development", "specialization"];

/// Percent of the maximum in each week, and the repetitions in reserve (house).
const EXAMPLE: [(f64, u32); 12] = [
    (60.0, 3),
    (62.5, 3),
    (65.0, 3),
    (58.5, 4),
    (68.0, 2),
    (71.0, 2),
    (74.0, 2),
    (66.5, 3),
    (77.0, 1),
    (80.0, 1),
    (83.0, 1),
    (75.0, 2),
];

/// A programme on its way to a model.
pub(super) struct Programme {
    case: Case,
    request: WorkoutRequest,
    /// The greatest percent of the maximum.
    most_pct: f64,
    /// The least in reserve.
    least_rir: u32,
}

impl Programme {
    pub(super) fn open(params: &Value) -> Opened {
        let read = super::read(&Form::Object(&[("request", Form::Ref("WorkoutRequest"))]), params)?;
        let request = WorkoutRequest::parse(field(&read, "request").unwrap_or(&Value::Null))?;
        let screening = Screening::of(&request);
        let caps = screening.caps(&Restrictions::of(&request));
        let row = prescription::row(Focus::Strength, request.level);
        let most_pct = 100.0 * caps.pct_1rm_max.unwrap_or(1.0).min(row.pct.1);
        let least_rir = caps.rpe_max.map_or(0, |rpe| 10_u32.saturating_sub(rpe)).max(row.rir.0);
        let mut case = Case::of(&request);
        case.tell("limits", &Object("pct_1rm rir", &[&(20.0, most_pct), &(least_rir, 10_u32)]));
        if !may_train(&screening) {
            case.output = Some(
                Object(
                    "status weeks referral notice provenance",
                    &[
                        &Status::Referral,
                        &Vec::<Value>::new(),
                        &report::referral(&screening),
                        &NOTICE,
                        &Origin::offline().provenance(Task::Programme),
                    ],
                )
                .to_json(),
            );
        }
        Ok(Box::new(Self { case, request, most_pct, least_rir }))
    }
}

impl Work for Programme {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        // The last loading week: its load and its reserve.
        let mut last: Option<(f64, u32)> = None;
        let mut phases = [0.0; 3];
        for (place, week) in list(answer, "weeks").iter().enumerate() {
            let (nth, pct, rir, sets) =
                (place + 1, number(week, "pct_1rm"), whole(week, "rir"), whole(week, "sets_pct"));
            let deload = nth % 4 == 0;
            phases[place / 4 % 3] += pct;
            let mut broken = |rule, what: &str| faults.broken(rule, format!("week {nth}: {what}"));
            if whole(week, "week") as usize != nth || text(week, "phase") != PHASES[place / 4 % 3] {
                broken("P1", "weeks are 1 to 12 in order, four to a phase");
            }
            if (text(week, "kind") == "deload") != deload {
                broken("P3", "deload weeks are 4, 8 and 12, and no others");
            }
            if pct > self.most_pct + 1e-9 || rir < self.least_rir {
                broken("S6", "the load is above the limit or the reserve below it");
            }
            match last {
                Some((load, reserve)) if deload => {
                    let ratio = pct / load;
                    if !(0.85 - 1e-9..=0.95 + 1e-9).contains(&ratio) || !(40..=60).contains(&sets) {
                        broken("P3", "a deload is 5 to 15 % less load and 40 to 60 % of the sets");
                    }
                    if !(reserve + 1..=reserve + 2).contains(&rir) {
                        broken("P3", "a deload leaves 1 or 2 more in reserve");
                    }
                }
                Some((load, reserve)) => {
                    if pct <= load || pct > load * 1.1 + 1e-9 {
                        broken("P2", "a loading week is above the last one, by 10 % at most");
                    }
                    if rir > reserve {
                        broken("P4", "the reserve never grows from one loading week to the next");
                    }
                }
                None => {}
            }
            if !deload {
                if sets < 80 {
                    broken("P2", "a loading week has 80 to 110 % of the sets");
                }
                last = Some((pct, rir));
            }
        }
        if phases[0] >= phases[1] || phases[1] >= phases[2] {
            faults.broken("P4", "each phase is heavier than the one before, on average".to_owned());
        }
        let output = with(answer, "status", Status::Ok.to_json());
        let output = with(&output, "notice", NOTICE.to_json());
        with(&output, "provenance", origin.provenance(Task::Programme))
    }

    fn by_rules(&self) -> Value {
        let share = (self.most_pct / 83.0).min(1.0);
        let mut weeks = Vec::new();
        for (place, (pct, rir)) in EXAMPLE.iter().enumerate() {
            let deload = place % 4 == 3;
            let (kind, sets, note) = match deload {
                true => ("deload", 50_u32, "Half the sets, lighter: recover."),
                false => ("load", 100, "A little more than before."),
            };
            let pct = (pct * share * 10.0).floor() / 10.0;
            let rir = (*rir).max(self.least_rir + u32::from(deload));
            weeks.push(
                Object(
                    "week phase kind pct_1rm sets_pct rir note",
                    &[&(place as u32 + 1), &PHASES[place / 4], &kind, &pct, &sets, &rir, &note],
                )
                .to_json(),
            );
        }
        let summary =
            format!("Twelve weeks of {}: load grows, every fourth week is easy.", self.request.focus.spoken());
        Object("summary weeks", &[&summary, &weeks]).to_json()
    }
}
