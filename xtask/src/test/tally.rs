//! How many tests passed and failed, from the closing lines of the runners.
//!
//! Cargo and wasm-bindgen's runner close each test program with `test result: ok. 12 passed; 0 failed; …`, Node closes
//! with a line for each count: `ℹ pass 12`.

use std::fmt;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Tests that passed and failed. A check that is no test runner counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Tally {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// The counts in a runner's output. What Node skipped counts as failed: a test that cannot run here is set up
    /// for, or it is not a test.
    fn read(output: &str) -> Self {
        output.lines().fold(Self::default(), |sum, line| sum.plus(of_line(line.trim())))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn of_line(line: &str) -> Tally {
    let mut tally = Tally::default();
    if let Some(counts) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
        for count in counts.1.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => tally.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => tally.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    } else if let Some((kind, number)) = line.strip_prefix("ℹ ").and_then(|rest| rest.split_once(' ')) {
        let number = number.parse().unwrap_or(0);
        match kind {
            "pass" => tally.passed += number,
            "fail" | "cancelled" | "skipped" | "todo" => tally.failed += number,
            _ => {}
        }
    }
    tally
}

/// Runs commands that pass or fail as a whole: all of them are one check.
pub(super) fn check(commands: impl IntoIterator<Item = Command>) -> Result<Tally> {
    for mut command in commands {
        process::shown(&mut command)?;
    }
    Ok(Tally { passed: 1, failed: 0 })
}

/// Runs test runners and sums up their counts. Every one of them runs, whatever the others did.
pub(super) fn tests(commands: impl IntoIterator<Item = Command>) -> Result<Tally> {
    let mut sum = Tally::default();
    for mut command in commands {
        let teed = process::teed(&mut command)?;
        let mut tally = Tally::read(&teed.text);
        if !teed.status.success() && tally.failed == 0 {
            // It did not compile, or it crashed: nothing in its output counts that.
            println!("error: `{}` ended with {}", process::line(&command), teed.status);
            tally.failed = 1;
        }
        sum = sum.plus(tally);
    }
    if sum == Tally::default() {
        bail!("no test was run");
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_closing_lines_are_summed() {
        let output = "\
            running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 5 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(Tally::read(output), Tally { passed: 7, failed: 1 });
    }

    #[test]
    fn nodes_closing_lines_are_summed_and_a_skipped_test_is_a_failed_one() {
        let output = "✔ makes a workout (12.3ms)\nℹ tests 4\nℹ suites 0\nℹ pass 3\nℹ fail 0\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms 5";
        assert_eq!(Tally::read(output), Tally { passed: 3, failed: 1 });
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(Tally::read("3 passed in a pipe\nℹ note 5\ntest result: none"), Tally::default());
    }

    #[test]
    fn a_runner_without_tests_fails() {
        assert!(tests([Command::new("true")]).is_err());
    }

    #[test]
    fn a_crash_is_a_failure() {
        assert_eq!(tests([Command::new("false")]).unwrap(), Tally { passed: 0, failed: 1 });
    }
}
