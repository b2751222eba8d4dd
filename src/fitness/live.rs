//! A session that stays open: a pure state machine that answers to each signal with what comes next.
//!
//! [`start`] makes a state of what `workout-adaptation.adapt` takes, [`apply`] takes a signal; the state is plain JSON, so the host can keep and
//! restore it. The rules are those of [`adaptation`](super::adaptation). House, in how they are used here:
//!
//! - What is in force is counted from the plan: a cut takes 5 % off the load and adds 30 % to the rests, a second one after
//!   the next set as much again, inside −20 to +5 and 0 to +100 %. Fewer sets are asked for once for each degree.
//! - Heart rates are smoothed: the median of the last five. Three in a row at 95 % of the maximum or above are a stop, a
//!   spike is none; those before a gap of a minute are forgotten. A heart rate never makes anything harder.
//! - A fatigue that was not said is 0.45, and 0.1 more for each repetition in reserve that is missing (or less for each
//!   that is over), and the missing share of the least repetitions; between 0 and 0.89: an estimate alone never stops.
//!   Whoever reached the most repetitions with two more in reserve than planned found it easy.
//! - What loads a part that hurts is left out, as is what the profile rules out.
//! - A stop is final. Sets that are done are only ever added to; one that is there already is not counted twice.
//!
//! Signals, by their `type`: `set-finished` `{ exerciseId?, set?, reps?, weightKg?, rir?, rpe?, difficulty?, fatigue? }`,
//! `heart-rate` `{ bpm, atS? }`, `feedback` `{ difficulty?, fatigue?, symptoms?, pain? }`, `skip` `{ exerciseId? }`,
//! `finish`. Answer:
//!
//! ```jsonc
//! { "status": "running",                  // or stopped, finished
//!   "decision": "cut",
//!   "next": { "exercise_id": "…", "name": "…", "set": 2, "sets": 3, "goal": {}, "target": {}, "rest_s": 90 }, // or null
//!   "changes": { "load_pct": -5, "rest_pct": 30, "sets_left": 9 }, // in force, in percent of the plan
//!   "reasons": [{ "rule": "…", "message": "…" }],
//!   "recovery": {},                       // after a stop
//!   "summary": { "sets_done": 9, "sets_planned": 12, "adherence": 0.75, "volume_kg": 4200,
//!                "next_session": [{ "exercise_id": "…", "name": "…", "advice": "…" }] } } // after finish
//! ```

mod state;

pub use state::{DoneSet, LiveState, LiveStep};

use std::rc::Rc;

use super::adaptation::plan::{is_accessory, load, rest_s, sets};
use super::adaptation::request::{figures, weight};
use super::adaptation::rules::{DIFFICULTIES, ceiling};
use super::adaptation::{
    AdaptationRequest, Changes, Decision, Difficulty, Person, Signs, UNFIT, easy_bpm, loads, reason, recover_by,
};
use super::catalogue;
use super::check::adaptation::unfit;
use super::contraindications::Restrictions;
use super::form::{self, Form, Ids, field, figure, text};
use super::prescription::{self, within};
use super::reader::{At, Reader};
use super::record::{FromJson, Object, ToJson};
use super::screening::Screening;
use super::words::{Area, Load, Set, Word};
use super::workout::{Goal, GoalKind, Status, Step, Target};
use crate::error::{Code, Error, Problem};
use crate::small::sort_by;
use crate::value::{Value, get};

const SIGNAL: Form = Form::Object(&[
    ("atS?", Form::Number(0, 32_000)),
    ("bpm?", Form::Number(20, 250)),
    ("difficulty?", Form::Word(DIFFICULTIES)),
    ("exerciseId?", Form::Text(100)),
    ("fatigue?", Form::Number(0, 1)),
    ("pain?", Form::List(0, 8, &Form::Text(60))),
    ("reps?", Form::Whole(0, 7_200)),
    ("rir?", Form::Number(0, 30)),
    ("rpe?", Form::Number(0, 10)),
    ("set?", Form::Whole(1, 100)),
    ("symptoms?", Form::List(0, 20, &Form::Text(60))),
    ("type", Form::Word("set-finished heart-rate feedback skip finish")),
    ("weightKg?", Form::Number(0, 1_000)),
]);

/// The params of `workout-adaptation.live`.
pub(super) const FORM: Form = Form::Object(&[
    ("signal?", SIGNAL),
    ("start?", super::adaptation::request::FORM),
    ("state?", Form::Ref("LiveState")),
]);

