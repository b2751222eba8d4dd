//! What the host reports of an error, and what it is told of a failure.

use std::time::Duration;

use js_sys::{Array, Date};
use wasm_bindgen::prelude::*;

use super::convert::Fields;
use crate::ai::failure::code_of;
use crate::policy::{Facts, Failure, FailureReason, Row, Sample, classify, retry_after};
use crate::time::Timestamp;

/// What the facade could read off an error: a list of its code, type, name, HTTP status, message, whether it says itself
/// that it may be retried, its `retry-after-ms` and `retry-after` headers, and what predicates of the caller said about
/// retrying it and about counting it. What is not there is `undefined`. No list is an error that nothing is known of.
#[derive(Default)]
pub(super) struct Reported {
    code: Option<String>,
    error_type: Option<String>,
    name: Option<String>,
    status: Option<u16>,
    message: Option<String>,
    should_retry: Option<bool>,
    retry_after_ms: Option<String>,
    retry_after: Option<String>,
    retry: Option<bool>,
    counts: Option<bool>,
}

impl Reported {
    pub(super) fn read(error: Option<&Array>) -> Self {
        let Some(error) = error else { return Self::default() };
        let text = |index| error.get(index).as_string();
        let flag = |index| error.get(index).as_bool();
        Self {
            code: text(0),
            error_type: text(1),
            name: text(2),
            status: error.get(3).as_f64().filter(|status| (0.0..65_536.0).contains(status)).map(|status| status as u16),
            message: text(4),
            should_retry: flag(5),
            retry_after_ms: text(6),
            retry_after: text(7),
            retry: flag(8),
            counts: flag(9),
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            code: self.code.as_deref(),
            error_type: self.error_type.as_deref(),
            name: self.name.as_deref(),
            status: self.status,
            message: self.message.as_deref(),
            should_retry: self.should_retry,
        }
    }

    pub(super) fn failure(&self, rows: &[Row], now: Timestamp) -> Failure<'_> {
        let facts = self.facts();
        let mut failure = Failure::new(classify(&facts, rows));
        failure.code = facts.code;
        failure.status = self.status;
        failure.retry_after = retry_after(self.retry_after_ms.as_deref(), self.retry_after.as_deref(), now);
        failure.retry = self.retry;
        failure.sample = self.counts.map(|counts| if counts { Sample::Failure } else { Sample::Ignored });
        failure
    }
}

/// A reason as a number, which the facade reads back (`reasons` in its `failures.js`), and when to ask again.
pub(super) fn number_of(reason: FailureReason) -> (u32, Option<Duration>) {
    match reason {
        FailureReason::Error => (0, None),
        FailureReason::Timeout => (1, None),
        FailureReason::TotalTimeout => (2, None),
        FailureReason::CircuitOpen { retry_after } => (3, retry_after),
        FailureReason::BulkheadFull => (4, None),
        FailureReason::BulkheadTimeout => (5, None),
        FailureReason::RateLimited { retry_after } => (6, Some(retry_after)),
        FailureReason::QuotaExceeded { retry_after } => (7, Some(retry_after)),
        FailureReason::TooLarge => (8, None),
    }
}

/// What a failed call of a model is: `{ code, kind, severity, retryable, retryAfterMs? }`. `told` is what the facade could
/// read off the error (`report` in its `failures.js`).
#[wasm_bindgen(js_name = failureOf)]
pub fn failure_of(told: Option<Array>) -> JsValue {
    let reported = Reported::read(told.as_ref());
    let failure = reported.failure(&[], Timestamp::from_millis(Date::now()));
    let class = failure.class;
    let fields = Fields::default();
    fields
        .text("code", code_of(&reported.facts()).as_str())
        .text("kind", class.kind.name())
        .text("severity", class.severity.name())
        .flag("retryable", class.retryable);
    if let Some(wait) = failure.retry_after {
        fields.number("retryAfterMs", wait.as_secs_f64() * 1_000.0);
    }
    fields.object()
}
