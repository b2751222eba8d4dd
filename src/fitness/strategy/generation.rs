//! `generation`: a workout of a model's choice.
//!
//! Params: a request, as `quick-workout-setup.generateWorkout` takes it. Answer: `{ analysis, exercises: [{ exercise_id,
//! sets, reps_min, reps_max, rir, rest_s, rationale }], cues, warnings }`. Result: a [`Workout`] that passes
//! [`check`](crate::fitness::check). For an exercise that is done by time, the time is the coach's and the repetitions
//! of the answer are passed over; a mild injury adds one to the reserve.
//!
//! The coach builds its own session first: a request that it cannot meet is no question for a model, and a movement that
//! it has time for may not be left out.

use super::{Case, Faults, Opened, Origin, Work, may_train};
use crate::fitness::check::check;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::form::{list, text, texts, whole};
use crate::fitness::id;
use crate::fitness::prescription::{self, Row};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::fitness::session;
use crate::fitness::session::choice::{self, Offer, Pick};
use crate::fitness::session::selection::GROUPS;
use crate::fitness::words::{Pattern, Word};
use crate::fitness::workout::{BlockKind, GoalKind, Insight, Step, Workout};
use crate::value::Value;

/// A request on its way to a model.
pub(super) struct Generation {
    case: Case,
    request: WorkoutRequest,
    /// The session of the coach.
    built: Workout,
    offers: Vec<Offer>,
    row: Row,
}

impl Generation {
    pub(super) fn open(params: &Value) -> Opened {
        let request = WorkoutRequest::parse(params)?;
        let built = session::build(&request)?;
        let most = super::Task::Generation.strategy().candidates;
        let (offers, row) = choice::offers(&request, &built, most);
        let mut case = Case::of(&request);
        if !may_train(&Screening::of(&request)) || offers.is_empty() {
            case.output = Some(built.to_json());
        }
        let mut candidates = Vec::new();
        for offer in &offers {
            let exercise = offer.exercise;
            case.ids[0].push(exercise.id.clone());
            let sides = if exercise.per_side { 2 } else { 1 };
            candidates.push(
                Object(
                    "id pattern muscles reps? rep_s? rest_s",
                    &[
                        &exercise.id,
                        &exercise.pattern,
                        &exercise.primary,
                        &offer.reps,
                        &offer.reps.and(exercise.tempo_s).map(|seconds| seconds * sides),
                        &offer.rest_s,
                    ],
                )
                .to_json(),
            );
        }
        let mut movements = Vec::new();
        for (name, patterns) in GROUPS {
            if trains(&built, patterns) {
                movements.push(name);
            }
        }
        let main_s: u32 = working(&built).map(|(seconds, _)| seconds).sum();
        case.tell("candidates", &candidates);
        case.tell(
            "limits",
            &Object(
                "duration_min main_s sets rir sets_per_muscle movements",
                &[
                    &request.duration_min,
                    &main_s,
                    &row.sets,
                    &row.rir,
                    &prescription::weekly_sets().per_session_cap,
                    &movements,
                ],
            ),
        );
        Ok(Box::new(Self { case, request, built, offers, row }))
    }

    /// What the answer chose, with every number that is outside its range.
    fn picks(&self, answer: &Value, faults: &mut Faults) -> Vec<Pick> {
        let mut picks: Vec<Pick> = Vec::new();
        let (mut reader, root) = (Reader::default(), At::Pointer("/exercises"));
        for (place, json) in list(answer, "exercises").iter().enumerate() {
            let at = At::Place(&root, place);
            let id = text(json, "exercise_id");
            let Some(offer) = self.offers.iter().find(|offer| offer.exercise.id == id) else { continue };
            if picks.iter().any(|pick| pick.exercise.id == id) {
                faults.broken("E3", crate::small::join(&[id, " comes twice"], ""));
            }
            let mut within = |key: &str, range: (u32, u32)| {
                let number = whole(json, key).to_json();
                reader.whole_within(Some(&number), &At::Key(&at, key), range, "").unwrap_or(range.0)
            };
            let reps = match offer.reps {
                Some(range) => {
                    let least = within("reps_min", range);
                    (least, within("reps_max", (least, range.1)))
                }
                None => self.row.reps,
            };
            picks.push(Pick {
                exercise: offer.exercise,
                sets: within("sets", self.row.sets),
                reps,
                rir: within("rir", self.row.rir),
                rest_s: within("rest_s", offer.rest_s),
            });
        }
        faults.read(reader, Some("V1"));
        picks
    }

