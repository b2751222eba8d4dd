//! A provider browns out for ten minutes under a thousand clients: what the policies save it, and how soon the clients
//! are back in service. The figures are in `docs/resilience.md`; `cargo test --test policy brownout -- --nocapture`
//! prints them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use repflow::policy::{
    BreakerOptions, BreakerState, Class, Command, End, Facts, Failure, Guards, Options, Outcome, Request, Wiring,
    classify,
};
use repflow::rng::Rng;
use repflow::time::Timestamp;

const CLIENTS: usize = 1_000;
const MINUTE: Duration = Duration::from_secs(60);
/// From when to when the provider is browned out, and the end of the story.
const BROWN_OUT: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(900));
const END: Duration = Duration::from_secs(1_500);
/// As many calls at once as the provider takes when it is healthy: twice of what the clients need.
const CAPACITY: u32 = 400;
const LATENCY: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_secs(5);
/// A client makes a call every so often.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1_000), Duration::from_millis(2_000));

/// What most programs do: three attempts, 200 ms apart.
const NAIVE: &str = r#"{
    "timeout": "5s",
    "retry": { "maxAttempts": 3, "backoff": "constant", "delay": "200ms", "jitter": "none" }
}"#;

/// Our defaults: three attempts with exponential backoff and full jitter from a budget, a breaker, and a limit that adapts.
const PROTECTED: &str = r#"{
    "timeout": "5s",
    "retry": { "budget": {} },
    "circuitBreaker": {},
    "bulkhead": { "maxQueue": 10, "adaptive": {} }
}"#;

/// The same for all callers of a server together, with room for a thousand of them.
const SERVER: &str = r#"{
    "timeout": "5s",
    "retry": { "budget": {} },
    "circuitBreaker": {},
    "bulkhead": { "maxConcurrent": 400, "maxQueue": 1000, "maxWait": "2s", "adaptive": {} }
}"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A client makes a call.
    Call { client: usize },
    /// The provider answers an attempt, or its connection breaks.
    Answer { host: usize, owner: usize, attempt: u32, well: bool, held: bool },
    /// Something is due at a host.
    Tick { host: usize },
}

/// One program with its own guards: a browser tab, or a server.
struct Host {
    guards: Guards,
    wiring: Wiring,
    calls: Vec<Call>,
    /// When its tick is.
    tick: Option<Timestamp>,
    /// When its breaker opened last, and until when it stayed open.
    opened: Option<(Timestamp, Timestamp)>,
}

struct Call {
    id: Option<repflow::policy::CallId>,
    client: usize,
    began: Timestamp,
    /// When it ended, and whether it ended well.
    ended: Option<(Timestamp, bool)>,
}

struct World {
    options: Rc<Options>,
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    seq: u64,
    now: Timestamp,
    rng: Rng,
    hosts: Vec<Host>,
    in_flight: u32,
    /// Attempts that reached the provider during the brown-out and failed.
    wasted: u32,
}

fn at(since: Duration) -> Timestamp {
    Timestamp::EPOCH + since
}

impl World {
    /// The thousand clients, spread over so many programs.
    fn new(options: &str, hosts: usize) -> Self {
        let options = Rc::new(Options::from_json(options).expect("these options are valid"));
        let hosts = (0..hosts).map(|_| {
            let mut guards = Guards::default();
            let wiring = guards.wire(&options, &"model".into());
            Host { guards, wiring, calls: Vec::new(), tick: None, opened: None }
        });
        Self {
            hosts: hosts.collect(),
            options,
            events: BinaryHeap::new(),
            seq: 0,
            now: Timestamp::EPOCH,
            rng: Rng::new(7),
            in_flight: 0,
            wasted: 0,
        }
    }

