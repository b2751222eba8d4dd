//! How many calls may start in a time.
//!
//! A bucket holds a burst and is refilled at a steady rate, so there is no window at whose edge twice the limit could
//! pass. It is kept as one instant, the time at which it will be full again (the generic cell rate algorithm, GCRA, of
//! ITU-T I.371): nothing has to run for it to be refilled. A call that costs several things, say one request and two
//! thousand tokens, takes from all buckets or from none.
//!
//! When the time has not come the caller may get a later turn. The turn is taken at once: who gives up waiting has used
//! it, for to hand it back would let those behind it pass together. What this buys is a bound that holds for every
//! bucket, key and stretch of time: *the cost of the turns in it is at most the burst, plus the refill of that time*. So
//! nobody takes a turn that they know to be too late for them: under overload all turns would go to those who are gone.
//!
//! Quotas per day are counted instead, per UTC day, and can be saved. And what a server says can be told: what is left
//! of its own limits, and that it wants to be asked less. Both only ever make callers wait longer.
//!
//! Who is told to slow down halves the rate, once for all the calls that were under way by then, down to a sixteenth.
//! From there it grows back steadily, by the whole rate in a minute (additive increase and multiplicative decrease, as in
//! TCP). Where no rate of requests is configured there is none to lower. There calls keep apart meanwhile: by a second
//! after the first word, by 15 at most, and by ever less as the minute passes.

use std::time::Duration;

use crate::time::{MAX_DURATION, Timestamp};

/// What a bucket counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Calls.
    Requests,
    /// Tokens of a language model.
    Tokens,
}

/// One limit on the rate, for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketOptions {
    /// So many in each `per`. With zero nothing passes.
    pub limit: u32,
    /// The time in which the bucket gets `limit` refilled.
    pub per: Duration,
    /// What the bucket holds: so many may pass at once after a rest. No single cost may be larger.
    pub burst: u32,
    /// Which part of a cost it takes.
    pub unit: Unit,
}

/// Which rates and quotas there are. The default limits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimitOptions {
    /// The rates; all of them hold.
    pub buckets: Vec<BucketOptions>,
    /// Requests per UTC day and key.
    pub per_day: Option<u32>,
    /// No turn is further away than this; at most [`MAX_DURATION`]. Zero refuses at once.
    pub max_wait: Duration,
}

/// What one call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How many requests it is.
    pub requests: u32,
    /// How many tokens it will use, as far as one knows.
    pub tokens: u32,
}

impl Default for Cost {
    /// One request.
    fn default() -> Self {
        Self { requests: 1, tokens: 0 }
    }
}

impl Cost {
    fn of(self, unit: Unit) -> u32 {
        match unit {
            Unit::Requests => self.requests,
            Unit::Tokens => self.tokens,
        }
    }
}

/// What a server says of one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What of it is left.
    pub remaining: u32,
    /// How long until it is whole again.
    pub reset: Duration,
    /// The whole of it, where that is known: then it is taken to be refilled steadily until the reset, and otherwise all
    /// at once.
    pub limit: Option<u32>,
}

/// When a call may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At once.
    Now,
    /// After this long. The turn is taken.
    Wait(Duration),
    /// Not within the longest wait, or not before the deadline. Nothing was taken.
    Refused {
        /// When it could start, if nobody else takes a turn until then.
        retry_after: Duration,
    },
    /// The quota of the day is used up. Nothing was taken.
    Exhausted {
        /// When it could start, if nobody else takes a turn until then.
        retry_after: Duration,
    },
    /// Never: it costs more than a bucket holds, or than a day allows.
    Never,
}

/// Rates and quotas, counted for each key (a user, a model, a provider) apart.
#[derive(Clone, Debug)]
pub struct RateLimit {
    limits: Limits,
    /// In order of the keys. A list, since a tree is 4 KB more of wasm; the boxes keep the entries short, so that ten
    /// thousand are moved in microseconds when a key comes in between.
    keys: Vec<(String, Box<State>)>,
    /// Uses until the keys are looked through again, at least 1.
    until_sweep: usize,
}

impl RateLimit {
    /// All buckets full, nothing used.
    #[must_use]
    pub fn new(options: &RateLimitOptions) -> Self {
        let mut buckets = Vec::new();
        for bucket in &options.buckets {
            buckets.push(Bucket::new(bucket));
        }
        let limits = Limits { buckets, per_day: options.per_day, max_wait: nanos(options.max_wait.min(MAX_DURATION)) };
        Self { limits, keys: Vec::new(), until_sweep: MIN_SWEEP }
    }

