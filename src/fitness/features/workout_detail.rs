//! `workout-detail.write`: the final workout, with everything the other steps found out.
//!
//! Params: `{ request, workout, analysis, recommendations, equipment, safety }`, the last four as the features of those
//! names answer. Result: the workout with `analysis`, `recommendations`, `equipment` and `safety` in it, and in every
//! step `coaching: { tempo, effort, notes }`. A workout whose `safety.status` is `fail` is refused: it must not reach
//! anyone with good advice around it.

use std::rc::Rc;

use super::params::Built;
use super::{Action, CoachFeature};
use crate::error::{Code, Error};
use crate::fitness::catalogue;
use crate::fitness::form::Form;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::words::{Focus, Kind, Load};
use crate::fitness::workout::{BlockKind, GoalKind, SetType, Step, Workout};
use crate::number;
use crate::small::join;
use crate::value::{Fields, Value, get, put};

/// What `write` takes.
pub(super) const DETAIL: Form = Form::Object(&[
    ("analysis", Form::Ref("UserAnalysis")),
    ("equipment", Form::Ref("EquipmentAnalysis")),
    ("recommendations", Form::Ref("WorkoutRecommendations")),
    ("request", Form::Ref("WorkoutRequest")),
    ("safety", Form::Ref("SafetyValidation")),
    ("workout", Form::Ref("Workout")),
]);

/// What is merged into the workout.
const PARTS: [&str; 4] = ["analysis", "recommendations", "equipment", "safety"];

/// The feature `workout-detail`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "workout-detail",
    description: "Writes the final workout: tempo, effort and coaching notes, and what the other features found.",
    capabilities: &["workout", "coaching"],
    actions: &[Action { name: "write", input: &DETAIL, output: "Workout", perform: write }],
};

pub(in crate::fitness) fn write(params: &Value) -> Result<Value, Error> {
    let (Built { workout, .. }, object) = Built::read_with(params, &PARTS)?;
    let safety = |key: &str| get(object, "safety").and_then(Value::as_map).and_then(|safety| get(safety, key));
    if safety("status").and_then(Value::as_str) == Some("fail") {
        let violations = safety("violations").and_then(Value::as_list).unwrap_or_default();
        let mut named = Vec::new();
        for violation in violations {
            named.extend_from_slice(message_of(violation).as_slice());
        }
        let message = format!("the workout is not safe to give: {}", join(&named, "; "));
        return Err(Error::new(Code::WorkoutInfeasible, message));
    }
    let mut written = workout.to_json();
    let mut blocks = workout.blocks.iter();
    for json in list_mut(&mut written, "blocks") {
        let Some(block) = blocks.next() else { break };
        for (json, step) in list_mut(json, "steps").iter_mut().zip(&block.steps) {
            set(json, "coaching", coaching(step, block.kind, &workout));
        }
    }
    for part in PARTS {
        set(&mut written, part, get(object, part).cloned().unwrap_or_default());
    }
    Ok(written)
}

fn message_of(violation: &Value) -> Option<&str> {
    get(violation.as_map()?, "message")?.as_str()
}

fn set(json: &mut Value, key: &str, value: Value) {
    if let Some(fields) = fields_mut(json) {
        put(fields, key, value);
    }
}

fn list_mut<'j>(json: &'j mut Value, key: &str) -> &'j mut [Value] {
    let field = fields_mut(json).and_then(|fields| fields.iter_mut().find(|(name, _)| &**name == key));
    match field {
        Some((_, Value::List(list))) => Rc::get_mut(list).map_or(&mut [], Vec::as_mut_slice),
        _ => &mut [],
    }
}

/// The fields of a map that nobody else has.
fn fields_mut(json: &mut Value) -> Option<&mut Fields> {
    if let Value::Map(fields) = json { Rc::get_mut(fields) } else { None }
}

fn coaching(step: &Step, block: BlockKind, workout: &Workout) -> Value {
    let kind = catalogue::find(&step.exercise_id).map(|exercise| exercise.kind);
    let is_power = workout.provenance.prescription == Focus::Power && step.set_type == SetType::Working;
    let is_fast = kind == Some(Kind::Plyometric) || (is_power && kind == Some(Kind::Compound));
    let effort = if is_fast { speed(step) } else { effort(step) };
    Object("tempo effort notes", &[&tempo(step, kind, is_fast), &effort, &notes(step, block)]).to_json()
}

/// The tempo in words; `null` for a step by time.
fn tempo(step: &Step, kind: Option<Kind>, is_fast: bool) -> Option<String> {
    let seconds = step.tempo_s?;
    let lowering = seconds.div_ceil(2);
    let lifting = seconds - lowering;
    Some(match kind {
        Some(Kind::Plyometric) => {
            format!("As explosive as you can, land softly: about {seconds} s a repetition, the reset included.")
        }
        _ if is_fast => {
            format!("Lift as fast as you can with control, lower in {lowering} s: about {seconds} s a repetition.")
        }
        _ => format!("About {seconds} s a repetition: {lowering} s lowering, {lifting} s lifting."),
    })
}

/// The effort of explosive work. What is left in reserve would stand for a heavier load than it is done with.
fn speed(step: &Step) -> String {
    let load = match (step.target.weight_kg, step.target.pct_1rm) {
        (Some(kg), _) => format!("{} kg", number::format(kg)),
        (None, Some(share)) => format!("About {} % of your maximum", number::format((share * 100.0).round())),
        _ if has_load(step, Load::External) => "A light load".to_owned(),
        _ => "No added load".to_owned(),
    };
    join(&[&load, "move as fast as you can, and stop each set when that slows."], ": ")
}

fn effort(step: &Step) -> String {
    match (step.set_type, step.goal.kind, step.target.rir, step.target.weight_kg) {
        (SetType::WarmUp, ..) => "Easy: you could keep talking.".to_owned(),
        (SetType::RampUp, ..) => "Light: it prepares, it does not tire.".to_owned(),
        (SetType::CoolDown, ..) => "A mild stretch, no pain, slow breath.".to_owned(),
        (SetType::Working, GoalKind::Reps, Some(rir), Some(kg)) => {
            format!("{} kg; stop each set with about {rir} good repetitions left.", number::format(kg))
        }
        (SetType::Working, GoalKind::Reps, Some(rir), None) if has_load(step, Load::External) => {
            format!("Choose a load that leaves about {rir} good repetitions at the end of each set.")
        }
        (SetType::Working, GoalKind::Reps, Some(rir), None) => {
            format!("Stop each set with about {rir} good repetitions left.")
        }
        _ => match step.target.rpe {
            Some(rpe) => format!("About {rpe} of 10."),
            None => "As it feels right.".to_owned(),
        },
    }
}

fn notes(step: &Step, block: BlockKind) -> Vec<String> {
    let mut notes = vec![step.cue.clone()];
    if step.per_side {
        notes.push("Do both sides; one set is done when both are.".to_owned());
    }
    if block == BlockKind::Superset {
        notes.push(format!("Take turns with the other exercise: pause {} s, then change.", step.rest_s));
    }
    if has_load(step, Load::HeavyBody) && step.set_type == SetType::Working {
        notes.push("Too hard? Take some weight off with a band or a foot on a box.".to_owned());
    }
    notes
}

fn has_load(step: &Step, load: Load) -> bool {
    catalogue::find(&step.exercise_id).is_some_and(|exercise| exercise.load == load)
}