    /// Writes who chose what and why into a workout.
    fn sign(&self, workout: &mut Workout, answer: &Value, origin: &Origin) {
        workout.workout_id = format!("w-{:08x}", id::of_json(&vec![self.request.to_json(), answer.clone()].to_json()));
        for block in workout.blocks.iter_mut().filter(|block| is_chosen(block.kind)) {
            for step in &mut block.steps {
                let chosen = |json: &&Value| text(json, "exercise_id") == step.exercise_id;
                step.rationale =
                    list(answer, "exercises").iter().find(chosen).map(|json| text(json, "rationale").to_owned());
            }
            let from = &mut block.provenance;
            from.provider.clone_from(&origin.provider);
            from.model.clone_from(&origin.model);
            from.fallback_level = origin.fallback_level;
            from.rules.push("choice:model".to_owned());
        }
        workout.insight = Some(Insight {
            analysis: text(answer, "analysis").to_owned(),
            cues: texts(answer, "cues"),
            warnings: texts(answer, "warnings"),
        });
        let from = &mut workout.provenance;
        from.provider.clone_from(&origin.provider);
        from.model.clone_from(&origin.model);
        from.fallback_level = origin.fallback_level;
        from.repairs = Some(origin.repairs);
        from.cache.clone_from(&origin.cache);
        from.rules.push(format!("choice:{}", super::Task::Generation.strategy().version));
    }
}

impl Work for Generation {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let picks = self.picks(answer, faults);
        for (name, patterns) in GROUPS {
            if trains(&self.built, patterns) && !picks.iter().any(|pick| patterns.contains(&pick.exercise.pattern)) {
                faults.broken("B2", format!("no {name}, and there is time for one"));
            }
        }
        if !faults.0.is_empty() {
            return Value::Null;
        }
        match choice::build(&self.request, &picks) {
            Err(message) => faults.broken("T1", message),
            Ok(mut workout) => {
                self.sign(&mut workout, answer, origin);
                for violation in check(&workout, &self.request) {
                    faults.broken(violation.rule, violation.message);
                }
                return workout.to_json();
            }
        }
        Value::Null
    }

    fn by_rules(&self) -> Value {
        let restrictions = Restrictions::of(&self.request);
        let mut exercises = Vec::new();
        for (_, step) in working(&self.built) {
            let Some(offer) = self.offers.iter().find(|offer| offer.exercise.id == step.exercise_id) else { continue };
            let mild = !offer.exercise.tags.intersection(restrictions.mild_tags).is_empty();
            let rir = step.target.rir.or(step.target.rpe.map(|rpe| 10 - rpe)).unwrap_or_default();
            let reps = if step.goal.kind == GoalKind::Reps { (step.goal.min, step.goal.max) } else { self.row.reps };
            exercises.push(
                Object(
                    "exercise_id sets reps_min reps_max rir rest_s rationale",
                    &[
                        &step.exercise_id,
                        &step.sets,
                        &reps.0,
                        &reps.1,
                        &rir.saturating_sub(u32::from(mild)),
                        &step.recovery_s.unwrap_or(offer.rest_s.0),
                        &format!("Trains {}.", step.pattern.spoken()),
                    ],
                )
                .to_json(),
            );
        }
        Object(
            "analysis exercises cues warnings",
            &[&self.built.title, &exercises, &Vec::<String>::new(), &Vec::<String>::new()],
        )
        .to_json()
    }
}

fn is_chosen(kind: BlockKind) -> bool {
    kind.is_main() && kind != BlockKind::Conditioning
}

/// The steps that are chosen; with the first one of each block, the seconds of the block.
fn working(workout: &Workout) -> impl Iterator<Item = (u32, &Step)> {
    workout.blocks.iter().filter(|block| is_chosen(block.kind)).flat_map(|block| {
        let seconds = |place: usize| if place == 0 { block.duration_s } else { 0 };
        block.steps.iter().enumerate().map(move |(place, step)| (seconds(place), step))
    })
}

/// Whether a workout trains one of these movements.
fn trains(workout: &Workout, patterns: &[Pattern]) -> bool {
    working(workout).any(|(_, step)| patterns.contains(&step.pattern))
}
