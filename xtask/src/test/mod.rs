//! `cargo xtask test`: every check and every test there is, as a list of stages.
//!
//! A stage that fails does not keep the others from running, so one run tells all. Nothing is skipped in silence: a
//! need that set-up cannot meet, a runner that found no test, a test that was skipped, each fails its stage. The
//! runners' own lines are passed through; the last line sums all of them up.

mod stages;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::progress::elapsed;
use crate::setup::{self, Need};
use crate::table::Table;
use stages::{STAGES, Stage};
use tally::Tally;

/// Runs the stages that `names` names, or all of them.
pub(crate) fn run(names: &[String], list: bool) -> Result<ExitCode> {
    let chosen = choose(names)?;
    if list {
        chosen.iter().for_each(|stage| println!("{:<12} {}", stage.name, stage.about));
        return Ok(ExitCode::SUCCESS);
    }
    let unmet = set_up(&chosen);
    let mut done = Vec::new();
    for stage in chosen {
        println!("\n== {}: {}", stage.name, stage.about);
        let started = Instant::now();
        let tally = match unmet.iter().find(|(need, _)| stage.needs.contains(need)) {
            Some((_, why)) => Err(anyhow::anyhow!("{why}")),
            None => (stage.run)(),
        };
        let tally = tally.unwrap_or_else(|error| {
            println!("error: {error:#}");
            Tally { passed: 0, failed: 1 }
        });
        done.push((stage.name, tally, started.elapsed()));
    }
    let total = done.iter().fold(Tally::default(), |sum, (_, tally, _)| sum.plus(*tally));
    println!("\n{}", summary(&done));
    println!("{total}");
    Ok(if total.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn choose(names: &[String]) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = names.iter().find(|name| STAGES.iter().all(|stage| stage.name != **name)) {
        let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("there is no stage `{unknown}`; the stages are {}", known.join(", "));
    }
    Ok(STAGES.iter().filter(|stage| names.is_empty() || names.iter().any(|name| name == stage.name)).collect())
}

/// Meets every need of the chosen stages; returns those that could not be met, and why.
fn set_up(chosen: &[&Stage]) -> Vec<(Need, String)> {
    let needed = setup::EVERYTHING.iter().filter(|need| chosen.iter().any(|stage| stage.needs.contains(need)));
    needed.filter_map(|&need| setup::one(need).err().map(|error| (need, format!("{error:#}")))).collect()
}

fn summary(done: &[(&str, Tally, Duration)]) -> Table {
    let mut table = Table::new(&["stage", "passed", "failed", "time"]);
    for (name, tally, time) in done {
        table.cells(name, [tally.passed.to_string(), tally.failed.to_string(), elapsed(*time)]);
    }
    table
}
