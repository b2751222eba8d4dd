//! `group`: who is when at which station.
//!
//! Params: `{ participants: [{ id, request? }], stations: [{ id, capacity? }] }`: up to 60 participants and 12 stations,
//! `capacity` 1 where it is not said; ids are plain text of at most 256 and 64 characters. Answer: `{ summary, rotation: [{ participant_id, stations }] }`. Result: the answer with
//! the real ids, `excluded: [{ id, reasons }]` and `provenance`.
//!
//! The rules are G2 and G3: everyone visits every station once, and none is ever fuller than its capacity. The model
//! sees participants as `p1`, `p2`, … and nothing else of them. When screening lets somebody only train lightly or not
//! at all, they are excluded and no model is asked: the rotation of the rest is that of the rules.

use super::{Case, Faults, Opened, Origin, Task, Work, may_train, with};
use crate::fitness::form::{Form, field, figure, list, text, texts};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::value::{Value, put};

const PARAMS: Form = Form::Object(&[
    (
        "participants",
        Form::List(1, 60, &Form::Object(&[("id", Form::Text(256)), ("request?", Form::Ref("WorkoutRequest"))])),
    ),
    ("stations", Form::List(1, 12, &Form::Object(&[("capacity?", Form::Whole(1, 60)), ("id", Form::Text(64))]))),
]);

/// A group on its way to a model.
pub(super) struct Group {
    case: Case,
    /// The real ids, in the order of the numbers.
    participants: Vec<String>,
    capacities: Vec<u32>,
    excluded: Vec<Value>,
}

impl Group {
    pub(super) fn open(params: &Value) -> Opened {
        let read = super::read(&PARAMS, params)?;
        let mut group =
            Self { case: Case::default(), participants: Vec::new(), capacities: Vec::new(), excluded: Vec::new() };
        for station in list(&read, "stations") {
            group.case.ids[1].push(text(station, "id").to_owned());
            group.capacities.push(figure(station, "capacity").map_or(1, |capacity| capacity as u32));
        }
        let mut known = Vec::new();
        for participant in list(&read, "participants") {
            let id = text(participant, "id").to_owned();
            known.push(id.clone());
            if let Some(request) = field(participant, "request") {
                let screening = Screening::of(&WorkoutRequest::parse(request)?);
                if !may_train(&screening) {
                    group.excluded.push(Object("id reasons", &[&id, &screening.reasons]).to_json());
                    continue;
                }
            }
            group.participants.push(id);
            group.case.ids[0].push(format!("p{}", group.participants.len()));
        }
        let mut reader = Reader::default();
        let stations = group.capacities.len() as u32;
        for (key, ids) in [("/participants", &known), ("/stations", &group.case.ids[1])] {
            if ids.iter().enumerate().any(|(place, id)| id.is_empty() || ids[..place].contains(id)) {
                reader.problem(&At::Pointer(key), "must have an id each, and another for each");
            }
        }
        if group.capacities.iter().any(|capacity| ((capacity * stations) as usize) < group.participants.len()) {
            let message = "must each hold their share of the participants: allow more or larger ones";
            reader.problem(&At::Pointer("/stations"), message);
        }
        if !reader.problems.is_empty() {
            return Err(super::invalid(reader));
        }
        let mut told = Vec::new();
        for (id, capacity) in group.case.ids[1].iter().zip(&group.capacities) {
            told.push(Object("id capacity", &[id, capacity]).to_json());
        }
        put(&mut group.case.facts, "stations", told.to_json());
        put(&mut group.case.facts, "participants", group.case.ids[0].to_json());
        if !group.excluded.is_empty() {
            let origin = Origin::offline();
            group.case.output = Some(group.finish(&group.by_rules(), &origin));
        }
        Ok(Box::new(group))
    }

    /// The answer with the real ids.
    fn finish(&self, answer: &Value, origin: &Origin) -> Value {
        let mut rotation = Vec::new();
        for one in list(answer, "rotation") {
            let place = self.case.ids[0].iter().position(|id| id == text(one, "participant_id"));
            let id = place.and_then(|place| self.participants.get(place)).cloned();
            rotation.push(with(one, "participant_id", id.to_json()));
        }
        let output = with(answer, "rotation", rotation.to_json());
        let output = with(&output, "excluded", self.excluded.to_json());
        with(&output, "provenance", origin.provenance(Task::Group))
    }
}

impl Work for Group {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let (stations, rotation) = (&self.case.ids[1], list(answer, "rotation"));
        for id in &self.case.ids[0] {
            let mut times = 0;
            for one in rotation.iter().filter(|one| text(one, "participant_id") == id) {
                let visited = texts(one, "stations");
                times += 1;
                if visited.len() != stations.len() || stations.iter().any(|station| !visited.contains(station)) {
                    times = 2;
                }
            }
            if times != 1 {
                faults.broken("G2", format!("{id} must be there once, and visit every station once"));
            }
        }
        for turn in 0..stations.len() {
            for (station, capacity) in stations.iter().zip(&self.capacities) {
                let there = rotation.iter().filter(|one| texts(one, "stations").get(turn) == Some(station)).count();
                if there > *capacity as usize {
                    faults.broken("G3", format!("turn {}: {there} at {station}, which holds {capacity}", turn + 1));
                }
            }
        }
        self.finish(answer, origin)
    }

    fn by_rules(&self) -> Value {
        let stations = &self.case.ids[1];
        let mut rotation = Vec::new();
        for (place, id) in self.case.ids[0].iter().enumerate() {
            let mut visited = Vec::new();
            for turn in 0..stations.len() {
                visited.push(stations[(place + turn) % stations.len()].clone());
            }
            rotation.push(Object("participant_id stations", &[id, &visited]).to_json());
        }
        Object("rotation summary", &[&rotation, &"Everybody moves on to the next station at the same time."]).to_json()
    }
}