    /// Asks for a turn, and takes it if there is one. One that has to be waited for until `deadline` or longer is of no
    /// use to the caller, and is refused as one beyond the longest wait is.
    pub fn acquire(&mut self, key: &str, cost: Cost, deadline: Option<Timestamp>, now: Timestamp) -> Turn {
        if !self.limits.can_ever_pass(cost) {
            return Turn::Never;
        }
        let now = nanos_of(now);
        let index = self.use_of(key, now);
        let longest = deadline.map_or(u64::MAX, |deadline| nanos_of(deadline).saturating_sub(now).saturating_sub(1));
        self.limits.turn(&mut self.keys[index].1, cost, longest.min(self.limits.max_wait), now)
    }

    /// What the server says about a key (`x-ratelimit-remaining-…`, `x-ratelimit-reset-…`): until the reset has passed,
    /// turns that are asked for from now on cost what remains at most, and what is refilled. The newest word counts. It
    /// never makes a turn come earlier than the rates and quotas have it.
    pub fn observe(&mut self, key: &str, unit: Unit, said: Observed, now: Timestamp) {
        let from = nanos_of(now);
        let reset = nanos(said.reset.min(MAX_DURATION));
        let index = self.use_of(key, from);
        let limit = said.limit.filter(|limit| *limit > said.remaining).unwrap_or_default();
        let interval = if limit == 0 { 0 } else { reset.div_ceil(u64::from(limit - said.remaining)) };
        // One that would take longer than there is time is not looked at that closely.
        let fits = interval as f64 * f64::from(limit) <= MAX_REFILL as f64;
        let refill = if fits { interval * u64::from(limit) } else { 0 };
        let hold = Hold { left: said.remaining, from, until: from.saturating_add(reset), limit, interval, refill };
        self.keys[index].1.holds[unit as usize] = hold;
    }

    /// The server wants to be asked less: the rates of this key are halved, and recover within a minute. A call that
    /// `began` before it said so last had not heard of it: its word is the same one, and does not count again.
    pub fn slow_down(&mut self, key: &str, began: Timestamp, now: Timestamp) {
        let from = nanos_of(now);
        let index = self.use_of(key, from);
        let pace = &mut self.keys[index].1.pace;
        let missing = pace.missing(from);
        if missing == 0 || nanos_of(began) > pace.from {
            *pace = Pace { from, until: from + (MINUTE + missing).div_ceil(2).min(MOST_MISSING), ..*pace };
        }
    }

    /// How many keys are remembered: those that took a turn lately. Keys whose buckets are full again and whose day is
    /// over are forgotten as others are used.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// What was used of the quotas per day: the key, the day (in days since the epoch) and how many requests.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(String, u32, u32)> {
        let mut quotas = Vec::new();
        for (key, state) in &self.keys {
            if state.used > 0 {
                quotas.push((key.clone(), state.day, state.used));
            }
        }
        quotas
    }

    /// Takes in what a [`snapshot`](Self::snapshot) told. Where both know something, the later day counts, and of the
    /// same day the larger number: to restore twice does no harm.
    pub fn restore(&mut self, quotas: Vec<(String, u32, u32)>) {
        if self.limits.per_day.is_none() {
            return;
        }
        for (key, day, used) in quotas {
            let index = self.index(&key);
            let state = &mut self.keys[index].1;
            (state.day, state.used) = (state.day, state.used).max((day, used));
        }
    }

    /// Where a key is that is used now.
    #[inline(never)]
    fn use_of(&mut self, key: &str, now: u64) -> usize {
        self.sweep(now);
        self.index(key)
    }

    /// Where a key is, in bounds; a new one is put in its place.
    fn index(&mut self, key: &str) -> usize {
        self.keys.binary_search_by(|(it, _)| it.as_str().cmp(key)).unwrap_or_else(|index| {
            self.keys.insert(index, (key.to_owned(), Box::new(self.limits.fresh())));
            index
        })
    }

    /// Forgets the keys at rest, once in as many uses as there are keys: so a use costs the same on average, and there
    /// are never more than two keys for each that is needed, and a few.
    fn sweep(&mut self, now: u64) {
        self.until_sweep -= 1;
        if self.until_sweep == 0 {
            let mut kept = 0;
            for place in 0..self.keys.len() {
                if !self.keys[place].1.is_at_rest(now) {
                    self.keys.swap(kept, place);
                    kept += 1;
                }
            }
            self.keys.truncate(kept);
            self.until_sweep = self.keys.len().max(MIN_SWEEP);
        }
    }
}

/// Fewer keys than this are not worth a sweep.
const MIN_SWEEP: usize = 64;

const NANOS_PER_DAY: u64 = 86_400_000_000_000;

