//! The definition of a correct programme: one function for each invariant, besides what [`check`](super::check) asks of
//! every session.
//!
//! | id | rule |
//! | --- | --- |
//! | S3 | no weeks, and a referral, when a doctor must be asked first |
//! | P1 | twelve weeks in order, three phases of four, the days that were asked for |
//! | P2 | load rises by 10 % at most from one loading week to the next, within a lift too; sets of a muscle by two at most |
//! | P3 | a deload in weeks 4, 8 and 12: 40 to 60 % of the sets, 5 to 15 % less load, 1 or 2 more in reserve, as often |
//! | P4 | each phase is heavier than the one before; the reserve never grows from one loading week to the next; sessions do what their week says |
//! | P5 | the longest steady work grows by 10 % at most over that of the 30 days before |
//! | P6 | main lifts stay through a phase, 60 % of them at least |
//! | T1 | sessions are as long as was asked for, or a warning says why they are shorter |
//! | V1 | each phase is trained for its own focus, or a warning says why not; each session is correct |
//! | V4 | sets of a muscle in a week: the most of the level at most; 4 at least for a main muscle, or a warning |
//! | V5 | 10 sets for each muscle to favour while hypertrophy is trained, or a warning |
//! | B1 | pull to push 0.8 to 1.5, where there is equipment for both, or a warning |
//! | B2 | what a session leaves to another day is trained on another day |
//! | B3 | knee to hip 0.5 to 2, or a warning |
//! | O3 | 48 hours between three hard sets and more for the same main muscle |
//!
//! The reserve of explosive work is far from failure by definition, so P4 compares it with explosive work only (house).
//! Those of V4 to O3 are in `balance`. B1, B3, V4 and V5 are about loading weeks: a deload has half of them (house).

mod balance;

use std::fmt;

use super::{Found, Leeway, Violation, check_with};
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription::Caps;
use crate::fitness::programme::{PhaseName, Programme, ProgrammeRequest, Session, Week};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::session::report::totals;
use crate::fitness::words::{Focus, Kind, Pattern, Word};
use crate::fitness::workout::{BlockKind, Figures, SetType, Status, Step, Warning};
use balance::{b1, b2, b3, o3, v4, v5};

/// Everything that is wrong with a programme for a request; nothing when it is correct.
#[must_use]
pub fn check_programme(programme: &Programme, request: &ProgrammeRequest) -> Vec<Violation> {
    check_phases(programme, request, PhaseName::ALL.len())
}

/// The same for the first phases of a programme.
pub(in crate::fitness) fn check_phases(
    programme: &Programme,
    request: &ProgrammeRequest,
    phases: usize,
) -> Vec<Violation> {
    judged(programme, request, phases, &[s3, p1, p2, p3, p4, p5, p6, t1, v1, v4, v5, b1, b2, b3, o3])
}

/// The warnings that a programme without any has to have.
pub(in crate::fitness) fn due(programme: &Programme, request: &ProgrammeRequest) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for Violation { rule, message } in judged(programme, request, programme.phases.len(), &[t1, phase, v4, v5, b1, b3])
    {
        let code = match rule {
            "T1" => "session_shortened",
            "V1" => "phase_changed",
            "B1" | "B3" => "balance_off",
            _ => "volume_low",
        };
        if !warnings.iter().any(|warning: &Warning| warning.message == message) {
            warnings.push(Warning { code: code.to_owned(), message, pattern: None });
        }
    }
    warnings
}

type Rule = fn(&Case<'_>, &mut Found);

fn judged(programme: &Programme, request: &ProgrammeRequest, phases: usize, rules: &[Rule]) -> Vec<Violation> {
    let mut volumes = Vec::new();
    for week in &programme.weeks {
        let (mut volume, mut sets) = (Figures::default(), 0);
        for session in &week.sessions {
            let of = totals(&session.workout.blocks, None);
            sets += of.sets;
            for (muscle, sets) in of.sets_per_muscle.iter() {
                volume.set(muscle, sets + volume.get(muscle).unwrap_or_default());
            }
        }
        volumes.push((sets, volume));
    }
    let restrictions = Restrictions::of(&request.session);
    let screening = Screening::of(&request.session);
    let case = Case { programme, request, phases, restrictions, screening, volumes };
    let mut found = Found(Vec::new());
    for rule in rules {
        rule(&case, &mut found);
    }
    found.0
}

/// What is checked.
struct Case<'a> {
    programme: &'a Programme,
    request: &'a ProgrammeRequest,
    /// How many phases there should be.
    phases: usize,
    restrictions: Restrictions,
    screening: Screening,
    /// The sets of each week, and those of each muscle.
    volumes: Vec<(u32, Figures)>,
}

