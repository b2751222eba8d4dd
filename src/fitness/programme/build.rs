//! Sessions and weeks.
//!
//! The exercises of a day are searched once for each phase, with what the other days of the week leave: no muscle gets
//! more than the most of the level in a week, nor more than two sets more than in the phase before (P2), and steady work
//! grows by a tenth at most (P5). What then does not fill the time that was asked for is planned shorter, and said.

use crate::error::{Code, Error};
use crate::fitness::check::{Violation, check_phases, due};
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
use crate::fitness::workout::{BlockKind, BlockProvenance, Figures, NOTICE, Status, Workout};

use super::outline::Outline;
use super::request::ProgrammeRequest;
use super::{PHASES, PhaseName, Programme, Session, TrainingPhase, Week};

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
    whole(request).1.map_err(|violations| infeasible(&violations))
}

/// The whole programme as the coach plans it, and the draw of its exercises: the first one that leaves enough for every phase.
fn whole(request: &ProgrammeRequest) -> (u32, Result<Programme, Vec<Violation>>) {
    let first = drawn(request, Given::default(), PHASES, 0);
    if !lacks_time(&first) {
        return (0, first);
    }
    let mut others = (1..DRAWS).map(|draw| (draw, drawn(request, Given::default(), PHASES, draw)));
    others.find(|(_, built)| !lacks_time(built)).unwrap_or((0, first))
}

fn lacks_time(built: &Result<Programme, Vec<Violation>>) -> bool {
    built.as_ref().is_err_and(|violations| violations.iter().any(|one| one.rule == TIME))
}

/// The rule of a session that fits no time.
const TIME: &str = "T1";

/// How often exercises are drawn until those of every phase fit. Mostly the first ones do; with little time and little equipment, those
/// of one phase may leave too little to choose from in the next.
const DRAWS: u32 = 16;

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

/// The first phases of a programme: those that are `given`, of which only who planned them and the load, the sets, the
/// reserve and the note of each week count, and the rest as the coach plans them.
///
/// # Errors
/// The rules that it breaks.
#[inline(never)]
pub(in crate::fitness) fn up_to(
    request: &ProgrammeRequest,
    given: Given,
    count: usize,
) -> Result<Programme, Vec<Violation>> {
    // That of the whole, since each phase is planned by itself and has to find those before it as they were.
    drawn(request, given, count, whole(request).0)
}

/// The same with the exercises of one of many draws.
fn drawn(request: &ProgrammeRequest, given: Given, count: usize, draw: u32) -> Result<Programme, Vec<Violation>> {
    let outline = Outline::of(&request.session);
    let programme = begun(request, &outline, given.0);
    let mut maker = Maker { request, programme, outline, last: Vec::new(), draw };
    if maker.programme.status == Status::Ok {
        let mut weeks = given.1;
        for phase in 0..count {
            let later = weeks.split_off(weeks.len().min(4));
            if maker.phase(phase, std::mem::replace(&mut weeks, later)).is_none() {
                let message = "no session fits the time in this phase: choose fewer days, more equipment or another \
                               duration";
                return Err(vec![Violation { rule: TIME, message: message.to_owned() }]);
            }
        }
        let mut warnings = due(&maker.programme, request);
        maker.programme.warnings.append(&mut warnings);
    }
    let violations = check_phases(&maker.programme, request, count);
    if violations.is_empty() { Ok(maker.programme) } else { Err(violations) }
}

/// Phases and weeks that somebody has planned.
pub(in crate::fitness) type Given = (Vec<TrainingPhase>, Vec<Week>);

/// A phase that the coach plans.
pub(in crate::fitness) fn planned(outline: &Outline, phase: usize) -> TrainingPhase {
    let first = 4 * phase as u32 + 1;
    let rules = vec!["weeks:coach".to_owned()];
    TrainingPhase {
        phase: PhaseName::ALL[phase],
        focus: outline.focuses[phase],
        weeks: (first, first + 3),
        summary: None,
        progression: PROGRESSION.to_owned(),
        provenance: BlockProvenance { provider: PROVIDER.to_owned(), model: None, fallback_level: 0, rules },
    }
}

/// A programme without weeks.
fn begun(request: &ProgrammeRequest, outline: &Outline, phases: Vec<TrainingPhase>) -> Programme {
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
        phases: if may_train { phases } else { Vec::new() },
        weeks: Vec::new(),
        warnings: Vec::new(),
        referral: report::referral(&screening),
        insight: None,
        provenance: report::provenance(session.seed, &outline.rows[PHASES - 1], rules),
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
    /// Which draw of exercises it is, from 0.
    draw: u32,
}