/// How long an earlier heart rate counts, in seconds.
const GAP_S: f64 = 60.0;

/// Opens a session: the params of `workout-adaptation.adapt`, with a `workout`.
///
/// # Errors
/// `workout.invalid` with every problem.
pub fn start(params: &Value) -> Result<LiveState, Error> {
    let mut problems = Vec::new();
    let request = AdaptationRequest::read_at(params, "/start", &mut problems);
    let is_given = |key: &str| params.as_map().is_some_and(|start| get(start, key).is_some());
    if request.workout.is_none() && !is_given("workout") {
        let message = "is missing".to_owned();
        problems.push(Problem { pointer: "/start/workout".to_owned(), message, suggestion: None });
    }
    if problems.is_empty() {
        Ok(LiveState::blank().opened(&request))
    } else {
        Err(Error::invalid(Code::WorkoutInvalid, "the params", problems))
    }
}

impl LiveState {
    fn opened(mut self, request: &AdaptationRequest) -> Self {
        let person = request.person();
        self.user_id.clone_from(&request.user_id);
        (self.limit_bpm, self.cleared_bpm) = (person.limit_bpm, person.cleared_bpm);
        (self.hidden, self.most) = (person.hidden, person.most);
        if request.signs.pain {
            self.pain = request.pain.to_json();
        }
        self.easy_bpm = easy_bpm(&request.profile, request.signs.resting_bpm);
        (self.lowest, self.eased) = (Decision::Hold, Decision::Hold);
        self.status = "running".to_owned();
        if request.workout.as_ref().is_some_and(|workout| workout.status == Status::Referral) {
            self.most = Decision::Stop;
        }
        let (mut decision, mut reasons) = ceiling(&request.signs, self.person());
        let mut completed = request.completed.clone();
        if let Some(workout) = &request.workout {
            self.workout_id.clone_from(&workout.workout_id);
            let screening = Screening::of(&request.profile);
            let caps = screening.caps(&Restrictions::of(&request.profile));
            self.referral = screening.reasons;
            self.most_pct = prescription::capped(workout.provenance.prescription, workout.level, caps).pct.1;
            for (place, block) in workout.blocks.iter().enumerate() {
                for step in &block.steps {
                    let main = block.kind.is_main();
                    self.planned += if main { step.sets } else { 0 };
                    self.steps.push(LiveStep {
                        exercise_id: step.exercise_id.clone(),
                        name: step.name.clone(),
                        block: place as u32,
                        main,
                        sets: step.sets,
                        done: if main { take(&mut completed, step) } else { 0 },
                        goal: step.goal.clone(),
                        target: step.target.clone(),
                        rest_s: step.rest_s,
                    });
                }
            }
            if decision > Decision::Stop && !unfit(workout, request).is_empty() {
                (decision, reasons) = (Decision::Stop, vec![reason(UNFIT.0, UNFIT.1)].to_json());
            }
        }
        self.go_on(decision, &reasons);
        self
    }

    fn person(&self) -> Person {
        let Self { limit_bpm, cleared_bpm, hidden, most, .. } = *self;
        Person { limit_bpm, cleared_bpm, hidden, most }
    }

    /// Where the next set is: in the first block that is not done, the exercise with the fewest sets.
    fn next(&self) -> Option<usize> {
        let mut next: Option<usize> = None;
        for (place, step) in self.steps.iter().enumerate().filter(|(_, step)| step.done < step.sets) {
            let better = |known: &LiveStep| step.block == known.block && step.done < known.done;
            if next.is_none_or(|known| self.steps.get(known).is_some_and(better)) {
                next = Some(place);
            }
        }
        next
    }

    /// Goal and target of a step with the changes that are in force.
    fn in_force(&self, step: &LiveStep) -> (Goal, Target) {
        let (mut goal, mut target) = (step.goal.clone(), step.target.clone());
        if step.main {
            load(&step.exercise_id, &mut goal, &mut target, self.load_pct, self.most_pct, false);
        }
        (goal, target)
    }

    /// The heart rate to go by. Only three in a row can be a stop.
    fn heart_rate(&self) -> Option<f64> {
        let mut sorted = self.beats.clone();
        sort_by(&mut sorted, |a, b| a < b);
        let median = f64::from(*sorted.get(sorted.len() / 2)?);
        let limit = self.limit_bpm.unwrap_or(f64::INFINITY);
        let last = self.beats.iter().rev().take(3);
        let high = last.clone().count() == 3 && last.clone().all(|bpm| f64::from(*bpm) >= limit);
        Some(if high { limit } else { median.min(limit - 1.0) })
    }