    fn run(mut self, from: Duration, to: Duration) -> Self {
        for client in 0..CLIENTS {
            let first = from + self.between(Duration::ZERO, PAUSE.1);
            self.plan(first, Event::Call { client });
        }
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            self.now = now;
            match event {
                Event::Call { client } => {
                    let pause = self.between(PAUSE.0, PAUSE.1);
                    if now + pause < at(to) {
                        self.plan(pause, Event::Call { client });
                    }
                    self.call(client);
                }
                Event::Answer { host, owner, attempt, well, held } => {
                    self.in_flight -= u32::from(held);
                    let outcome = if well { Outcome::COMPLETED } else { Outcome::Failed(unavailable()) };
                    let Host { guards, calls, .. } = &mut self.hosts[host];
                    if let Some(id) = calls[owner].id {
                        guards.settle(id, attempt, &outcome, now);
                    }
                    self.perform(host);
                }
                // One that was replaced by an earlier one is none.
                Event::Tick { host } if self.hosts[host].tick != Some(now) => {}
                Event::Tick { host } => {
                    self.hosts[host].tick = None;
                    while self.hosts[host].guards.tick(now) {
                        self.perform(host);
                    }
                    self.set_tick(host);
                }
            }
        }
        self
    }

    fn call(&mut self, client: usize) {
        let ix = client % self.hosts.len();
        let seed = self.rng.next_u64();
        let host = &mut self.hosts[ix];
        let owner = host.calls.len() as u64;
        let request = Request { seed, ..Request::new(owner) };
        host.calls.push(Call { id: None, client, began: self.now, ended: None });
        let id = host.guards.begin(&self.options, host.wiring, &request, self.now);
        host.calls[owner as usize].id = Some(id);
        self.perform(ix);
    }

    fn perform(&mut self, ix: usize) {
        while let Some(command) = self.hosts[ix].guards.next_command() {
            let host = &mut self.hosts[ix];
            match command {
                Command::Start { owner, attempt, .. } => self.ask_provider(ix, owner as usize, attempt),
                Command::Ready { owner } => {
                    if let Some(id) = host.calls[owner as usize].id {
                        host.guards.resume(id, self.now);
                    }
                }
                Command::Settle { owner, end, .. } => {
                    let call = &mut host.calls[owner as usize];
                    assert!(call.ended.is_none(), "a call ends once");
                    call.ended = Some((self.now, matches!(end, End::Completed { .. })));
                }
                Command::Circuit { change, .. } if change.to == BreakerState::Open => {
                    let until = host.guards.breaker(host.wiring).map(|breaker| breaker.snapshot(self.now).open_until);
                    host.opened = until.map(|until| (self.now, until));
                }
                _ => {}
            }
        }
        self.set_tick(ix);
    }

    /// What the provider makes of an attempt. Browned out, it lets one in twenty succeed; of the others it refuses half
    /// after a while, and the other half hangs. Healthy, it refuses what is beyond its capacity.
    fn ask_provider(&mut self, host: usize, owner: usize, attempt: u32) {
        let answer = |well, held| Event::Answer { host, owner, attempt, well, held };
        if self.now >= at(BROWN_OUT.0) && self.now < at(BROWN_OUT.1) {
            let (well, hangs) = (self.rng.unit() < 0.05, self.rng.unit() < 0.5);
            self.wasted += u32::from(!well);
            let after = self.between(Duration::from_secs(1), Duration::from_secs(3));
            if well || !hangs {
                self.plan(after, answer(well, false));
            }
        } else if self.in_flight < CAPACITY {
            self.in_flight += 1;
            self.plan(LATENCY, answer(true, true));
        } else {
            self.plan(LATENCY / 4, answer(false, false));
        }
    }

    fn set_tick(&mut self, ix: usize) {
        let host = &mut self.hosts[ix];
        if let Some(due) = host.guards.next_deadline().filter(|due| host.tick.is_none_or(|tick| *due < tick)) {
            host.tick = Some(due);
            self.plan(due.since(self.now), Event::Tick { host: ix });
        }
    }

    fn plan(&mut self, after: Duration, event: Event) {
        self.seq += 1;
        self.events.push(Reverse((self.now + after, self.seq, event)));
    }

    fn between(&mut self, from: Duration, to: Duration) -> Duration {
        from + Duration::from_micros(((to - from).as_micros() as f64 * self.rng.unit()) as u64)
    }
}

/// What the clients saw.
impl World {
    /// The share of calls that ended well among those that clients began from `from` to `to`.
    fn success(&self, from: Timestamp, to: Timestamp) -> f64 {
        self.success_where(|_, call| call.began >= from && call.began < to)
    }

    fn success_where(&self, mut counts: impl FnMut(&Host, &Call) -> bool) -> f64 {
        let (mut all, mut well) = (0_u32, 0_u32);
        for host in &self.hosts {
            for call in host.calls.iter().filter(|call| counts(host, call)) {
                all += 1;
                well += u32::from(call.ended.is_some_and(|(_, well)| well));
            }
        }
        f64::from(well) / f64::from(all)
    }

    /// For each client: how long after the end of the brown-out its first call ended well.
    fn outages(&self) -> Vec<Duration> {
        let end = at(BROWN_OUT.1);
        let mut back = vec![Timestamp::EPOCH + 2 * END; CLIENTS];
        for call in self.hosts.iter().flat_map(|host| &host.calls) {
            if let Some((ended, true)) = call.ended.filter(|(ended, _)| *ended >= end) {
                back[call.client] = back[call.client].min(ended);
            }
        }
        back.sort();
        back.into_iter().map(|back| back.since(end)).collect()
    }

