//! Which of our errors a failed call is.

use repflow::Kind;
use repflow::ai::failure::code_of;
use repflow::error::Code;
use repflow::policy::{Facts, classify};

fn status(status: u16) -> Facts<'static> {
    Facts { status: Some(status), ..Facts::default() }
}

fn code(code: &str) -> Facts<'_> {
    Facts { code: Some(code), ..Facts::default() }
}

#[test]
fn every_status_has_its_code() {
    for (statuses, code) in [
        (&[400, 413, 422, 499][..], Code::AiBadRequest),
        (&[401, 403, 407], Code::AiUnauthorized),
        (&[404, 410, 451, 501], Code::AiNotFound),
        (&[429], Code::AiRateLimited),
        (&[402], Code::AiExhausted),
        (&[409, 425, 500, 502, 503, 529], Code::AiUnavailable),
        (&[408, 504, 522, 524], Code::AiTimeout),
        (&[0], Code::AiConnection),
    ] {
        for it in statuses {
            assert_eq!(code_of(&status(*it)), code, "{it}");
        }
    }
}

#[test]
fn what_the_service_says_counts_more_than_the_status() {
    for (name, expected) in [
        ("insufficient_quota", Code::AiExhausted),
        ("project_spend_limit_exceeded", Code::AiExhausted),
        ("slow_down", Code::AiRateLimited),
        ("model_not_found", Code::AiNotFound),
        ("context_length_exceeded", Code::AiBadRequest),
        ("502", Code::AiUnavailable),
        ("server_error", Code::AiUnavailable),
        ("ECONNRESET", Code::AiConnection),
        ("ABORT_ERR", Code::PolicyCancelled),
        ("nobody knows", Code::AiFailed),
    ] {
        assert_eq!(code_of(&code(name)), expected, "{name}");
    }
    assert_eq!(code_of(&Facts::default()), Code::AiFailed);
}

#[test]
fn whether_to_retry_does_not_change_what_it_is() {
    for should_retry in [None, Some(true), Some(false)] {
        assert_eq!(code_of(&Facts { should_retry, ..status(503) }), Code::AiUnavailable);
        assert_eq!(code_of(&Facts { should_retry, ..status(404) }), Code::AiNotFound);
    }
}

#[test]
fn our_own_errors_stay_what_they_are() {
    for own in Code::ALL {
        assert_eq!(code_of(&code(own.as_str())), *own);
    }
}

/// What the table of codes says of a code is what the classifier says of what leads to it.
#[test]
fn the_table_of_codes_agrees_with_the_classifier() {
    let statuses = (0..600).map(status);
    let codes =
        ["insufficient_quota", "slow_down", "model_not_found", "ECONNRESET", "ETIMEDOUT", "server_error"].map(code);
    for facts in statuses.chain(codes) {
        let (ours, class) = (code_of(&facts), classify(&facts, &[]));
        assert_eq!((ours.kind(), ours.is_retryable()), (class.kind, class.retryable), "{facts:?}");
        assert_ne!(ours.kind(), Kind::Internal);
    }
}
