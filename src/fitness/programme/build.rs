//! Sessions and weeks.
//!
//! The exercises of a day are searched once for each phase, with what the other days of the week leave: no muscle gets
//! more than the most of the level in a week, nor more than two sets more than in the phase before (P2), and steady work
//! grows by a tenth at most (P5). What then does not fill the time that was asked for is planned shorter, and said.

use crate::error::{Code, Error};
use crate::fitness::catalogue;
use crate::fitness::check::{Violation, check_phases, due};
use crate::fitness::features::{Progression, progression};
use crate::fitness::id;
use crate::fitness::prescription::{self, Row};
use crate::fitness::request::{DURATION_MIN, WorkoutRequest};
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::session::place::{Place, Volume};
use crate::fitness::session::selection::GROUPS;
use crate::fitness::session::series::Base;
use crate::fitness::session::{PROVIDER, report};
use crate::fitness::strategy::json;
use crate::fitness::words::{Muscle, Pattern, Set, Word};
use crate::fitness::workout::{BlockKind, BlockProvenance, Figures, Insight, NOTICE, SetType, Status, Workout};

use super::outline::{Outline, PlannedWeek};
use super::request::ProgrammeRequest;
use super::{PHASES, PhaseName, Programme, Session, TrainingPhase, Week};

/// A phase that somebody has planned.
#[derive(Clone, Debug)]
pub(in crate::fitness) struct Given {
    pub(in crate::fitness) weeks: Vec<PlannedWeek>,
    pub(in crate::fitness) summary: Option<String>,
    pub(in crate::fitness) provenance: BlockProvenance,
}

/// Builds a programme.
///
/// ```
/// use repflow::fitness::{check, programme};
/// use repflow::value::Value;
/// use serde_json::json;
///
/// let request = programme::ProgrammeRequest::parse(&Value::from(&json!({
///     "userId": "user123", "duration": 45, "focus": "strength", "equipment": ["full_gym"],
///     "fitnessLevel": "intermediate", "daysPerWeek": 3,
/// })))?;
/// let programme = programme::build(&request)?;
/// assert_eq!((programme.weeks.len(), programme.weeks[10].pct_1rm), (12, 0.83));
/// assert_eq!(check::check_programme(&programme, &request), []);
/// # Ok::<(), repflow::Error>(())
/// ```
///
/// # Errors
/// `workout.infeasible` when no session can be built.
pub fn build(request: &ProgrammeRequest) -> Result<Programme, Error> {
    up_to(request, &[], PHASES).map_err(|violations| infeasible(&violations))
}

/// The error for what breaks rules.
pub(in crate::fitness) fn infeasible(violations: &[Violation]) -> Error {
    let mut message = "no programme can be built from what is available and allowed".to_owned();
    for violation in violations.iter().take(3) {
        message.push_str("; ");
        message.push_str(violation.rule);
        message.push_str(": ");
        message.push_str(&violation.message);
    }
    Error::new(Code::WorkoutInfeasible, message)
}

/// The first phases of a programme: those that are given as they are planned, the rest as the coach plans them.
///
/// # Errors
/// The rules that it breaks.
#[inline(never)]
pub(in crate::fitness) fn up_to(
    request: &ProgrammeRequest,
    given: &[Given],
    count: usize,
) -> Result<Programme, Vec<Violation>> {
    let outline = Outline::of(&request.session);
    let mut maker = Maker { request, programme: begun(request, &outline), outline, last: Vec::new() };
    if maker.programme.status == Status::Ok {
        for phase in 0..count {
            if !maker.phase(phase, given.get(phase)) {
                let message = "no session fits the time in this phase: choose fewer days, more equipment or another \
                               duration";
                return Err(vec![Violation { rule: "T1", message: message.to_owned() }]);
            }
        }
        let mut warnings = due(&maker.programme, request);
        maker.programme.warnings.append(&mut warnings);
    }
    let violations = check_phases(&maker.programme, request, count);
    if violations.is_empty() { Ok(maker.programme) } else { Err(violations) }
}

