//! The definition of a correct session, as code: one function for each invariant.
//!
//! The checker knows nothing of how a workout was made. The coach runs it on what it built, a model's answer is run
//! through it before anyone sees it, and the property tests run it on thousands of random requests.
//!
//! | id | rule |
//! | --- | --- |
//! | T1 | the total is within ±10 % of what was asked |
//! | T2 | totals are the sums of blocks, and blocks of sets, in whole seconds |
//! | T3 | a warm-up of 5 to 10 minutes (3 to 10 below half an hour), first, never hard |
//! | T4 | a cool-down of 3 minutes or more, last, without load |
//! | E1 | nothing needs equipment that is not there |
//! | E2 | every exercise is in the catalogue, under its name |
//! | E3 | no exercise twice in the main part |
//! | S1 | nothing that an injury, a condition or age excludes, in warm-up and cool-down too |
//! | S3 | no training above light when a doctor must be asked first; status, referral, clearance and warnings agree |
//! | S4 | nothing above the level; no jumps for beginners |
//! | S5 | enough in reserve; RPE + RIR = 10; the load leaves the reserve that is stated |
//! | S6 | effort, load and rest inside the medical caps; no heart-rate target with a beta blocker |
//! | S7 | from 65 on: balance is practised in the warm-up, where that is allowed |
//! | V1 | sets, repetitions, rest, load and reserve inside the row in force |
//! | V3 | a given weight is the planned share of the known maximum, to half an increment, and never above row or cap |
//! | V4 | at most 10 fractional sets for a muscle |
//! | B2 | each basic movement is there, or a warning says why not |
//! | O1 | jumps, several joints, one joint, trunk; large before small |
//! | O2 | what is done one side at a time says so |
//! | C1 | kilocalories are the sum over blocks, and only with a known weight |
//! | D2 | every number is finite and not negative |
//! | D3 | every block says where it came from |

use serde::Serialize;

use super::catalogue::{self, Exercise};
use super::contraindications::Restrictions;
use super::prescription::{self, Caps, Row};
use super::request::WorkoutRequest;
use super::screening::{Clearance, Screening};
use super::session::report::{self, is_load_limited};
use super::session::selection::{GROUPS, is_available};
use super::strength;
use super::time_budget;
use super::words::{Condition, Equipment, Focus, Kind, Level, Pattern, Tag};
use super::workout::{Block, BlockKind, GoalKind, Intensity, SetType, Status, Step, Workout};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its id: `T1`, `S3`.
    pub rule: &'static str,
    /// Where and how.
    pub message: String,
}

/// Everything that is wrong with a workout for a request; nothing when it is correct.
#[must_use]
pub fn check(workout: &Workout, request: &WorkoutRequest) -> Vec<Violation> {
    let screening = Screening::of(request);
    let restrictions = Restrictions::of(request);
    let caps = screening.caps(&restrictions);
    let row = prescription::capped(request.focus, request.level, caps);
    let mut case = Case { workout, request, screening, restrictions, caps, row, found: Vec::new() };
    for rule in RULES {
        rule(&mut case);
    }
    case.found
}

const RULES: [fn(&mut Case<'_>); 22] =
    [t1, t2, t3, t4, e1, e2, e3, s1, s3, s4, s5, s6, s7, v1, v3, v4, b2, o1, o2, c1, d2, d3];

struct Case<'a> {
    workout: &'a Workout,
    request: &'a WorkoutRequest,
    screening: Screening,
    restrictions: Restrictions,
    caps: Caps,
    row: Row,
    found: Vec<Violation>,
}

impl<'a> Case<'a> {
    fn broken(&mut self, rule: &'static str, message: impl Into<String>) {
        self.found.push(Violation { rule, message: message.into() });
    }

    fn blocks(&self) -> &'a [Block] {
        &self.workout.blocks
    }

    fn steps(&self) -> impl Iterator<Item = &'a Step> + use<'a> {
        self.blocks().iter().flat_map(|block| &block.steps)
    }

    fn main_steps(&self) -> impl Iterator<Item = &'a Step> + use<'a> {
        self.blocks().iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps)
    }

    /// The steps of the main part that are sets of resistance work, with their exercises.
    fn sets(&self) -> impl Iterator<Item = (&'a Step, &'static Exercise)> + use<'a> {
        let known = self.main_steps().filter_map(|step| Some((step, catalogue::find(&step.exercise_id)?)));
        known.filter(|(_, exercise)| exercise.pattern != Pattern::Cardio)
    }

    fn has_training(&self) -> bool {
        self.workout.status != Status::Referral
    }

    fn has_warning(&self, code: &str, patterns: &[Pattern]) -> bool {
        self.workout.warnings.iter().any(|warning| {
            warning.code == code && (patterns.is_empty() || warning.pattern.is_some_and(|one| patterns.contains(&one)))
        })
    }
}

