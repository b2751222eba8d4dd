//! What is asked of a programme: a request for one of its sessions, the days of a week, and when it starts.

use crate::error::{Error, Problem};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, ToJson};
use crate::fitness::request::{WorkoutRequest, sound};
use crate::fitness::words::Level;
use crate::value::{Value, get, put};
use std::rc::Rc;

use super::WEEKS;

/// The fewest and the most days a week. Five would train the same muscles hard within 48 hours (house).
pub const DAYS: (u32, u32) = (2, 4);

/// What a request has besides what one for a workout has.
pub(in crate::fitness) const MORE: [&str; 3] = ["daysPerWeek", "startDate", "weeks"];

/// A request for a programme.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProgrammeRequest {
    /// The request for one session: its focus is the goal.
    pub session: WorkoutRequest,
    /// Sessions a week; when it was not said, 3, and 4 for the advanced.
    pub days_per_week: u32,
    /// The first day of the first week, `YYYY-MM-DD`.
    pub start_date: Option<String>,
}

impl ProgrammeRequest {
    /// Reads a request: the keys of a [`WorkoutRequest`], and `daysPerWeek`, `startDate`, `weeks` (12).
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    pub fn parse(json: &Value) -> Result<Self, Error> {
        sound("the programme request", |problems| Self::read_among(json, "", &[], problems))
    }

    /// As [`WorkoutRequest::read_among`].
    pub(in crate::fitness) fn read_among(json: &Value, at: &str, more: &[&str], problems: &mut Vec<Problem>) -> Self {
        let session = WorkoutRequest::read_among(json, at, &[&MORE, more].concat(), problems);
        let (mut reader, pointer) = (Reader::default(), At::Pointer(at));
        let of = |key| json.as_map().and_then(|object| get(object, key));
        let whole = |key, range, reader: &mut Reader| {
            let json = of(key)?;
            reader.whole_within(Some(json), &At::Key(&pointer, key), range, "")
        };
        let usual = if session.level == Level::Advanced { 4 } else { 3 };
        let days_per_week = whole(MORE[0], DAYS, &mut reader).unwrap_or(usual);
        whole(MORE[2], (WEEKS, WEEKS), &mut reader);
        let (mut start_date, before) = (None, reader.problems.len());
        start_date.read(of(MORE[1]), &At::Key(&pointer, MORE[1]), &mut reader);
        if reader.problems.len() == before && start_date.as_deref().is_some_and(|date: &str| !is_date(date)) {
            reader.problem(
                &At::Key(&pointer, MORE[1]),
                "is no day of the calendar: `YYYY-MM-DD` is wanted, such as `2027-01-04`",
            );
        }
        problems.append(&mut reader.problems);
        Self { session, days_per_week, start_date }
    }

    /// The normalised form. It parses to the same request.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut fields = self.session.to_json().as_map().cloned().unwrap_or_default();
        put(&mut fields, MORE[0], self.days_per_week.to_json());
        put(&mut fields, MORE[2], WEEKS.to_json());
        if let Some(date) = &self.start_date {
            put(&mut fields, MORE[1], date.to_json());
        }
        Value::Map(Rc::new(fields))
    }
}

/// Whether a text is a day of the calendar from 1970 on, as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let (mut parts, mut at) = ([0; 3], 0);
    for (place, byte) in text.bytes().enumerate() {
        let is_dash = matches!(place, 4 | 7);
        match byte {
            b'-' if is_dash => at += 1,
            b'0'..=b'9' if !is_dash => parts[at] = parts[at] * 10 + u32::from(byte - b'0'),
            _ => return false,
        }
        if place > 9 {
            return false;
        }
    }
    let [year, month, day] = parts;
    let last = match month {
        2 => 28 + u32::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    text.len() == 10 && year >= 1970 && (1..=last).contains(&day)
}
