//! What a group asks for, checked and normalised.
//!
//! Time and equipment belong to the group; level, health and wishes to each participant. So every participant is
//! completed with what is the group's, and read as any other [`WorkoutRequest`].

use std::rc::Rc;

use super::inventory::Counts;
use crate::error::{Code, Error, Problem};
use crate::fitness::form::{Form, Ids, field, figure, list, text};
use crate::fitness::id;
use crate::fitness::preferences;
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, Object, ToJson};
use crate::fitness::request::{DURATION_MIN, WorkoutRequest, sound};
use crate::fitness::words::{Focus, Level, Word};
use crate::small::{join, sort_by};
use crate::value::{Value, get, put};

/// How many people make a group.
pub const PARTICIPANTS: (usize, usize) = (2, 20);

/// How many stations a session may have.
pub const STATIONS: (u32, u32) = (2, 8);

/// Somebody in a group.
#[derive(Clone, Debug)]
pub struct Participant {
    /// The request, completed with what is the group's. Its focus is what this person wants.
    pub request: WorkoutRequest,
    /// The longest session that this person has time for, in minutes.
    pub max_duration_min: Option<u32>,
    /// `{ likes, dislikes }`, ids of exercises.
    pub(in crate::fitness) preferences: Value,
}

/// A request for a group workout.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GroupRequest {
    /// The people, in the order in which they were named.
    pub participants: Vec<Participant>,
    /// How long it shall take, in minutes.
    pub duration_min: u32,
    /// What it is for. When it was not said: what most want, and general fitness where no wish has the majority.
    pub focus: Focus,
    /// How many of each item there are.
    pub inventory: Counts,
    /// How many stations; the builder's choice when it was not said.
    pub stations: Option<u32>,
    /// How many people may be at one station. When it was not said: 2, or what the stations need (house).
    pub capacity: Option<u32>,
    /// What the choices between equally good exercises depend on; a function of the group id when it was not said.
    pub seed: u32,
    /// Whose workout it is; a function of the user ids when it was not said.
    pub group_id: String,
}

impl GroupRequest {
    /// Reads a request:
    ///
    /// ```jsonc
    /// { "participants": [{ "userId": "ada", "fitnessLevel": "beginner" /* …, as of a request for one */,
    ///                      "maxDuration": 45, "preferences": { "likes": ["Pushups"], "dislikes": [] } }],   // 2 to 20
    ///   "duration": 45, "focus": "strength",
    ///   "equipment": ["dumbbells"] /* one of each */ || { "dumbbells": 4, "bench": 2 },
    ///   "stations": 4, "capacity": 2, "seed": 7, "groupId": "tuesday" }
    /// ```
    ///
    /// What a participant says of equipment and seed is the group's.
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    pub fn parse(json: &Value) -> Result<Self, Error> {
        sound("the group's request", |problems| Self::read_at(json, "", problems))
    }

    /// Reads a request that stands at the pointer `at`. A harmless one where there are problems.
    pub(in crate::fitness) fn read_at(json: &Value, at: &str, problems: &mut Vec<Problem>) -> Self {
        let mut reader = Reader::default();
        let request = read(json, &mut reader);
        for problem in reader.problems {
            problems.push(Problem { pointer: join(&[at, &problem.pointer], ""), ..problem });
        }
        request
    }

    /// The normalised form, which is the input of the template: every participant completed to a request for one, defaults
    /// filled in. It parses to the same request.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut participants = Vec::new();
        for one in &self.participants {
            let mut fields = one.request.to_json().as_map().cloned().unwrap_or_default();
            if one.max_duration_min.is_some() {
                put(&mut fields, "maxDuration", one.max_duration_min.to_json());
            }
            if !one.preferences.is_null() {
                put(&mut fields, "preferences", one.preferences.clone());
            }
            participants.push(Value::Map(Rc::new(fields)));
        }
        Object(
            "participants duration focus equipment stations? capacity? seed groupId",
            &[
                &participants,
                &self.duration_min,
                &self.focus,
                &self.inventory,
                &self.stations,
                &self.capacity,
                &self.seed,
                &self.group_id,
            ],
        )
        .to_json()
    }

    /// The shortest of the participants' limits, in minutes.
    pub(in crate::fitness) fn limit_min(&self) -> Option<u32> {
        let mut least: Option<u32> = None;
        for limit in self.participants.iter().filter_map(|one| one.max_duration_min) {
            least = Some(least.map_or(limit, |least| least.min(limit)));
        }
        least
    }
}

/// The shape of a group's request. What is a [`Form::Ref`] is read as for one person.
pub(in crate::fitness) const GROUP: Form = Form::Object(&[
    ("capacity?", Form::Whole(1, PARTICIPANTS.1 as i16)),
    ("duration", Form::Whole(DURATION_MIN.0 as i16, DURATION_MIN.1 as i16)),
    ("equipment", Form::Ref("GroupEquipment")),
    ("focus?", Form::Ref("Spelled")),
    ("groupId?", Form::Text(128)),
    ("participants", Form::List(PARTICIPANTS.0, PARTICIPANTS.1, &Form::Ref("Participant"))),
    ("seed?", Form::Ref("Seed")),
    ("stations?", Form::Whole(STATIONS.0 as i16, STATIONS.1 as i16)),
]);

