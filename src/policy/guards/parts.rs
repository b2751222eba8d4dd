//! What calls share: breakers, limits, budgets, caches. Each is kept once, and calls know its number.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Options;
use crate::policy::{Adaptive, Breaker, Budget, Bulkhead, BulkheadOptions, Cache, Flights, Latencies, Part, RateLimit};

/// Which shared parts a call uses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wiring {
    pub(super) breaker: Option<u32>,
    pub(super) rate_limit: Option<u32>,
    pub(super) bulkhead: Option<u32>,
    pub(super) budget: Option<u32>,
    pub(super) own: Option<u32>,
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
    scopes: BTreeMap<Rc<str>, Wiring>,
}

/// Parts by number, and the numbers of those that have a name.
#[derive(Debug)]
pub(super) struct Named<T> {
    parts: Vec<(Rc<str>, T)>,
    by_name: BTreeMap<Rc<str>, u32>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { parts: Vec::new(), by_name: BTreeMap::new() }
    }
}

impl<T> Named<T> {
    pub(super) fn get_mut(&mut self, part: u32) -> &mut T {
        &mut self.parts[part as usize].1
    }

    pub(super) fn name(&self, part: u32) -> &Rc<str> {
        &self.parts[part as usize].0
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    fn add(&mut self, name: &Rc<str>, part: T) -> u32 {
        self.parts.push((Rc::clone(name), part));
        (self.parts.len() - 1) as u32
    }

    /// The part that is meant: one that has a name, made with default options if nobody has defined it, or a new one.
    fn wire<O: Clone + Default>(&mut self, part: &Part<O>, scope: &Rc<str>, make: impl FnOnce(O) -> T) -> u32 {
        match part {
            Part::Own(options) => self.add(scope, make(options.clone())),
            Part::Named(name) => self.find(name).unwrap_or_else(|| self.define(name, make(O::default()))),
        }
    }

    fn define(&mut self, name: &Rc<str>, part: T) -> u32 {
        let number = self.add(name, part);
        self.by_name.insert(Rc::clone(name), number);
        number
    }
}

impl Parts {
    /// The parts of a scope, made when they are first asked for.
    pub(super) fn wire(&mut self, options: &Options, scope: &Rc<str>) -> Wiring {
        if let Some(wiring) = self.scopes.get(scope) {
            return *wiring;
        }
        let budget = options.retry.as_ref().and_then(|retry| retry.budget.as_ref());
        self.own.push(Own { cache: options.cache.map(Cache::new), ..Own::default() });
        let wiring = Wiring {
            breaker: options.breaker.as_ref().map(|part| self.breakers.wire(part, scope, Breaker::new)),
            rate_limit: options.rate_limit.as_ref().map(|part| self.rate_limits.wire(part, scope, RateLimit::new)),
            bulkhead: options.bulkhead.as_ref().map(|part| self.bulkheads.wire(part, scope, Places::new)),
            budget: budget.map(|part| self.budgets.wire(part, scope, Budget::new)),
            own: Some((self.own.len() - 1) as u32),
        };
        self.scopes.insert(Rc::clone(scope), wiring);
        wiring
    }

    /// Defines the parts that `options` has under a name.
    pub(super) fn define(&mut self, name: &Rc<str>, options: &Options) {
        if let Some(Part::Own(options)) = &options.breaker {
            self.breakers.define(name, Breaker::new(*options));
        }
        if let Some(Part::Own(options)) = &options.rate_limit {
            self.rate_limits.define(name, RateLimit::new(options.clone()));
        }
        if let Some(Part::Own(options)) = &options.bulkhead {
            self.bulkheads.define(name, Places::new(*options));
        }
        if let Some(Part::Own(options)) = options.retry.as_ref().and_then(|retry| retry.budget.as_ref()) {
            self.budgets.define(name, Budget::new(*options));
        }
    }
}

impl Places {
    fn new(options: BulkheadOptions) -> Self {
        let adaptive = options.adaptive.map(Adaptive::new);
        let limit = adaptive.as_ref().map_or(options.max_concurrent, Adaptive::limit);
        Self { bulkhead: Bulkhead::new(Some(limit), options.max_queue), adaptive, options }
    }
}
