//! The session builder: from a request to a workout that passes every check.
//!
//! In order: screening (may this person train today?), restrictions (what is out?), the prescription in force, the
//! candidates, the search over what fits the time, and the blocks. Feasibility comes before taste: a request
//! that can be met is met, and one that cannot is answered with `workout.infeasible` and what would be feasible.
//!
//! # Layout
//! - `selection`: which exercises, by movement pattern
//! - `dose`: what one exercise is prescribed
//! - `layout`: straight sets and supersets, and their rests
//! - `plan`: the search
//! - `place`: what a session leaves to the others of a programme; `series`: a session from week to week
//! - `edges`: warm-up and cool-down
//! - `choice`: the same from what a model chose
//! - `report`: totals, warnings, provenance

pub(super) mod choice;
pub(super) mod dose;
pub(super) mod edges;
pub(super) mod layout;
pub(super) mod place;
pub(super) mod plan;
pub(super) mod report;
pub(super) mod selection;
pub(super) mod series;

use crate::error::{Code, Error};
use crate::fitness::check;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::heart_rate::{self, Zone};
use crate::fitness::id;
use crate::fitness::prescription::{self, Caps, Row};
use crate::fitness::request::{DURATION_MIN, WorkoutRequest};
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::time_budget::{self, TRANSITION_S};
use crate::fitness::words::{Condition, Equipment, Focus, Kind, Load, Muscle, Set, Word};
use crate::fitness::workout::{
    Block, BlockKind, BlockProvenance, Goal, GoalKind, HrZone, NOTICE, Phase, Status, Step, Target, Workout,
};

use edges::Pools;
use layout::{Group, Style};
use place::Place;
use plan::{Edges, Plan};
use selection::Candidate;

/// Who builds these workouts.
pub const PROVIDER: &str = "offline-coach";

/// Builds a workout.
///
/// ```
/// use repflow::fitness::{request::WorkoutRequest, session};
/// use repflow::value::Value;
/// use serde_json::json;
///
/// let request = WorkoutRequest::parse(&Value::from(&json!({
///     "userId": "user123", "duration": 30, "focus": "strength",
///     "equipment": ["dumbbells", "bench"], "fitnessLevel": "intermediate",
/// }))).unwrap();
/// let workout = session::build(&request).unwrap();
/// assert!((1620..=1980).contains(&workout.totals.duration_s));
/// ```
///
/// # Errors
/// `workout.infeasible` when nothing fits the time, with the durations that do.
pub fn build(request: &WorkoutRequest) -> Result<Workout, Error> {
    let coach = Coach::new(request);
    let workout = coach.workout().ok_or_else(|| infeasible(request))?;
    let violations = check::check(&workout, request);
    match violations.first() {
        None => Ok(workout),
        Some(first) => {
            let message = format!("the workout that was built breaks {}: {}", first.rule, first.message);
            Err(Error::new(Code::WorkoutInfeasible, message))
        }
    }
}

/// The error for a request that cannot be met, with the nearest durations, in steps of five minutes, that can.
fn infeasible(request: &WorkoutRequest) -> Error {
    let is_feasible = |duration_min: u32| {
        let other = WorkoutRequest { duration_min, ..request.clone() };
        Coach::new(&other).workout().is_some()
    };
    let hint = other_durations(request.duration_min, &is_feasible);
    let minutes = request.duration_min;
    let mut message =
        format!("no session of {minutes} minutes can be built from what is available and allowed; {hint}");
    // Who should be seen is said even where there is no session to say it with.
    for reason in &Screening::of(request).reasons {
        message.push_str(". ");
        message.push_str(reason.trim_end_matches('.'));
    }
    Error::new(Code::WorkoutInfeasible, message)
}

