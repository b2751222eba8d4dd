//! `group`: what a group does at each station, and who is when where.
//!
//! Params: a request for a group, as `group-workout.generateBase` takes it. Answer: `{ summary, stations: [{ station_id,
//! exercise_id }], rotation: [{ participant_id, stations }] }`; a station that is not named keeps the choice of the rules.
//! Result: as of the feature, with the summary in `insight`.
//!
//! The coach builds a session of its own first: its movements and its clock stay. The model sees participants as `p1`,
//! `p2`, … and nothing else of them. When screening leaves somebody out, no model is asked: the session of the rest is
//! that of the rules.

use super::{Case, Faults, Opened, Origin, Task, Work, with};
use crate::fitness::catalogue;
use crate::fitness::form::{field, list, text, texts};
use crate::fitness::group::{self, GroupRequest};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::workout::Insight;
use crate::small::join;
use crate::value::{Value, put};

/// A group on its way to a model.
pub(super) struct Group {
    case: Case,
    request: GroupRequest,
    /// The base of the coach.
    base: Value,
}

impl Group {
    pub(super) fn open(params: &Value) -> Opened {
        let request = GroupRequest::parse(params)?;
        let built = group::build(&request)?.base();
        let base = built.to_json();
        let most = Task::Group.strategy().candidates;
        let mut case = Case::default();
        let mut told = Vec::new();
        let (offers, share) = (group::offers(&request, &built), most / built.stations.len().max(1));
        for (station, offers) in built.stations.iter().zip(&offers) {
            case.ids[1].push(station.station.clone());
            // What the coach would choose is among them.
            let mut ids = station.exercises.clone();
            ids.retain(|id| catalogue::find(id).is_some_and(|exercise| exercise.pattern == station.pattern));
            for id in offers {
                if !ids.iter().any(|known| known == id) {
                    ids.push((*id).to_owned());
                }
            }
            ids.truncate(share);
            for id in &ids {
                if !case.ids[0].contains(id) {
                    case.ids[0].push(id.clone());
                }
            }
            let facts: [&dyn ToJson; 4] = [&station.station, &station.pattern, &station.capacity, &ids];
            told.push(Object("id pattern capacity exercises", &facts).to_json());
        }
        for place in 1..=built.rotation.len() {
            case.ids[2].push(format!("p{place}"));
        }
        put(&mut case.facts, "focus", built.focus.to_json());
        put(&mut case.facts, "duration", built.duration_min.to_json());
        put(&mut case.facts, "stations", told.to_json());
        put(&mut case.facts, "participants", case.ids[2].to_json());
        if !built.excluded.is_empty() {
            case.output = Some(base.clone());
        }
        Ok(Box::new(Self { case, request, base }))
    }
}

impl Work for Group {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let (mut rotation, mut stations) = (Vec::new(), Vec::new());
        for (id, row) in self.case.ids[2].iter().zip(list(&self.base, "rotation")) {
            let mut turns = Vec::new();
            for own in list(answer, "rotation").iter().filter(|own| text(own, "participant_id") == id) {
                turns.append(&mut texts(own, "stations"));
            }
            rotation.push(with(row, "stations", turns.to_json()));
        }
        for station in list(&self.base, "stations") {
            let id = text(station, "station");
            let mut station = station.clone();
            if let Some(chosen) = list(answer, "stations").iter().find(|one| text(one, "station_id") == id) {
                let chosen = text(chosen, "exercise_id");
                if !field_of(&self.case, id).iter().any(|known| known.as_str() == Some(chosen)) {
                    faults.broken("G1", join(&[chosen, " is not for ", id], ""));
                }
                station = with(&station, "exercises", vec![chosen].to_json());
            }
            stations.push(station);
        }
        let base = with(&with(&self.base, "rotation", rotation.to_json()), "stations", stations.to_json());
        if !faults.0.is_empty() {
            return Value::Null;
        }
        match group::attempt(&self.request, &base) {
            Ok((mut workout, violations)) => {
                for violation in violations {
                    faults.broken(violation.rule, violation.message);
                }
                let from = &mut workout.provenance;
                from.provider.clone_from(&origin.provider);
                from.model.clone_from(&origin.model);
                from.fallback_level = origin.fallback_level;
                from.repairs = Some(origin.repairs);
                from.cache.clone_from(&origin.cache);
                from.rules.push(join(&["choice:", Task::Group.strategy().version], ""));
                workout.insight = Some(Insight { analysis: text(answer, "summary").to_owned(), ..Insight::default() });
                return workout.base().to_json();
            }
            Err(error) => {
                for problem in error.problems() {
                    let rule = if problem.pointer == "/base/rotation" { "G2" } else { "G1" };
                    faults.broken(rule, problem.message.clone());
                }
                if error.problems().is_empty() {
                    faults.broken("G3", error.message().to_owned());
                }
            }
        }
        Value::Null
    }

    fn by_rules(&self) -> Value {
        let mut rotation = Vec::new();
        for (id, row) in self.case.ids[2].iter().zip(list(&self.base, "rotation")) {
            rotation.push(Object("participant_id stations", &[id, &texts(row, "stations")]).to_json());
        }
        let summary = "Everybody moves on to the next station at the same time.";
        Object("rotation stations summary", &[&rotation, &Vec::<Value>::new(), &summary]).to_json()
    }
}

/// The ids that a station was told with.
fn field_of<'a>(case: &'a Case, station: &str) -> &'a [Value] {
    let stations = crate::value::get(&case.facts, "stations").and_then(Value::as_list).unwrap_or_default();
    let told = stations.iter().find(|one| text(one, "id") == station);
    told.and_then(|one| field(one, "exercises")).and_then(Value::as_list).unwrap_or_default()
}
