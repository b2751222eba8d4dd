//! What a policy is told of an attempt that ended.

use std::time::Duration;

use super::{Class, Facts, Sample, classify};
use crate::error::{Code, Kind};

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// With a value, which the host keeps.
    Completed {
        /// What keeping the value in a cache takes; 0 where there is no cache.
        bytes: u64,
    },
    /// With an error, which the host keeps.
    Failed(Failure<'a>),
}

impl Outcome<'_> {
    /// With a value that nobody caches.
    pub const COMPLETED: Self = Self::Completed { bytes: 0 };

    /// With an error that nothing more is known of: another attempt may not meet it.
    #[must_use]
    pub fn failed() -> Self {
        Self::Failed(Failure::new(classify(&Facts::default(), &[])))
    }

    /// With an error that every attempt will meet.
    #[must_use]
    pub fn failed_for_good() -> Self {
        let class = Class { retryable: false, ..classify(&Facts::default(), &[]) };
        Self::Failed(Failure::new(class))
    }
}

/// An error, as far as policies look at it.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// What it means.
    pub class: Class,
    /// Its code.
    pub code: Option<&'a str>,
    /// Its HTTP status.
    pub status: Option<u16>,
    /// When the service wants to be asked again.
    pub retry_after: Option<Duration>,
    /// What a predicate of the caller said about another attempt.
    pub retry: Option<bool>,
    /// What a predicate of the caller said that it is to the circuit breaker.
    pub sample: Option<Sample>,
}

impl<'a> Failure<'a> {
    /// An error of a class, and nothing else known.
    #[must_use]
    pub fn new(class: Class) -> Self {
        Self { class, code: None, status: None, retry_after: None, retry: None, sample: None }
    }

    /// One of our own errors.
    #[must_use]
    pub(crate) fn of(code: Code, retry_after: Option<Duration>) -> Self {
        let facts = Facts { code: Some(code.as_str()), ..Facts::default() };
        Self { code: facts.code, retry_after, ..Self::new(classify(&facts, &[])) }
    }

    /// Whether everybody who meets it is asked to come back at the same instant.
    pub(crate) fn is_shared(&self) -> bool {
        [Code::CircuitOpen, Code::RateLimited].iter().any(|code| self.code == Some(code.as_str()))
    }

    /// What it is to a circuit breaker: the fault of the service, unless it is the caller's own (their request, their
    /// rights, their quota, their pace) or nobody's (a cancellation).
    #[must_use]
    pub fn sample(&self) -> Sample {
        self.sample.unwrap_or(match self.class.kind {
            Kind::Validation | Kind::Unauthorized | Kind::Cancelled | Kind::RateLimited | Kind::Exhausted => {
                Sample::Ignored
            }
            _ => Sample::Failure,
        })
    }
}

/// Which errors are meant: those of a kind, with a code, or with an HTTP status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds.
    pub kinds: Vec<Kind>,
    /// Codes.
    pub codes: Vec<String>,
    /// HTTP statuses.
    pub statuses: Vec<u16>,
}

impl Filter {
    /// Whether the error is one of them.
    #[must_use]
    pub fn matches(&self, failure: &Failure<'_>) -> bool {
        self.kinds.contains(&failure.class.kind)
            || failure.code.is_some_and(|code| self.codes.iter().any(|it| it == code))
            || failure.status.is_some_and(|status| self.statuses.contains(&status))
    }
}
