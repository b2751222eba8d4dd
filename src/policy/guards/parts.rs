//! What calls share: breakers, limits, budgets, caches. Each is kept once, and calls know its number.

use std::rc::Rc;

use super::Options;
use crate::policy::{
    Adaptive, Breaker, BreakerOptions, BreakerSnapshot, Budget, Bulkhead, BulkheadOptions, Cache, Flights, Latencies,
    Part, RateLimit,
};
use crate::small::ByName;
use crate::time::Timestamp;

/// Which shared parts a call uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wiring {
    pub(super) breaker: Option<u32>,
    pub(super) rate_limit: Option<u32>,
    pub(super) bulkhead: Option<u32>,
    pub(super) budget: Option<u32>,
    pub(super) own: Option<u32>,
}

impl Wiring {
    /// Tells the cache of these parts from those of others, as [`Command::Evict`](super::Command::Evict) does: a slot is
    /// one of this cache. There is a number also where there is no cache.
    #[must_use]
    pub fn cache(&self) -> Option<u32> {
        self.own
    }
}

/// A bulkhead, and what moves its limit.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) bulkhead: Bulkhead<u32>,
    pub(super) adaptive: Option<Adaptive>,
    pub(super) options: BulkheadOptions,
}

/// What the calls of one scope share without naming it.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) cache: Option<Cache>,
    pub(super) flights: Flights<u32>,
    pub(super) latencies: Latencies,
    pub(super) stats: Stats,
}

/// What happened so far to the calls of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls begun.
    pub calls: u32,
    /// Calls answered with a value.
    pub succeeded: u32,
    /// Calls answered with an error.
    pub failed: u32,
    /// Calls that the caller gave up.
    pub cancelled: u32,
    /// Times the function or a fallback was called.
    pub attempts: u32,
    /// Attempts after one that failed.
    pub retries: u32,
    /// Attempts that took longer than their timeout.
    pub timeouts: u32,
    /// Attempts beside one that took long.
    pub hedges: u32,
    /// Times a fallback was taken.
    pub fallbacks: u32,
    /// Attempts refused by the circuit breaker.
    pub short_circuited: u32,
    /// Attempts refused by the bulkhead.
    pub bulkhead_rejected: u32,
    /// Attempts refused by the rate limit.
    pub rate_limited: u32,
    /// Retries that the budget refused.
    pub budget_exhausted: u32,
    /// Calls answered from the cache.
    pub cache_hits: u32,
    /// Those of them that were past their time.
    pub stale_hits: u32,
    /// Calls answered by the work of another.
    pub shared: u32,
}

/// All that is shared.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) breakers: Named<Breaker>,
    pub(super) rate_limits: Named<RateLimit>,
    pub(super) bulkheads: Named<Places>,
    pub(super) budgets: Named<Budget>,
    pub(super) own: Vec<Own>,
    /// Of the calls that share nothing; nobody looks at it.
    unwired: Stats,
    /// The own parts of each scope, also those that its options do not have any more.
    scopes: ByName<Rc<str>, Wiring>,
    /// Where breakers were that nobody has used since, such as before a reload.
    pub(super) remembered: ByName<Rc<str>, (BreakerSnapshot, Timestamp)>,
}

/// Parts by number, and the numbers of those that have a name.
#[derive(Debug)]
pub(super) struct Named<T> {
    parts: Vec<T>,
    names: Names,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { parts: Vec::new(), names: Names::default() }
    }
}

impl<T> Named<T> {
    pub(super) fn get_mut(&mut self, part: u32) -> &mut T {
        &mut self.parts[part as usize]
    }

    pub(super) fn name(&self, part: u32) -> &Rc<str> {
        &self.names.of[part as usize]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &T)> {
        self.names.of.iter().map(|name| &**name).zip(&self.parts)
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.names.find(name)
    }

    /// The part that is meant, if one is: one that has a name, made with default options if nobody has defined it, or the
    /// `own` one of the scope, made when it is first asked for.
    fn wire<O: Default>(
        &mut self,
        part: Option<&Part<O>>,
        own: &mut Option<u32>,
        scope: &Rc<str>,
        make: impl FnOnce(&O) -> T,
    ) -> Option<u32> {
        let part = part?;
        let usual = O::default();
        let (name, options) = match part {
            Part::Own(options) => (None, options),
            Part::Named(name) => (Some(name), &usual),
        };
        let number = self.names.wire(name, own, scope);
        if number as usize == self.parts.len() {
            self.parts.push(make(options));
        }
        Some(number)
    }

    fn define(&mut self, name: &Rc<str>, part: T) {
        self.names.add(name);
        self.parts.push(part);
    }
}