/// The nearest durations, in steps of five minutes, that are feasible, in words.
pub(in crate::fitness) fn other_durations(minutes: u32, is_feasible: &dyn Fn(u32) -> bool) -> String {
    let (least, most) = DURATION_MIN;
    let mut shorter = (minutes.saturating_sub(1) / 5 * 5).min(most);
    while shorter >= least && !is_feasible(shorter) {
        shorter -= 5;
    }
    let mut longer = (minutes / 5 * 5 + 5).max(least);
    while longer <= most && !is_feasible(longer) {
        longer += 5;
    }
    let (shorter, longer) = ((shorter >= least).then_some(shorter), (longer <= most).then_some(longer));
    match (shorter, longer) {
        (None, None) => "no other duration helps: allow more equipment, or have the restrictions looked at".to_owned(),
        (Some(one), None) | (None, Some(one)) => format!("{one} minutes are possible"),
        (Some(one), Some(two)) => format!("{one} and {two} minutes are possible"),
    }
}

/// Everything that follows from a request before anything is chosen.
pub(in crate::fitness) struct Coach<'r> {
    pub(in crate::fitness) request: &'r WorkoutRequest,
    pub(in crate::fitness) screening: Screening,
    pub(in crate::fitness) restrictions: Restrictions,
    pub(in crate::fitness) caps: Caps,
    pub(in crate::fitness) row: Row,
    pub(in crate::fitness) place: Place,
}

impl<'r> Coach<'r> {
    pub(in crate::fitness) fn new(request: &'r WorkoutRequest) -> Self {
        let screening = Screening::of(request);
        let restrictions = Restrictions::of(request);
        let caps = screening.caps(&restrictions);
        let row = prescription::capped(request.focus, request.level, caps);
        Self { request, screening, restrictions, caps, row, place: Place::alone(request) }
    }

    fn workout(&self) -> Option<Workout> {
        let (status, blocks) = match self.screening.clearance {
            Clearance::Stop => (Status::Referral, Vec::new()),
            Clearance::LightOnly => (Status::LightOnly, self.light()?),
            Clearance::Moderate | Clearance::Recommended | Clearance::Full => (Status::Ok, self.training()?),
        };
        Some(self.write(status, blocks))
    }

    /// Everything that follows from the blocks.
    pub(in crate::fitness) fn write(&self, status: Status, blocks: Vec<Block>) -> Workout {
        let request = self.request;
        let warnings =
            report::warnings(request, &self.restrictions, &self.screening, &self.row, self.caps, &self.place, &blocks);
        let mut rules = vec![format!("screening:{}", self.screening.clearance.as_str())];
        if status == Status::Ok {
            rules.push(self.prescription_rule());
        }
        for note in &self.restrictions.notes {
            rules.push(note.rule.clone());
        }
        Workout {
            status,
            workout_id: format!("w-{:08x}", id::of_json(&request.to_json())),
            user_id: request.user_id.clone(),
            title: self.title(status),
            focus: request.focus,
            level: request.level,
            duration_min: request.duration_min,
            totals: report::totals(&blocks, request.weight_kg),
            warnings,
            referral: report::referral(&self.screening),
            provenance: report::provenance(request.seed, &self.row, rules),
            notice: NOTICE.to_owned(),
            insight: None,
            blocks,
        }
    }

    /// The blocks of a session. When the whole of the equipment leads nowhere, less of it may (E4).
    fn training(&self) -> Option<Vec<Block>> {
        let all = self.request.equipment;
        let (mut without, mut alone) = (vec![all], Vec::new());
        for item in all.iter() {
            without.push(all.without(Set::only(item)));
            alone.push(Set::only(item));
        }
        without.append(&mut alone);
        without.push(Set::EMPTY);
        without.into_iter().find_map(|equipment| self.training_with(equipment))
    }

    fn candidates(&self, equipment: Set<Equipment>) -> Vec<Candidate> {
        selection::candidates(self.request, equipment, &self.restrictions, &self.row, &self.place)
    }

    fn training_with(&self, equipment: Set<Equipment>) -> Option<Vec<Block>> {
        let pools = Pools::of(self.request, equipment, &self.restrictions);
        let candidates = self.candidates(equipment);
        let plan = plan::plan(self.request, &self.row, &self.place, &candidates, self.edges(&pools)?)?;
        Some(self.blocks(&plan, &pools))
    }