/// What a participant may say besides a request.
pub(in crate::fitness) const KEYS_OF_ONE: [&str; 2] = ["maxDuration", "preferences"];

fn read(json: &Value, reader: &mut Reader) -> GroupRequest {
    let root = At::Pointer("");
    let shape = GROUP.read(Some(json), &root, &Ids::default(), reader);
    let people = list(&shape, "participants");
    let count = |key: &str| figure(&shape, key).map(|count| count as u32);
    let (stations, capacity) = (count("stations"), count("capacity"));
    if people.len() as u32 > stations.unwrap_or(STATIONS.1) * capacity.unwrap_or(PARTICIPANTS.1 as u32) {
        reader.problem(&At::Key(&root, "capacity"), "is too small: the stations together must hold everybody");
    }
    let mut group_id = text(&shape, "groupId").to_owned();
    if group_id.is_empty() {
        let mut ids = Vec::new();
        for one in people {
            ids.push(text(one, "userId"));
        }
        sort_by(&mut ids, |a, b| a < b);
        group_id = format!("g-{:08x}", id::of_text(&join(&ids, "\n")));
    }
    let (mut inventory, mut equipment) = (Counts::default(), field(&shape, "equipment").cloned());
    if let Some(Value::Map(_)) = equipment {
        inventory.read(equipment.as_ref(), &At::Key(&root, "equipment"), reader);
        equipment = Some(inventory.items().to_json());
    }
    let focus = field(&shape, "focus").cloned().unwrap_or(Focus::GeneralFitness.to_json());
    // What is the group's is read as of one person, whose name is that of the group.
    let group = Object(
        "duration equipment fitnessLevel focus seed? userId",
        &[
            &field(&shape, "duration").cloned(),
            &equipment,
            &Level::Beginner,
            &focus,
            &field(&shape, "seed").cloned(),
            &group_id,
        ],
    );
    let group = WorkoutRequest::read_among(&group.to_json(), "", &[], &mut reader.problems);
    if inventory == Counts::default() {
        inventory.add(group.equipment);
    }
    let (mut participants, mut wishes) = (Vec::new(), [0; Focus::ALL.len()]);
    for (place, json) in people.iter().enumerate() {
        let at = At::Place(&At::Key(&root, "participants"), place).pointer();
        let one = participant(json, &At::Pointer(&at), &group, reader);
        if field(json, "focus").is_some() {
            wishes[one.request.focus.index()] += 1;
        }
        if participants.iter().any(|other: &Participant| other.request.user_id == one.request.user_id) {
            reader.problem(&At::Key(&At::Pointer(&at), "userId"), "is somebody else's, or missing");
        }
        participants.push(one);
    }
    let mut focus = group.focus;
    if field(&shape, "focus").is_none() {
        let most = wishes.iter().max().copied().unwrap_or_default();
        let mut wanted = Focus::ALL.iter().filter(|focus| wishes[focus.index()] == most);
        if let (Some(one), None) = (wanted.next(), wanted.next()) {
            focus = *one;
        }
        for (one, json) in participants.iter_mut().zip(people) {
            if field(json, "focus").is_none() {
                one.request.focus = focus;
            }
        }
    }
    let WorkoutRequest { duration_min, seed, .. } = group;
    GroupRequest { participants, duration_min, focus, inventory, stations, capacity, seed, group_id }
}

/// A participant, completed with what is the group's.
fn participant(json: &Value, at: &At<'_>, group: &WorkoutRequest, reader: &mut Reader) -> Participant {
    let mut fields = json.as_map().cloned().unwrap_or_default();
    if figure(json, "duration").is_some_and(|own| own != f64::from(group.duration_min)) {
        reader.problem(&At::Key(at, "duration"), "must be that of the group, or left out; `maxDuration` is a limit");
    }
    let values: [(&str, &dyn ToJson); 4] = [
        ("duration", &group.duration_min),
        ("equipment", &group.equipment),
        ("seed", &group.seed),
        ("focus", &group.focus),
    ];
    for (key, value) in values {
        if key != "focus" || get(&fields, key).is_none() {
            put(&mut fields, key, value.to_json());
        }
    }
    let limit = get(&fields, "maxDuration");
    let limit = limit.and_then(|_| reader.whole_within(limit, &At::Key(at, "maxDuration"), (10, 480), "minutes"));
    let preferences = preferences::said(get(&fields, "preferences"), at, reader);
    let whole = Value::Map(Rc::new(fields));
    let whole = if json.is_map() { &whole } else { json };
    let request = WorkoutRequest::read_among(whole, &at.pointer(), &KEYS_OF_ONE, &mut reader.problems);
    Participant { request, max_duration_min: limit, preferences }
}

/// Reads a request for one, who may be a participant of a group.
///
/// # Errors
/// `workout.invalid` with every problem.
pub(in crate::fitness) fn person(json: &Value) -> Result<WorkoutRequest, Error> {
    let mut problems = Vec::new();
    let request = WorkoutRequest::read_among(json, "", &KEYS_OF_ONE, &mut problems);
    if problems.is_empty() {
        Ok(request)
    } else {
        Err(Error::invalid(Code::WorkoutInvalid, "the workout request", problems))
    }
}
