//! The table of errors never changes under its users, and suggestions are slips of the pen only.

use std::collections::BTreeSet;

use proptest::prelude::*;
use repflow::error::{Code, nearest};
use repflow::{Error, Kind, Problem, Severity};

/// Every code with all that follows from it. A row may be added; none may change or leave.
const TABLE: &[(&str, Kind, Severity, bool)] = &[
    ("workflow.invalid", Kind::Validation, Severity::Error, false),
    ("config.invalid", Kind::Validation, Severity::Error, false),
    ("workout.invalid", Kind::Validation, Severity::Error, false),
    ("workout.infeasible", Kind::Validation, Severity::Error, false),
    ("expression.failed", Kind::Validation, Severity::Error, false),
    ("step.failed", Kind::Failed, Severity::Error, false),
    ("step.timeout", Kind::Timeout, Severity::Error, true),
    ("run.timeout", Kind::Timeout, Severity::Error, false),
    ("run.cancelled", Kind::Cancelled, Severity::Info, false),
    ("step.cancelled", Kind::Cancelled, Severity::Info, false),
    ("input.invalid", Kind::Validation, Severity::Error, false),
    ("output.invalid", Kind::Validation, Severity::Error, true),
    ("run.no_such_signal", Kind::Validation, Severity::Error, false),
    ("run.queue_full", Kind::RateLimited, Severity::Error, true),
    ("workflow.not_registered", Kind::Validation, Severity::Error, false),
    ("journal.invalid", Kind::Validation, Severity::Error, false),
    ("journal.definition_changed", Kind::Validation, Severity::Error, false),
    ("bus.no_such_feature", Kind::Unavailable, Severity::Error, false),
    ("bus.no_such_action", Kind::Unavailable, Severity::Error, false),
    ("bus.feature_exists", Kind::Validation, Severity::Error, false),
    ("bus.failed", Kind::Failed, Severity::Error, false),
    ("bus.timeout", Kind::Timeout, Severity::Error, true),
    ("bus.cancelled", Kind::Cancelled, Severity::Info, false),
    ("bus.unavailable", Kind::Unavailable, Severity::Error, true),
    ("bus.too_deep", Kind::Failed, Severity::Error, false),
    ("bus.overflow", Kind::Exhausted, Severity::Error, false),
    ("bus.invalid", Kind::Validation, Severity::Error, false),
    ("policy.timeout", Kind::Timeout, Severity::Error, true),
    ("policy.total_timeout", Kind::Timeout, Severity::Error, false),
    ("policy.cancelled", Kind::Cancelled, Severity::Info, false),
    ("policy.failed", Kind::Failed, Severity::Error, false),
    ("circuit.open", Kind::Unavailable, Severity::Error, true),
    ("bulkhead.full", Kind::RateLimited, Severity::Error, true),
    ("bulkhead.timeout", Kind::RateLimited, Severity::Error, true),
    ("rate_limit.exceeded", Kind::RateLimited, Severity::Error, true),
    ("rate_limit.quota_exceeded", Kind::Exhausted, Severity::Error, false),
    ("ai.bad_request", Kind::Validation, Severity::Error, false),
    ("ai.unauthorized", Kind::Unauthorized, Severity::Error, false),
    ("ai.not_found", Kind::Unavailable, Severity::Error, false),
    ("ai.rate_limited", Kind::RateLimited, Severity::Error, true),
    ("ai.exhausted", Kind::Exhausted, Severity::Error, false),
    ("ai.unavailable", Kind::Unavailable, Severity::Error, true),
    ("ai.timeout", Kind::Timeout, Severity::Error, true),
    ("ai.connection", Kind::Network, Severity::Error, true),
    ("ai.failed", Kind::Failed, Severity::Error, true),
    ("ai.truncated", Kind::Network, Severity::Error, true),
    ("ai.malformed", Kind::Failed, Severity::Error, true),
    ("ai.refused", Kind::Failed, Severity::Error, false),
    ("ai.incomplete", Kind::Failed, Severity::Error, false),
    ("ai.filtered", Kind::Failed, Severity::Error, false),
    ("ai.invalid_answer", Kind::Failed, Severity::Error, true),
    ("ai.budget_exceeded", Kind::Exhausted, Severity::Error, false),
    ("ai.not_cached", Kind::Unavailable, Severity::Error, false),
    ("internal.disposed", Kind::Unavailable, Severity::Error, false),
    ("internal.load_failed", Kind::Unavailable, Severity::Critical, true),
    ("internal.panic", Kind::Internal, Severity::Critical, true),
];

#[test]
fn the_table_of_codes_is_stable() {
    let rows: Vec<_> =
        Code::ALL.iter().map(|code| (code.as_str(), code.kind(), code.severity(), code.is_retryable())).collect();
    assert_eq!(rows, TABLE);
}