    /// Puts a decision into force.
    fn go_on(&mut self, decision: Decision, reasons: &Value) {
        if decision == Decision::Stop {
            self.status = "stopped".to_owned();
            self.reasons = reasons.clone();
            return;
        }
        let (to, from) = (Changes::of(decision), Changes::of(self.eased));
        if decision < self.eased {
            self.load_pct += to.load_pct - from.load_pct;
            self.rest_pct += to.rest_pct - from.rest_pct;
            self.eased = decision;
        } else if decision == Decision::Progress {
            self.load_pct += to.load_pct;
        }
        self.load_pct = within((-20.0, 5.0), self.load_pct);
        self.rest_pct = within((0.0, 100.0), self.rest_pct);
        if decision < self.lowest {
            self.lowest = decision;
            for place in 0..self.steps.len() {
                self.trim(place, &to);
            }
        }
    }

    /// Takes away what loads a part that hurts.
    fn avoid(&mut self, signal: &Value) {
        let (mut reader, at, mut areas) = (Reader::default(), At::Pointer(""), Set::EMPTY);
        for said in form::list(signal, "pain") {
            self.pain = said.clone();
            // What is no word of ours still hurts, but nobody knows what loads it.
            if let Some(area) = reader.forgiven_word(said, &at, &Area::VOCABULARY) {
                areas.insert(Area::ALL[area]);
            }
        }
        let tags = loads(areas);
        for step in &mut self.steps {
            if catalogue::find(&step.exercise_id).is_some_and(|exercise| !exercise.tags.intersection(tags).is_empty()) {
                step.sets = step.done;
            }
        }
    }

    /// Takes sets away from a step: as many as from its partners.
    fn trim(&mut self, place: usize, changes: &Changes) {
        let Some(block) = self.steps.get(place).map(|step| step.block) else { return };
        let (mut done, mut accessory) = (0, true);
        for step in self.steps.iter().filter(|step| step.block == block) {
            done = step.done.max(done);
            accessory &= is_accessory(catalogue::find(&step.exercise_id));
        }
        let fewer = if accessory { (-changes.accessory_sets) as u32 } else { 0 };
        if let Some(step) = self.steps.get_mut(place).filter(|step| step.main && step.sets > done) {
            step.sets = done + sets(step.sets - done, 1.0 + changes.sets_pct / 100.0, fewer);
        }
    }

    /// Adds a set to what is done, and says how it went; nothing when it is there already.
    fn finish_set(&mut self, place: usize, signal: &Value) -> Option<Signs> {
        let step = self.steps.get(place)?;
        let (goal, target) = self.in_force(step);
        let again = figure(signal, "set").is_some_and(|set| set <= f64::from(step.done));
        if again || step.done >= step.sets {
            return None;
        }
        let reps = figure(signal, "reps").map_or(goal.max, |reps| reps as u32);
        let (rpe, of_rpe) = (figure(signal, "rpe"), figure(signal, "rpe").map(|rpe| 10.0 - rpe));
        let rir = figure(signal, "rir").or(of_rpe);
        let target_rir = target.rir.map(f64::from);
        let over = rir.zip(target_rir).map_or(0.0, |(rir, target)| rir - target);
        let missing = 1.0 - f64::from(reps) / f64::from(goal.min.max(1));
        let estimate = if step.main { 0.45 - 0.1 * over + missing.max(0.0) } else { 0.45 };
        let easy = over >= 2.0 && reps >= goal.max;
        self.log.push(DoneSet {
            exercise_id: step.exercise_id.clone(),
            set: step.done + 1,
            reps,
            weight_kg: figure(signal, "weightKg").or(target.weight_kg),
            rir,
            main: step.main,
        });
        self.steps.get_mut(place)?.done += 1;
        self.eased = Decision::Hold;
        let felt = if easy { Difficulty::Easy } else { Difficulty::Moderate };
        let signs = self.signs(signal, within((0.0, 0.89), estimate), felt);
        Some(Signs { rpe, rir, target_rir, ..signs })
    }