impl<'a> Case<'a> {
    fn weeks(&self) -> &'a [Week] {
        &self.programme.weeks
    }

    /// The weeks after the first one with their places, each with the loading week before and its place.
    fn pairs(&self) -> Vec<(usize, &'a Week, (usize, &'a Week))> {
        let (mut pairs, mut last) = (Vec::new(), None);
        for (place, week) in self.weeks().iter().enumerate() {
            if let Some(last) = last {
                pairs.push((place, week, last));
            }
            if !week.deload {
                last = Some((place, week));
            }
        }
        pairs
    }

    /// What was asked of a session.
    fn asked(&self, week: &Week, session: &Session) -> WorkoutRequest {
        let phase = self.programme.phases.get(week.phase.index());
        WorkoutRequest {
            focus: phase.map_or(self.request.session.focus, |phase| phase.focus),
            duration_min: session.workout.duration_min,
            ..self.request.session.clone()
        }
    }

    fn caps(&self) -> Caps {
        self.screening.caps(&self.restrictions)
    }

    /// The sets of some movements in a week.
    fn sets_of(&self, week: &Week, patterns: &[Pattern]) -> f64 {
        let mut sets = 0;
        for (_, step, _) in steps(week) {
            if patterns.contains(&step.pattern) {
                sets += step.sets;
            }
        }
        f64::from(sets)
    }

    /// Something that a warning may excuse.
    fn excused(&self, rule: &'static str, found: &mut Found, message: fmt::Arguments<'_>) {
        let message = fmt::format(message);
        if !self.programme.warnings.iter().any(|warning| warning.message == message) {
            found.0.push(Violation { rule, message });
        }
    }
}

/// The working steps of a week that are resistance work, each with its day.
fn steps(week: &Week) -> Vec<(u32, &Step, &'static Exercise)> {
    let mut steps = Vec::new();
    for session in &week.sessions {
        for step in session.workout.blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps) {
            let exercise = catalogue::find(&step.exercise_id).filter(|exercise| exercise.pattern != Pattern::Cardio);
            if let Some(exercise) = exercise.filter(|_| step.set_type == SetType::Working) {
                steps.push((session.day, step, exercise));
            }
        }
    }
    steps
}

/// What two weeks do on the same day: the step of each.
fn shared<'w>(before: &'w Week, week: &'w Week) -> Vec<(&'w Step, &'w Step)> {
    let (usual, mut shared) = (steps(before), Vec::new());
    for (day, step, _) in steps(week) {
        for (other, of, _) in &usual {
            if *other == day && of.exercise_id == step.exercise_id {
                shared.push((*of, step));
            }
        }
    }
    shared
}

fn s3(case: &Case<'_>, found: &mut Found) {
    let may_train = case.screening.clearance > Clearance::LightOnly;
    let wanted = if may_train { Status::Ok } else { Status::Referral };
    let (status, referral) = (case.programme.status, &case.programme.referral);
    if status != wanted {
        found.whole("S3", "the status is not what screening asks for");
    }
    let said = referral.as_ref().map(|referral| &*referral.clearance);
    if said != Some(case.screening.clearance.as_str()).filter(|_| case.screening.clearance != Clearance::Full) {
        found.whole("S3", "the referral is not what screening found");
    }
}

fn p1(case: &Case<'_>, found: &mut Found) {
    let phases = if case.programme.status == Status::Ok { case.phases } else { 0 };
    if case.weeks().len() != 4 * phases || case.programme.phases.len() != phases {
        found.whole("P1", "there are not four weeks in each of three phases");
    }
    for (place, phase) in case.programme.phases.iter().enumerate() {
        let first = 4 * place as u32 + 1;
        if phase.weeks != (first, first + 3) || phase.phase.index() != place {
            found.week("P1", first, "another phase, or other weeks");
        }
    }
    let days: &[u32] = match case.request.days_per_week {
        2 => &[1, 4],
        3 => &[1, 3, 5],
        _ => &[1, 2, 4, 5],
    };
    for (place, week) in case.weeks().iter().enumerate() {
        let mut right = week.week as usize == place + 1 && week.phase.index() == place / 4;
        right &= week.sessions.len() == days.len();
        for (session, day) in week.sessions.iter().zip(days) {
            right &= session.day == *day && session.session_id == session.workout.workout_id;
        }
        if !right {
            found.week("P1", place as u32 + 1, "another number, phase or day than was asked for");
        }
    }
}

