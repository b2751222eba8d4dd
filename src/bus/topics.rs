//! Who hears what, and in which order.
//!
//! Topics follow NATS: tokens between dots, case-sensitive. A subscription may use wildcards: `*` stands for one token,
//! and `>`, only as the last, for one or more. Higher priority hears first; among equals, who subscribed first.
//!
//! Most subscriptions are to one topic, and those are found by a hash of its name: how many others there are makes no
//! difference. Those with wildcards are gone through.

use crate::error::{Code, Error};

/// Names a subscription; never used twice.
pub type SubscriptionId = u32;

/// The subscriptions of a bus.
#[derive(Debug, Default)]
pub struct Topics {
    /// Subscriptions to one topic, by some bits of its hash; each list in the order in which they hear.
    exact: Vec<Hearers>,
    /// Those with wildcards.
    patterns: Hearers,
    /// Where each subscription is, and its priority, in the order of their ids; also of some that are gone.
    known: Vec<(SubscriptionId, Place, i32)>,
    /// How many of those are gone. When they are more than the others, they are forgotten.
    gone: usize,
    next_id: SubscriptionId,
}

/// Where a subscription is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// Among those to topics with this hash.
    Exact(u32),
    /// Among those with wildcards.
    Patterns,
    /// Nowhere any more.
    Gone,
}

#[derive(Debug)]
struct Subscription {
    id: SubscriptionId,
    priority: i32,
    /// Empty once it is gone: then no topic is like it.
    pattern: Vec<String>,
}

/// Subscriptions in the order in which they hear. Where one was, nobody moves up before half of them are gone: thousands may
/// hear one topic, and leave it in the order in which they came.
#[derive(Debug, Default)]
struct Hearers {
    list: Vec<Subscription>,
    /// How many are gone.
    gone: usize,
}

impl Hearers {
    fn add(&mut self, subscription: Subscription) {
        let at = self.list.partition_point(|other| other.priority >= subscription.priority);
        self.list.insert(at, subscription);
    }

    fn remove(&mut self, id: SubscriptionId, priority: i32) {
        let gone = Subscription { id, priority, pattern: Vec::new() };
        let at = self.list.partition_point(|other| other.hears_before(&gone));
        let Some(subscription) = self.list.get_mut(at) else { return };
        *subscription = gone;
        self.gone += 1;
        if self.gone * 2 > self.list.len() {
            self.list.retain(|it| !it.pattern.is_empty());
            self.gone = 0;
        }
    }
}

impl Subscription {
    fn hears_before(&self, other: &Self) -> bool {
        (other.priority, self.id) < (self.priority, other.id)
    }
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
        let place = if has_wildcard(pattern) { Place::Patterns } else { Place::Exact(hash(&tokens)) };
        self.known.push((id, place, priority));
        if self.known.len() > self.exact.len() {
            self.grow();
        }
        self.hearers(place).add(Subscription { id, priority, pattern: tokens });
        Ok(id)
    }

    /// Removes a subscription; one that is not there any more is fine.
    pub fn unsubscribe(&mut self, id: SubscriptionId) {
        let Ok(index) = self.known.binary_search_by_key(&id, |(id, ..)| *id) else { return };
        let (_, place, priority) = std::mem::replace(&mut self.known[index], (id, Place::Gone, 0));
        if place == Place::Gone {
            return;
        }
        self.hearers(place).remove(id, priority);
        self.gone += 1;
        if self.gone * 2 > self.known.len() {
            self.known.retain(|(_, place, _)| *place != Place::Gone);
            self.gone = 0;
        }
    }

    /// Who hears `topic`, in order.
    ///
    /// # Errors
    /// `bus.invalid` when it is not a topic; publishing takes no wildcards.
    pub fn deliveries(&self, topic: &str) -> Result<Vec<SubscriptionId>, Error> {
        let tokens = check(topic, Wildcards::Refused)?;
        let mut hearers = Vec::new();
        let mut patterns = self.patterns.list.iter().filter(|it| matches(&it.pattern, &tokens)).peekable();
        let list = list_of(hash(&tokens), self.exact.len());
        let exact = self.exact.get(list).map_or(&[][..], |hearers| &hearers.list);
        for subscription in exact.iter().filter(|it| it.pattern == tokens) {
            while let Some(earlier) = patterns.next_if(|it| it.hears_before(subscription)) {
                hearers.push(earlier.id);
            }
            hearers.push(subscription.id);
        }
        for subscription in patterns {
            hearers.push(subscription.id);
        }
        Ok(hearers)
    }

    fn hearers(&mut self, place: Place) -> &mut Hearers {
        match place {
            Place::Exact(hash) => {
                let list = list_of(hash, self.exact.len());
                &mut self.exact[list]
            }
            // Nobody who is gone is in any list.
            Place::Patterns | Place::Gone => &mut self.patterns,
        }
    }

    /// Twice as many lists: each is parted in two, so that those in it stay in their order.
    fn grow(&mut self) {
        let lists = (self.exact.len() * 2).max(8);
        for hearers in std::mem::replace(&mut self.exact, (0..lists).map(|_| Hearers::default()).collect()) {
            for subscription in hearers.list.into_iter().filter(|it| !it.pattern.is_empty()) {
                let hash = hash(&subscription.pattern);
                self.exact[list_of(hash, lists)].list.push(subscription);
            }
        }
    }
}

/// FNV-1a (Fowler, Noll and Vo), over 32 bits.
fn hash(tokens: &[String]) -> u32 {
    let bytes = tokens.iter().flat_map(|token| token.bytes().chain([b'.']));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Which list is that of a hash; their number is a power of two.
fn list_of(hash: u32, lists: usize) -> usize {
    hash as usize & lists.wrapping_sub(1)
}

#[derive(Clone, Copy, PartialEq)]
enum Wildcards {
    Allowed,
    Refused,
}

fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|it| matches!(it, b'*' | b'>'))
}

fn check(topic: &str, wildcards: Wildcards) -> Result<Vec<String>, Error> {
    let mut tokens = Vec::new();
    for token in topic.split('.') {
        tokens.push(token.to_owned());
    }
    let last = tokens.len() - 1;
    let problem = tokens.iter().enumerate().find_map(|(index, token)| {
        let wildcard = has_wildcard(token);
        if token.is_empty() {
            Some("has an empty part")
        } else if token.chars().any(|it| it.is_whitespace() || it.is_control()) {
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
