//! Who hears what, and in which order.
//!
//! Topics follow NATS: tokens between dots, case-sensitive. A subscription may use wildcards: `*` stands for one token,
//! and `>`, only as the last, for one or more. Higher priority hears first; among equals, who subscribed first.

use super::ordered::Ordered;
use crate::error::{Code, Error};

/// Names a subscription; never used twice.
pub type SubscriptionId = u32;

/// The subscriptions of a bus.
///
/// Those to a topic are found by a hash of it, so what it costs to publish has nothing to do with how many other topics there are;
/// only those to a pattern are tried one by one. See [`crate::small`] for why this is no `HashMap`.
#[derive(Debug, Default)]
pub struct Topics {
    /// A power of two of lists, at least as many as there are subscriptions to topics: a mask makes a place of a hash.
    by_hash: Vec<Hearers>,
    /// How many subscriptions these hold.
    count: usize,
    patterns: Hearers,
    /// By id: where to find each.
    places: Ordered<Place>,
    next_id: SubscriptionId,
}

/// Subscriptions by rank: in the order in which they hear.
type Hearers = Ordered<Subscription>;

#[derive(Debug)]
struct Subscription {
    pattern: Vec<String>,
    hash: u32,
}

#[derive(Debug)]
struct Place {
    rank: u64,
    /// That of the topic; a pattern has none.
    hash: Option<u32>,
}

impl Topics {
    /// Adds a subscription to a topic or a pattern.
    ///
    /// # Errors
    /// `bus.invalid` for what is neither.
    pub fn subscribe(&mut self, pattern: &str, priority: i32) -> Result<SubscriptionId, Error> {
        let pattern = check(pattern, Wildcards::Allowed)?;
        let id = self.next_id;
        self.next_id += 1;
        // The lower one hears first.
        let rank = u64::from(i32::MAX.abs_diff(priority)) << 32 | u64::from(id);
        let is_topic = !pattern.iter().any(|token| token == "*" || token == ">");
        let hash = is_topic.then(|| hash(&pattern));
        if is_topic {
            self.count += 1;
            self.make_room();
        }
        let subscription = Subscription { pattern, hash: hash.unwrap_or_default() };
        self.hearers(hash).insert(rank, subscription);
        self.places.insert(id.into(), Place { rank, hash });
        Ok(id)
    }

    /// Removes a subscription; one that is not there any more is fine.
    pub fn unsubscribe(&mut self, id: SubscriptionId) {
        let Some(Place { rank, hash }) = self.places.remove(id.into()) else { return };
        self.hearers(hash).remove(rank);
        self.count -= usize::from(hash.is_some());
    }

    /// Who hears `topic`, in order.
    ///
    /// # Errors
    /// `bus.invalid` when it is not a topic; publishing takes no wildcards.
    pub fn deliveries(&self, topic: &str) -> Result<Vec<SubscriptionId>, Error> {
        let tokens = check(topic, Wildcards::Refused)?;
        let by_name = self.by_hash.get(self.place(hash(&tokens))).map_or_else(Vec::new, |list| hearing(list, &tokens));
        let mut by_name = by_name.into_iter().peekable();
        let mut hearers = Vec::new();
        for rank in hearing(&self.patterns, &tokens) {
            while let Some(before) = by_name.next_if(|other| *other < rank) {
                hearers.push(before as SubscriptionId);
            }
            hearers.push(rank as SubscriptionId);
        }
        for rank in by_name {
            hearers.push(rank as SubscriptionId);
        }
        Ok(hearers)
    }

    /// Where those of this hash are; without one, those to patterns.
    fn hearers(&mut self, hash: Option<u32>) -> &mut Hearers {
        match hash.map(|hash| self.place(hash)) {
            Some(place) => &mut self.by_hash[place],
            None => &mut self.patterns,
        }
    }

    fn place(&self, hash: u32) -> usize {
        hash as usize & self.by_hash.len().wrapping_sub(1)
    }

    fn make_room(&mut self) {
        if self.count <= self.by_hash.len() {
            return;
        }
        let mut more = Vec::new();
        more.resize_with(self.count.next_power_of_two().max(8), Hearers::default);
        for list in std::mem::replace(&mut self.by_hash, more) {
            for (rank, subscription) in list {
                if let Some(subscription) = subscription {
                    self.hearers(Some(subscription.hash)).insert(rank, subscription);
                }
            }
        }
    }
}

/// The ranks of those in a list who hear a topic.
fn hearing(list: &Hearers, topic: &[String]) -> Vec<u64> {
    let mut ranks = Vec::new();
    for (rank, subscription) in list.iter() {
        if matches(&subscription.pattern, topic) {
            ranks.push(rank);
        }
    }
    ranks
}

/// FNV-1a. Who chooses topics so that all have one hash slows only their own bus down.
fn hash(tokens: &[String]) -> u32 {
    let bytes = tokens.iter().flat_map(|token| token.bytes().chain([b'.']));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[derive(Clone, Copy, PartialEq)]
enum Wildcards {
    Allowed,
    Refused,
}

/// The tokens of a topic or a pattern.
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
