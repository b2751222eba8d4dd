//! Says what is going on while a long step runs.
//!
//! A step prints its name when it starts, a sign of life every ten seconds, and how long it took. Plain lines on
//! stderr: they read the same in a terminal and in a CI's log, and stdout stays free for results.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Runs `work` under `name`.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{name} …");
    let started = Instant::now();
    let (done, waiting) = channel::<()>();
    let shown = name.to_owned();
    let watch = thread::spawn(move || {
        while waiting.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{shown} … {}", elapsed(started.elapsed()));
        }
    });
    let result = work();
    drop(done);
    // The thread only prints: whether it ended well says nothing about the work.
    let _ = watch.join();
    let verdict = if result.is_ok() { "done" } else { "failed" };
    eprintln!("{name}: {verdict} in {}", elapsed(started.elapsed()));
    result.with_context(|| name.to_owned())
}

/// A duration as a person reads it: `0.4 s`, `73 s`, `2 min 5 s`.
pub(crate) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_a_person_says_it() {
        assert_eq!(elapsed(Duration::from_millis(420)), "0.4 s");
        assert_eq!(elapsed(Duration::from_secs(73)), "73 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
    }
}
