//! Who hears what, and in which order.
//!
//! Topics follow NATS: tokens between dots, case-sensitive. A subscription may use wildcards: `*` stands for one token,
//! and `>`, only as the last, for one or more. Higher priority hears first; among equals, who subscribed first.

use crate::error::{Code, Error};

/// Names a subscription; never used twice.
pub type SubscriptionId = u32;

/// The subscriptions of a bus.
#[derive(Debug, Default)]
pub struct Topics {
    /// In the order in which they hear.
    subscriptions: Vec<Subscription>,
    next_id: SubscriptionId,
}

#[derive(Debug)]
struct Subscription {
    id: SubscriptionId,
    priority: i32,
    pattern: Vec<String>,
}

impl Topics {
    /// Adds a subscription to a topic or a pattern.
    ///
    /// # Errors
    /// `bus.invalid` for what is neither.
    pub fn subscribe(&mut self, pattern: &str, priority: i32) -> Result<SubscriptionId, Error> {
        let tokens = check(pattern, Wildcards::Allowed)?;
        let id = self.next_id;
        self.next_id += 1;
        let at = self.subscriptions.partition_point(|other| other.priority >= priority);
        self.subscriptions.insert(at, Subscription { id, priority, pattern: tokens });
        Ok(id)
    }

    /// Removes a subscription; one that is not there any more is fine.
    pub fn unsubscribe(&mut self, id: SubscriptionId) {
        if let Some(place) = self.subscriptions.iter().position(|subscription| subscription.id == id) {
            self.subscriptions.remove(place);
        }
    }

    /// Who hears `topic`, in order.
    ///
    /// # Errors
    /// `bus.invalid` when it is not a topic; publishing takes no wildcards.
    pub fn deliveries(&self, topic: &str) -> Result<Vec<SubscriptionId>, Error> {
        let tokens = check(topic, Wildcards::Refused)?;
        let mut hearers = Vec::new();
        for subscription in &self.subscriptions {
            if matches(&subscription.pattern, &tokens) {
                hearers.push(subscription.id);
            }
        }
        Ok(hearers)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Wildcards {
    Allowed,
    Refused,
}

fn check(topic: &str, wildcards: Wildcards) -> Result<Vec<String>, Error> {
    let mut tokens = Vec::new();
    for token in topic.split('.') {
        tokens.push(token.to_owned());
    }
    let last = tokens.len() - 1;
    let problem = tokens.iter().enumerate().find_map(|(index, token)| {
        let wildcard = token.contains(['*', '>']);
        if token.is_empty() {
            Some("has an empty part")
        } else if token.contains(char::is_whitespace) || token.contains(char::is_control) {
            Some("has white space in it")
        } else if index == 0 && token.starts_with('$') {
            Some("starts with `$`, which is reserved")
        } else if wildcard && wildcards == Wildcards::Refused {
            Some("has a wildcard, which only a subscription may have")
        } else if wildcard && token.len() > 1 {
            Some("has a wildcard inside of a part; `*` and `>` stand alone")
        } else if token == ">" && index < last {
            Some("has `>` before its last part")
        } else {
            None
        }
    });
    match problem {
        None => Ok(tokens),
        Some(problem) => {
            let message =
                format!("the topic `{topic}` {problem}; a topic is names between dots, such as `workout.generated`");
            Err(Error::new(Code::BusInvalid, message))
        }
    }
}

fn matches(pattern: &[String], topic: &[String]) -> bool {
    match pattern.last() {
        Some(last) if last == ">" => {
            topic.len() >= pattern.len() && same(&pattern[..pattern.len() - 1], &topic[..pattern.len() - 1])
        }
        _ => topic.len() == pattern.len() && same(pattern, topic),
    }
}

fn same(pattern: &[String], topic: &[String]) -> bool {
    pattern.iter().zip(topic).all(|(pattern, token)| pattern == "*" || pattern == token)
}
