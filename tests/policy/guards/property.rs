//! Whatever happens: random options, and a host that does anything at any time, also while it handles a command.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{
    BreakerState, BulkheadOptions, CallId, Command, End, Failure, FailureReason, Guards, HedgeWith, Made, Options,
    Outcome, Part, Request, Stats, Then, Wiring,
};
use repflow::rng::Rng;
use repflow::time::Timestamp;

use super::any_options::any_options;
use super::host::status;

const KEYS: [&str; 2] = ["plan", "menu"];

/// What the host knows of a call. It learns of things as it performs commands, so it may lag behind.
#[derive(Debug, Default)]
struct Known {
    id: Option<CallId>,
    key: Option<&'static str>,
    began: Timestamp,
    fallbacks: u32,
    /// The last level that was begun.
    level: u32,
    /// The attempts that run, by what was told so far; with the level of each, and when it began.
    live: BTreeMap<u32, (u32, Timestamp)>,
    /// The last level that was begun early.
    early: u32,
    /// The level of every attempt, since the last restart.
    levels: BTreeMap<u32, u32>,
    started: u32,
    /// Those of them that were before the last restart.
    before: u32,
    hedges_of_try: u32,
    tries: u32,
    /// How many tries failed and led to another one.
    retries: u32,
    /// The end of its delay.
    waits_until: Option<Timestamp>,
    /// Whether the cache was cleared since it began.
    outdated: bool,
    failed: Option<FailureReason>,
    limit_key: &'static str,
    tokens: u32,
    /// No attempt of the function before this.
    not_before: Timestamp,
    first_live: Timestamp,
    committed: bool,
    ready: bool,
    answered: bool,
    gave_up: bool,
    done: bool,
}

struct World {
    guards: Guards,
    wiring: Wiring,
    options: Rc<Options>,
    now: Timestamp,
    rng: Rng,
    calls: Vec<Known>,
    pending: VecDeque<Command>,
    /// By slot: whose value, and since when.
    kept: BTreeMap<u32, (&'static str, Timestamp)>,
    /// Who ends as the leader that must end next.
    sharing: Option<(u64, Vec<u64>)>,
    circuit: BreakerState,
    counted: Stats,
    /// How much may still be done while a command is handled.
    reentry: u32,
}

impl Known {
    fn request(&self, owner: usize, seed: u64) -> Request<'static> {
        let Self { key, limit_key, tokens, fallbacks, .. } = *self;
        Request { owner: owner as u64, key, limit_key: Some(limit_key), tokens, fallbacks, seed }
    }
}

impl World {
    fn new(options: Options, seed: u64) -> Self {
        let mut guards = Guards::default();
        let wiring = guards.wire(&options, &"any".into());
        Self {
            guards,
            wiring,
            options: Rc::new(options),
            now: Timestamp::EPOCH + Duration::from_secs(1_000),
            rng: Rng::new(seed),
            calls: Vec::new(),
            pending: VecDeque::new(),
            kept: BTreeMap::new(),
            sharing: None,
            circuit: BreakerState::Closed,
            counted: Stats::default(),
            reentry: 0,
        }
    }

    fn begin(&mut self, limit_key: &'static str) {
        let key = KEYS.get(self.rng.below(4)).copied();
        let (owner, fallbacks) = (self.calls.len(), self.rng.below(3) as u32);
        let tokens = self.rng.below(4) as u32;
        self.calls.push(Known { key, fallbacks, limit_key, tokens, began: self.now, ..Known::default() });
        let request = self.calls[owner].request(owner, self.rng.next_u64());
        let id = self.guards.begin(&self.options, self.wiring, &request, self.now);
        assert_eq!(CallId::from_bits(id.to_bits()), id);
        self.calls[owner].id = Some(id);
        self.counted.calls += 1;
    }

    /// Nothing is left but what the host knows. Calls whose caller has an answer, or has seen output, are not taken up.
    fn restart(&mut self) {
        self.now = self.now + Duration::from_millis([0, 0, 100, 1_000][self.rng.below(4)]);
        self.guards = Guards::default();
        self.wiring = self.guards.wire(&self.options, &"any".into());
        self.kept.clear();
        (self.circuit, self.counted) = (BreakerState::Closed, Stats::default());
        for (owner, call) in self.calls.iter_mut().enumerate().filter(|(_, call)| !call.done) {
            call.live.clear();
            call.levels.clear();
            call.early = 0;
            call.done = call.answered || call.committed;
            if call.done {
                continue;
            }
            (call.tries, call.before, call.outdated) = (call.retries, call.started, false);
            let then = match call.waits_until.or(Some(call.not_before).filter(|at| *at > self.now)) {
                _ if call.ready => Then::Ready,
                Some(due) => Then::Delay(due),
                None => Then::Attempt,
            };
            let Known { started, retries, level, began, .. } = *call;
            let made = Made { attempts: started, tries: retries, level, began, then };
            let request = call.request(owner, self.rng.next_u64());
            call.id = Some(self.guards.restore(&self.options, self.wiring, &request, &made, self.now));
            self.counted.calls += 1;
        }
    }