fn t1(case: &mut Case<'_>) {
    let (min, max) = time_budget::window_s(case.request.duration_min);
    let total = case.workout.totals.duration_s;
    if case.has_training() && !(min..=max).contains(&total) {
        case.broken("T1", format!("{total} s is outside {min} to {max} s"));
    }
}

fn t2(case: &mut Case<'_>) {
    for (i, block) in case.blocks().iter().enumerate() {
        if block.duration_s != time_budget::block_s(block) {
            case.broken(
                "T2",
                format!("block {i} says {} s, its sets take {} s", block.duration_s, time_budget::block_s(block)),
            );
        }
        for step in &block.steps {
            let work_s = time_budget::set_work_s(&step.goal, step.tempo_s, step.per_side);
            if step.work_s != work_s || work_s == 0 || step.sets != block.rounds || step.goal.min > step.goal.max {
                case.broken(
                    "T2",
                    format!(
                        "{}: {} s of work and {} sets do not follow from its goal",
                        step.exercise_id, step.work_s, step.sets
                    ),
                );
            }
        }
    }
    let total = time_budget::total_s(case.workout);
    if case.workout.totals.duration_s != total {
        case.broken("T2", format!("the total says {} s, the blocks take {total} s", case.workout.totals.duration_s));
    }
}

fn t3(case: &mut Case<'_>) {
    if !case.has_training() {
        return;
    }
    let (min, max) = time_budget::warm_up_bounds_s(case.request.duration_min);
    match case.blocks().first() {
        Some(block) if block.kind == BlockKind::WarmUp => {
            if !(min..=max).contains(&block.duration_s) {
                case.broken("T3", format!("a warm-up of {} s is outside {min} to {max} s", block.duration_s));
            }
            for step in block.steps.iter().filter(|step| step.intensity > Intensity::Moderate) {
                case.broken("T3", format!("{} is hard work in the warm-up", step.exercise_id));
            }
        }
        _ => case.broken("T3", "the first block is not a warm-up"),
    }
}

fn t4(case: &mut Case<'_>) {
    if !case.has_training() {
        return;
    }
    match case.blocks().last() {
        Some(block) if block.kind == BlockKind::CoolDown => {
            if block.duration_s < time_budget::COOL_DOWN_S.0 {
                case.broken("T4", format!("a cool-down of {} s is too short", block.duration_s));
            }
            for step in &block.steps {
                let exercise = catalogue::find(&step.exercise_id);
                if exercise.is_none_or(|exercise| exercise.kind != Kind::Stretch || !exercise.requires.is_empty()) {
                    case.broken("T4", format!("{} is not a stretch", step.exercise_id));
                }
            }
        }
        _ => case.broken("T4", "the last block is not a cool-down"),
    }
}

fn e1(case: &mut Case<'_>) {
    for step in case.steps() {
        if let Some(exercise) = catalogue::find(&step.exercise_id)
            && !exercise.requires.is_subset(case.request.equipment)
        {
            case.broken("E1", format!("{} needs {}", exercise.id, report::names(exercise.requires)));
        }
    }
}

fn e2(case: &mut Case<'_>) {
    for step in case.steps() {
        match catalogue::find(&step.exercise_id) {
            None => case.broken("E2", format!("{} is not in the catalogue", step.exercise_id)),
            Some(exercise) if exercise.name != step.name || exercise.pattern != step.pattern => {
                case.broken("E2", format!("{} has another name or pattern in the catalogue", step.exercise_id));
            }
            Some(_) => {}
        }
    }
}

