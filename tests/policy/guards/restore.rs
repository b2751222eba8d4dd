//! Calls that had begun before a restart.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{
    Backoff, CallId, Command, End, Growth, Guards, Jitter, Made, Options, Outcome, Request, Retry, Then, Wiring,
};
use repflow::time::Timestamp;

use super::host::{Host, status};

const RETRY: &str = r#"{ "totalTimeout": "10s", "retry": { "maxAttempts": 3, "delay": "1s", "jitter": "none" } }"#;

fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(ms)
}

fn made(attempts: u32, tries: u32, then: Then) -> Made {
    Made { attempts, tries, level: 0, began: Timestamp::EPOCH, then }
}

/// An attempt that was cut off has a number, and is not a try that failed.
#[test]
fn attempts_are_numbered_on_and_tries_count_on() {
    let mut host = Host::new(RETRY);
    host.at(5_000);
    host.restore(Request::new(1), &made(2, 1, Then::Attempt));
    assert_eq!(host.log(), ["1 starts 3"]);
    host.complete(1, 2);
    assert_eq!(host.log(), [""; 0], "what was cut off is no longer heard");
    host.fail(1, 3);
    host.at(7_000);
    host.fail(1, 4);
    let rest = ["1 failed 3: Error", "1 waits 2s", "1 starts 4", "1 failed 4: Error", "1 ends: failed: Error"];
    assert_eq!(host.log(), rest);
    assert_eq!((host.stats().calls, host.stats().failed, host.stats().attempts), (1, 1, 2));
    assert!(host.guards.is_empty());
}

#[test]
fn a_delay_goes_on_until_it_was_to_end() {
    let mut host = Host::new(RETRY);
    host.at(500);
    host.restore(Request::new(1), &made(1, 1, Then::Delay(at(1_000))));
    host.restore(Request::new(2), &made(1, 1, Then::Delay(at(100))));
    host.at(999);
    assert_eq!(host.log(), ["2 starts 2"]);
    host.at(1_000);
    assert_eq!(host.log(), ["1 starts 2"]);
}

#[test]
fn who_was_told_of_the_end_of_the_delay_is_not_told_again() {
    let options = Rc::new(Options::from_json(RETRY).expect("these options are valid"));
    let mut guards = Guards::default();
    let made = made(1, 1, Then::Ready);
    let call = guards.restore(&options, Wiring::default(), &Request::new(1), &made, at(500));
    assert_eq!(guards.next_command(), None);
    guards.resume(call, at(600));
    assert_eq!(guards.next_command(), Some(Command::Start { owner: 1, attempt: 2, level: 0 }));
}

/// Fallbacks have neither limits nor delays; but one that the host has to be ready for waits until it is.
#[test]
fn a_fallback_is_called_as_soon_as_the_host_is_ready() {
    let options = r#"{ "rateLimit": { "limit": 1, "per": "1m" }, "circuitBreaker": {} }"#;
    for then in [Then::Attempt, Then::Ready, Then::Delay(at(10_000))] {
        let mut host = Host::new(options);
        host.begin(1);
        host.restore(Request { fallbacks: 2, ..Request::new(2) }, &Made { level: 1, ..made(4, 3, then) });
        let mut told = Vec::new();
        if then == Then::Ready {
            told = host.log();
            assert_eq!(told, ["1 starts 1"]);
            host.resume(2);
        }
        host.fail(2, 5);
        host.complete(2, 6);
        let story = [
            "1 starts 1",
            "2 starts 5 of fallback 1",
            "2 failed 5: Error",
            "2 falls back to 2: Error",
            "2 starts 6 of fallback 2",
            "2 ends: completed by 6",
        ];
        told.extend(host.log());
        assert_eq!(told, story);
    }
}