    /// Anything that a host may do.
    fn act(&mut self) {
        let owner = match self.calls.len() {
            0 => return self.begin("any"),
            // Mostly one of the latest.
            known => known - 1 - self.rng.below(known.min(6)),
        };
        let attempts: Vec<u32> = self.calls[owner].live.keys().copied().collect();
        let attempt = attempts.get(self.rng.below(attempts.len())).copied();
        match (self.rng.below(17), attempt) {
            (0..=3, _) => self.begin("any"),
            (4..=6, Some(attempt)) => self.settle(owner, attempt, true),
            (7..=11, Some(attempt)) => self.settle(owner, attempt, false),
            (12, Some(attempt)) => {
                self.guards.commit(self.id(owner), attempt, self.now);
                // Behind commands that are still to be performed it may have been aborted already.
                self.calls[owner].committed |= self.pending.is_empty();
            }
            (13, _) => self.guards.cancel(self.id(owner), self.now),
            // Otherwise what has completed may still be told of.
            (16, _) if self.pending.is_empty() => {
                self.guards.clear_cache(self.wiring);
                self.calls.iter_mut().for_each(|call| call.outdated = true);
            }
            // Things that mean nothing must do nothing.
            (14, _) => self.guards.settle(self.id(owner), 99, &Outcome::COMPLETED, self.now),
            _ if self.calls[owner].ready => {
                self.calls[owner].ready = false;
                self.guards.resume(self.id(owner), self.now);
            }
            _ => {
                // That a call is ready may be in a command that is still to be performed; one that runs is not.
                if attempt.is_some() && self.pending.is_empty() {
                    self.guards.resume(self.id(owner), self.now);
                }
            }
        }
    }

    fn settle(&mut self, owner: usize, attempt: u32, well: bool) {
        let id = self.id(owner);
        let call = &mut self.calls[owner];
        let level = call.live.remove(&attempt).map(|it| it.0);
        if well {
            let outcome = Outcome::Completed { bytes: 10 + 30 * self.rng.below(3) as u64 };
            return self.guards.settle(id, attempt, &outcome, self.now);
        }
        let code = [500, 503, 429, 400, 404][self.rng.below(5)];
        let asked = [None, None, Some(300), Some(5_000)][self.rng.below(4)].map(Duration::from_millis);
        let slow_down = (code == 503 && self.rng.below(3) == 0).then_some("slow_down");
        let failure = Failure { retry_after: asked, code: slow_down, ..status(code) };
        // What a fallback is asked for holds for itself.
        if let (Some(asked), true, Some(0)) = (asked, self.pending.is_empty(), level) {
            call.not_before = call.not_before.max(self.now + asked);
        }
        self.guards.settle(id, attempt, &Outcome::Failed(failure), self.now);
    }

    fn id(&self, owner: usize) -> CallId {
        self.calls[owner].id.expect("it was begun")
    }

    /// Performs what there is to do, and now and then does something else meanwhile.
    fn perform(&mut self) {
        self.reentry = 3;
        loop {
            self.pending.extend(std::iter::from_fn(|| self.guards.next_command()));
            let Some(command) = self.pending.pop_front() else { return };
            self.check(command);
            if self.reentry > 0 && self.rng.below(6) == 0 {
                self.reentry -= 1;
                self.act();
            }
        }
    }

