//! What a host can see, and move by hand.

use std::rc::Rc;

use super::{Command, Guards, Stats, Wiring};
use crate::policy::{Breaker, BreakerOptions, BreakerSnapshot, Cache, Counts, Options, Part, RateLimit};
use crate::time::Timestamp;

impl Guards {
    /// What happened so far to the calls of a scope.
    #[must_use]
    pub fn stats(&self, wiring: Wiring) -> Stats {
        wiring.own.map(|own| self.parts.own[own as usize].stats).unwrap_or_default()
    }

    /// The circuit breaker, when there is one.
    pub fn breaker(&mut self, wiring: Wiring) -> Option<&mut Breaker> {
        wiring.breaker.map(|breaker| self.parts.breakers.get_mut(breaker))
    }

    /// Moves the circuit breaker by hand, and tells how its state changed.
    pub fn move_breaker(&mut self, wiring: Wiring, act: impl FnOnce(&mut Breaker)) {
        if let Some(breaker) = wiring.breaker {
            act(self.parts.breakers.get_mut(breaker));
            self.tell_changes(breaker);
        }
    }

    /// The name of a circuit breaker: its own, or that of the scope it belongs to.
    #[must_use]
    pub fn breaker_name(&self, breaker: u32) -> &Rc<str> {
        self.parts.breakers.name(breaker)
    }

    /// Moves the circuit breaker of a name, or of a scope, by hand. One that nobody has used yet is as it was moved when it
    /// is made.
    pub fn move_named_breaker(&mut self, name: &str, now: Timestamp, act: impl FnOnce(&mut Breaker)) {
        if let Some(breaker) = self.parts.breakers.find(name) {
            act(self.parts.breakers.get_mut(breaker));
            return self.tell_changes(breaker);
        }
        // Its own figures decide nothing while it is moved.
        let options = BreakerOptions::default();
        let mut breaker = match self.parts.remembered.remove(name) {
            Some((snapshot, at)) => Breaker::restore(options, snapshot, at),
            None => Breaker::new(options),
        };
        act(&mut breaker);
        self.parts.remember(name, breaker.snapshot(now), now);
    }

    /// Where every circuit breaker is, by its name, and where those were that nobody has used since.
    pub fn breaker_snapshots(&self, now: Timestamp) -> impl Iterator<Item = (&str, BreakerSnapshot)> {
        let used = self.parts.breakers.all().map(move |(name, breaker)| (name, breaker.snapshot(now)));
        used.chain(self.parts.remembered.iter().map(|(name, (snapshot, _))| (&**name, *snapshot)))
    }

    /// Puts the circuit breaker of a name, or of a scope, back where it was, when it is made.
    pub fn remember_breaker(&mut self, name: &str, snapshot: BreakerSnapshot, now: Timestamp) {
        self.parts.remember(name, snapshot, now);
    }

    /// Every name that `options` refers to and nobody has defined, with its key. A circuit breaker without a definition has
    /// the usual figures; for the others there are none that would suit.
    pub fn undefined<'a>(&self, options: &'a Options) -> impl Iterator<Item = (&'static str, &'a str)> {
        fn name<T>(part: Option<&Part<T>>) -> Option<&str> {
            match part? {
                Part::Own(_) => None,
                Part::Named(name) => Some(name),
            }
        }
        let budget = options.retry.as_ref().and_then(|retry| retry.budget.as_ref());
        let missing = [
            ("rateLimit", name(options.rate_limit.as_ref()).filter(|it| self.parts.rate_limits.find(it).is_none())),
            ("bulkhead", name(options.bulkhead.as_ref()).filter(|it| self.parts.bulkheads.find(it).is_none())),
            ("retry/budget", name(budget).filter(|it| self.parts.budgets.find(it).is_none())),
        ];
        missing.into_iter().filter_map(|(key, name)| Some((key, name?)))
    }

    /// The rate limit, when there is one.
    pub fn rate_limit(&mut self, wiring: Wiring) -> Option<&mut RateLimit> {
        wiring.rate_limit.map(|limit| self.parts.rate_limits.get_mut(limit))
    }

    /// Calls inside of the bulkhead, its limit, and how many wait, when there is one.
    pub fn bulkhead(&mut self, wiring: Wiring) -> Option<(u32, u32, usize)> {
        let places = self.parts.bulkheads.get_mut(wiring.bulkhead?);
        let bulkhead = &places.bulkhead;
        Some((bulkhead.used(), bulkhead.limit().unwrap_or(u32::MAX), bulkhead.queued()))
    }

    /// The cache, when there is one.
    pub fn cache(&mut self, wiring: Wiring) -> Option<&mut Cache> {
        self.own(wiring)?.cache.as_mut()
    }

    /// Forgets what the cache holds, and tells the host so. What is being asked for now is answered, but not kept, and who
    /// asks from now on does not join it.
    pub fn clear_cache(&mut self, wiring: Wiring) {
        let Some(own) = wiring.cache() else { return };
        let Some(parts) = self.own(wiring) else { return };
        parts.flights.shut_all();
        let slots = parts.cache.as_mut().map(Cache::clear).unwrap_or_default();
        for slot in slots {
            self.commands.push(Command::Evict { own, slot });
        }
    }

    /// Counts of the breaker's window.
    pub fn breaker_counts(&mut self, wiring: Wiring, now: Timestamp) -> Option<Counts> {
        self.breaker(wiring).map(|breaker| breaker.counts(now))
    }
}
