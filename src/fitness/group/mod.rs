//! A workout for a group: one clock, stations in turn, and everybody's own exercise, repetitions and load.
//!
//! All warm up together, go through the stations in turn, finish together with steady work where time is left, and cool
//! down together. At a station everybody does all their sets before the bell: a set and its rest take the same interval for
//! everybody, whose share of work and rest is their own. Who can do nothing of the movement of a station does something else
//! there, which their summary and a warning `station_varied` say, but not why; who can do no steady work stretches while the
//! others do it (`steady_varied`). Who screening does not let train is left out,
//! with a referral, and the others train; one who is left keeps the stations alone, because that is what was set up.
//!
//! The rules are G1 to G5 of [`check_group`]; the weights of every choice are house.
//! The order in which people are named changes nothing but the order in which they are listed.
//!
//! ```
//! use repflow::fitness::{check::check_group, group::{self, GroupRequest}};
//! use repflow::value::Value;
//! use serde_json::json;
//!
//! let request = GroupRequest::parse(&Value::from(&json!({
//!     "participants": [{ "userId": "ada", "fitnessLevel": "beginner" }, { "userId": "bob", "fitnessLevel": "advanced" }],
//!     "duration": 40, "equipment": { "dumbbells": 2, "bench": 1 },
//! })))?;
//! let workout = group::build(&request)?;
//! assert_eq!(workout.participants.len(), 2);
//! assert_eq!(check_group(&workout, &request), []);
//! # Ok::<(), repflow::Error>(())
//! ```
//!
//! # Layout
//! - `request`: what is asked; `inventory`: how many of each item there are
//! - `plan`: the search; `stations`: who does what where; `rotation`: who is when where
//! - `write`: the result; [`compatibility`]: how well people train together

pub mod compatibility;
mod inventory;
mod plan;
pub(in crate::fitness) mod request;
mod rotation;
mod stations;
mod write;

pub(super) use write::place_of;

pub use compatibility::{Compatibility, Pair};
pub use inventory::Counts;
pub use request::{GroupRequest, PARTICIPANTS, Participant, STATIONS};

use super::reader::{At, Reader};
use super::record::{FromJson, ToJson, record};
use super::request::{DURATION_MIN, WorkoutRequest};
use super::screening::{Clearance, Screening};
use super::session::other_durations;
use super::session::selection::Candidate;
use super::words::{Focus, Level, Pattern};
use super::workout::{Insight, Provenance, Referral, Status, Warning, Workout};
use crate::error::{Code, Error, Problem};
use crate::fitness::check::{Violation, check_group};
use crate::small::{join, sort_by};
use crate::value::Value;

use plan::Hall;
use stations::Person;
use write::Made;

record! {
    /// A workout for a group.
    #[derive(Clone, Debug, PartialEq)]
    pub struct GroupWorkout {
        /// `ok`, or `referral` when nobody may train.
        pub status: Status,
        /// Whose it is.
        pub group_id: String,
        /// A line to show.
        pub title: String,
        /// What it is for: what was asked, or general fitness when no clock suits everybody's rows otherwise.
        pub focus: Focus,
        /// How long it was asked to take.
        pub duration_min: u32,
        /// The clock that everybody keeps.
        pub clock: GroupClock,
        /// The stations, in the order of the rotation.
        pub stations: Vec<GroupStation>,
        /// Where everybody who trains is, turn by turn.
        pub rotation: Vec<Turns>,
        /// What everybody who trains does; empty in a base workout, which has no variations yet.
        pub participants: Vec<Member>,
        /// How well all of the group train together.
        pub compatibility: Compatibility,
        /// Who must not train today.
        pub excluded: Vec<Excluded>,
        /// What the group should know. What one person should know is in their workout.
        pub warnings: Vec<Warning>,
        /// What a model says of its choice; not there when no model chose.
        pub insight = "insight?": Option<Insight>,
        /// Where it came from.
        pub provenance: Provenance,
        /// What it is not.
        pub notice: String,
    }
}