    fn edges(&self, pools: &Pools) -> Option<Edges> {
        let (warm_up_s, cool_down_s) = (pools.warm_up_room_s(), pools.cool_down_room_s());
        Edges::of(self.request.duration_min, warm_up_s, cool_down_s, pools.conditioning().is_some())
    }

    pub(in crate::fitness) fn blocks(&self, plan: &Plan<'_>, pools: &Pools) -> Vec<Block> {
        let mut muscles = Set::<Muscle>::EMPTY;
        for member in plan.groups.iter().flat_map(|group| &group.members) {
            muscles = muscles.union(member.exercise.primary);
        }
        let ramps = self.ramps(plan);
        let mut rules = vec!["warm_up:raise_mobilise"];
        if !ramps.is_empty() {
            rules.push("warm_up:ramp_up");
        }
        if self.restrictions.balance {
            rules.push("warm_up:balance");
        }
        let warm_up = pools.warm_up(plan.warm_up_s, muscles, ramps, &self.restrictions);
        let mut blocks = vec![block(BlockKind::WarmUp, 1, 0, warm_up, &rules)];
        for group in &plan.groups {
            blocks.push(self.main_block(group, plan));
        }
        if let Some(exercise) = pools.conditioning().filter(|_| plan.conditioning_s > 0) {
            let rpe = 5_u32.min(self.caps.rpe_max.unwrap_or(10));
            let step = self.steady(exercise, plan.conditioning_s, Zone::Moderate, rpe);
            blocks.push(block(BlockKind::Conditioning, 1, TRANSITION_S, vec![step], &["conditioning:moderate"]));
        }
        let cool_down = pools.cool_down(plan.cool_down_s, muscles);
        blocks.push(block(BlockKind::CoolDown, 1, 0, cool_down, &["cool_down:stretch_trained"]));
        blocks
    }

    /// One ramp-up set for each of the first two loaded lifts when heavy work follows, as long as the warm-up keeps two
    /// minutes for the rest (house).
    fn ramps(&self, plan: &Plan<'_>) -> Vec<Step> {
        if !plan.ramps || !matches!(self.row.focus, Focus::Strength | Focus::Hypertrophy | Focus::Power) {
            return Vec::new();
        }
        let mut ramps = Vec::new();
        for member in plan.groups.iter().flat_map(|group| &group.members) {
            let is_lift = member.exercise.kind == Kind::Compound && member.exercise.load == Load::External;
            if is_lift && member.dose.tempo_s.is_some() && ramps.len() < 2 {
                ramps.push(edges::ramp_up(member));
            }
        }
        while edges::ramps_s(&ramps) + 120 > plan.warm_up_s {
            ramps.pop();
        }
        ramps
    }

    fn main_block(&self, group: &Group<'_>, plan: &Plan<'_>) -> Block {
        let rests = group.rests(plan.rest_share);
        let mut round = 0;
        for (member, rest_s) in group.members.iter().zip(&rests) {
            round += member.dose.work_s + rest_s;
        }
        let mut steps = Vec::new();
        for (member, rest_s) in group.members.iter().zip(&rests) {
            let dose = &member.dose;
            let step = edges::step(member.exercise, Phase::Main, dose.goal.clone(), dose.target.clone());
            steps.push(Step {
                sets: group.sets,
                tempo_s: dose.tempo_s,
                work_s: dose.work_s,
                rest_s: *rest_s,
                recovery_s: (group.sets > 1).then_some(round - dose.work_s),
                ..step
            });
        }
        let paired = group.members.len() > 1;
        let prescription = self.prescription_rule();
        let mut rules = vec![prescription.as_str()];
        if paired {
            rules.push("superset:non_competing");
        }
        if group.members.iter().any(|member| member.dose.load_limited) {
            rules.push("load_limited:general_fitness_reps");
        }
        debug_assert!(!paired || plan.style != Style::Straight);
        let kind = if paired { BlockKind::Superset } else { BlockKind::Main };
        block(kind, group.sets, group.setup_s(), steps, &rules)
    }