/// A programme without weeks.
fn begun(request: &ProgrammeRequest, outline: &Outline) -> Programme {
    let session = &request.session;
    let screening = Screening::of(session);
    let may_train = screening.clearance > Clearance::LightOnly;
    let goal = session.focus.spoken();
    let rules = vec![crate::small::join(&["screening", screening.clearance.as_str()], ":")];
    Programme {
        status: if may_train { Status::Ok } else { Status::Referral },
        programme_id: format!("p-{:08x}", id::of_text(&json::text(&request.to_json()))),
        user_id: session.user_id.clone(),
        title: if may_train { format!("12 weeks of {goal}") } else { "See a doctor first".to_owned() },
        focus: session.focus,
        level: session.level,
        days_per_week: request.days_per_week,
        start_date: request.start_date.clone(),
        phases: Vec::new(),
        weeks: Vec::new(),
        warnings: Vec::new(),
        referral: report::referral(&screening),
        insight: None,
        provenance: report::provenance(session, &outline.rows[PHASES - 1], rules),
        notice: NOTICE.to_owned(),
    }
}

/// The days of a week.
fn days(days_per_week: u32) -> &'static [u32] {
    match days_per_week {
        2 => &[1, 4],
        3 => &[1, 3, 5],
        _ => &[1, 2, 4, 5],
    }
}

/// Movements of the upper body; the lower has the rest.
fn upper() -> Set<Pattern> {
    use Pattern::{IsolationUpper, PullHorizontal, PullVertical, PushHorizontal, PushVertical};
    [PushHorizontal, PushVertical, PullHorizontal, PullVertical, IsolationUpper].into_iter().collect()
}

/// A programme while it is made.
struct Maker<'r> {
    request: &'r ProgrammeRequest,
    outline: Outline,
    programme: Programme,
    /// The sessions of the phase before.
    last: Vec<Base>,
}