record! {
    /// The clock of a group. Everything begins for everybody at the same second, and so does every set.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct GroupClock {
        /// The warm-up.
        pub warm_up_s: u32,
        /// Getting to a station and setting up.
        pub transition_s: u32,
        /// From the beginning of a set to that of the next.
        pub interval_s: u32,
        /// The longest set of anybody; whose set is shorter waits for the bell after the last one.
        pub work_s: u32,
        /// Sets at each station.
        pub sets: u32,
        /// One station: the transition, and the sets to the end of the last one.
        pub turn_s: u32,
        /// How many turns there are: as many as stations.
        pub rotations: u32,
        /// Steady work for all, after the stations and a transition; 0 when there is none.
        pub conditioning_s: u32,
        /// The cool-down.
        pub cool_down_s: u32,
        /// All of it.
        pub total_s: u32,
    }
}

record! {
    /// A station.
    #[derive(Clone, Debug, PartialEq)]
    pub struct GroupStation {
        /// Its id: `s1`, `s2`, ….
        pub station: String,
        /// The movement that it trains.
        pub pattern: Pattern,
        /// How many people may be there at once.
        pub capacity: u32,
        /// What stands there.
        pub equipment: Counts,
        /// The ids of the exercises that are done there, the most common one first.
        pub exercises: Vec<String>,
    }
}

record! {
    /// Where somebody is.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Turns {
        /// Who.
        pub user_id: String,
        /// The ids of the stations, turn by turn.
        pub stations: Vec<String>,
    }
}

record! {
    /// Somebody who trains.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Member {
        /// Who.
        pub user_id: String,
        /// How experienced.
        pub level: Level,
        /// What this person does: the stations in their order, on the clock of the group.
        pub workout: Workout,
        /// The same in a line.
        pub summary: String,
    }
}

record! {
    /// Somebody who must not train.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Excluded {
        /// Who.
        pub user_id: String,
        /// Why.
        pub reasons: Vec<String>,
        /// Who should see them.
        pub referral: Referral,
    }
}

/// The code of the warning that somebody does something else than the movement of a station.
pub(super) const VARIED: &str = "station_varied";

impl GroupWorkout {
    /// Its JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        ToJson::to_json(self)
    }

    /// Reads one from its JSON. Keys that are not known are passed over.
    ///
    /// # Errors
    /// `workout.invalid` with everything that is missing or of the wrong type.
    pub fn from_json(json: &Value) -> Result<Self, Error> {
        let (mut reader, mut workout) = (Reader::default(), Self::blank());
        workout.read(Some(json), &At::Pointer(""), &mut reader);
        if reader.problems.is_empty() { Ok(workout) } else { Err(invalid(reader.problems)) }
    }

    /// Without the variations: stations, clock and rotation.
    #[must_use]
    pub fn base(mut self) -> Self {
        self.participants.clear();
        self
    }
}

fn invalid(problems: Vec<Problem>) -> Error {
    Error::invalid(Code::WorkoutInvalid, "the group workout", problems)
}

/// Whether somebody may train in a group: nobody who has to be seen first, or to stay at light effort.
#[must_use]
pub fn may_train(request: &WorkoutRequest) -> bool {
    Screening::of(request).clearance > Clearance::LightOnly
}

/// A group that trains, with a focus.
fn requests(request: &GroupRequest, focus: Focus) -> Vec<WorkoutRequest> {
    let mut requests = Vec::new();
    for one in request.participants.iter().filter(|one| may_train(&one.request)) {
        requests.push(WorkoutRequest { focus, ..one.request.clone() });
    }
    sort_by(&mut requests, |a, b| a.user_id < b.user_id);
    requests
}