    fn signs(&self, signal: &Value, fatigue: f64, difficulty: Difficulty) -> Signs {
        let zone = self.next().and_then(|next| self.steps.get(next)).and_then(|step| step.target.hr_zone.as_ref());
        let mut signs = Signs::read(signal, signal);
        if field(signal, "fatigue").is_none() {
            signs.fatigue = fatigue;
        }
        if field(signal, "difficulty").is_none() {
            signs.difficulty = difficulty;
        }
        signs.heart_rate = self.heart_rate();
        signs.pain |= !self.pain.is_null();
        signs.zone_max_bpm = zone.map(|zone| f64::from(zone.max_bpm));
        signs
    }

    /// What comes next.
    fn answer(&self, decision: Decision, reasons: &Value) -> Value {
        let running = self.status == "running";
        let next = self.next().filter(|_| running).and_then(|next| self.steps.get(next)).map(|step| {
            let (goal, target) = self.in_force(step);
            let rest_s = if step.main { rest_s(step.rest_s, self.rest_pct) } else { step.rest_s };
            Object(
                "exercise_id name set sets goal target rest_s",
                &[&step.exercise_id, &step.name, &(step.done + 1), &step.sets, &goal, &target, &rest_s],
            )
            .to_json()
        });
        let mut left = 0;
        for step in self.steps.iter().filter(|step| step.main) {
            left += step.sets.saturating_sub(step.done);
        }
        let stopped = self.status == "stopped";
        let (decision, reasons) = if stopped { (Decision::Stop, &self.reasons) } else { (decision, reasons) };
        // The first reasons are those of signs and of screening.
        let first = reasons.as_list().and_then(<[Value]>::first).unwrap_or(&Value::Null);
        let rest = matches!(text(first, "rule"), "sign:symptom" | "screening:stop");
        let recovery = stopped.then(|| recover_by(rest, self.easy_bpm, &self.referral));
        Object(
            "status decision next changes reasons recovery?",
            &[
                &self.status,
                &decision,
                &next,
                &Object("load_pct rest_pct sets_left", &[&self.load_pct, &self.rest_pct, &left]),
                reasons,
                &recovery,
            ],
        )
        .to_json()
    }

    fn summary(&self) -> Value {
        let (mut done, mut volume_kg) = (0_u32, 0.0);
        for set in self.log.iter().filter(|set| set.main) {
            done += 1;
            volume_kg += f64::from(set.reps) * set.weight_kg.unwrap_or_default();
        }
        let adherence = f64::from(done) / f64::from(self.planned.max(done).max(1));
        let mut next = Vec::new();
        for step in self.steps.iter().filter(|step| step.main && step.done > 0 && step.goal.kind == GoalKind::Reps) {
            let mut of = self.log.iter().filter(|set| set.main && set.exercise_id == step.exercise_id);
            let loaded = catalogue::find(&step.exercise_id).is_some_and(|exercise| exercise.load == Load::External);
            let advice = match (of.all(|set| set.reps >= step.goal.max), loaded) {
                _ if self.status == "stopped" => "Wait until you feel well, then begin a tenth lighter.",
                (true, true) => {
                    "Every set reached the most repetitions: when the next session does too, add 2 to 10 % of load and start again at the fewest."
                }
                (true, false) => "Every set reached the most repetitions: slow the lowering, or take a harder variant.",
                (false, _) => "Same load: add repetitions until every set reaches the most.",
            };
            next.push(Object("exercise_id name advice", &[&step.exercise_id, &step.name, &advice]).to_json());
        }
        let hundredths = |number: f64| (number * 100.0).round() / 100.0;
        Object(
            "sets_done sets_planned adherence volume_kg next_session",
            &[&done, &self.planned, &hundredths(adherence), &hundredths(volume_kg), &next],
        )
        .to_json()
    }

    /// Whether its figures are those of a session: none is negative, and their sum is small. No sum of them overflows.
    fn is_sane(&self) -> bool {
        let mut sum = f64::from(self.planned) + 1e5 * self.beats.len() as f64;
        let mut fine = (-20.0..=5.0).contains(&self.load_pct) && (0.0..=100.0).contains(&self.rest_pct);
        fine &= (0.0..=1.0).contains(&self.most_pct);
        for step in &self.steps {
            // No session has hundreds of steps, and every signal looks at all of them.
            sum += 5e3 + figures(&step.goal, &step.target) + f64::from(step.sets) + f64::from(step.rest_s);
            fine &= step.done <= step.sets;
        }
        for set in &self.log {
            sum += 100.0 + f64::from(set.reps) + weight(set.weight_kg);
        }
        fine && sum < 1e6
    }
}

