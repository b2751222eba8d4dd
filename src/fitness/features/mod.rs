//! What the coach registers on the bus.
use crate::bus::feature::Feature;
/// All.
#[must_use]
pub fn features() -> Vec<Box<dyn Feature>> {
    Vec::new()
}