fn hall<'r>(request: &'r GroupRequest, requests: &'r [WorkoutRequest]) -> Hall<'r> {
    let mut people = Vec::new();
    for one in requests {
        let likes = request.participants.iter().find(|known| known.request.user_id == one.user_id);
        people.push(Person::of(one, likes.map_or(&Value::Null, |known| &known.preferences)));
    }
    Hall { request, people }
}

/// Builds a workout for a group.
///
/// # Errors
/// `workout.infeasible` when no clock fits the time, with the durations that do.
pub fn build(request: &GroupRequest) -> Result<GroupWorkout, Error> {
    vary(request, &Value::Null)
}

/// Builds a workout for a group on a base, the JSON of a [`GroupWorkout`] or `null`: its movements and its rotation, and of each station the exercise that it names
/// first, for whoever can do it. The clock stays that of the coach.
///
/// # Errors
/// `workout.invalid` with what is wrong with the base; `workout.infeasible` as [`build`].
pub fn vary(request: &GroupRequest, base: &Value) -> Result<GroupWorkout, Error> {
    let (workout, violations) = attempt(request, base)?;
    match violations.first() {
        None => Ok(workout),
        Some(Violation { rule, message }) => {
            let message = join(&["the workout breaks ", rule, ": ", message], "");
            Err(Error::new(Code::WorkoutInfeasible, message))
        }
    }
}

/// As [`vary`], with what is wrong with the result.
pub(super) fn attempt(request: &GroupRequest, base: &Value) -> Result<(GroupWorkout, Vec<Violation>), Error> {
    let mut feasible = Vec::new();
    // When nothing is possible, what else would be.
    let tried = [request.focus, Focus::GeneralFitness];
    let tried = tried.map(|focus| (focus, false)).into_iter().chain(tried.map(|focus| (focus, true)));
    for (focus, hint) in tried {
        let requests = requests(request, focus);
        if requests.is_empty() {
            return Ok((write::nobody(request), Vec::new()));
        }
        let hall = hall(request, &requests);
        // What equipment spoils can be done without.
        for inventory in [request.inventory, Counts::default()] {
            let plans = hall.plans(inventory, if hint { DURATION_MIN.1 } else { request.duration_min });
            if hint {
                for minutes in (DURATION_MIN.0..=DURATION_MIN.1).step_by(5) {
                    if hall.best(&plans, minutes).is_some() {
                        feasible.push(minutes);
                    }
                }
            } else if let Some((plan, around)) = hall.best(&plans, request.duration_min) {
                let rotation = rotation::cyclic(hall.people.len(), plan.count);
                let mut made = Made { hall: &hall, focus, plan, around, stations: Vec::new(), rotation };
                made.fill(inventory, base).map_err(|problem| invalid(vec![problem]))?;
                let workout = made.write(base);
                let violations = check_group(&workout, request);
                return Ok((workout, violations));
            }
        }
    }
    let hint = other_durations(request.duration_min, &|minutes| feasible.contains(&minutes));
    let minutes = request.duration_min;
    let message = format!("no session of {minutes} minutes can be built for this group; {hint}");
    Err(Error::new(Code::WorkoutInfeasible, message))
}

/// The exercises that somebody can do at each station on the clock, in the order of the catalogue.
pub(super) fn offers(request: &GroupRequest, built: &GroupWorkout) -> Vec<Vec<&'static str>> {
    let requests = requests(request, built.focus);
    let hall = hall(request, &requests);
    let able = hall.able(built.clock.interval_s);
    let mut offers = Vec::new();
    for station in &built.stations {
        let mut ids: Vec<&str> = Vec::new();
        for exercise in super::catalogue::all() {
            let is_it = |(one, _): &(&Candidate, _)| std::ptr::eq(one.exercise, exercise);
            if exercise.pattern == station.pattern && able.iter().any(|able| able.iter().any(is_it)) {
                ids.push(&exercise.id);
            }
        }
        offers.push(ids);
    }
    offers
}
