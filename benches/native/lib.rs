//! What is measured of the core without a browser: workloads that need nothing but a number for their size.
//!
//! `native` times each of them, `count` runs one so that its instructions can be counted. Each checks what it did: a
//! workload that does something else is not faster.
//!
//! # Layout
//! - [`runs`]: runs of a workflow, many at once, and the host that drives them; [`shapes`]: the workflows
//! - [`compiling`], [`journals`]: what comes before a run, and what goes on with one
//! - [`expressions`], [`policies`], [`topics`], [`coach`]: the other parts

pub mod coach;
pub mod compiling;
pub mod expressions;
pub mod journals;
pub mod policies;
pub mod runs;
pub mod shapes;
pub mod topics;

use std::fmt;

/// Does all of it once.
pub type Once = Box<dyn FnMut()>;

/// Something to do, of any size.
#[derive(Clone, Copy)]
pub struct Workload {
    /// What it is called, together with a size.
    pub name: &'static str,
    /// Gets everything ready: what is measured is what this returns.
    pub prepare: fn(size: usize) -> Once,
}

/// A workload and its size.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is to be done.
    pub workload: Workload,
    /// How many there are of what it is about.
    pub size: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.workload.name, self.size)
    }
}

/// All of them, part by part.
pub const ALL: &[&[Workload]] =
    &[runs::ALL, compiling::ALL, journals::ALL, expressions::ALL, policies::ALL, topics::ALL, coach::ALL];

/// The workload of this name.
#[must_use]
pub fn find(name: &str) -> Option<Workload> {
    ALL.iter().copied().flatten().find(|workload| workload.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_does_what_it_says_and_may_do_it_again() {
        for workload in ALL.iter().copied().flatten() {
            for size in [10, 15] {
                let mut once = (workload.prepare)(size);
                once();
                once();
            }
        }
    }

    #[test]
    fn each_workload_has_a_name_of_its_own() {
        let mut names: Vec<&str> = ALL.iter().copied().flatten().map(|workload| workload.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| find(name).is_some()) && find("nothing").is_none());
    }
}