impl Maker<'_> {
    /// Adds the weeks of a phase, and the phase where it is not there; nothing when a session of it fits no time.
    fn phase(&mut self, phase: usize, mut weeks: Vec<Week>) -> Option<()> {
        let first = 4 * phase as u32 + 1;
        if weeks.is_empty() {
            let last = self.programme.weeks.iter().rfind(|week| !week.deload).map(|week| week.pct_1rm);
            weeks = self.outline.weeks(phase, last);
            self.programme.phases.push(planned(&self.outline, phase));
        }
        let row = self.outline.dosed(phase, &weeks);
        let bases = self.bases(phase, &dosed(&row, weeks.first()?))?;
        for (place, mut week) in weeks.into_iter().enumerate() {
            week.week = first + place as u32;
            week.phase = PhaseName::ALL[phase];
            week.deload = place == 3;
            let row = dosed(&row, &week);
            self.week(&mut week, &row, &bases)?;
            self.programme.weeks.push(week);
        }
        self.last = bases;
        Some(())
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
            let used = sum(&bases);
            let last = self.programme.weeks.iter().rfind(|week| !week.deload);
            let later = sum(self.last.get(turn + 1..).unwrap_or_default());
            for (place, room) in room.iter_mut().enumerate() {
                *room = match last {
                    None => (most - used[place]) / left as f64,
                    Some(week) => {
                        let before = week.sets_per_muscle.get(Muscle::ALL[place].as_str()).unwrap_or_default();
                        most.min(before + 2.0) - used[place] - later[place]
                    }
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
                    // Those of a week are next to each other, so other draws are further away.
                    seed: asked.seed.wrapping_add(turn as u32 + 1_000 * self.draw),
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

    /// Fills a week with its sessions.
    fn week(&self, week: &mut Week, row: &Row, bases: &[Base]) -> Option<()> {
        let before = self.programme.weeks.iter().rfind(|week| !week.deload);
        let (mut usual, mut given) = (0, 0);
        week.sessions = Vec::new();
        week.sets_per_muscle = Figures::default();
        for (base, day) in bases.iter().zip(days(self.request.days_per_week)) {
            let mut sets = Vec::new();
            for (_, of) in &base.members {
                // Shares of a set go on to the next exercise, and to the next session.
                usual += of;
                let wanted = (usual * week.sets_pct + 50) / 100;
                let now = wanted.saturating_sub(given).max(1).min(if week.deload { *of } else { row.sets.1 });
                given += now;
                sets.push(now);
            }
            let full = base.request.duration_min;
            // A deload is as long as half the sets take: about two thirds of the usual time.
            let (mut minutes, mut least, mut steady) = (full, full, u32::MAX);
            if week.deload {
                minutes = DURATION_MIN.0.max(full * 2 / 3);
                least = DURATION_MIN.0;
                let before = before.and_then(|before| before.sessions.get(week.sessions.len()));
                steady = before.map_or(0, |session| steady_s(&session.workout));
            }
            let mut workout = base.week((minutes, steady), row, &sets);
            let mut up = minutes;
            while workout.is_none() && (up < full || minutes > least) {
                // Longer first, then shorter.
                if up < full {
                    up += 1;
                    workout = base.week((up, steady), row, &sets);
                } else {
                    minutes -= 1;
                    workout = base.week((minutes, steady), row, &sets);
                }
            }
            let mut workout = workout?;
            let session_id = format!("{}-w{}d{day}", self.programme.programme_id, week.week);
            workout.workout_id.clone_from(&session_id);
            // Steady work in a deload fills no time: it is what there is of it in other weeks.
            workout.warnings.retain(|warning| !week.deload || warning.code != "time_filled");
            for (muscle, sets) in workout.totals.sets_per_muscle.iter() {
                week.sets_per_muscle.set(muscle, sets + week.sets_per_muscle.get(muscle).unwrap_or_default());
            }
            week.sessions.push(Session { session_id, day: *day, workout });
        }
        own_up(&mut week.sessions);
        week.load_ratio = before.map(|before| (week.pct_1rm / before.pct_1rm * 1_000.0).round() / 1_000.0);
        Some(())
    }
}

/// How exercises get harder from session to session: double progression with the 2-for-2 rule (ACSM 2009).
const PROGRESSION: &str = "Work up to the most repetitions in every set. When two sessions in a row allow two more, add 2 \
                           to 10 % of load, or take a harder variant, and start again at the least. Hold timed work 5 s \
                           longer when every set feels clean.";

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
fn dosed(row: &Row, week: &Week) -> Row {
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