    fn check(&mut self, command: Command) {
        if let Some((leader, _)) = self.sharing {
            let of_leader = match command {
                Command::Settle { owner, end, .. } => owner == leader || end == End::Shared { leader },
                _ => false,
            };
            assert!(of_leader, "{command:?} comes between the end of a leader and those who share it");
        }
        let options = Rc::clone(&self.options);
        match command {
            Command::Start { owner, attempt, level } => {
                let call = &mut self.calls[owner as usize];
                assert!(!call.done && !call.committed, "{command:?}");
                call.waits_until = None;
                call.started += 1;
                assert_eq!(attempt, call.started, "attempts are counted");
                // A fallback that was started early is not started again, and the function may be tried again after it.
                let early = options.hedge.is_some_and(|hedge| hedge.with == HedgeWith::Fallback);
                assert!(level == call.level || (early && level == 0), "{command:?}");
                let again = level > 0 && call.levels.values().any(|it| *it == level);
                assert!(!again, "{command:?}: that level had been begun");
                call.levels.insert(attempt, level);
                self.counted.attempts += 1;
                let mut began = self.now;
                if level == 0 {
                    assert!(self.now >= call.not_before, "{command:?} before {}", call.not_before);
                }
                // What it runs beside may have ended since, while this command was waiting to be performed.
                let early = early && level > 0 && call.early == level;
                if call.live.is_empty() && !early {
                    call.hedges_of_try = 0;
                    call.tries += u32::from(level == 0);
                    call.first_live = self.now;
                    let most = options.retry.as_ref().map_or(1, |retry| retry.max_attempts);
                    assert!(call.tries <= most, "{command:?}: more attempts than {most}");
                } else {
                    call.hedges_of_try += 1;
                    self.counted.hedges += 1;
                    let most = options.hedge.map_or(0, |hedge| hedge.max_extra);
                    assert!(call.hedges_of_try <= most, "{command:?}: more hedges than {most}");
                    assert_eq!(early, level > 0, "{command:?} beside {:?}", call.live);
                    if !early {
                        began = call.first_live;
                    }
                }
                call.live.insert(attempt, (level, began));
            }
            Command::Abort { owner, attempt, .. } => {
                let call = &mut self.calls[owner as usize];
                assert!(attempt <= call.started && !call.done, "{command:?}");
                call.live.remove(&attempt);
            }
            Command::Failed { owner, reason, .. } => {
                let call = &mut self.calls[owner as usize];
                assert!(!call.done, "{command:?}");
                call.failed = Some(reason);
                match reason {
                    FailureReason::Timeout | FailureReason::TotalTimeout => self.counted.timeouts += 1,
                    FailureReason::CircuitOpen { retry_after } => {
                        self.counted.short_circuited += 1;
                        call.not_before = call.not_before.max(self.now + retry_after.unwrap_or_default());
                    }
                    FailureReason::RateLimited { retry_after } => {
                        self.counted.rate_limited += 1;
                        call.not_before = call.not_before.max(self.now + retry_after);
                    }
                    FailureReason::QuotaExceeded { .. } | FailureReason::TooLarge => self.counted.rate_limited += 1,
                    FailureReason::BulkheadFull | FailureReason::BulkheadTimeout => self.counted.bulkhead_rejected += 1,
                    FailureReason::Error => {}
                }
            }
            Command::Delayed { owner, delay } => {
                let call = &mut self.calls[owner as usize];
                let early = options.hedge.is_some_and(|hedge| hedge.with == HedgeWith::Fallback);
                assert!(call.live.is_empty() && !call.done && !call.committed, "{command:?}");
                assert!(call.level == 0 || early, "{command:?}");
                call.not_before = call.not_before.max(self.now + delay);
                call.waits_until = Some(self.now + delay);
                call.retries += 1;
                self.counted.retries += 1;
            }
            Command::Ready { owner } => {
                let call = &mut self.calls[owner as usize];
                assert!(!call.done && !call.ready && self.now >= call.not_before, "{command:?}");
                (call.ready, call.waits_until) = (true, None);
            }
            Command::FellBack { owner, level, reason } => {
                let call = &mut self.calls[owner as usize];
                assert!(!call.done && !call.committed, "{command:?}");
                call.level += 1;
                assert!(level == call.level && level <= call.fallbacks, "{command:?}");
                // After all that failed, or beside the function.
                if reason.is_some() {
                    assert!(call.live.is_empty(), "{command:?} beside {:?}", call.live);
                    assert_eq!(call.failed, reason, "{command:?}");
                } else {
                    call.early = level;
                    assert!(options.hedge.is_some_and(|hedge| hedge.with == HedgeWith::Fallback), "{command:?}");
                }
                self.counted.fallbacks += 1;
            }
            Command::Evict { own, slot } => {
                assert_eq!(Some(own), self.wiring.cache());
                assert!(self.kept.remove(&slot).is_some(), "nothing is kept in {slot}");
            }
            Command::Circuit { change, .. } => {
                assert_eq!((change.from, change.at), (self.circuit, self.now));
                self.circuit = change.to;
            }
            Command::Settle { owner, end, goes_on } => self.check_end(owner, end, goes_on),
        }
    }

