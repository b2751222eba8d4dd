//! The workflow definitions of the coach, as data.

/// A comprehensive workout in six steps: analyse, build, then recommendations, equipment and safety side by side, and
/// the final writing. Its input is a normalised request
/// ([`WorkoutRequest::to_json`](super::request::WorkoutRequest::to_json)), its output the result of
/// `workout-detail.write`.
pub const COMPREHENSIVE_WORKOUT: &str = include_str!("comprehensive-workout.json");

/// How to go on in a session, in five steps: how it goes, what may become of it, the adaptation or a stop, what to do
/// instead of what hurts, and a check. Its input is what `workout-adaptation.adapt` takes
/// ([`AdaptationRequest`](super::adaptation::AdaptationRequest)); its output is `{ assessment, conditions, adaptation,
/// alternatives, validation }`.
pub const REAL_TIME_ADAPTATION: &str = include_str!("real-time-adaptation.json");

/// Every definition, as JSON text.
pub const ALL: [&str; 2] = [COMPREHENSIVE_WORKOUT, REAL_TIME_ADAPTATION];

/// The definition of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static str> {
    // The id is the first thing in each.
    ALL.into_iter().find(|text| text.split('"').nth(3) == Some(id))
}
