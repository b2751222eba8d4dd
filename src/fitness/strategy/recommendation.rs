//! `recommendation`: what to do instead and next time, chosen and explained by a model.
//!
//! Params: `{ request, workout }`, as `workout-recommendations.recommend` takes them. The candidates are the alternatives
//! that the feature offers. Answer: `{ alternatives: [{ exercise_id, option_id, reason }], next_session }`. Result: as of
//! the feature, the model's picks first in each list and with its reasons, its advice before that of the feature, and
//! `provenance`. Without any alternative there is nothing to choose, and the result is that of the feature.

use super::{Case, Fault, Faults, Opened, Origin, Task, Work, may_train, with};
use crate::fitness::features::recommend;
use crate::fitness::form::{list, plain, text, texts};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::value::{Value, put};

/// Recommendations on their way to a model.
pub(super) struct Recommendation {
    case: Case,
    /// What the coach says.
    offline: Value,
}

impl Recommendation {
    pub(super) fn open(params: &Value) -> Opened {
        let offline = recommend(params)?;
        let request = WorkoutRequest::parse(&params.field("request").unwrap_or_default())?;
        // What the person wrote is no matter of exercises, and the answer may be anybody's.
        let mut case = Case { notes: None, ..Case::of(&request) };
        let most = Task::Recommendation.strategy().candidates;
        let mut exercises = Vec::new();
        for exercise in list(&offline, "alternatives") {
            let id = text(exercise, "exercise_id");
            let mut options = Vec::new();
            for option in list(exercise, "options") {
                let option = text(option, "exercise_id").to_owned();
                if !case.ids[1].contains(&option) && case.ids[1].len() < most {
                    case.ids[1].push(option.clone());
                }
                options.push(option);
            }
            if !options.is_empty() && !case.ids[0].iter().any(|known| known == id) {
                case.ids[0].push(id.to_owned());
                exercises.push(Object("id options", &[&id, &options]).to_json());
            }
        }
        put(&mut case.facts, "exercises", exercises.to_json());
        if exercises.is_empty() || !may_train(&Screening::of(&request)) {
            case.output = Some(offline.clone());
        }
        Ok(Box::new(Self { case, offline }))
    }

    /// The options of an exercise, those that were picked first.
    fn sorted(&self, exercise: &Value, answer: &Value, found: &mut usize) -> Vec<Value> {
        let picked = |option: &Value| {
            list(answer, "alternatives").iter().find(|pick| {
                text(pick, "exercise_id") == text(exercise, "exercise_id")
                    && text(pick, "option_id") == text(option, "exercise_id")
            })
        };
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for option in list(exercise, "options") {
            match picked(option) {
                Some(pick) => {
                    *found += 1;
                    first.push(with(option, "reason", text(pick, "reason").to_json()));
                }
                None => rest.push(option.clone()),
            }
        }
        first.append(&mut rest);
        first
    }
}

impl Work for Recommendation {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let mut alternatives = Vec::new();
        let mut found = 0;
        for exercise in list(&self.offline, "alternatives") {
            let options = self.sorted(exercise, answer, &mut found);
            alternatives.push(with(exercise, "options", options.to_json()));
        }
        // Each pick is an option of its exercise, once.
        if found != list(answer, "alternatives").len() {
            let message = "each must be an option of its exercise, and no option comes twice".to_owned();
            faults.0.push(Fault { pointer: Some("/alternatives".to_owned()), message, rule: None });
        }
        let mut advice = texts(answer, "next_session");
        advice.append(&mut texts(&self.offline, "next_session"));
        let output = with(&self.offline, "alternatives", alternatives.to_json());
        let output = with(&output, "next_session", advice.to_json());
        with(&output, "provenance", origin.provenance(Task::Recommendation))
    }

    fn by_rules(&self) -> Value {
        let mut picks = Vec::new();
        for exercise in list(&self.offline, "alternatives") {
            if let Some(option) = list(exercise, "options").first() {
                picks.push(
                    Object(
                        "exercise_id option_id reason",
                        &[
                            &text(exercise, "exercise_id"),
                            &text(option, "exercise_id"),
                            &plain(text(option, "reason"), 200),
                        ],
                    )
                    .to_json(),
                );
            }
        }
        Object("alternatives next_session", &[&picks, &Vec::<String>::new()]).to_json()
    }
}