fn p2(case: &Case<'_>, found: &mut Found) {
    let rises = |from: f64, to: f64| to > from + 1e-9 && to <= from * 1.1 + 1e-9;
    for (place, week, before) in case.pairs() {
        if week.deload {
            continue;
        }
        let mut right = rises(before.1.pct_1rm, week.pct_1rm);
        for (usual, step) in shared(before.1, week) {
            if let (Some(from), Some(to)) = (usual.target.pct_1rm, step.target.pct_1rm) {
                right &= rises(from, to);
            }
        }
        if !right {
            found.week("P2", week.week, "a load is not above the last one, by 10 % at most");
        }
        for (muscle, sets) in case.volumes[place].1.iter() {
            if sets > case.volumes[before.0].1.get(muscle).unwrap_or_default() + 2.0 {
                found.week("P2", week.week, "a muscle gets more than two sets more");
            }
        }
    }
}

fn p3(case: &Case<'_>, found: &mut Found) {
    for (place, week) in case.weeks().iter().enumerate() {
        if week.deload != (place % 4 == 3) {
            found.week("P3", week.week, "deload weeks are 4, 8 and 12, and no others");
        }
        if place == 0 && week.load_ratio.is_some() {
            found.week("P3", week.week, "there is no load to compare with");
        }
    }
    let lighter = |from: f64, to: f64| (0.85 * from - 1e-9..=0.95 * from + 1e-9).contains(&to);
    for (place, week, (last, before)) in case.pairs() {
        let ratio = week.pct_1rm / before.pct_1rm;
        if week.load_ratio.is_none_or(|said| (said - ratio).abs() > 0.001) {
            found.week("P3", week.week, "another ratio of loads is stated");
        }
        if !week.deload {
            continue;
        }
        let sets = f64::from(case.volumes[place].0) / f64::from(case.volumes[last].0);
        if !(0.4..=0.6).contains(&sets) || week.sessions.len() != before.sessions.len() {
            found.week("P3", week.week, "a deload has 40 to 60 % of the sets, as often");
        }
        let mut right = lighter(before.pct_1rm, week.pct_1rm) && (before.rir + 1..=before.rir + 2).contains(&week.rir);
        for (usual, step) in shared(before, week) {
            if let (Some(from), Some(to)) = (usual.target.pct_1rm, step.target.pct_1rm) {
                right &= lighter(from, to);
            }
            if let (Some(from), Some(to)) = (usual.target.rir, step.target.rir) {
                right &= (from + 1..=from + 2).contains(&to);
            }
        }
        if !right {
            found.week("P3", week.week, "a deload is 5 to 15 % lighter, with 1 or 2 more in reserve");
        }
    }
}

fn p4(case: &Case<'_>, found: &mut Found) {
    let mut means = [0.0; 3];
    for (place, week) in case.weeks().iter().enumerate() {
        if let Some(mean) = means.get_mut(place / 4).filter(|_| !week.deload) {
            *mean += week.pct_1rm;
        }
        let mut right = case.volumes[place].1 == week.sets_per_muscle;
        for (_, step, exercise) in steps(week) {
            let mild = u32::from(!exercise.tags.intersection(case.restrictions.mild_tags).is_empty());
            right &= step.target.pct_1rm.is_none_or(|pct| (pct - week.pct_1rm).abs() < 1e-9)
                && step.target.rir.is_none_or(|rir| rir == week.rir + mild);
        }
        if !right {
            found.week("P4", week.week, "the sessions do something else than the week says");
        }
    }
    for (place, phase) in case.programme.phases.iter().enumerate().take(3).skip(1) {
        if means[place] <= means[place - 1] {
            found.week("P4", phase.weeks.0, "the phase is not heavier than the one before");
        }
    }
    let explosive = |week: &Week| {
        let phase = case.programme.phases.get(week.phase.index());
        phase.is_some_and(|phase| phase.focus == Focus::Power)
    };
    for (_, week, (_, before)) in case.pairs() {
        if !week.deload && week.rir > before.rir && explosive(week) == explosive(before) {
            found.week("P4", week.week, "the reserve grows");
        }
    }
}