#[test]
fn kinds_are_stable_and_found_by_their_names() {
    let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(
        names,
        [
            "validation",
            "unauthorized",
            "timeout",
            "cancelled",
            "rate_limited",
            "exhausted",
            "network",
            "unavailable",
            "failed",
            "internal"
        ]
    );
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(*kind));
    }
    for other in ["", "Validation", "rate limited", "network "] {
        assert_eq!(Kind::from_name(other), None, "{other}");
    }
    let used = |kind: &Kind| Code::ALL.iter().any(|code| code.kind() == *kind);
    let unused: Vec<_> = Kind::ALL.iter().filter(|kind| !used(kind)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn codes_are_unique_and_read_as_area_and_name() {
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    for text in texts {
        let (area, name) = text.split_once('.').unwrap_or_default();
        assert!(word(area) && word(name), "{text}");
    }
}

#[test]
fn an_error_says_its_code_and_its_message() {
    let error = Error::new(Code::BusTimeout, "`coach.plan` did not answer within 2s");
    assert_eq!(error.to_string(), "bus.timeout: `coach.plan` did not answer within 2s");
    assert_eq!(error.message(), "`coach.plan` did not answer within 2s");
    assert_eq!((error.code(), error.kind(), error.is_retryable()), (Code::BusTimeout, Kind::Timeout, true));
    assert!(error.problems().is_empty());
}

#[test]
fn an_error_about_input_lists_every_problem_with_its_place() {
    let whole = Problem::new("", "`id` is missing");
    let slip = Problem { suggestion: Some("call".to_owned()), ..Problem::new("/steps/0/cal", "unknown key `cal`") };
    let error = Error::invalid(Code::WorkflowInvalid, "the workflow definition", vec![whole.clone(), slip.clone()]);
    assert_eq!(
        error.message(),
        "the workflow definition has 2 problems:\n\
         - (whole): `id` is missing\n\
         - /steps/0/cal: unknown key `cal` (did you mean `call`?)"
    );
    assert_eq!(error.problems(), [whole.clone(), slip]);
    let error = Error::invalid(Code::WorkflowInvalid, "the workflow definition", vec![whole]);
    assert_eq!(error.message(), "the workflow definition has 1 problem:\n- (whole): `id` is missing");
}

#[test]
fn a_slip_of_the_pen_finds_what_was_meant() {
    let keys = ["id", "call", "parallel", "needs", "timeout", "retry", "concurrency"];
    for (written, meant) in [
        ("cal", Some("call")),
        ("clal", Some("call")),
        ("neds", Some("needs")),
        ("time-out", Some("timeout")),
        ("tiemout", Some("timeout")),
        ("paralel", Some("parallel")),
        ("concurency", Some("concurrency")),
        ("di", Some("id")),
        // What is there already is not a slip.
        ("retry", None),
        // Four letters allow one edit, not two.
        ("cxxl", None),
        ("deadline", None),
        ("", None),
        ("全く違う", None),
    ] {
        assert_eq!(nearest(written, keys), meant, "{written}");
    }
}

#[test]
fn among_equally_close_names_the_first_of_the_alphabet_is_offered() {
    assert_eq!(nearest("squat_", ["squats", "squat2", "squat1"]), Some("squat1"));
    assert_eq!(nearest("squt", ["squatt", "squat"]), Some("squat"), "the closer one wins");
    assert_eq!(nearest("squat", []), None);
    assert_eq!(nearest("progressive-xxxxload", ["progressive-overload"]), Some("progressive-overload"));
    assert_eq!(
        nearest("progressive-xxxxxoad", ["progressive-overload"]),
        None,
        "four edits are the most, however long"
    );
    assert_eq!(nearest("c", ["a", "b"]), None, "another letter is another name");
    assert_eq!(nearest("c", ["a", "ca"]), Some("ca"));
}

/// The distance by its definition (optimal string alignment), slow and plain.
fn edits(a: &[char], b: &[char]) -> usize {
    match (a, b) {
        ([], rest) | (rest, []) => rest.len(),
        ([a_start @ .., x], [b_start @ .., y]) => {
            let mut least = (edits(a_start, b) + 1).min(edits(a, b_start) + 1);
            least = least.min(edits(a_start, b_start) + usize::from(x != y));
            if let ([a_more @ .., w], [b_more @ .., z]) = (a_start, b_start)
                && (w, x) == (y, z)
            {
                least = least.min(edits(a_more, b_more) + 1);
            }
            least
        }
    }
}

proptest! {
    #[test]
    fn a_suggestion_is_the_nearest_candidate_within_few_edits(
        word in "[a-d]{0,6}",
        candidates in prop::collection::vec("[a-d]{0,6}", 0..4),
    ) {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        let allowed = (word.len() / 3).max(1);
        let expected = candidates
            .iter()
            .map(|it| (edits(&letters(&word), &letters(it)), it.as_str()))
            .filter(|(distance, it)| (1..=allowed).contains(distance) && *distance < word.len().max(it.len()))
            .min()
            .map(|(_, it)| it);
        prop_assert_eq!(nearest(&word, candidates.iter().map(String::as_str)), expected);
    }
}