fn e3(case: &mut Case<'_>) {
    let ids: Vec<&str> = case.main_steps().map(|step| step.exercise_id.as_str()).collect();
    for (i, id) in ids.iter().enumerate() {
        if ids[..i].contains(id) {
            case.broken("E3", format!("{id} comes twice"));
        }
    }
}

fn s1(case: &mut Case<'_>) {
    for step in case.steps() {
        if let Some(exercise) = catalogue::find(&step.exercise_id) {
            let rules: Vec<String> = case
                .restrictions
                .notes
                .iter()
                .filter(|note| note.excludes(exercise))
                .map(|note| note.label.clone())
                .collect();
            if !rules.is_empty() || !case.restrictions.allow(exercise) {
                case.broken("S1", format!("{} is excluded because of {}", exercise.id, rules.join(" and ")));
            }
        }
    }
}

fn s3(case: &mut Case<'_>) {
    let wanted = match case.screening.clearance {
        Clearance::Stop => Status::Referral,
        Clearance::LightOnly => Status::LightOnly,
        Clearance::Moderate | Clearance::Recommended | Clearance::Full => Status::Ok,
    };
    if case.workout.status != wanted {
        case.broken("S3", format!("the status is {:?}, screening asks for {wanted:?}", case.workout.status));
    }
    let clearance = case.screening.clearance;
    match &case.workout.referral {
        None if clearance != Clearance::Full => case.broken("S3", "there is no referral"),
        Some(_) if clearance == Clearance::Full => case.broken("S3", "there is a referral, and no clearance is needed"),
        Some(referral) if referral.clearance != clearance.as_str() || referral.reasons.is_empty() => {
            case.broken("S3", "the referral does not say what screening found");
        }
        _ => {}
    }
    if case.has_warning("referral", &[]) != (clearance != Clearance::Full) {
        case.broken("S3", "the warnings and the screening disagree about a referral");
    }
    if wanted == Status::Referral && case.workout.warnings.iter().any(|warning| warning.code != "referral") {
        case.broken("S3", "a referral without training warns about training");
    }
    if wanted == Status::Referral && !case.blocks().is_empty() {
        case.broken("S3", "there is training before clearance");
    }
    if wanted == Status::LightOnly && case.main_steps().any(|step| step.intensity > Intensity::Light) {
        case.broken("S3", "there is work above light effort before clearance");
    }
}

fn s4(case: &mut Case<'_>) {
    for step in case.steps() {
        let Some(exercise) = catalogue::find(&step.exercise_id) else { continue };
        if exercise.level > case.request.level {
            case.broken("S4", format!("{} wants more experience", exercise.id));
        }
        if exercise.kind == Kind::Plyometric && case.request.level == Level::Beginner {
            case.broken("S4", format!("{} is a jump", exercise.id));
        }
    }
}

fn s5(case: &mut Case<'_>) {
    for step in case.steps() {
        if let (Some(rir), Some(rpe)) = (step.target.rir, step.target.rpe)
            && rir + rpe != 10
        {
            case.broken("S5", format!("{}: RPE {rpe} and RIR {rir} do not add up to 10", step.exercise_id));
        }
        // What a load allows (Epley) has to reach the reserve that is stated, to a rounding. Explosive work stays far
        // below what the load allows, and states the reserve of its row.
        if let (Some(rir), Some(pct)) = (step.target.rir, step.target.pct_1rm) {
            let stated = strength::pct_1rm(step.goal.max, rir);
            let slower = case.row.focus == Focus::Power && step.set_type == SetType::Working;
            if pct > stated + 0.03 || (!slower && pct < stated - 0.2) {
                case.broken("S5", format!("{}: the load does not leave {rir} in reserve", step.exercise_id));
            }
        }
    }
    for (step, exercise) in case.sets() {
        let risky = exercise.tags.contains(Tag::Spine) || exercise.tags.contains(Tag::Overhead);
        let least = match case.request.level {
            Level::Beginner => 2,
            _ => u32::from(exercise.kind == Kind::Compound && risky),
        };
        if step.goal.kind == GoalKind::Reps && step.target.rir.is_none_or(|rir| rir < least) {
            case.broken("S5", format!("{} needs at least {least} in reserve", exercise.id));
        }
    }
}

