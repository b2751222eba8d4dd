//! Who hears what, and in which order.

use proptest::prelude::*;
use repflow::bus::Topics;
use repflow::error::Code;

/// Who hears `topic`, of subscriptions to `patterns` with equal priority.
fn hearers<'a>(patterns: &[&'a str], topic: &str) -> Vec<&'a str> {
    let mut topics = Topics::default();
    let ids: Vec<u32> =
        patterns.iter().map(|pattern| topics.subscribe(pattern, 0).expect("the pattern is well formed")).collect();
    let heard = topics.deliveries(topic).expect("the topic is well formed");
    heard.iter().map(|id| patterns[ids.iter().position(|it| it == id).expect("a subscription")]).collect()
}

#[test]
fn subjects_match_as_in_nats() {
    let patterns = [
        "workout.generated",
        "workout.*",
        "workout.>",
        "*.generated",
        "*",
        ">",
        "*.*",
        "workout.set.*",
        "*.>",
        "Workout.>",
    ];
    for (topic, expected) in [
        ("workout.generated", &["workout.generated", "workout.*", "workout.>", "*.generated", ">", "*.*", "*.>"][..]),
        ("workout", &["*", ">"]),
        ("workout.set.finished", &["workout.>", ">", "workout.set.*", "*.>"]),
        ("workout.set.1.finished", &["workout.>", ">", "*.>"]),
        ("session.generated", &["*.generated", ">", "*.*", "*.>"]),
        ("Workout.generated", &["*.generated", ">", "*.*", "*.>", "Workout.>"]),
        ("a.$b", &[">", "*.*", "*.>"]),
    ] {
        assert_eq!(hearers(&patterns, topic), expected, "{topic}");
    }
}

#[test]
fn higher_priority_hears_first_and_equals_in_the_order_in_which_they_subscribed() {
    let mut topics = Topics::default();
    let mut subscribe = |pattern, priority| topics.subscribe(pattern, priority).expect("the pattern is well formed");
    let audit = subscribe(">", -10);
    let first = subscribe("workout.generated", 0);
    let second = subscribe("workout.*", 0);
    let urgent = subscribe("workout.generated", i32::MAX);
    let third = subscribe("workout.generated", 0);
    let never = subscribe("workout.generated", i32::MIN);
    assert_eq!(topics.deliveries("workout.generated"), Ok(vec![urgent, first, second, third, audit, never]));
    topics.unsubscribe(second);
    topics.unsubscribe(second);
    assert_eq!(topics.deliveries("workout.generated"), Ok(vec![urgent, first, third, audit, never]));
}

#[test]
fn an_id_is_never_used_twice() {
    let mut topics = Topics::default();
    let first = topics.subscribe("a", 0).expect("the pattern is well formed");
    topics.unsubscribe(first);
    let second = topics.subscribe("a", 0).expect("the pattern is well formed");
    assert_ne!(first, second);
    topics.unsubscribe(first);
    assert_eq!(topics.deliveries("a"), Ok(vec![second]));
}

#[test]
fn what_is_not_a_topic_is_refused_with_what_is_wrong() {
    for (topic, problem) in [
        ("", "has an empty part"),
        (".", "has an empty part"),
        ("a..b", "has an empty part"),
        (".a", "has an empty part"),
        ("a.", "has an empty part"),
        ("a b", "has white space in it"),
        ("a.\tb", "has white space in it"),
        ("a\u{a0}b", "has white space in it"),
        ("a\0", "has white space in it"),
        ("$SRV.PING", "starts with `$`, which is reserved"),
    ] {
        let mut topics = Topics::default();
        let whole =
            format!("the topic `{topic}` {problem}; a topic is names between dots, such as `workout.generated`");
        for error in [topics.subscribe(topic, 0).expect_err(topic), topics.deliveries(topic).expect_err(topic)] {
            assert_eq!((error.code(), error.message()), (Code::BusInvalid, whole.as_str()));
        }
    }
}

#[test]
fn wildcards_stand_alone_and_only_in_subscriptions() {
    let mut topics = Topics::default();
    for (pattern, problem) in [
        ("a*", "has a wildcard inside of a part"),
        ("a.b>", "has a wildcard inside of a part"),
        ("**", "has a wildcard inside of a part"),
        (">.a", "has `>` before its last part"),
        ("a.>.b", "has `>` before its last part"),
    ] {
        let error = topics.subscribe(pattern, 0).expect_err(pattern);
        assert!(error.message().contains(problem), "{error}");
    }
    for topic in ["*", ">", "a.*", "a.>", "a*"] {
        let error = topics.deliveries(topic).expect_err(topic);
        assert!(error.message().contains("has a wildcard, which only a subscription may have"), "{error}");
    }
}

/// Whether a subscription hears a topic, token by token.
fn hears(pattern: &[&str], topic: &[&str]) -> bool {
    match (pattern, topic) {
        ([">"], [_, ..]) => true,
        (["*", pattern @ ..], [_, topic @ ..]) => hears(pattern, topic),
        ([token, pattern @ ..], [same, topic @ ..]) if token == same => hears(pattern, topic),
        ([], []) => true,
        _ => false,
    }
}

/// Whether a topic is well formed, token by token.
fn well_formed(topic: &str, pattern: bool) -> bool {
    let tokens: Vec<&str> = topic.split('.').collect();
    let wildcard = |index: usize, token: &str| pattern && (token == "*" || (token == ">" && index + 1 == tokens.len()));
    let plain = |token: &str| {
        !token.is_empty() && !token.chars().any(|c| c.is_whitespace() || c.is_control() || c == '*' || c == '>')
    };
    !topic.starts_with('$') && tokens.iter().enumerate().all(|(index, token)| wildcard(index, token) || plain(token))
}

fn split(subject: &str) -> Vec<&str> {
    subject.split('.').collect()
}

proptest! {
    #[test]
    fn deliveries_are_those_of_a_plain_list(
        patterns in prop::collection::vec(("(a|b|\\*)(\\.(a|b|\\*)){0,2}(\\.>)?|>", -2..3_i32), 0..40),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        topic in "(a|b)(\\.(a|b)){0,3}",
    ) {
        let mut topics = Topics::default();
        let mut model: Vec<(i32, u32, &str)> = Vec::new();
        for (pattern, priority) in &patterns {
            let id = topics.subscribe(pattern, *priority).expect("the pattern is well formed");
            model.push((-priority, id, pattern));
        }
        for index in gone.iter().filter(|_| !patterns.is_empty()) {
            let index = index.index(patterns.len()) as u32;
            topics.unsubscribe(index);
            model.retain(|(_, id, _)| *id != index);
        }
        model.sort_unstable();
        let expected: Vec<u32> =
            model.iter().filter(|(_, _, pattern)| hears(&split(pattern), &split(&topic))).map(|(_, id, _)| *id).collect();
        prop_assert_eq!(topics.deliveries(&topic), Ok(expected));
    }

    #[test]
    fn any_text_is_a_subject_or_refused(text in "[a$*>. \\n]{0,6}|\\PC{0,6}") {
        let mut topics = Topics::default();
        prop_assert_eq!(topics.deliveries(&text).is_ok(), well_formed(&text, false), "as a topic");
        prop_assert_eq!(topics.subscribe(&text, 0).is_ok(), well_formed(&text, true), "as a pattern");
    }
}