/// The names of parts, whatever they are parts of: this is compiled once for all kinds of them.
#[derive(Debug, Default)]
struct Names {
    /// By number.
    of: Vec<Rc<str>>,
    by_name: ByName<Rc<str>, u32>,
}

impl Names {
    fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The number of the part of a name, or without one of the `own` part of the scope. The next number when there is none:
    /// then it is to be made.
    fn wire(&mut self, name: Option<&Rc<str>>, own: &mut Option<u32>, scope: &Rc<str>) -> u32 {
        match name {
            Some(name) => self.find(name).unwrap_or_else(|| self.add(name)),
            None => *own.get_or_insert_with(|| self.add(scope)),
        }
    }

    /// The next number.
    fn add(&mut self, name: &Rc<str>) -> u32 {
        let number = self.of.len() as u32;
        self.of.push(Rc::clone(name));
        self.by_name.insert(Rc::clone(name), number);
        number
    }
}

impl Parts {
    /// What the calls of a scope share without naming it.
    pub(super) fn own_of(&mut self, wiring: Wiring) -> Option<&mut Own> {
        self.own.get_mut(wiring.own? as usize)
    }

    /// Where what happens to the calls of a scope is counted.
    pub(super) fn stats_of(&mut self, wiring: Wiring) -> &mut Stats {
        let own = wiring.own.and_then(|own| self.own.get_mut(own as usize));
        own.map_or(&mut self.unwired, |own| &mut own.stats)
    }

    /// The parts of a scope, made when they are first asked for. The options of a scope may change, as when a workflow is
    /// defined anew: it gets the parts that it has now, and those that it still has go on as they are.
    pub(super) fn wire(&mut self, options: &Options, scope: &Rc<str>) -> Wiring {
        let mut own = self.scopes.get(scope).copied().unwrap_or_default();
        if own.own.is_none() {
            self.own.push(Own { cache: options.cache.map(Cache::new), ..Own::default() });
            own.own = Some((self.own.len() - 1) as u32);
        }
        let known = own;
        let budget = options.retry.as_ref().and_then(|retry| retry.budget.as_ref());
        let wiring = Wiring {
            breaker: self.breakers.wire(options.breaker.as_ref(), &mut own.breaker, scope, |breaker| {
                let name = match &options.breaker {
                    Some(Part::Named(name)) => name,
                    _ => scope,
                };
                new_breaker(*breaker, self.remembered.remove(name))
            }),
            rate_limit: self.rate_limits.wire(options.rate_limit.as_ref(), &mut own.rate_limit, scope, RateLimit::new),
            bulkhead: self.bulkheads.wire(options.bulkhead.as_ref(), &mut own.bulkhead, scope, Places::new),
            budget: self.budgets.wire(budget, &mut own.budget, scope, |budget| Budget::new(*budget)),
            own: own.own,
        };
        if own != known || self.scopes.get(scope).is_none() {
            self.scopes.insert(Rc::clone(scope), own);
        }
        wiring
    }

    /// Remembers where a breaker was, for when it is made. One that is there already is where it is.
    pub(super) fn remember(&mut self, name: &str, snapshot: BreakerSnapshot, now: Timestamp) {
        if self.breakers.find(name).is_none() {
            self.remembered.insert(name.into(), (snapshot, now));
        }
    }

    /// Defines the parts that `options` has under a name.
    pub(super) fn define(&mut self, name: &Rc<str>, options: &Options) {
        if let Some(Part::Own(options)) = &options.breaker {
            let remembered = self.remembered.remove(name);
            self.breakers.define(name, new_breaker(*options, remembered));
        }
        if let Some(Part::Own(options)) = &options.rate_limit {
            self.rate_limits.define(name, RateLimit::new(options));
        }
        if let Some(Part::Own(options)) = &options.bulkhead {
            self.bulkheads.define(name, Places::new(options));
        }
        if let Some(Part::Own(options)) = options.retry.as_ref().and_then(|retry| retry.budget.as_ref()) {
            self.budgets.define(name, Budget::new(*options));
        }
    }
}

/// A breaker, where it was when that is remembered.
fn new_breaker(options: BreakerOptions, remembered: Option<(BreakerSnapshot, Timestamp)>) -> Breaker {
    match remembered {
        Some((snapshot, at)) => Breaker::restore(options, snapshot, at),
        None => Breaker::new(options),
    }
}

impl Places {
    fn new(options: &BulkheadOptions) -> Self {
        let adaptive = options.adaptive.map(Adaptive::new);
        let limit = adaptive.as_ref().map_or(options.max_concurrent, Adaptive::limit);
        Self { bulkhead: Bulkhead::new(Some(limit), options.max_queue), adaptive, options: *options }
    }
}
