//! Where somebody starts.
/// x
#[derive(Debug)]
pub struct FitnessAssessment;
