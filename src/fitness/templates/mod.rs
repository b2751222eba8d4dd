//! The workflow definitions of the coach, as data.

/// A comprehensive workout in six steps: analyse, build, then recommendations, equipment and safety side by side, and
/// the final writing. Its input is a normalised request
/// ([`WorkoutRequest::to_json`](super::request::WorkoutRequest::to_json)), its output the result of
/// `workout-detail.write`.
pub const COMPREHENSIVE_WORKOUT: &str = include_str!("comprehensive-workout.json");

/// A programme of twelve weeks in four steps: assess, then the three phases, each from the plan so far. Its input is what
/// `fitness-assessment.assess` takes, its output a [`Programme`](super::programme::Programme).
pub const PROGRESSIVE_PROGRAM: &str = include_str!("progressive-program.json");

/// Every definition, as JSON text.
pub const ALL: [&str; 2] = [COMPREHENSIVE_WORKOUT, PROGRESSIVE_PROGRAM];

/// The definition of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static str> {
    // The id is the first thing in each.
    ALL.into_iter().find(|text| text.split('"').nth(3) == Some(id))
}
