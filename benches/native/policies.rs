//! A call under guard, around a function that does nothing.

use std::rc::Rc;

use repflow::policy::{CallId, Command, End, Guards, Options, Outcome, Request, Wiring};
use repflow::time::Timestamp;

use crate::{Once, Workload};

/// Sizes are calls.
pub const ALL: &[Workload] = &[
    Workload { name: "unguarded", prepare: |calls| guarded("{}", calls, 1) },
    Workload { name: "retry-breaker-timeout", prepare: |calls| guarded(USUAL, calls, 1) },
    Workload { name: "retry-breaker-timeout-thrice", prepare: |calls| guarded(USUAL, calls, 3) },
    Workload { name: "rate-limit", prepare: |calls| guarded(RATE_LIMIT, calls, 1) },
    Workload { name: "bulkhead", prepare: crowded },
];

const USUAL: &str = r#"{
    "retry": { "maxAttempts": 3, "backoff": "constant", "delay": "10ms", "jitter": "none" },
    "circuitBreaker": { "failureRate": 0.9, "minCalls": 100 }, "timeout": "10s"
}"#;
const RATE_LIMIT: &str = r#"{ "rateLimit": { "limit": 1000000, "per": "1s" } }"#;
const BULKHEAD: &str = r#"{ "bulkhead": { "maxConcurrent": 10, "maxQueue": 100000 } }"#;

/// Guards, and the host that performs what they ask for.
struct Host {
    guards: Guards,
    options: Rc<Options>,
    wiring: Wiring,
    now: Timestamp,
}

impl Host {
    fn new(options: &str) -> Self {
        let options = Options::from_json(options).expect("the options are valid");
        let mut guards = Guards::default();
        let wiring = guards.wire(&options, &"bench".into());
        Self { guards, options: Rc::new(options), wiring, now: Timestamp::EPOCH }
    }

    fn begin(&mut self, owner: u64) -> CallId {
        self.guards.begin(&self.options, self.wiring, &Request::new(owner), self.now)
    }

    /// Performs until the call has ended; the attempts before that of number `good` fail.
    fn end(&mut self, call: CallId, good: u32) -> End {
        loop {
            match self.guards.next_command() {
                Some(Command::Start { attempt, .. }) => {
                    let outcome = if attempt < good { Outcome::failed() } else { Outcome::COMPLETED };
                    self.guards.settle(call, attempt, &outcome, self.now);
                }
                Some(Command::Ready { .. }) => self.guards.resume(call, self.now),
                Some(Command::Settle { end, .. }) => return end,
                Some(_) => {}
                None => {
                    self.now = self.guards.next_deadline().expect("who has not ended waits for something");
                    self.guards.tick(self.now);
                }
            }
        }
    }
}

/// Calls one after the other.
fn guarded(options: &str, calls: usize, good: u32) -> Once {
    let mut host = Host::new(options);
    Box::new(move || {
        for owner in 0..calls as u64 {
            let call = host.begin(owner);
            let end = host.end(call, good);
            assert_eq!(end, End::Completed { attempt: good, level: 0, store: None });
        }
    })
}

/// Calls all at once, of which ten may run.
fn crowded(calls: usize) -> Once {
    let mut host = Host::new(BULKHEAD);
    Box::new(move || {
        let open: Vec<CallId> = (0..calls as u64).map(|owner| host.begin(owner)).collect();
        let mut ended = 0;
        while let Some(command) = host.guards.next_command() {
            match command {
                Command::Start { owner, attempt, .. } => {
                    host.guards.settle(open[owner as usize], attempt, &Outcome::COMPLETED, host.now);
                }
                Command::Settle { end: End::Completed { .. }, .. } => ended += 1,
                _ => {}
            }
        }
        assert_eq!(ended, calls);
    })
}
