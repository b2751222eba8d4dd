//! The offline coach, through its public API. One file for each file of `src/fitness` it is about.

mod coverage;
