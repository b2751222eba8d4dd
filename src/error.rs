//! The one public error.
//!
//! An error has a stable `code` (`"workflow.invalid"`), a `kind` that says how to react to it, a `severity`, whether a
//! retry can help, and a message that says what was wrong, what was expected and what to do. [`Code`] is the table: a
//! new error is a new row there, and nowhere else.

use std::fmt;
use std::fmt::Write as _;

/// How to react to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// What was given is wrong: mend it, then call again.
    Validation,
    /// Who calls may not do this: log in, or mend the key.
    Unauthorized,
    /// It took longer than it was allowed to.
    Timeout,
    /// The caller asked for it to stop.
    Cancelled,
    /// Too much at once: slow down.
    RateLimited,
    /// A quota, a budget or a credit is used up: waiting a moment does not help.
    Exhausted,
    /// Nobody could be reached.
    Network,
    /// What was asked for is not there, or not now.
    Unavailable,
    /// A step or a handler failed; the cause says why.
    Failed,
    /// A defect of Repflow itself.
    Internal,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Validation,
        Self::Unauthorized,
        Self::Timeout,
        Self::Cancelled,
        Self::RateLimited,
        Self::Exhausted,
        Self::Network,
        Self::Unavailable,
        Self::Failed,
        Self::Internal,
    ];

    /// Their stable names, in the same order.
    pub const NAMES: &[&str] = &[
        "validation",
        "unauthorized",
        "timeout",
        "cancelled",
        "rate_limited",
        "exhausted",
        "network",
        "unavailable",
        "failed",
        "internal",
    ];

    /// The stable name, such as `"validation"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|place| Self::ALL[place])
    }
}

/// How bad an error is for the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Somebody wanted it so.
    Info,
    /// This call did not work; others do.
    Error,
    /// More than this call is affected.
    Critical,
}

impl Severity {
    /// The stable name, such as `"error"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// The table of errors: a stable code, and what follows from it.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $kind:ident, $severity:ident, $retryable:literal;)*) => {
        /// Which error it is. The text of a code never changes once released.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn row(self) -> (&'static str, Kind, Severity, bool) {
                match self { $(Self::$name => ($text, Kind::$kind, Severity::$severity, $retryable),)* }
            }
        }
    };
}