    fn check_end(&mut self, owner: u64, end: End, goes_on: bool) {
        let stale_ends = self.options.cache.unwrap_or_default();
        let call = &mut self.calls[owner as usize];
        assert!(!call.done, "{owner} ends twice: {end:?}");
        assert!(call.live.is_empty() || goes_on, "{owner} ends: {end:?}, and {:?} run", call.live);
        assert!(!(call.answered && goes_on), "{owner} is answered twice: {end:?}");
        let first = !std::mem::replace(&mut call.answered, true);
        (call.done, call.ready) = (!goes_on, call.ready && goes_on);
        let counts = u32::from(first);
        match end {
            End::Completed { attempt, level, store } => {
                assert!(!goes_on && attempt <= call.started);
                assert_eq!(call.levels.get(&attempt), Some(&level), "the level of the attempt that won");
                self.counted.succeeded += counts;
                if let Some(slot) = store {
                    assert!(level == 0, "what a fallback gave is not kept");
                    assert!(!call.outdated, "the cache was cleared since");
                    let key = call.key.expect("what is kept has a key");
                    assert!(self.kept.insert(slot, (key, self.now)).is_none(), "something is kept in {slot}");
                }
            }
            End::Cached { slot, stale } => {
                let (key, since) = self.kept[&slot];
                assert_eq!(call.key, Some(key), "a value of another key");
                let age = self.now.since(since);
                assert!(stale || age < stale_ends.ttl);
                let longest = stale_ends.stale_while_revalidate.max(stale_ends.stale_if_error);
                assert!(age < stale_ends.ttl + longest);
                assert!(!goes_on || stale);
                self.counted.succeeded += counts;
                self.counted.cache_hits += counts;
                self.counted.stale_hits += if stale { counts } else { 0 };
            }
            End::Shared { leader } => {
                assert!(first && !goes_on && call.started == call.before, "who follows does nothing itself");
                self.counted.shared += 1;
                let leads = &self.calls[leader as usize];
                assert!(leads.key == self.calls[owner as usize].key && !leads.done);
                self.sharing.get_or_insert((leader, Vec::new())).1.push(owner);
            }
            End::Failed(_) => {
                assert!(!goes_on);
                self.counted.failed += counts;
            }
            End::Cancelled => {
                call.gave_up = true;
                self.counted.cancelled += counts;
            }
        }
        if let Some((_, followers)) = self.sharing.take_if(|(leader, _)| *leader == owner) {
            let count = followers.len() as u32;
            match end {
                End::Completed { .. } | End::Cached { .. } => self.counted.succeeded += count,
                _ => self.counted.failed += count,
            }
            assert_ne!(end, End::Cancelled, "work that others wait for is not cancelled");
        }
    }

    /// What holds whenever everything has been performed.
    fn check_at_rest(&mut self) {
        let options = Rc::clone(&self.options);
        assert_eq!(self.guards.len(), self.calls.iter().filter(|call| !call.done).count());
        let runs_at_0 = |call: &&Known| call.live.values().any(|it| it.0 == 0);
        if let Some((used, limit, queued)) = self.guards.bulkhead(self.wiring) {
            assert_eq!(used as usize, self.calls.iter().filter(runs_at_0).count());
            assert!(queued == 0 || used >= limit, "{queued} wait although there is room");
            if let Some(Part::Own(BulkheadOptions { max_concurrent, max_queue, adaptive, .. })) = &options.bulkhead {
                assert!(used <= *max_concurrent && queued <= *max_queue as usize);
                assert!(adaptive.is_some() || limit == *max_concurrent);
            }
        }
        if options.single_flight || options.cache.is_some() {
            for key in KEYS {
                // Nobody waits for a refresh, or for what was asked for before the cache was cleared.
                let is_joined = |call: &&Known| (!call.answered || call.gave_up) && !call.outdated;
                let at_work =
                    self.calls.iter().filter(|call| call.key == Some(key) && !call.live.is_empty()).filter(is_joined);
                assert!(at_work.count() <= 1, "the same is asked for twice");
            }
        }
        let waits = |key| self.calls.iter().any(|call| !call.answered && call.key == key);
        for call in self.calls.iter().filter(|call| !call.done) {
            assert!(!call.gave_up || waits(call.key), "work that nobody waits for");
            if let Some(timeout) = options.total_timeout {
                assert!(self.now < call.began + timeout, "past its total timeout");
            }
            for (_, began) in call.live.values() {
                assert!(options.timeout.is_none_or(|timeout| self.now < *began + timeout), "past its timeout");
            }
        }
        assert_eq!(self.guards.stats(self.wiring).attempts, self.counted.attempts);
    }

