//! A host for stories: it performs what guards ask for, and writes it down.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use repflow::policy::{
    CallId, Class, Command, End, Facts, Failure, FailureReason, Guards, Made, Options, Outcome, Request, Stats, Wiring,
    classify,
};
use repflow::time::Timestamp;

/// A call is named by the number of its owner. Its log has a line for each command.
pub(super) struct Host {
    pub(super) guards: Guards,
    pub(super) wiring: Wiring,
    options: Rc<Options>,
    calls: BTreeMap<u64, CallId>,
    now: Timestamp,
    log: Vec<String>,
}

impl Host {
    /// All calls of this host have the same options and share what can be shared.
    pub(super) fn new(options: &str) -> Self {
        let options = Options::from_json(options).expect("these options are valid");
        let mut guards = Guards::default();
        let wiring = guards.wire(&options, &"story".into());
        let (calls, log) = (BTreeMap::new(), Vec::new());
        Self { guards, wiring, options: Rc::new(options), calls, now: Timestamp::EPOCH, log }
    }

    pub(super) fn begin(&mut self, owner: u64) {
        self.begin_as(Request::new(owner));
    }

    /// Of the same parts, without a timeout.
    pub(super) fn begin_for_ever(&mut self, owner: u64) {
        let options = Rc::new(Options::default());
        let call = self.guards.begin(&options, self.wiring, &Request::new(owner), self.now);
        self.calls.insert(owner, call);
        self.perform();
    }

    pub(super) fn begin_keyed(&mut self, owner: u64, key: &str) {
        self.begin_as(Request { key: Some(key), ..Request::new(owner) });
    }

    pub(super) fn begin_as(&mut self, request: Request<'_>) {
        let call = self.guards.begin(&self.options, self.wiring, &request, self.now);
        self.calls.insert(request.owner, call);
        self.perform();
    }

    pub(super) fn restore(&mut self, request: Request<'_>, made: &Made) {
        let call = self.guards.restore(&self.options, self.wiring, &request, made, self.now);
        self.calls.insert(request.owner, call);
        self.perform();
    }

    pub(super) fn complete(&mut self, owner: u64, attempt: u32) {
        self.settle(owner, attempt, &Outcome::COMPLETED);
    }

    /// With an error that may pass.
    pub(super) fn fail(&mut self, owner: u64, attempt: u32) {
        self.settle(owner, attempt, &Outcome::failed());
    }

    pub(super) fn settle(&mut self, owner: u64, attempt: u32, outcome: &Outcome<'_>) {
        self.guards.settle(self.calls[&owner], attempt, outcome, self.now);
        self.perform();
    }

    pub(super) fn resume(&mut self, owner: u64) {
        self.guards.resume(self.calls[&owner], self.now);
        self.perform();
    }

    pub(super) fn cancel(&mut self, owner: u64) {
        self.guards.cancel(self.calls[&owner], self.now);
        self.perform();
    }

    pub(super) fn clear_cache(&mut self) {
        self.guards.clear_cache(self.wiring);
        self.perform();
    }

    pub(super) fn commit(&mut self, owner: u64, attempt: u32) {
        self.guards.commit(self.calls[&owner], attempt, self.now);
        self.perform();
    }

    /// Time passes until so many milliseconds after the beginning of the story; what is due on the way is done on time.
    pub(super) fn at(&mut self, ms: u64) {
        let until = Timestamp::EPOCH + Duration::from_millis(ms);
        assert!(until >= self.now, "time only moves forward");
        while let Some(due) = self.guards.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            assert!(self.guards.tick(self.now), "something was due");
            self.perform();
        }
        self.now = until;
    }

    /// What happened since this was last asked.
    pub(super) fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    pub(super) fn stats(&self) -> Stats {
        self.guards.stats(self.wiring)
    }

    fn perform(&mut self) {
        while let Some(command) = self.guards.next_command() {
            match command {
                Command::Ready { owner } => self.guards.resume(self.calls[&owner], self.now),
                command => self.log.push(line(command, &self.guards)),
            }
        }
    }
}

fn line(command: Command, guards: &Guards) -> String {
    match command {
        Command::Start { owner, attempt, level: 0 } => format!("{owner} starts {attempt}"),
        Command::Start { owner, attempt, level } => format!("{owner} starts {attempt} of fallback {level}"),
        Command::Abort { owner, attempt, reason } => format!("{owner} aborts {attempt}: {reason:?}"),
        Command::Failed { owner, attempt: 0, reason, .. } => format!("{owner} refused: {}", word(reason)),
        Command::Failed { owner, attempt, reason, .. } => format!("{owner} failed {attempt}: {}", word(reason)),
        Command::Delayed { owner, delay } => format!("{owner} waits {delay:?}"),
        Command::Ready { owner } => format!("{owner} is ready"),
        Command::FellBack { owner, level, reason: Some(reason) } => {
            format!("{owner} falls back to {level}: {}", word(reason))
        }
        Command::FellBack { owner, level, reason: None } => format!("{owner} falls back to {level} early"),
        Command::Evict { slot, .. } => format!("evicts {slot}"),
        Command::Circuit { breaker, change } => {
            format!("circuit {}: {} to {}", guards.breaker_name(breaker), change.from.name(), change.to.name())
        }
        Command::Settle { owner, end, goes_on } => {
            let end = match end {
                End::Completed { attempt, store: None, .. } => format!("completed by {attempt}"),
                End::Completed { attempt, store: Some(slot), .. } => format!("completed by {attempt}, kept in {slot}"),
                End::Cached { slot, stale: false } => format!("cached in {slot}"),
                End::Cached { slot, stale: true } => format!("stale in {slot}"),
                End::Shared { leader } => format!("as {leader}"),
                End::Failed(reason) => format!("failed: {}", word(reason)),
                End::Cancelled => "cancelled".to_owned(),
            };
            let goes_on = if goes_on { ", and goes on" } else { "" };
            format!("{owner} ends: {end}{goes_on}")
        }
    }
}

fn word(reason: FailureReason) -> String {
    match reason {
        FailureReason::CircuitOpen { retry_after: Some(after) } => format!("CircuitOpen for {after:?}"),
        FailureReason::CircuitOpen { retry_after: None } => "CircuitOpen".to_owned(),
        FailureReason::RateLimited { retry_after } => format!("RateLimited for {retry_after:?}"),
        other => format!("{other:?}"),
    }
}

/// What an HTTP status means.
pub(super) fn status(status: u16) -> Failure<'static> {
    let class: Class = classify(&Facts { status: Some(status), ..Facts::default() }, &[]);
    Failure { status: Some(status), ..Failure::new(class) }
}

/// An HTTP status with a `Retry-After`.
pub(super) fn status_after(code: u16, retry_after: Duration) -> Outcome<'static> {
    Outcome::Failed(Failure { retry_after: Some(retry_after), ..status(code) })
}
