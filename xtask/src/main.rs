//! Build, test and demo of Repflow: `cargo xtask`.
//!
//! Everything a developer or a CI runs is here, in Rust, so that the only prerequisites are Rust, Node and npm: what
//! else is needed, a command sets up by itself ([`setup`]). The build is [`pkg`], its budget [`size`], every check
//! there is [`mod@test`], how fast it is beside others [`mod@bench`], what it takes in
//! instructions [`instructions`], and the first thing a newcomer runs [`demo`].

mod args;
mod bench;
mod demo;
mod instructions;
mod paths;
mod pkg;
mod process;
mod progress;
mod runner;
mod setup;
mod size;
mod table;
mod test;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Args;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo [--once] [--port N]           build the package and serve the demo page; --once makes one workout in Node instead
  test [STAGE...] [--list]           set everything up and run every test, or only the named stages
       [--with-model]                and the stage `model`, which asks a real model on this machine; brings 300 MB
       [--campaign]                  and the stage `campaign`, which asks the coach 5,000 times for each property; an hour
  bench [NAME...] [--list]           measure the package beside what one would pick instead; without a name, everything,
                                     and then docs/benchmarks.md is written
        [--quick] [--out FILE]       briefly, judging nothing; and write what was measured to FILE
  instructions [--bless]             count what the core's hot paths take, and judge; --bless keeps the figures instead
  pkg [--features F] [--out DIR]     build the npm package, by default into pkg/
  size                               what each part of the package costs; fails above the budget
  setup                              install what the commands above need; they also do it by themselves
  help                               this text
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_else(|| "help".to_owned());
    match run(&command, args.collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command. Its own failures are errors; a test that fails is an exit code.
fn run(command: &str, args: Vec<String>) -> Result<ExitCode> {
    // Called by Cargo with what is the runner's business: not parsed here.
    if command == "test-runner" {
        runner::run(args)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut args = Args::new(args);
    match command {
        "demo" => {
            let options = demo::Options { once: args.flag("--once"), port: args.number("--port")? };
            args.finish()?;
            demo::run(&options)
        }
        "test" => {
            let (model, campaign) = (args.flag("--with-model"), args.flag("--campaign"));
            let extent = match (model, campaign) {
                (true, _) => test::Extent::WithModel,
                (_, true) => test::Extent::Campaign,
                _ => test::Extent::Usual,
            };
            let options = test::Options { extent, list: args.flag("--list") };
            let stages = args.rest()?;
            test::run(&stages, &options)
        }
        "bench" => {
            let pace = if args.flag("--quick") { bench::Pace::Quick } else { bench::Pace::Thorough };
            let options = bench::Options { pace, list: args.flag("--list"), out: args.value("--out")? };
            let names = args.rest()?;
            bench::run(&names, &options)
        }
        "instructions" => {
            let bless = args.flag("--bless");
            args.finish()?;
            instructions::run(bless)
        }
        "pkg" => {
            let options = pkg::Options { features: args.value("--features")?, out: args.value("--out")? };
            args.finish()?;
            setup::all(pkg::NEEDS)?;
            let built = pkg::build(&options)?;
            println!("{}", built.dir.display());
            Ok(ExitCode::SUCCESS)
        }
        "size" => {
            args.finish()?;
            size::run()
        }
        "setup" => {
            args.finish()?;
            setup::all(setup::EVERYTHING)?;
            Ok(ExitCode::SUCCESS)
        }
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => {
            eprint!("error: there is no command `{unknown}`\n\n{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}