/// The end of time, in nanoseconds since the epoch: the year 2116. With [`MAX_REFILL`] and [`MAX_DURATION`] on top
/// it fits 64 bits, so that sums of them cannot overflow. A whole microsecond.
const MAX_NOW: u64 = u64::MAX / 4_000 * 1_000;

/// Buckets that take longer than this to refill, 146 years, are made smaller.
const MAX_REFILL: u64 = u64::MAX / 4;

/// A duration in nanoseconds, cut to what 64 bits hold.
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

fn nanos_of(now: Timestamp) -> u64 {
    now.as_micros().saturating_mul(1_000).min(MAX_NOW)
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    unit: Unit,
    /// No single cost is larger.
    burst: u32,
    /// Nanoseconds in which one unit is refilled, rounded up: a bucket may be slower than the limit, never faster.
    interval: u64,
    /// Nanoseconds in which the whole burst is refilled.
    refill: u64,
}

impl Bucket {
    fn new(options: &BucketOptions) -> Self {
        let interval = nanos(options.per.min(MAX_DURATION)).div_ceil(u64::from(options.limit.max(1)));
        let most = u32::try_from(MAX_REFILL / interval.max(1)).unwrap_or(u32::MAX);
        let burst = if options.limit == 0 { 0 } else { options.burst.min(most) };
        Self { unit: options.unit, burst, interval, refill: u64::from(burst) * interval }
    }
}

#[derive(Clone, Debug)]
struct Limits {
    buckets: Vec<Bucket>,
    per_day: Option<u32>,
    /// In nanoseconds.
    max_wait: u64,
}

/// How long a rate that was lowered takes to grow by the whole of it.
const MINUTE: u64 = 60_000_000_000;

const SECOND: u64 = 1_000_000_000;

/// What is missing of a rate is kept as the time that it takes to grow back; a sixteenth of it is always left.
const MOST_MISSING: u64 = MINUTE / 16 * 15;

/// How much longer a cost takes while the rate is lowered. Never more than fits.
#[inline(never)]
fn stretched(time: u64, missing: u64) -> u64 {
    let extra = time as f64 * (missing as f64 / (MINUTE - missing) as f64);
    time.saturating_add(extra as u64).min(MAX_REFILL)
}

/// How far a key was slowed down.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// When the server said so last.
    from: u64,
    /// When the rate is whole again.
    until: u64,
    /// The next turn, where there is no rate to lower.
    next: u64,
}

impl Pace {
    /// What is missing of the rate.
    fn missing(&self, now: u64) -> u64 {
        // As with a hold, a clock that was set back ends it.
        if self.from <= now { self.until.saturating_sub(now) } else { 0 }
    }
}

/// What a server said: until when only so much is left. In force from `from` to `until`. With a `refill` it is a bucket as
/// any other one, which is full at `until`.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    left: u32,
    from: u64,
    until: u64,
    limit: u32,
    /// As those of a bucket; 0 when all comes back at once.
    interval: u64,
    refill: u64,
}

impl Hold {
    fn is_in_force(self, now: u64) -> bool {
        // Before `from` only when the clock was set back: then `until` means nothing any more.
        self.from <= now && now < self.until
    }

    /// What a cost takes to be refilled. What is above the limit waits until all is there, and takes all.
    fn time_of(&self, amount: u32) -> u64 {
        u64::from(amount.min(self.limit)) * self.interval
    }
}

/// What is known of a key. Instants are nanoseconds since the epoch.
#[derive(Clone, Debug)]
struct State {
    /// When each bucket is full again.
    full_at: Vec<u64>,
    /// What the server said, by unit.
    holds: [Hold; 2],
    pace: Pace,
    /// The day of the latest turn, in days since the epoch, and the requests of that day.
    day: u32,
    used: u32,
}

impl State {
    /// Whether to forget it changes nothing.
    fn is_at_rest(&self, now: u64) -> bool {
        self.full_at.iter().all(|full_at| *full_at <= now)
            && !self.holds.iter().any(|hold| hold.is_in_force(now))
            && self.pace.missing(now) == 0
            && (self.used == 0 || self.day < day_of(now))
    }
}

/// How far apart calls are that have no rate.
fn gap(missing: u64) -> u64 {
    stretched(SECOND, missing) - SECOND
}

fn day_of(instant: u64) -> u32 {
    (instant / NANOS_PER_DAY) as u32
}

fn start_of(day: u32) -> u64 {
    u64::from(day).saturating_mul(NANOS_PER_DAY)
}

impl Limits {
    fn fresh(&self) -> State {
        State {
            full_at: vec![0; self.buckets.len()],
            holds: [Hold::default(); 2],
            pace: Pace::default(),
            day: 0,
            used: 0,
        }
    }