    /// A session of light effort: mobility, easy steady movement, stretching.
    fn light(&self) -> Option<Vec<Block>> {
        let request = self.request;
        let pools = Pools::of(request, request.equipment, &self.restrictions);
        let conditioning = pools.conditioning();
        let edges = self.edges(&pools)?;
        let total_s = request.duration_min * 60;
        let share_s = total_s / if conditioning.is_some() { 3 } else { 2 } / 5 * 5;
        let warm_up_s = share_s.max(edges.warm_up_s.0).min(edges.warm_up_s.1);
        let cool_down_s = share_s.max(edges.cool_down_s.0).min(edges.cool_down_s.1);
        let steady_s = total_s.saturating_sub(warm_up_s + cool_down_s + TRANSITION_S);
        let steady = conditioning.map(|exercise| self.steady(exercise, steady_s, Zone::Light, 3));
        let warm_up = pools.warm_up(warm_up_s, Set::all(), Vec::new(), &self.restrictions);
        let mut blocks = vec![block(BlockKind::WarmUp, 1, 0, warm_up, &["light_only"])];
        if let Some(step) = steady {
            blocks.push(block(BlockKind::Conditioning, 1, TRANSITION_S, vec![step], &["light_only"]));
        }
        let cool_down = pools.cool_down(cool_down_s, Set::all());
        blocks.push(block(BlockKind::CoolDown, 1, 0, cool_down, &["light_only"]));
        let (min, max) = time_budget::window_s(request.duration_min);
        let total: u32 = blocks.iter().map(|block| block.duration_s).sum();
        (min..=max).contains(&total).then_some(blocks)
    }

    /// Steady work in a zone. The heart rate is given when the age is known and no beta blocker hides it.
    fn steady(&self, exercise: &'static super::catalogue::Exercise, seconds: u32, zone: Zone, rpe: u32) -> Step {
        let beta_blocker = self.request.conditions.contains(Condition::BetaBlocker);
        let hr_zone = self.request.age.filter(|_| !beta_blocker).map(|age| {
            let (from, to) = zone.of_maximum();
            let bpm = |share: f64| (heart_rate::max_bpm(age) * share).round() as u32;
            HrZone {
                name: if zone == Zone::Light { "light" } else { "moderate" }.into(),
                min_bpm: bpm(from),
                max_bpm: bpm(to),
            }
        });
        let goal = Goal { kind: GoalKind::TimeS, min: seconds, max: seconds };
        let target = Target { rpe: Some(rpe), hr_zone, ..Target::default() };
        Step { per_side: false, work_s: seconds, ..edges::step(exercise, Phase::Main, goal, target) }
    }

    fn prescription_rule(&self) -> String {
        format!("prescription:{}:{}", self.row.focus.as_str(), self.row.level.as_str())
    }

    fn title(&self, status: Status) -> String {
        let minutes = self.request.duration_min;
        match status {
            Status::Ok => format!("{minutes} minutes of {}", self.row.focus.spoken()),
            Status::LightOnly => format!("{minutes} minutes of light movement"),
            Status::Referral => "See a doctor first".to_owned(),
        }
    }
}

fn block(kind: BlockKind, rounds: u32, setup_s: u32, steps: Vec<Step>, rules: &[&str]) -> Block {
    let rules = owned(rules);
    let provenance = BlockProvenance { provider: PROVIDER.to_owned(), model: None, fallback_level: 0, rules };
    let mut block = Block { kind, rounds, setup_s, duration_s: 0, steps, provenance };
    block.duration_s = time_budget::block_s(&block);
    block
}

/// Texts to keep.
fn owned(texts: &[&str]) -> Vec<String> {
    let mut kept = Vec::new();
    for text in texts {
        kept.push((*text).to_owned());
    }
    kept
}
