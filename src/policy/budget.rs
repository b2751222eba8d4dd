//! How many retries the calls so far have paid for.
//!
//! A cap on attempts bounds what one call costs; it does not bound what all calls cost together. When a service goes
//! down, three attempts each are three times the load, at the worst moment. A budget makes retries a share of all
//! calls: each call that is settled deposits a fraction of a retry, each retry withdraws a whole one, and once the
//! account is empty failures go straight through. A small reserve lets the first retry of a quiet caller pass.
//!
//! The account is a window over the last seconds (Finagle's `RetryBudget`, tower's `TpsBudget`): deposits *and*
//! withdrawals expire. So in any window the retries are at most the reserve plus their share of the calls in it.

use std::time::Duration;

use crate::time::{Timestamp, micros};

/// The window is counted in this many slots; what is in a slot expires at once. Finagle and tower have 10, too.
const SLOTS: u64 = 10;

/// A retry in the unit of account: shares are kept to the millionth, without rounding errors that add up.
const RETRY: i64 = 1_000_000;

/// More than can ever be withdrawn; it keeps sums far from overflow.
const MAX_AMOUNT: i64 = u32::MAX as i64 * RETRY;

/// What retries are paid from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetOptions {
    /// How long a deposit, or a withdrawal, counts; to the tenth.
    pub ttl: Duration,
    /// Retries per second that need no deposit, spent at any time within a `ttl`. Unless it is zero, the reserve is at
    /// least one retry.
    pub min_per_second: u32,
    /// The share of calls that may be retried: 0.2 is one retry for five calls. At most 1,000; what is not a positive
    /// number is zero.
    pub ratio: f64,
}

impl Default for BudgetOptions {
    /// A fifth of the calls of the last 10 s, and one retry per second besides.
    fn default() -> Self {
        Self { ttl: Duration::from_secs(10), min_per_second: 1, ratio: 0.2 }
    }
}

/// An account of retries. Share one among all calls that load the same service.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Length of a slot in microseconds, at least 1.
    slot_length: u64,
    /// What one call deposits.
    deposit: i64,
    reserve: i64,
    /// Deposits less withdrawals, by number of the slot modulo [`SLOTS`].
    slots: [i64; SLOTS as usize],
    /// The number of the newest slot; it and the nine before it are in `slots`.
    newest: u64,
}

impl Budget {
    /// An account that holds the reserve.
    #[must_use]
    pub fn new(options: BudgetOptions) -> Self {
        let ttl = micros(options.ttl);
        let per_second = i64::from(options.min_per_second);
        // Retries per second times microseconds are millionths of retries.
        let reserve = per_second.saturating_mul(i64::try_from(ttl).unwrap_or(i64::MAX));
        Self {
            slot_length: (ttl / SLOTS).max(1),
            // A float cast saturates, and takes NaN to zero.
            deposit: ((options.ratio * RETRY as f64).round() as i64).clamp(0, 1_000 * RETRY),
            reserve: reserve.max(per_second.min(1) * RETRY).min(MAX_AMOUNT),
            slots: [0; SLOTS as usize],
            newest: 0,
        }
    }

    /// A call was settled: its share of a retry goes into the account.
    pub fn deposit(&mut self, now: Timestamp) {
        let deposit = self.deposit;
        let slot = self.slot(now);
        *slot = (*slot + deposit).min(MAX_AMOUNT);
    }

    /// Takes a retry out. When it returns false there was none, and the call must not be retried.
    #[must_use]
    pub fn withdraw(&mut self, now: Timestamp) -> bool {
        let enough = self.balance(now) > 0;
        if enough {
            *self.slot(now) -= RETRY;
        }
        enough
    }

    /// How many retries could be taken out now.
    pub fn balance(&mut self, now: Timestamp) -> u32 {
        self.slot(now);
        let sum: i64 = self.slots.iter().sum();
        // Withdrawals outlive the older deposits that paid for them: until they expire the sum may be a debt.
        ((self.reserve + sum).max(0) / RETRY).min(i64::from(u32::MAX)) as u32
    }

    /// The slot of `now`, once the expired ones are emptied.
    fn slot(&mut self, now: Timestamp) -> &mut i64 {
        let number = now.as_micros() / self.slot_length;
        if number.abs_diff(self.newest) >= SLOTS {
            // All of it expired; or the clock was set back, and waiting for it to catch up might take years.
            self.slots = [0; SLOTS as usize];
            self.newest = number;
        }
        while self.newest < number {
            self.newest += 1;
            self.slots[(self.newest % SLOTS) as usize] = 0;
        }
        &mut self.slots[(self.newest % SLOTS) as usize]
    }
}