    /// For how long after the brown-out its breaker keeps a host from the provider: for the rest of the time for which it
    /// was open then. An attempt that was on its way may open it once more; so may any answer, as long as failures of the
    /// brown-out are in its window of 30 s.
    fn kept_away(&self, host: &Host) -> Duration {
        host.opened.map_or(Duration::ZERO, |(opened, until)| {
            assert!(
                opened <= at(BROWN_OUT.1 + TIMEOUT + MINUTE / 2),
                "opened at {opened}, when nothing was wrong any more"
            );
            until.since(at(BROWN_OUT.1)).max(TIMEOUT)
        })
    }

    /// The share that ended well of the calls that were begun so long after the breaker of their host let calls through.
    fn success_when_back(&self, after: Duration) -> f64 {
        self.success_where(|host, call| call.began >= at(BROWN_OUT.1) + self.kept_away(host) + after)
    }

    fn print(&self, name: &str) {
        let percent = |from, to| 100.0 * self.success(at(from), at(to));
        let outages = self.outages();
        let calls: usize = self.hosts.iter().map(|host| host.calls.len()).sum();
        println!(
            "{name}: {calls} calls, wasted {}; ended well {:.3} % before, {:.2} % during, {:.2} % in the two minutes after, \
             {:.3} % after that; back in service after {:.1} s (median), {:.1} s (last)",
            self.wasted,
            percent(Duration::ZERO, BROWN_OUT.0),
            percent(BROWN_OUT.0, BROWN_OUT.1),
            percent(BROWN_OUT.1, BROWN_OUT.1 + 2 * MINUTE),
            percent(BROWN_OUT.1 + 2 * MINUTE, END),
            outages[CLIENTS / 2].as_secs_f64(),
            outages[CLIENTS - 1].as_secs_f64(),
        );
    }
}

fn unavailable() -> Failure<'static> {
    let class: Class = classify(&Facts { status: Some(503), ..Facts::default() }, &[]);
    Failure { status: Some(503), ..Failure::new(class) }
}

/// What a thousand clients waste that only try again. Two tests compare with it.
fn naive() -> u32 {
    static WASTED: OnceLock<u32> = OnceLock::new();
    *WASTED.get_or_init(|| {
        // Long before and after it there is nothing to see.
        let naive = World::new(NAIVE, CLIENTS).run(BROWN_OUT.0 - MINUTE, BROWN_OUT.1 + MINUTE);
        let during = 100.0 * naive.success(at(BROWN_OUT.0), at(BROWN_OUT.1));
        println!("naive: wasted {}; ended well {during:.2} % during", naive.wasted);
        naive.wasted
    })
}

/// A thousand browsers, each with guards of its own, know nothing of each other.
#[test]
fn a_thousand_clients_stay_away_from_a_browned_out_provider_and_come_back() {
    let clients = World::new(PROTECTED, CLIENTS).run(Duration::ZERO, END);
    clients.print("clients");
    assert!(clients.success(at(Duration::ZERO), at(BROWN_OUT.0)) >= 0.999);
    for host in &clients.hosts {
        let away = clients.kept_away(host);
        assert!(away <= BreakerOptions::default().max_open_for + TIMEOUT, "away for {away:?}");
        // The next call is let through, and answered.
        let back = at(BROWN_OUT.1) + away + PAUSE.1 + LATENCY;
        let is_back =
            |call: &Call| call.ended.is_some_and(|(ended, well)| well && ended >= at(BROWN_OUT.1) && ended <= back);
        assert!(host.calls.iter().any(is_back), "not back by {back}");
    }
    let back = clients.success_when_back(PAUSE.1 + LATENCY);
    println!("clients: {:.3} % of calls end well once the time open is over", 100.0 * back);
    assert!(back >= 0.999);
    let share = f64::from(clients.wasted) / f64::from(naive());
    println!("clients: {:.2} % of the calls that naive ones waste", 100.0 * share);
    assert!(share < 0.05);
}

/// A server whose thousand callers share one breaker, one budget and one limit.
#[test]
fn a_server_stays_away_from_a_browned_out_provider_and_comes_back() {
    let share = naive();
    let server = World::new(SERVER, 1).run(Duration::ZERO, END);
    server.print("server");
    assert!(server.success(at(Duration::ZERO), at(BROWN_OUT.0)) >= 0.999);
    let away = server.kept_away(&server.hosts[0]);
    assert!(away <= BreakerOptions::default().max_open_for + TIMEOUT, "away for {away:?}");
    // Its limit was lowered with each overload, and grows by one a round trip.
    let ramp = Duration::from_secs(25);
    let back = [Duration::ZERO, ramp].map(|after| server.success_when_back(PAUSE.1 + LATENCY + after));
    println!(
        "server: away for {away:?}; from then on {:.3} % of calls end well, {:.3} % once its limit has grown again",
        100.0 * back[0],
        100.0 * back[1]
    );
    assert!(back[1] >= 0.999);
    let share = f64::from(server.wasted) / f64::from(share);
    println!("server: {:.3} % of the calls that naive ones waste", 100.0 * share);
    assert!(share < 0.05);
}