fn p5(case: &Case<'_>, found: &mut Found) {
    // The day of each session, and its steady work.
    let mut done: Vec<(u32, u32)> = Vec::new();
    for week in case.weeks() {
        for session in &week.sessions {
            let today = 7 * week.week + session.day;
            let mut seconds = 0;
            for block in session.workout.blocks.iter().filter(|block| block.kind == BlockKind::Conditioning) {
                seconds += block.steps.iter().map(|step| step.work_s).sum::<u32>();
            }
            let mut longest = 0;
            for (day, seconds) in &done {
                if *day + 30 >= today && *day < 7 * week.week {
                    longest = longest.max(*seconds);
                }
            }
            // The first week with steady work is where it starts from.
            if longest > 0 && seconds * 10 > longest * 11 {
                found.week("P5", week.week, "the steady work grows by more than 10 %");
            }
            done.push((today, seconds));
        }
    }
}

fn p6(case: &Case<'_>, found: &mut Found) {
    for (place, week) in case.weeks().iter().enumerate() {
        let first = &case.weeks()[place / 4 * 4];
        let (all, mut kept) = (lifts(first), 0);
        for (day, step, _) in lifts(week) {
            kept += usize::from(all.iter().any(|of| of.0 == day && of.1.exercise_id == step.exercise_id));
        }
        if kept * 10 < all.len() * 6 {
            found.week("P6", week.week, "too few main lifts stay");
        }
    }
}

/// The main lifts of a week, each with its day.
fn lifts(week: &Week) -> Vec<(u32, &Step, &'static Exercise)> {
    let mut lifts = steps(week);
    lifts.retain(|(_, _, exercise)| exercise.kind == Kind::Compound);
    lifts
}

fn t1(case: &Case<'_>, found: &mut Found) {
    let asked = case.request.session.duration_min;
    let mut least = asked;
    for week in case.weeks() {
        for session in &week.sessions {
            let minutes = session.workout.duration_min;
            if minutes > asked {
                found.week("T1", week.week, "a session is longer than was asked for");
            } else if !week.deload {
                least = least.min(minutes);
            }
        }
    }
    if least < asked {
        case.excused(
            "T1",
            found,
            format_args!("Some sessions are for {least} instead of {asked} minutes: what is available and allowed does not fill more."),
        );
    }
}

/// The part of V1 that is about what a phase is for.
fn phase(case: &Case<'_>, found: &mut Found) {
    let goal = case.request.session.focus;
    for phase in &case.programme.phases {
        let wanted = match phase.phase {
            PhaseName::Foundation => Focus::GeneralFitness,
            PhaseName::Development => Focus::Hypertrophy,
            PhaseName::Specialization => goal,
        };
        if phase.focus == wanted {
            continue;
        }
        if phase.phase == PhaseName::Development && phase.focus == goal {
            let goal = goal.spoken();
            case.excused(
                "V1",
                found,
                format_args!("Weeks 5 to 8 are for {goal} already: its loads leave no room for heavier ones before."),
            );
        } else {
            found.week("V1", phase.weeks.0, "the phase is for something else");
        }
    }
}

fn v1(case: &Case<'_>, found: &mut Found) {
    phase(case, found);
    // A cap may ask for less than the lightest load of a row.
    let caps = case.caps();
    let load = if caps.pct_1rm_max.is_some() || caps.rpe_max.is_some() { 0.7 } else { 1.0 };
    for week in case.weeks() {
        let leeway = match week.deload {
            true => Leeway { sets: 1, load: 0.85 * load, rir: 2 },
            false => Leeway { load, ..Leeway::NONE },
        };
        for session in &week.sessions {
            let asked = case.asked(week, session);
            if session.workout.focus != asked.focus || session.workout.user_id != asked.user_id {
                found.week("V1", week.week, "a session is for something or somebody else");
            }
            for Violation { rule, message } in check_with(&session.workout, &asked, leeway) {
                found.week(rule, week.week, &message);
            }
        }
    }
}