/// How many sets of a step are done; they are taken from what is completed.
fn take(completed: &mut [(String, u32)], step: &Step) -> u32 {
    let Some((_, sets)) = completed.iter_mut().find(|(id, _)| *id == step.exercise_id) else { return 0 };
    let done = step.sets.min(*sets);
    *sets -= done;
    done
}

/// Takes a signal, and answers.
///
/// # Errors
/// `workout.invalid` with every problem; the state is then as it was.
pub fn apply(state: &mut LiveState, signal: &Value) -> Result<Value, Error> {
    let (mut reader, at) = (Reader::default(), At::Pointer("/signal"));
    let read = SIGNAL.read(Some(signal), &at, &Ids::default(), &mut reader);
    let kind = text(&read, "type");
    if kind == "heart-rate" && figure(&read, "bpm").is_none() && reader.problems.is_empty() {
        reader.problem(&At::Key(&at, "bpm"), "is missing");
    }
    let mut place = state.next();
    if let Some(id) = field(&read, "exerciseId") {
        let id = id.as_str().unwrap_or_default();
        let of =
            |open: bool| state.steps.iter().position(|step| step.exercise_id == id && (!open || step.done < step.sets));
        place = of(true).or(of(false));
        if place.is_none() {
            reader.problem(&At::Key(&at, "exerciseId"), "is not an exercise of this session");
        }
    }
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the signal", reader.problems));
    }
    let (mut decision, mut reasons) = (Decision::Hold, Value::List(Rc::default()));
    if state.status == "running" {
        let signs = match kind {
            "set-finished" => place.and_then(|place| state.finish_set(place, &read)),
            "heart-rate" => {
                let at_s = figure(&read, "atS");
                if at_s.zip(state.beat_s).is_some_and(|(now, before)| now - before > GAP_S) {
                    state.beats.clear();
                }
                if state.beats.len() > 4 {
                    state.beats.remove(0);
                }
                state.beats.push(form::whole(&read, "bpm"));
                state.beat_s = at_s.or(state.beat_s);
                Some(state.signs(&Value::Null, 0.45, Difficulty::Moderate))
            }
            "feedback" => Some(state.signs(&read, 0.45, Difficulty::Moderate)),
            "skip" => {
                if let Some(step) = place.and_then(|place| state.steps.get_mut(place)) {
                    step.sets = step.done;
                }
                None
            }
            _ => {
                state.status = "finished".to_owned();
                None
            }
        };
        if let Some(signs) = signs {
            // Not before: a set that hurt was done.
            state.avoid(&read);
            (decision, reasons) = ceiling(&signs, state.person());
            state.go_on(decision, &reasons);
        }
    }
    let mut answer = state.answer(decision, &reasons);
    if (kind == "finish" || state.status == "finished")
        && let Value::Map(fields) = &mut answer
        && let Some(fields) = Rc::get_mut(fields)
    {
        crate::value::put(fields, "summary", state.summary());
    }
    Ok(answer)
}

/// `workout-adaptation.live`: `{ start }` or `{ state }`, each with a `signal` or without.
pub(super) fn perform(params: &Value) -> Result<Value, Error> {
    let (mut reader, at) = (Reader::default(), At::Pointer(""));
    // What is inside is read by who takes it, with every problem.
    let top = Form::Object(&[
        ("signal?", Form::Ref("LiveSignal")),
        ("start?", Form::Ref("LiveStart")),
        ("state?", Form::Ref("LiveState")),
    ]);
    let read = top.read(Some(params), &at, &Ids::default(), &mut reader);
    let mut state = LiveState::blank();
    match (field(&read, "start"), field(&read, "state")) {
        (Some(json), None) => state = start(json)?,
        (None, Some(json)) => {
            state.read(Some(json), &At::Key(&at, "state"), &mut reader);
            if !state.is_sane() {
                reader.problem(&At::Key(&at, "state"), "is no state of a session");
            }
        }
        _ if reader.problems.is_empty() => reader.problem(&at, "needs either `start` or `state`"),
        _ => {}
    }
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
    }
    let answer = match field(&read, "signal") {
        Some(signal) => apply(&mut state, signal)?,
        None => state.answer(Decision::Hold, &Value::List(Rc::default())),
    };
    Ok(Object("state answer", &[&state, &answer]).to_json())
}