#[test]
fn an_attempt_passes_the_limits_again() {
    let mut host = Host::new(r#"{ "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 } }"#);
    for owner in 1..=3 {
        host.restore(Request::new(owner), &made(1, 0, Then::Attempt));
    }
    host.complete(1, 2);
    let story = [
        "1 starts 2",
        "3 refused: BulkheadFull",
        "3 ends: failed: BulkheadFull",
        "1 ends: completed by 2",
        "2 starts 2",
    ];
    assert_eq!(host.log(), story);
}

/// Nothing is begun for it, neither the function nor a fallback.
#[test]
fn a_total_timeout_that_is_over_by_now_is_told_with_the_next_tick() {
    for then in [Then::Attempt, Then::Ready, Then::Delay(at(10_000)), Then::Delay(at(60_000))] {
        for level in [0, 1] {
            let mut host = Host::new(RETRY);
            host.at(10_000);
            host.restore(Request { fallbacks: 1, ..Request::new(1) }, &Made { level, ..made(1, 1, then) });
            assert_eq!(host.log(), [""; 0]);
            assert_eq!(host.guards.next_deadline(), Some(at(10_000)));
            host.at(10_000);
            assert_eq!(host.log(), ["1 refused: TotalTimeout", "1 ends: failed: TotalTimeout"]);
            assert!(host.guards.is_empty());
        }
    }
}

/// Those that did the same work find each other again, and an answer that is there by now will do.
#[test]
fn the_same_work_is_done_once() {
    let mut host = Host::new(r#"{ "cache": { "ttl": "1m" } }"#);
    let keyed = |owner| Request { key: Some("plan"), ..Request::new(owner) };
    host.restore(keyed(1), &made(1, 0, Then::Attempt));
    host.restore(keyed(2), &made(0, 0, Then::Attempt));
    host.complete(1, 2);
    host.restore(keyed(3), &made(1, 0, Then::Attempt));
    let story = ["1 starts 2", "2 ends: as 1", "1 ends: completed by 2, kept in 0", "3 ends: cached in 0"];
    assert_eq!(host.log(), story);
}

/// A host that can be cut off at any time, and remembers what a restart needs.
struct Durable {
    options: Rc<Options>,
    guards: Guards,
    call: CallId,
    made: Made,
    fallbacks: u32,
    now: Timestamp,
    /// Everything that happened, without the numbers of attempts.
    story: Vec<(Timestamp, String)>,
    running: Option<(u32, Timestamp)>,
    ended: bool,
}

/// How a try ends, and after how long.
type Script = Vec<(u16, Duration)>;

impl Durable {
    fn request(fallbacks: u32) -> Request<'static> {
        Request { fallbacks, ..Request::new(1) }
    }

    fn begin(options: &Rc<Options>, fallbacks: u32) -> Self {
        let (now, mut guards) = (at(1_000_000), Guards::default());
        let call = guards.begin(options, Wiring::default(), &Self::request(fallbacks), now);
        let made = Made { attempts: 0, tries: 0, level: 0, began: now, then: Then::Attempt };
        let options = Rc::clone(options);
        Self { options, guards, call, made, fallbacks, now, story: Vec::new(), running: None, ended: false }
    }

    /// Everything is lost but what was remembered.
    fn restart(&mut self) {
        self.guards = Guards::default();
        self.running = None;
        let request = Self::request(self.fallbacks);
        self.call = self.guards.restore(&self.options, Wiring::default(), &request, &self.made, self.now);
    }

    /// What is next to perform; says whether something was.
    fn perform(&mut self, script: &Script) -> bool {
        let Some(command) = self.guards.next_command() else { return false };
        let said = match command {
            Command::Start { attempt, level, .. } => {
                assert_eq!((attempt, level), (self.made.attempts + 1, self.made.level), "attempts are numbered on");
                self.made.attempts = attempt;
                self.made.then = Then::Attempt;
                let (_, takes) = script[(self.made.tries + level) as usize % script.len()];
                self.running = Some((attempt, self.now + takes));
                // Cut off, it is made again: only how it ends is part of the story.
                return true;
            }
            Command::Failed { reason, .. } => {
                self.running = None;
                format!("failed: {reason:?}")
            }
            Command::Delayed { delay, .. } => {
                self.made.tries += 1;
                self.made.then = Then::Delay(self.now + delay);
                let most = self.options.retry.as_ref().map_or(1, |retry| retry.max_attempts);
                assert!(self.made.tries < most);
                format!("waits {delay:?}")
            }
            Command::Ready { .. } => {
                self.made.then = Then::Ready;
                return true;
            }
            Command::FellBack { level, reason, .. } => {
                (self.made.level, self.made.then) = (level, Then::Attempt);
                format!("falls back to {level}: {reason:?}")
            }
            Command::Settle { end, goes_on: false, .. } => {
                self.ended = true;
                match end {
                    End::Completed { level, .. } => format!("completed by {level}"),
                    end => format!("{end:?}"),
                }
            }
            Command::Abort { reason, .. } => format!("aborted: {reason:?}"),
            other => panic!("{other:?}"),
        };
        self.story.push((self.now, said));
        true
    }

    /// Goes on to what happens next.
    fn advance(&mut self, script: &Script) {
        if self.made.then == Then::Ready {
            return self.guards.resume(self.call, self.now);
        }
        let due = self.guards.next_deadline();
        match self.running {
            Some((attempt, ends)) if due.is_none_or(|due| ends < due) => {
                self.now = ends;
                self.running = None;
                let (code, _) = script[(self.made.tries + self.made.level) as usize % script.len()];
                match code {
                    200 => self.guards.settle(self.call, attempt, &Outcome::COMPLETED, self.now),
                    code => self.guards.settle(self.call, attempt, &Outcome::Failed(status(code)), self.now),
                }
            }
            _ => {
                self.now = self.now.max(due.expect("an open call runs, or something is due"));
                self.guards.tick(self.now);
            }
        }
    }
}

/// What happens, when it is cut off wherever `cuts` says so.
fn story_of(options: &Rc<Options>, fallbacks: u32, script: &Script, cuts: &[bool]) -> Vec<(Timestamp, String)> {
    let mut cuts = cuts.iter().copied();
    let mut host = Durable::begin(options, fallbacks);
    for _ in 0..1_000 {
        while host.perform(script) {}
        if host.ended {
            assert!(host.guards.is_empty() && host.guards.next_deadline().is_none());
            return host.story;
        }
        // Right after it was started, an attempt loses no time by being made again.
        if cuts.next().unwrap_or_default() {
            host.restart();
            while host.perform(script) {}
        }
        host.advance(script);
    }
    panic!("no end: {:?}", host.guards);
}

fn any_time() -> impl Strategy<Value = Duration> {
    prop::sample::select(vec![0, 1, 70, 100, 300, 1_000]).prop_map(Duration::from_millis)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn a_call_that_was_cut_off_ends_as_one_that_was_not(
        (max_attempts, delay, growth) in
            (1..6_u32, any_time(), prop::sample::select(vec![Growth::Constant, Growth::Linear, Growth::Exponential])),
        (total, timeout, max_elapsed) in
            (prop::option::of(any_time()), prop::option::of(any_time()), prop::option::of(any_time())),
        fallbacks in 0..3_u32,
        script in prop::collection::vec((prop::sample::select(vec![200, 400, 500, 503, 503]), any_time()), 1..6),
        cuts in prop::collection::vec(any::<bool>(), 0..30),
    ) {
        let backoff = Backoff { growth, delay, max_delay: Duration::from_secs(1), jitter: Jitter::None };
        let mut options = Options::default();
        options.retry = Some(Retry { max_attempts, backoff, max_elapsed, ..Retry::default() });
        options.total_timeout = total.filter(|it| !it.is_zero()).map(|it| it * 3);
        options.timeout = timeout.filter(|it| !it.is_zero());
        let options = Rc::new(options);
        let whole = story_of(&options, fallbacks, &script, &[]);
        prop_assert_eq!(story_of(&options, fallbacks, &script, &cuts), whole);
    }
}

/// The number of a call is free again for others after a restart.
#[test]
fn restored_calls_and_new_ones_do_not_mix() {
    let mut host = Host::new(RETRY);
    host.restore(Request::new(1), &made(1, 1, Then::Delay(at(1_000))));
    host.begin(2);
    host.complete(2, 1);
    host.begin(3);
    host.at(1_000);
    host.complete(3, 1);
    host.complete(1, 2);
    let ends = BTreeMap::from([(1, "completed by 2"), (2, "completed by 1"), (3, "completed by 1")]);
    let log = host.log();
    for (owner, end) in ends {
        assert!(log.contains(&format!("{owner} ends: {end}")), "{log:?}");
    }
}