codes! {
    /// A workflow definition is malformed.
    WorkflowInvalid = "workflow.invalid", Validation, Error, false;
    /// Options or arguments of a call are malformed.
    ConfigInvalid = "config.invalid", Validation, Error, false;
    /// A request for a workout is malformed or contradictory.
    WorkoutInvalid = "workout.invalid", Validation, Error, false;
    /// The offline coach cannot build what was asked for from what there is.
    WorkoutInfeasible = "workout.infeasible", Validation, Error, false;
    /// An expression of a definition asks for something that the data does not have.
    ExpressionFailed = "expression.failed", Validation, Error, false;
    /// A step failed, after all its attempts.
    StepFailed = "step.failed", Failed, Error, false;
    /// An attempt of a step took longer than its `timeout`.
    StepTimeout = "step.timeout", Timeout, Error, true;
    /// The run took longer than the workflow's `timeout`.
    RunTimeout = "run.timeout", Timeout, Error, false;
    /// The run was cancelled by its caller.
    RunCancelled = "run.cancelled", Cancelled, Info, false;
    /// The step was stopped, because something that it is a part of failed or ended.
    StepCancelled = "step.cancelled", Cancelled, Info, false;
    /// The input is not what its schema says.
    InputInvalid = "input.invalid", Validation, Error, false;
    /// The output is not what its schema says; the next attempt may do better.
    OutputInvalid = "output.invalid", Validation, Error, true;
    /// No step of the workflow waits for a signal of that name.
    NoSuchSignal = "run.no_such_signal", Validation, Error, false;
    /// As many runs as may be active are, and the queue behind them is full.
    RunQueueFull = "run.queue_full", RateLimited, Error, true;
    /// Nobody registered a workflow of that name.
    WorkflowNotRegistered = "workflow.not_registered", Validation, Error, false;
    /// A journal is damaged, or not that of a run of its workflow.
    JournalInvalid = "journal.invalid", Validation, Error, false;
    /// The workflow of a journal is not what it was any more.
    DefinitionChanged = "journal.definition_changed", Validation, Error, false;
    /// Nobody registered a feature of that name.
    NoSuchFeature = "bus.no_such_feature", Unavailable, Error, false;
    /// The feature has no action of that name.
    NoSuchAction = "bus.no_such_action", Unavailable, Error, false;
    /// A feature of that name is there already.
    FeatureExists = "bus.feature_exists", Validation, Error, false;
    /// An action failed; its own error is the cause.
    BusFailed = "bus.failed", Failed, Error, false;
    /// The feature did not answer in time.
    BusTimeout = "bus.timeout", Timeout, Error, true;
    /// The request was cancelled by its caller.
    BusCancelled = "bus.cancelled", Cancelled, Info, false;
    /// The feature takes no requests now: it was unregistered, or is unhealthy.
    BusUnavailable = "bus.unavailable", Unavailable, Error, true;
    /// What is published is published by what hears it, over and over.
    BusTooDeep = "bus.too_deep", Failed, Error, false;
    /// Whoever reads a stream of events is slower than they come, and asked to be told.
    BusOverflow = "bus.overflow", Exhausted, Error, false;
    /// A feature description, a topic or a subscription is malformed.
    BusInvalid = "bus.invalid", Validation, Error, false;
    /// An attempt took longer than the policy's `timeout`.
    PolicyTimeout = "policy.timeout", Timeout, Error, true;
    /// A call took longer than the policy's `totalTimeout`, with all its attempts and waits.
    PolicyTotalTimeout = "policy.total_timeout", Timeout, Error, false;
    /// A call was cancelled by its caller.
    PolicyCancelled = "policy.cancelled", Cancelled, Info, false;
    /// A call failed, and every fallback failed too.
    PolicyFailed = "policy.failed", Failed, Error, false;
    /// The circuit is open: calls are refused while what they would call recovers.
    CircuitOpen = "circuit.open", Unavailable, Error, true;
    /// As many calls as may run are running, and the queue is full.
    BulkheadFull = "bulkhead.full", RateLimited, Error, true;
    /// A call waited in the queue of a bulkhead longer than its `maxWait`.
    BulkheadTimeout = "bulkhead.timeout", RateLimited, Error, true;
    /// More calls in a time than the rate limit allows.
    RateLimited = "rate_limit.exceeded", RateLimited, Error, true;
    /// A quota or a budget is used up.
    QuotaExceeded = "rate_limit.quota_exceeded", Exhausted, Error, false;
    /// The model's service says that the request is wrong.
    AiBadRequest = "ai.bad_request", Validation, Error, false;
    /// The model's service does not know the key, or the key may not do this.
    AiUnauthorized = "ai.unauthorized", Unauthorized, Error, false;
    /// The model's service has no such model or endpoint.
    AiNotFound = "ai.not_found", Unavailable, Error, false;
    /// More requests or tokens in a time than the model's service allows.
    AiRateLimited = "ai.rate_limited", RateLimited, Error, true;
    /// The credit at the model's service is used up, or a cap on spending is reached.
    AiExhausted = "ai.exhausted", Exhausted, Error, false;
    /// The model's service cannot answer now.
    AiUnavailable = "ai.unavailable", Unavailable, Error, true;
    /// The model's service, or something before it, took too long; or its stream stood still.
    AiTimeout = "ai.timeout", Timeout, Error, true;
    /// The model's service could not be reached, or the connection broke.
    AiConnection = "ai.connection", Network, Error, true;
    /// The model's service failed in a way that nothing is known of.
    AiFailed = "ai.failed", Failed, Error, true;
    /// The stream ended before the answer did.
    AiTruncated = "ai.truncated", Network, Error, true;
    /// What the model's service sent cannot be read, or is larger than it may be.
    AiMalformed = "ai.malformed", Failed, Error, true;
    /// The model will not answer.
    AiRefused = "ai.refused", Failed, Error, false;
    /// The answer ran into the limit of tokens.
    AiIncomplete = "ai.incomplete", Failed, Error, false;
    /// The model's service cut the answer off because of its content.
    AiFiltered = "ai.filtered", Failed, Error, false;
    /// The answer is not what its schema or its checker says; the next one may be.
    AiInvalidAnswer = "ai.invalid_answer", Failed, Error, true;
    /// The call would take, or took, more than a budget of the caller has left.
    AiBudgetExceeded = "ai.budget_exceeded", Exhausted, Error, false;
    /// The cache has no answer to this request.
    AiNotCached = "ai.not_cached", Unavailable, Error, false;
    /// What was called has been disposed of.
    Disposed = "internal.disposed", Unavailable, Error, false;
    /// The WebAssembly core could not be loaded.
    LoadFailed = "internal.load_failed", Unavailable, Critical, true;
    /// The core panicked. Everything that was in flight is rejected with this, and the next call works.
    Panic = "internal.panic", Internal, Critical, true;
}

