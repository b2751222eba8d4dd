//! `group`: who is when at which station.
//!
//! Params: `{ participants: [{ id, request? }], stations: [{ id, capacity? }] }`: up to 60 participants and 12 stations,
//! `capacity` 1 where it is not said. Answer: `{ summary, rotation: [{ participant_id, stations }] }`. Result: the answer with
//! the real ids, `excluded: [{ id, reasons }]` and `provenance`.
//!
//! The rules are G2 and G3: everyone visits every station once, and none is ever fuller than its capacity. The model
//! sees participants as `p1`, `p2`, … and nothing else of them. When screening lets somebody only train lightly or not
//! at all, they are excluded and no model is asked: the rotation of the rest is that of the rules.

use super::form::{list, text, texts};
use super::{Case, Faults, Origin, Task, Work, may_train, with};
use crate::error::{Code, Error};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::value::{Fields, Value, get, put};

/// The most stations.
const STATIONS: usize = 12;

/// A group on its way to a model.
pub(super) struct Group {
    case: Case,
    /// The real ids, in the order of the numbers.
    participants: Vec<String>,
    capacities: Vec<u32>,
    excluded: Vec<Value>,
}

impl Group {
    pub(super) fn open(params: &Value) -> Result<Self, Error> {
        let mut reader = Reader::default();
        let mut group =
            Self { case: Case::default(), participants: Vec::new(), capacities: Vec::new(), excluded: Vec::new() };
        let (root, nothing) = (At::Pointer(""), Fields::new());
        let fields = reader.object(Some(params), &root).unwrap_or(&nothing);
        reader.unknown_keys(fields, &root, &["participants", "stations"]);
        let most = Task::Group.strategy().candidates;
        let stations_at = At::Key(&root, "stations");
        for (place, json) in reader.list(get(fields, "stations"), &stations_at).iter().enumerate() {
            group.station(json, &At::Place(&stations_at, place), &mut reader);
        }
        let at = At::Key(&root, "participants");
        for (place, json) in reader.list(get(fields, "participants"), &at).iter().enumerate() {
            group.participant(json, &At::Place(&at, place), &mut reader)?;
        }
        let (people, stations) = (group.participants.len(), group.capacities.len());
        if !(1..=STATIONS).contains(&stations) {
            reader.problem(&stations_at, "must be 1 to 12 stations");
        }
        if people > most || people + group.excluded.len() == 0 {
            reader.problem(&at, "must be 1 to 60 participants");
        }
        if group.capacities.iter().any(|capacity| *capacity as usize * stations < people) {
            reader.problem(&stations_at, "must each hold their share of the participants: allow more or larger ones");
        }
        if !reader.problems.is_empty() {
            return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
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
        Ok(group)
    }

    fn station(&mut self, json: &Value, at: &At<'_>, reader: &mut Reader) {
        let Some(fields) = reader.object(Some(json), at) else { return };
        reader.unknown_keys(fields, at, &["id", "capacity"]);
        let id = id_of(fields, at, &self.case.ids[1], reader);
        let capacity = match get(fields, "capacity") {
            Some(json) => reader.whole_within(Some(json), &At::Key(at, "capacity"), (1, 60), "").unwrap_or(1),
            None => 1,
        };
        self.case.ids[1].push(id);
        self.capacities.push(capacity);
    }

    fn participant(&mut self, json: &Value, at: &At<'_>, reader: &mut Reader) -> Result<(), Error> {
        let Some(fields) = reader.object(Some(json), at) else { return Ok(()) };
        reader.unknown_keys(fields, at, &["id", "request"]);
        let id = id_of(fields, at, &self.participants, reader);
        if let Some(request) = get(fields, "request") {
            let screening = Screening::of(&WorkoutRequest::parse(request)?);
            if !may_train(&screening) {
                self.excluded.push(Object("id reasons", &[&id, &screening.reasons]).to_json());
                return Ok(());
            }
        }
        self.participants.push(id);
        self.case.ids[0].push(format!("p{}", self.participants.len()));
        Ok(())
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

/// An id that is not there yet, of 1 to 64 characters.
fn id_of(fields: &Fields, at: &At<'_>, known: &[String], reader: &mut Reader) -> String {
    let at = At::Key(at, "id");
    let id = reader.text(get(fields, "id"), &at).unwrap_or_default().to_owned();
    if id.is_empty() || id.chars().count() > 64 || known.contains(&id) {
        reader.problem(&at, "must be 1 to 64 characters, and another for each");
    }
    id
}

impl Work for Group {
    fn case(&self) -> &Case {
        &self.case
    }

    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value {
        let (stations, rotation) = (&self.case.ids[1], list(answer, "rotation"));
        for id in &self.case.ids[0] {
            if rotation.iter().filter(|one| text(one, "participant_id") == id).count() != 1 {
                faults.broken("G2", format!("{id} must be there exactly once"));
            }
        }
        for one in rotation {
            let visited = texts(one, "stations");
            if visited.len() != stations.len() || stations.iter().any(|station| !visited.contains(station)) {
                faults.broken("G2", format!("{} must visit every station once", text(one, "participant_id")));
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