impl Maker<'_> {
    /// Adds a phase; false when a session of it fits no time.
    fn phase(&mut self, phase: usize, given: Option<&Given>) -> bool {
        let load = self.programme.weeks.iter().rfind(|week| !week.deload).map(|week| week.pct_1rm);
        let weeks = match given {
            Some(given) => given.weeks.clone(),
            None => self.outline.weeks(phase, load),
        };
        let row = self.outline.dosed(phase, &weeks);
        let usual = weeks.first().map_or(row.clone(), |week| dosed(&row, week));
        let Some(bases) = self.bases(phase, &usual) else { return false };
        for (place, planned) in weeks.iter().enumerate() {
            let Some(week) = self.week(phase, place, planned, &dosed(&row, planned), &bases) else { return false };
            self.programme.weeks.push(week);
        }
        self.last = bases;
        let rule = format!("prescription:{}:{}", row.focus.as_str(), row.level.as_str());
        let provenance = given.map_or_else(
            || BlockProvenance {
                provider: PROVIDER.to_owned(),
                model: None,
                fallback_level: 0,
                rules: vec![rule, "weeks:coach".to_owned()],
            },
            |given| given.provenance.clone(),
        );
        let summary = given.and_then(|given| given.summary.clone());
        if let Some(summary) = &summary {
            self.programme.insight = Some(Insight { analysis: summary.clone(), ..Insight::default() });
            let from = &mut self.programme.provenance;
            from.provider.clone_from(&provenance.provider);
            from.model.clone_from(&provenance.model);
            from.fallback_level = provenance.fallback_level;
            from.repairs = None;
        }
        let first = 4 * phase as u32 + 1;
        self.programme.phases.push(TrainingPhase {
            phase: PhaseName::ALL[phase],
            focus: self.outline.focuses[phase],
            weeks: (first, first + 3),
            summary,
            progression: self.progression(4 * phase),
            provenance,
        });
        true
    }

    /// The sessions of a phase.
    fn bases(&self, phase: usize, row: &Row) -> Option<Vec<Base>> {
        let days = days(self.request.days_per_week);
        let weekly = prescription::weekly_sets();
        let most = f64::from(weekly.of(self.request.session.level).1);
        let mut bases: Vec<Base> = Vec::new();
        for turn in 0..days.len() {
            let split = days.len() > 3;
            let upper_day = turn % 2 == 0;
            // The days from this one on that train the same movements.
            let left = if split { (days.len() - turn).div_ceil(2) } else { days.len() - turn };
            let mut room = [0.0; Muscle::ALL.len()];
            let (used, before) = (sum(&bases), sum(&self.last));
            let later = sum(self.last.get(turn + 1..).unwrap_or_default());
            for (place, room) in room.iter_mut().enumerate() {
                *room = if self.last.is_empty() {
                    (most - used[place]) / left as f64
                } else {
                    most.min(before[place] + 2.0) - used[place] - later[place]
                };
                *room = room.min(f64::from(weekly.per_session_cap));
            }
            let lower = Set::all().without(upper());
            let half = if !split {
                Set::all()
            } else if upper_day {
                upper()
            } else {
                lower
            };
            let place = Place {
                weekly: true,
                goal: self.request.session.focus,
                room,
                avoid: if split && !upper_day { bases.last().map(Base::hard).unwrap_or_default() } else { Set::EMPTY },
                patterns: half,
                steady_s: self.steady_s(phase),
                turn: if split { turn / 2 * 2 } else { turn % 2 },
            };
            bases.push(self.base(phase, turn, &place, row)?);
        }
        Some(bases)
    }

    /// The session of a day: as long as was asked for where that can be, with other movements or fewer repetitions where it
    /// has to be; else a little shorter.
    fn base(&self, phase: usize, turn: usize, place: &Place, row: &Row) -> Option<Base> {
        let asked = &self.request.session;
        let mut duration_min = asked.duration_min;
        // An upper day leaves the legs to the day after it all the same.
        let mut more = Set::all();
        if place.patterns == upper() {
            more = upper().union(Set::only(Pattern::Core)).union(Set::only(Pattern::Carry));
        }
        let few = Row { plan_reps: (row.reps.0, row.reps.0.max(row.plan_reps.1.min(row.reps.0 + 1))), ..row.clone() };
        while duration_min >= DURATION_MIN.0 {
            for (patterns, row) in [(place.patterns, row), (more, row), (place.patterns, &few)] {
                let request = WorkoutRequest {
                    focus: self.outline.focuses[phase],
                    seed: asked.seed.wrapping_add(turn as u32),
                    duration_min,
                    ..asked.clone()
                };
                let base = Base::of(request, Place { patterns, ..place.clone() }, row);
                if base.is_some() {
                    return base;
                }
            }
            duration_min -= 5;
        }
        None
    }

    /// The longest steady work that may come next: a tenth more than in the phase before (P5).
    fn steady_s(&self, phase: usize) -> u32 {
        let mut longest = 0;
        for week in self.programme.weeks.iter().skip(4 * phase.saturating_sub(1)) {
            for session in &week.sessions {
                longest = longest.max(steady_s(&session.workout));
            }
        }
        if longest == 0 { u32::MAX } else { longest * 11 / 10 / 60 * 60 }
    }

    fn week(&self, phase: usize, place: usize, planned: &PlannedWeek, row: &Row, bases: &[Base]) -> Option<Week> {
        let deload = place == 3;
        let number = (4 * phase + place + 1) as u32;
        let (mut usual, mut given) = (0, 0);
        let mut sessions = Vec::new();
        for (base, day) in bases.iter().zip(days(self.request.days_per_week)) {
            let mut sets = Vec::new();
            for (_, of) in &base.members {
                // Shares of a set go on to the next exercise, and to the next session.
                usual += of;
                let wanted = (usual * planned.sets_pct + 50) / 100;
                let now = wanted.saturating_sub(given).max(1).min(if deload { *of } else { row.sets.1 });
                given += now;
                sets.push(now);
            }
            let full = base.request.duration_min;
            let mut workout = None;
            if deload {
                // As long as half the sets take: about two thirds of the usual time.
                let least = DURATION_MIN.0.max(full * 2 / 3);
                let before = self.programme.weeks.last().and_then(|week| week.sessions.get(sessions.len()));
                let steady_s = before.map_or(0, |session| steady_s(&session.workout));
                for minutes in (least..=full).chain((DURATION_MIN.0..least).rev()) {
                    workout = workout.or_else(|| base.week((minutes, steady_s), row, &sets));
                }
            } else {
                workout = base.week((full, u32::MAX), row, &sets);
            }
            let mut workout = workout?;
            let session_id = format!("{}-w{number}d{day}", self.programme.programme_id);
            workout.workout_id.clone_from(&session_id);
            workout.provenance.rules.push("series:programme".to_owned());
            sessions.push(Session { session_id, day: *day, workout });
        }
        own_up(&mut sessions);
        let before = self.programme.weeks.iter().rfind(|week| !week.deload);
        Some(Week {
            week: number,
            phase: PhaseName::ALL[phase],
            deload,
            pct_1rm: planned.pct_1rm,
            load_ratio: before.map(|before| (planned.pct_1rm / before.pct_1rm * 1_000.0).round() / 1_000.0),
            sets_pct: planned.sets_pct,
            rir: planned.rir,
            sets_per_muscle: volume(&sessions),
            sessions,
            note: planned.note.clone(),
        })
    }

    /// How each exercise of a week gets harder.
    fn progression(&self, week: usize) -> Vec<Progression> {
        let mut list: Vec<Progression> = Vec::new();
        for session in self.programme.weeks.get(week).map_or(&[][..], |week| &week.sessions) {
            for step in session.workout.blocks.iter().flat_map(|block| &block.steps) {
                let new = !list.iter().any(|known| known.exercise_id == step.exercise_id);
                if let Some(exercise) = catalogue::find(&step.exercise_id).filter(|_| new) {
                    if step.set_type == SetType::Working {
                        list.push(progression(step, exercise));
                    }
                }
            }
        }
        list
    }
}