impl Code {
    /// The code of this text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The stable text, such as `"workflow.invalid"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// How to react to it.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.row().1
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.row().2
    }

    /// Whether the same call may work a moment later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        self.row().3
    }
}

/// One thing that is wrong in what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a JSON pointer (RFC 6901) into what was given; empty for the whole.
    pub pointer: String,
    /// What is wrong there, what was given, and what is allowed.
    pub message: String,
    /// What was probably meant, when something close exists.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem at `pointer`, without a suggestion.
    #[must_use]
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), suggestion: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.pointer.is_empty() { "(whole)" } else { &self.pointer };
        write!(f, "{at}: {}", self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " (did you mean `{suggestion}`?)"),
            None => Ok(()),
        }
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
    problems: Vec<Problem>,
}

impl Error {
    /// An error with its message.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new() }
    }

    /// An error about input, with every problem found in it. The message starts with `what` (`"the workflow
    /// definition"`) and lists them.
    #[must_use]
    pub fn invalid(code: Code, what: &str, problems: Vec<Problem>) -> Self {
        let plural = if problems.len() == 1 { "" } else { "s" };
        let mut message = format!("{what} has {} problem{plural}:", problems.len());
        for problem in &problems {
            // A `String` takes everything.
            let _ = write!(message, "\n- {problem}");
        }
        Self { code, message, problems }
    }

    /// Which error it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// How to react to it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// What was wrong, what was expected, and what to do.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Everything that is wrong in what was given; empty when the error is not about input.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the same call may work a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code.is_retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Error {}

/// The candidate closest to `word`, when one is close enough to be a slip of the pen: at most one edit for every
/// three letters (Damerau-Levenshtein, adjacent letters swapped count as one).
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best = None;
    for candidate in candidates {
        consider(word, candidate, &mut best);
    }
    best.map(|(_, candidate)| candidate)
}

/// Keeps the closer one of `candidate` and `best`. Apart from [`nearest`], which is compiled for each kind of iterator.
fn consider<'a>(word: &str, candidate: &'a str, best: &mut Option<(usize, &'a str)>) {
    let letters = word.chars().count();
    let allowed = (letters / 3).clamp(1, 4);
    let found = (strsim::osa_distance(word, candidate), candidate);
    let is_close = (1..=allowed).contains(&found.0) && found.0 < letters.max(candidate.chars().count());
    if is_close && best.is_none_or(|best| found < best) {
        *best = Some(found);
    }
}