    fn can_ever_pass(&self, cost: Cost) -> bool {
        self.buckets.iter().all(|bucket| cost.of(bucket.unit) <= bucket.burst)
            && self.per_day.is_none_or(|per_day| cost.requests <= per_day)
    }

    /// A turn that is at most `longest` away.
    fn turn(&self, state: &mut State, cost: Cost, longest: u64, now: u64) -> Turn {
        self.forget_impossible(state, now);
        let missing = state.pace.missing(now);
        let by_rates = self.earliest_by_rates(state, cost, now);
        let at = self.earliest_by_quota(state, cost, by_rates).next_multiple_of(1_000);
        if at - now > longest {
            let retry_after = Duration::from_nanos(at - now);
            let rates_let_it = by_rates.next_multiple_of(1_000) - now <= longest;
            return if rates_let_it { Turn::Exhausted { retry_after } } else { Turn::Refused { retry_after } };
        }
        // The cost is charged when the turn comes: charged earlier, it would be refilled before it is spent.
        for (bucket, full_at) in self.buckets.iter().zip(&mut state.full_at) {
            let amount = cost.of(bucket.unit);
            if amount > 0 {
                *full_at = at.max(*full_at) + stretched(u64::from(amount) * bucket.interval, missing);
            }
        }
        for (hold, amount) in state.holds.iter_mut().zip([cost.requests, cost.tokens]) {
            if hold.is_in_force(at) {
                hold.left = hold.left.saturating_sub(amount);
                if hold.refill > 0 {
                    hold.until += hold.time_of(amount);
                }
            }
        }
        if missing > 0 && cost.requests > 0 {
            state.pace.next = at + gap(missing);
        }
        if self.per_day.is_some() && cost.requests > 0 {
            let used = if day_of(at) == state.day { state.used } else { 0 };
            (state.day, state.used) = (day_of(at), used.saturating_add(cost.requests));
        }
        if at == now { Turn::Now } else { Turn::Wait(Duration::from_nanos(at - now)) }
    }

    /// The earliest turn that keeps to the buckets, and to what the server said.
    fn earliest_by_rates(&self, state: &State, cost: Cost, now: u64) -> u64 {
        let mut at = now;
        let missing = state.pace.missing(now);
        // Where there is no rate of requests to lower.
        let mut is_paced = missing > 0 && cost.requests > 0;
        for (bucket, full_at) in self.buckets.iter().zip(&state.full_at) {
            let amount = cost.of(bucket.unit);
            if amount > 0 {
                // With this cost on top it is full a whole refill later, at most.
                let time = stretched(u64::from(amount) * bucket.interval, missing);
                at = at.max((full_at + time).saturating_sub(bucket.refill.max(time)));
            }
            is_paced &= bucket.unit != Unit::Requests;
        }
        for (hold, amount) in state.holds.iter().zip([cost.requests, cost.tokens]) {
            if amount == 0 || !hold.is_in_force(now) {
                continue;
            }
            if hold.refill > 0 {
                at = at.max((hold.until + hold.time_of(amount)).saturating_sub(hold.refill));
            } else if amount > hold.left {
                at = at.max(hold.until);
            }
        }
        if is_paced { at.max(state.pace.next) } else { at }
    }

    /// The earliest turn from `at` on that keeps to the quota.
    fn earliest_by_quota(&self, state: &State, cost: Cost, mut at: u64) -> u64 {
        if let Some(per_day) = self.per_day.filter(|_| cost.requests > 0) {
            // Turns may have been given for tomorrow already. Only one day is counted, so today is over then.
            at = at.max(start_of(state.day));
            if day_of(at) == state.day && state.used.saturating_add(cost.requests) > per_day {
                at = start_of(state.day.saturating_add(1));
            }
        }
        at
    }

    /// Turns are at most the longest wait away. What lies beyond that comes from a clock that was set back since, and
    /// would lock the key until the clock catches up.
    fn forget_impossible(&self, state: &mut State, now: u64) {
        let latest = now + self.max_wait;
        let missing = state.pace.missing(now);
        for (bucket, full_at) in self.buckets.iter().zip(&mut state.full_at) {
            // What was stretched more than it would be now.
            let slowest = if missing == 0 { bucket.refill } else { stretched(bucket.refill, MOST_MISSING) };
            *full_at = (*full_at).min(latest + slowest);
        }
        for hold in state.holds.iter_mut().filter(|hold| hold.refill > 0) {
            hold.until = hold.until.min(latest + hold.refill);
        }
        state.pace.next = state.pace.next.min(latest + gap(MOST_MISSING));
        // The requests still count, as today's.
        state.day = state.day.min(day_of(latest));
    }
}