    /// To the next deadline, or to some instant before it.
    fn pass_time(&mut self) {
        let Some(due) = self.guards.next_deadline() else {
            self.now = self.now + Duration::from_millis(self.rng.below(2_000) as u64);
            return;
        };
        let ahead = due.since(self.now);
        match self.rng.below(3) {
            0 => {
                let part = ahead.as_micros() as f64 * self.rng.unit();
                self.now = self.now + Duration::from_micros(part as u64);
            }
            _ => self.now = self.now.max(due),
        }
        while self.guards.tick(self.now) {
            self.perform();
        }
        assert!(self.guards.next_deadline().is_none_or(|due| due > self.now));
    }

    /// Every call comes to its end, one way or the other, and nothing is left of it.
    fn end_all(&mut self) {
        for round in 0.. {
            assert!(round < 10_000, "no end: {:?}", self.guards);
            let open: Vec<usize> = (0..self.calls.len()).filter(|owner| !self.calls[*owner].done).collect();
            if open.is_empty() {
                break;
            }
            for owner in open {
                if self.calls[owner].ready {
                    self.calls[owner].ready = false;
                    self.guards.resume(self.id(owner), self.now);
                } else if let Some((attempt, _)) = self.calls[owner].live.first_key_value().map(|it| (*it.0, *it.1)) {
                    let well = self.rng.below(3) == 0;
                    self.settle(owner, attempt, well);
                }
                self.reentry = 0;
                self.perform_alone();
                self.check_at_rest();
            }
            if let Some(due) = self.guards.next_deadline() {
                self.now = self.now.max(due);
                while self.guards.tick(self.now) {
                    self.perform_alone();
                }
            }
        }
        assert!(self.guards.is_empty());
        assert_eq!(self.guards.next_deadline(), None);
        if let Some((used, _, queued)) = self.guards.bulkhead(self.wiring) {
            assert_eq!((used, queued), (0, 0));
        }
        self.check_stats();
        let len = self.guards.cache(self.wiring).map_or(0, |cache| cache.len());
        assert!(len <= self.kept.len());
        self.guards.clear_cache(self.wiring);
        self.perform_alone();
        assert!(self.kept.is_empty(), "{:?} never left", self.kept);
        // No work is in flight any more: who asks now does it. A call that follows would start nothing.
        self.guards.move_breaker(self.wiring, |breaker| breaker.close(self.now));
        self.perform_alone();
        for key in KEYS {
            let owner = self.calls.len();
            self.calls.push(Known { key: Some(key), began: self.now, ..Known::default() });
            let request = Request { key: Some(key), limit_key: Some(key), ..Request::new(owner as u64) };
            let id = self.guards.begin(&self.options, self.wiring, &request, self.now);
            self.calls[owner].id = Some(id);
            self.perform_alone();
            assert_eq!(self.calls[owner].live.len(), 1, "{key} is thought to be in flight");
            self.guards.cancel(id, self.now);
            self.perform_alone();
            assert!(self.calls[owner].done);
        }
    }

    fn perform_alone(&mut self) {
        while let Some(command) = self.guards.next_command() {
            self.check(command);
        }
    }

    fn check_stats(&self) {
        let stats = self.guards.stats(self.wiring);
        assert_eq!(Stats { budget_exhausted: 0, ..stats }, self.counted);
        assert_eq!(stats.calls, stats.succeeded + stats.failed + stats.cancelled);
        if self.options.retry.as_ref().is_none_or(|retry| retry.budget.is_none()) {
            assert_eq!(stats.budget_exhausted, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_once_and_leaves_nothing_behind(options in any_options(), seed: u64, steps in 1..80_usize) {
        let mut world = World::new(options, seed);
        for _ in 0..steps {
            match world.rng.below(4) {
                0 => world.pass_time(),
                1 if world.rng.below(8) == 0 => world.restart(),
                _ => world.act(),
            }
            world.perform();
            // What was due at this very instant, such as a delay of nothing.
            while world.guards.tick(world.now) {
                world.perform();
            }
            world.check_at_rest();
        }
        world.end_all();
    }
}