fn s6(case: &mut Case<'_>) {
    let Caps { rpe_max, pct_1rm_max, rest_min_s } = case.caps;
    for step in case.steps() {
        let target = &step.target;
        if rpe_max.is_some_and(|max| target.rpe.is_none_or(|rpe| rpe > max)) {
            case.broken("S6", format!("{} exceeds the allowed effort", step.exercise_id));
        }
        if target.pct_1rm.is_some_and(|pct| pct_1rm_max.is_some_and(|max| pct > max + 1e-9)) {
            case.broken("S6", format!("{} exceeds the allowed load", step.exercise_id));
        }
        if step.recovery_s.is_some_and(|rest| rest_min_s.is_some_and(|min| rest < min)) {
            case.broken("S6", format!("{} rests too little", step.exercise_id));
        }
        if target.hr_zone.is_some() && case.request.conditions.contains(Condition::BetaBlocker) {
            case.broken("S6", format!("{} has a heart-rate target despite a beta blocker", step.exercise_id));
        }
    }
}

fn s7(case: &mut Case<'_>) {
    let balances = |exercise: &Exercise| exercise.kind == Kind::Mobility && exercise.tags.contains(Tag::SingleLeg);
    let (request, restrictions) = (case.request, &case.restrictions);
    let possible = catalogue::all()
        .iter()
        .any(|exercise| balances(exercise) && is_available(exercise, request, request.equipment, restrictions));
    let warm_up = case.blocks().iter().filter(|block| block.kind == BlockKind::WarmUp);
    let done =
        warm_up.flat_map(|block| &block.steps).any(|step| catalogue::find(&step.exercise_id).is_some_and(balances));
    if restrictions.balance && case.has_training() && possible && !done {
        case.broken("S7", "no balance is practised in the warm-up");
    }
}

fn v1(case: &mut Case<'_>) {
    let row = case.row.clone();
    let inside = |range: (u32, u32), value: u32| (range.0..=range.1).contains(&value);
    for (step, exercise) in case.sets() {
        let multi_joint = matches!(exercise.kind, Kind::Compound | Kind::Plyometric);
        let rest = if multi_joint { row.rest_compound } else { row.rest_iso };
        let target = &step.target;
        if !inside(row.sets, step.sets) {
            case.broken("V1", format!("{}: {} sets", exercise.id, step.sets));
        }
        if (step.sets > 1) != step.recovery_s.is_some() || step.recovery_s.is_some_and(|s| !inside(rest, s)) {
            case.broken("V1", format!("{}: a rest of {:?} s", exercise.id, step.recovery_s));
        }
        if target.pct_1rm.is_some_and(|pct| pct < row.pct.0 - 1e-9 || pct > row.pct.1 + 1e-9) {
            case.broken("V1", format!("{}: a load of {:?}", exercise.id, target.pct_1rm));
        }
        if step.goal.kind == GoalKind::Reps {
            let in_row = inside(row.reps, step.goal.min) && inside(row.reps, step.goal.max);
            let excused = is_load_limited(step.goal.max, &exercise.id, &row) && case.has_warning("load_limited", &[]);
            if !in_row && !excused {
                case.broken("V1", format!("{}: {} to {} repetitions", exercise.id, step.goal.min, step.goal.max));
            }
            // A mild injury leaves one more in reserve.
            let mild = !exercise.tags.intersection(case.restrictions.mild_tags).is_empty();
            if target.rir.is_some_and(|rir| !inside((row.rir.0, row.rir.1 + u32::from(mild)), rir)) {
                case.broken("V1", format!("{}: {:?} in reserve", exercise.id, target.rir));
            }
        }
    }
    for block in case.blocks().iter().filter(|block| block.kind.is_main()) {
        let round: u32 = block.steps.iter().map(|step| step.work_s + step.rest_s).sum();
        for step in block.steps.iter().filter(|step| step.recovery_s.is_some_and(|rest| rest + step.work_s != round)) {
            case.broken("V1", format!("{}: the stated rest is not the rest", step.exercise_id));
        }
    }
}

