//! What a group asks for, checked and normalised.
//!
//! Time and equipment belong to the group; level, health and wishes to each participant. So every participant is
//! completed with what is the group's, and read as any other [`WorkoutRequest`].

use std::rc::Rc;

use super::inventory::Counts;
use crate::error::{Code, Error, Problem};
use crate::fitness::form::{Form, field};
use crate::fitness::id;
use crate::fitness::preferences::{self, Likes};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::{DURATION_MIN, WorkoutRequest, key_at, list, text, whole, word};
use crate::fitness::words::{Focus, Word};
use crate::small::{join, sort_by};
use crate::value::{Fields, Value, get, put};

/// How many people make a group.
pub const PARTICIPANTS: (usize, usize) = (2, 20);

/// How many stations a session may have.
pub const STATIONS: (u32, u32) = (2, 8);

/// The keys of a group's request.
const GROUP_KEYS: [&str; 8] =
    ["participants", "duration", "focus", "equipment", "stations", "capacity", "seed", "groupId"];

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Participant {
    /// The request, completed with what is the group's. Its focus is what this person wants.
    pub request: WorkoutRequest,
    /// The longest session that this person has time for, in minutes.
    pub max_duration_min: Option<u32>,
    /// The exercises that this person likes and dislikes.
    pub likes: Likes,
}

/// A request for a group workout.
#[derive(Clone, Debug, PartialEq)]
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
        let mut problems = Vec::new();
        let request = Self::read_at(json, "", &mut problems);
        if problems.is_empty() {
            Ok(request)
        } else {
            Err(Error::invalid(Code::WorkoutInvalid, "the group's request", problems))
        }
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
            if one.likes != Likes::default() {
                put(&mut fields, "preferences", one.likes.to_json());
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

fn read(json: &Value, reader: &mut Reader) -> GroupRequest {
    let (nothing, root) = (Fields::new(), At::Pointer(""));
    let object = reader.object(Some(json), &root).unwrap_or(&nothing);
    reader.unknown_keys(object, &root, &GROUP_KEYS);
    for key in ["participants", "duration", "equipment"] {
        if get(object, key).is_none() {
            reader.expected(&key_at(key), "", None);
        }
    }
    let get = |key: &str| get(object, key);
    let duration_min = whole(reader, get("duration"), "duration", DURATION_MIN, "minutes").unwrap_or(DURATION_MIN.0);
    let inventory = Counts::said(reader, get("equipment"));
    let focus: Option<Focus> = word(reader, get("focus"), "focus");
    let stations = whole(reader, get("stations"), "stations", STATIONS, "");
    let capacity = whole(reader, get("capacity"), "capacity", (1, PARTICIPANTS.1 as u32), "");
    let group_id = text(reader, get("groupId"), "groupId", 128);
    let seed = whole(reader, get("seed"), "seed", (0, u32::MAX), "");
    let people = list(reader, get("participants"), "participants");
    let (least, most) = PARTICIPANTS;
    if get("participants").is_some_and(|json| json.as_list().is_some()) && !(least..=most).contains(&people.len()) {
        let message = format!("has {} participants; {least} to {most} are allowed", people.len());
        reader.problem_with(&key_at("participants"), message, None);
    }
    if u32::try_from(people.len()).is_ok_and(|n| n > stations.unwrap_or(STATIONS.1) * capacity.unwrap_or(n)) {
        reader.problem(&key_at("capacity"), "is too small: the stations together must hold everybody");
    }
    let groups = Fields::from([
        ("duration".into(), duration_min.to_json()),
        ("equipment".into(), inventory.items().to_json()),
        ("seed".into(), seed.unwrap_or_default().to_json()),
    ]);
    let (mut participants, mut wishes) = (Vec::new(), [0; Focus::ALL.len()]);
    for (place, json) in people.iter().take(most).enumerate() {
        let at = At::Place(&key_at("participants"), place);
        let one = participant(json, &at, &groups, focus, reader);
        if field(json, "focus").is_some() {
            wishes[one.request.focus.index()] += 1;
        }
        let is_known = |other: &Participant| other.request.user_id == one.request.user_id;
        if participants.iter().any(is_known) {
            reader.problem(&At::Key(&at, "userId"), "is somebody else's: every participant has another");
        }
        participants.push(one);
    }
    let most = wishes.iter().max().copied().unwrap_or_default();
    let mut wanted = Focus::ALL.iter().filter(|focus| wishes[focus.index()] == most);
    let focus = focus.unwrap_or(match (wanted.next(), wanted.next()) {
        (Some(one), None) => *one,
        _ => Focus::GeneralFitness,
    });
    let mut ids = Vec::new();
    for (place, one) in participants.iter_mut().enumerate() {
        if people.get(place).and_then(|json| field(json, "focus")).is_none() {
            one.request.focus = focus;
        }
        ids.push(one.request.user_id.as_str());
    }
    sort_by(&mut ids, |a, b| a < b);
    let group_id = group_id.unwrap_or_else(|| format!("g-{:08x}", id::of_text(&join(&ids, "\n"))));
    let seed = seed.unwrap_or_else(|| id::of_text(&group_id));
    for one in &mut participants {
        one.request.seed = seed;
    }
    GroupRequest { participants, duration_min, focus, inventory, stations, capacity, seed, group_id }
}

/// A participant, completed with what is the group's.
fn participant(json: &Value, at: &At<'_>, groups: &Fields, focus: Option<Focus>, reader: &mut Reader) -> Participant {
    let nothing = Fields::new();
    let own = reader.object(Some(json), at).unwrap_or(&nothing);
    let mut fields = own.clone();
    if let Some(duration) = get(own, "duration")
        && duration.as_f64() != get(groups, "duration").and_then(Value::as_f64)
    {
        reader.problem(&At::Key(at, "duration"), "must be that of the group, or left out; `maxDuration` is a limit");
    }
    for (key, value) in groups {
        put(&mut fields, key, value.clone());
    }
    if get(own, "focus").is_none() {
        put(&mut fields, "focus", focus.unwrap_or(Focus::GeneralFitness).to_json());
    }
    let fields = Value::Map(Rc::new(fields));
    let request = match json {
        Value::Map(_) => WorkoutRequest::read_among(&fields, &at.pointer(), &KEYS_OF_ONE, &mut reader.problems),
        _ => WorkoutRequest::read_among(&fields, "", &[], &mut Vec::new()),
    };
    let limit = get(own, "maxDuration").filter(|json| !json.is_null());
    let limit =
        limit.and_then(|json| reader.whole_within(Some(json), &At::Key(at, "maxDuration"), (10, 480), "minutes"));
    let likes = preferences::said(get(own, "preferences"), &At::Key(at, "preferences"), reader);
    Participant { request, max_duration_min: limit, likes }
}

/// The shape of a group's request, for the schema.
pub(in crate::fitness) const GROUP: Form = Form::Ref("GroupRequest");

/// What a participant may say besides a request.
pub(in crate::fitness) const KEYS_OF_ONE: [&str; 2] = ["maxDuration", "preferences"];

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