/// What a session leaves to another day may find no time there either: then it says so.
fn own_up(sessions: &mut [Session]) {
    for (name, patterns) in GROUPS {
        let trains = |session: &Session| {
            let main = session.workout.blocks.iter().filter(|block| block.kind.is_main());
            main.flat_map(|block| &block.steps).any(|step| patterns.contains(&step.pattern))
        };
        if sessions.iter().any(trains) {
            continue;
        }
        for warning in sessions.iter_mut().flat_map(|session| &mut session.workout.warnings) {
            if warning.code == "pattern_other_day" && warning.pattern == patterns.first().copied() {
                "pattern_skipped".clone_into(&mut warning.code);
                warning.message = format!("No {name} this week: the time does not allow every movement.");
            }
        }
    }
}

/// A row as a week doses it.
fn dosed(row: &Row, week: &PlannedWeek) -> Row {
    Row { plan_rir: week.rir, load: Some(week.pct_1rm), ..row.clone() }
}

/// The sets that sessions give each muscle.
fn sum(bases: &[Base]) -> Volume {
    let mut sum = [0.0; Muscle::ALL.len()];
    for base in bases {
        for (sum, of) in sum.iter_mut().zip(base.volume()) {
            *sum += of;
        }
    }
    sum
}

/// The sets that a week gives each muscle.
fn volume(sessions: &[Session]) -> Figures {
    let mut volume = Figures::default();
    for session in sessions {
        for (muscle, sets) in session.workout.totals.sets_per_muscle.iter() {
            volume.set(muscle, sets + volume.get(muscle).unwrap_or_default());
        }
    }
    volume
}

/// The seconds of steady work in a session.
fn steady_s(workout: &Workout) -> u32 {
    let mut seconds = 0;
    for block in workout.blocks.iter().filter(|block| block.kind == BlockKind::Conditioning) {
        for step in &block.steps {
            seconds += step.work_s;
        }
    }
    seconds
}
