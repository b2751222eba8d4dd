//! `offline-coach`: the rules in the place of a model, as the last level of every fallback chain.
//!
//! An action for each task of a model, with the params and the result that the actions of a model's level have, through
//! the same checks; and `detail`, which is `workout-detail.write`. It needs no network, and refuses only what nobody can
//! answer: wrong params and requests that cannot be met.

use super::params::{BUILT, REQUEST};
use super::workout_detail::{DETAIL, write};
use super::{Action, CoachFeature};
use crate::fitness::form::Form;
use crate::fitness::session::PROVIDER;
use crate::fitness::strategy::{Task, answer};

const ADAPTATION: Form = Form::Ref("Situation");
const PROGRAMME: Form = Form::Ref("PhaseRequest");
const GROUP: Form = Form::Ref("GroupRequest");

/// The feature `offline-coach`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: PROVIDER,
    description: "Answers by rules what a model would be asked, without a network.",
    capabilities: &["workout", "generation", "offline"],
    actions: &[
        Action {
            name: "analysis",
            input: &REQUEST,
            output: "UserAnalysis",
            perform: |params| answer(Task::Analysis, params),
        },
        Action {
            name: "generation",
            input: &REQUEST,
            output: "Workout",
            perform: |params| answer(Task::Generation, params),
        },
        Action {
            name: "recommendation",
            input: &BUILT,
            output: "WorkoutRecommendations",
            perform: |params| answer(Task::Recommendation, params),
        },
        Action {
            name: "adaptation",
            input: &ADAPTATION,
            output: "Adaptation",
            perform: |params| answer(Task::Adaptation, params),
        },
        Action {
            name: "programme",
            input: &PROGRAMME,
            output: "Programme",
            perform: |params| answer(Task::Programme, params),
        },
        Action { name: "group", input: &GROUP, output: "GroupWorkout", perform: |params| answer(Task::Group, params) },
        Action { name: "detail", input: &DETAIL, output: "Workout", perform: write },
    ],
};
