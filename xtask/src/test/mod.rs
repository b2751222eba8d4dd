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
use stages::{CAMPAIGN, STAGES, Stage, WITH_MODEL};
use tally::Tally;

/// Which stages there are to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What everyone runs.
    Usual,
    /// The usual stages, and then the one that asks a real model.
    WithModel,
    /// The usual stages, and then the one that asks the coach thousands of times.
    Campaign,
}

impl Extent {
    fn stages(self) -> impl Iterator<Item = &'static Stage> {
        let more = match self {
            Self::Usual => None,
            Self::WithModel => Some(&WITH_MODEL),
            Self::Campaign => Some(&CAMPAIGN),
        };
        STAGES.iter().chain(more)
    }
}

/// What was asked for.
pub(crate) struct Options {
    pub(crate) extent: Extent,
    /// Only say which stages there are.
    pub(crate) list: bool,
}

/// Runs the stages that `names` names, or all of them.
pub(crate) fn run(names: &[String], options: &Options) -> Result<ExitCode> {
    let chosen = choose(names, options.extent)?;
    if options.list {
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

fn choose(names: &[String], extent: Extent) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = names.iter().find(|name| extent.stages().all(|stage| stage.name != **name)) {
        for (stage, flag) in [(&WITH_MODEL, "--with-model"), (&CAMPAIGN, "--campaign")] {
            if *unknown == stage.name {
                bail!("the stage `{unknown}` takes long: say {flag} as well");
            }
        }
        let known: Vec<_> = extent.stages().map(|stage| stage.name).collect();
        bail!("there is no stage `{unknown}`; the stages are {}", known.join(", "));
    }
    Ok(extent.stages().filter(|stage| names.is_empty() || names.iter().any(|name| name == stage.name)).collect())
}

/// Meets every need of the chosen stages; returns those that could not be met, and why.
fn set_up(chosen: &[&Stage]) -> Vec<(Need, String)> {
    let every = setup::EVERYTHING.iter().chain([&Need::LocalModel]);
    let needed = every.filter(|need| chosen.iter().any(|stage| stage.needs.contains(need)));
    needed.filter_map(|&need| setup::one(need).err().map(|error| (need, format!("{error:#}")))).collect()
}

fn summary(done: &[(&str, Tally, Duration)]) -> Table {
    let mut table = Table::new(&["stage", "passed", "failed", "time"]);
    for (name, tally, time) in done {
        table.cells(name, [tally.passed.to_string(), tally.failed.to_string(), elapsed(*time)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(chosen: Result<Vec<&Stage>>) -> Vec<&str> {
        chosen.unwrap().iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn a_real_model_is_asked_only_on_request() {
        assert!(!names(choose(&[], Extent::Usual)).contains(&"model"));
        assert_eq!(names(choose(&[], Extent::WithModel)).last(), Some(&"model"));
        let model = ["model".to_owned()];
        assert_eq!(names(choose(&model, Extent::WithModel)), ["model"]);
        assert!(choose(&model, Extent::Usual).err().unwrap().to_string().contains("--with-model"));
        assert!(choose(&["modle".to_owned()], Extent::WithModel).is_err());
        let campaign = ["campaign".to_owned()];
        assert_eq!(names(choose(&campaign, Extent::Campaign)), ["campaign"]);
        assert!(choose(&campaign, Extent::Usual).err().unwrap().to_string().contains("--campaign"));
    }
}