fn v3(case: &mut Case<'_>) {
    for (step, exercise) in case.sets() {
        let Some(weight_kg) = step.target.weight_kg else { continue };
        let hand_held =
            exercise.requires.contains(Equipment::Dumbbell) || exercise.requires.contains(Equipment::Kettlebell);
        let half = if hand_held { 1.0 } else { 1.25 };
        let known = case.request.one_rep_max_kg.get(&exercise.id);
        let is_bar = exercise.requires.contains(Equipment::Barbell);
        // To the nearest increment, or to the one below where the nearest is above the row or a medical cap.
        let right = known.zip(step.target.pct_1rm).is_some_and(|(max_kg, pct)| {
            let (off, most) = (max_kg * pct - weight_kg, max_kg * case.row.pct.1 + 1e-9);
            let above = weight_kg + 2.0 * half > most;
            weight_kg <= most && off >= -half - 1e-9 && (off <= half + 1e-9 || (off <= 2.0 * half && above))
        });
        if !right || (is_bar && weight_kg < 20.0) {
            case.broken("V3", format!("{}: {weight_kg} kg", exercise.id));
        }
    }
}

fn v4(case: &mut Case<'_>) {
    let cap = f64::from(prescription::weekly_sets().per_session_cap);
    let totals = report::totals(case.blocks(), None);
    for (muscle, sets) in &totals.sets_per_muscle {
        if *sets > cap {
            case.broken("V4", format!("{sets} sets for {muscle}"));
        }
    }
    if totals.sets_per_muscle != case.workout.totals.sets_per_muscle || totals.sets != case.workout.totals.sets {
        case.broken("V4", "the sets do not add up to the totals");
    }
}

fn b2(case: &mut Case<'_>) {
    if case.workout.status != Status::Ok {
        return;
    }
    for (name, patterns) in GROUPS {
        let trained = case.main_steps().any(|step| patterns.contains(&step.pattern));
        let said = case.has_warning("pattern_unavailable", patterns) || case.has_warning("pattern_skipped", patterns);
        if !trained && !said {
            case.broken("B2", format!("no {name}, and no warning about it"));
        }
    }
    if case.main_steps().next().is_none() {
        case.broken("B2", "there is nothing between warm-up and cool-down");
    }
}

fn o1(case: &mut Case<'_>) {
    let mut last = None;
    for block in case.blocks().iter().filter(|block| block.kind.is_main()) {
        let ranks = block.steps.iter().filter_map(|step| catalogue::find(&step.exercise_id));
        let rank = ranks.map(Exercise::order).max();
        if rank < last {
            case.broken("O1", format!("{} comes too late", block.steps[0].exercise_id));
        }
        last = rank.max(last);
    }
}

fn o2(case: &mut Case<'_>) {
    for step in case.steps() {
        if catalogue::find(&step.exercise_id).is_some_and(|exercise| exercise.per_side != step.per_side) {
            case.broken("O2", format!("{} does not say whether each side works", step.exercise_id));
        }
    }
}

fn c1(case: &mut Case<'_>) {
    let kcal = report::totals(case.blocks(), case.request.weight_kg).kcal_net;
    let right = match (kcal, case.workout.totals.kcal_net) {
        (Some(a), Some(b)) => (a - b).abs() < 0.5 && (b > 0.0 || case.blocks().is_empty()),
        (a, b) => a == b,
    };
    if !right {
        case.broken("C1", format!("{:?} kcal instead of {kcal:?}", case.workout.totals.kcal_net));
    }
}

fn d2(case: &mut Case<'_>) {
    let targets = case.steps().flat_map(|step| [step.target.weight_kg, step.target.pct_1rm]);
    let numbers = targets.chain([case.workout.totals.kcal_net]).flatten();
    let sums = case.workout.totals.sets_per_muscle.values().copied();
    if numbers.chain(sums).any(|number| !number.is_finite() || number < 0.0) {
        case.broken("D2", "a number is negative or not finite");
    }
    if case.workout.notice.is_empty() {
        case.broken("D2", "there is no notice");
    }
}

fn d3(case: &mut Case<'_>) {
    for (i, block) in case.blocks().iter().enumerate() {
        if block.provenance.provider.is_empty() || block.provenance.rules.is_empty() {
            case.broken("D3", format!("block {i} does not say where it came from"));
        }
    }
    if case.workout.provenance.provider.is_empty() || case.workout.provenance.rules.is_empty() {
        case.broken("D3", "the workout does not say where it came from");
    }
}
