//! The workflow definitions of the coach, as data.

/// A comprehensive workout in six steps: analyse, build, then recommendations, equipment and safety side by side, and
/// the final writing. Its input is a normalised request
/// ([`WorkoutRequest::to_json`](super::request::WorkoutRequest::to_json)), its output the result of
/// `workout-detail.write`.
pub const COMPREHENSIVE_WORKOUT: &str = include_str!("comprehensive-workout.json");

/// A workout for a group in six steps: everybody's fitness, preferences and limitations side by side, what they have in
/// common, the stations with clock and rotation, and the variations. Its input is a normalised request
/// ([`GroupRequest::to_json`](super::group::GroupRequest::to_json)), its output `{ workout, common, analysis }`.
pub const GROUP_WORKOUT: &str = include_str!("group-workout.json");

/// Every definition, as JSON text.
pub const ALL: [&str; 2] = [COMPREHENSIVE_WORKOUT, GROUP_WORKOUT];

/// The definition of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static str> {
    // The id is the first thing in each.
    ALL.into_iter().find(|text| text.split('"').nth(3) == Some(id))
}
