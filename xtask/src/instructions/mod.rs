//! `cargo xtask instructions`: what the core's hot paths take, in instructions.
//!
//! Time differs from machine to machine and from minute to minute; how many instructions the same program executes does
//! not. So this is the measurement that a test may fail by. Workloads of `benches/native` run under callgrind, some once
//! and then once more: the difference is what one run takes, without start-up. Counted are the instructions of the program
//! itself with all of Rust in it, since those of the C library depend on the processor, and how often it allocates.
//!
//! Two things are judged:
//! - No workload takes more than it did, as kept in `benches/native/instructions.json`. Another compiler makes another
//!   program, so this is judged only with the compiler that the figures were counted with.
//! - Ten times as much of something takes at most eleven times as many instructions, whatever the compiler. Moving memory
//!   is a way to take more, so those of the C library are judged as well. They get a wider margin: a short list may grow
//!   where it is and a long one moves, and what moving takes depends on the processor.
//!
//! Valgrind, which callgrind is a part of, runs on Linux. Elsewhere nothing is counted, and the report says so.

mod callgrind;
mod kept;

use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, bail};

use self::callgrind::Counts;
use self::kept::{Compiler, Kept};
use crate::progress;
use crate::setup::{self, Need};
use crate::table::{Table, grouped};

/// A workload at a size, as `count` of `benches/native` takes it.
type Case = (&'static str, usize);

/// What is compared with the figures that are kept.
const COUNTED: &[Case] = &[
    ("chain", 100),
    ("fan-out", 1_000),
    ("diamonds", 99),
    ("for-each", 100),
    ("retried", 10),
    ("runs-of-5", 100),
    ("pauses", 100),
    ("compile-chain", 100),
    ("compile-linked", 100),
    ("restore", 1_000),
    ("parse-expressions", 10),
    ("evaluate-conditions", 10),
    ("evaluate-over-list", 100),
    ("fill-template", 10),
    ("unguarded", 100),
    ("retry-breaker-timeout", 100),
    ("retry-breaker-timeout-thrice", 100),
    ("rate-limit", 100),
    ("bulkhead", 100),
    ("deliveries", 100),
    ("session", 5),
    ("programme", 1),
    ("group", 4),
];

/// What is to grow no faster than its size, from this size to ten times as much. A list that grows doubles its room, and
/// moves what it holds: with three events to a step, 200 steps and 2,000 are as far from the next time, 300 and 3,000 are not.
const GROWING: &[Case] = &[
    ("chain", 200),
    ("fan-out", 200),
    ("fan-in", 200),
    ("diamonds", 200),
    ("pauses", 200),
    ("for-each", 200),
    ("for-each-group-fails", 200),
    ("for-each-loop", 200),
    ("for-each-signal", 200),
    ("runs-of-5", 100),
    ("cancelled", 200),
    ("compile-chain", 200),
    ("compile-linked", 200),
    ("compile-fan-in", 200),
    ("compile-diamonds", 200),
    ("restore", 10_000),
    ("restore-interrupted", 600),
    ("bulkhead", 200),
    ("deliveries", 200),
    ("come-and-go", 200),
];

/// How much more than what is kept a workload may take. Below this, a change elsewhere may make the compiler inline
/// something else.
const TOLERANCE: f64 = 1.05;
/// How much more ten times as much may take.
const MOST_GROWTH: f64 = 11.0;
/// The same with the C library.
const MOST_GROWTH_IN_ALL: f64 = 15.0;

/// What came of counting.
pub(crate) struct Report {
    /// How many figures were judged.
    pub(crate) judged: usize,
    /// What is wrong, and what to do.
    pub(crate) problems: Vec<String>,
}

/// Counts, and keeps the figures when they are to be kept.
pub(crate) fn run(bless: bool) -> Result<ExitCode> {
    setup::one(Need::Valgrind)?;
    if bless {
        let Some(counted) = count(COUNTED)? else { bail!("there is nothing to keep: {ELSEWHERE}") };
        kept::write(&Compiler::here()?, &counted)?;
        println!("{}", counts_table(&counted, None));
        println!("kept in {}", kept::FILE);
        return Ok(ExitCode::SUCCESS);
    }
    let report = report()?;
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Counts, judges, and prints both.
pub(crate) fn report() -> Result<Report> {
    let tenfold: Vec<Case> = GROWING.iter().flat_map(|&(name, size)| [(name, size), (name, 10 * size)]).collect();
    let Some(counted) = count(&[COUNTED, &tenfold].concat())? else {
        println!("not counted: {ELSEWHERE}");
        return Ok(Report { judged: 0, problems: Vec::new() });
    };
    let (compared, growing) = counted.split_at(COUNTED.len());
    let (kept, here) = (kept::read()?, Compiler::here()?);
    let same = kept.compiler == here;
    println!("{}", counts_table(compared, same.then_some(&kept)));
    println!("{}", growth_table(growing));
    let mut problems = growth_problems(growing);
    let mut judged = growing.len() / 2;
    if same {
        problems.extend(compared.iter().filter_map(|(case, counts)| problem_of(*case, *counts, &kept)));
        judged += compared.len();
    } else {
        println!("the figures kept are those of {}, and this is {here}: only growth is judged", kept.compiler);
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    Ok(Report { judged, problems })
}

const ELSEWHERE: &str = "valgrind runs on Linux only; CI counts";

/// What one run of each takes, in the same order; `None` where nothing can be counted.
fn count(workloads: &[Case]) -> Result<Option<Vec<(Case, Counts)>>> {
    let Some(valgrind) = setup::valgrind::find() else { return Ok(None) };
    let program = callgrind::build()?;
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<(usize, Counts)>> {
        let mut counted = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(name, size)) = workloads.get(place) else { return Ok(counted) };
            counted.push((place, callgrind::count(&valgrind, &program, name, size)?));
        }
    };
    let mut counted = progress::step("Counting instructions", || {
        thread::scope(|scope| {
            let workers = thread::available_parallelism().map_or(1, usize::from);
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            let ended = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|why| panic::resume_unwind(why)));
            ended.collect::<Result<Vec<_>>>().map(|counted| counted.concat())
        })
    })?;
    counted.sort_unstable_by_key(|(place, _)| *place);
    Ok(Some(counted.into_iter().map(|(place, counts)| (workloads[place], counts)).collect()))
}

fn problem_of((name, size): Case, counts: Counts, kept: &Kept) -> Option<String> {
    let Some(before) = kept.of(name, size) else {
        return Some(format!(
            "{name} of {size}: {} has no figure for it; `cargo xtask instructions --bless` keeps one",
            kept::FILE
        ));
    };
    let figures = [("instructions", before.own, counts.own), ("allocations", before.allocations, counts.allocations)];
    let more: Vec<String> = figures
        .iter()
        .filter(|(_, before, now)| *now as f64 > *before as f64 * TOLERANCE)
        .map(|(what, before, now)| format!("{} {what} where {} were expected", grouped(*now), grouped(*before)))
        .collect();
    let advice = format!(
        "`valgrind --tool=callgrind target/release/examples/count {name} {size} 10` shows where they are; if they buy something, \
         `cargo xtask instructions --bless` keeps the new figures"
    );
    (!more.is_empty()).then(|| format!("{name} of {size} took {}: {advice}", more.join(", and ")))
}

/// How many times as much ten times as much of a workload takes: of its own instructions, and of all.
fn growth(growing: &[(Case, Counts)]) -> impl Iterator<Item = (Case, [f64; 2])> {
    let times = |few: usize, many: usize| many as f64 / few as f64;
    growing.chunks_exact(2).map(move |pair| {
        let ((case, few), (_, many)) = (pair[0], pair[1]);
        (case, [times(few.own, many.own), times(few.all, many.all)])
    })
}

fn growth_problems(growing: &[(Case, Counts)]) -> Vec<String> {
    let too_fast = growth(growing).filter(|(_, [own, all])| *own > MOST_GROWTH || *all > MOST_GROWTH_IN_ALL);
    let told = too_fast.map(|((name, size), [own, all])| {
        let more = 10 * size;
        format!(
            "{name} of {more} took {own:.1} times the instructions of {size} and may take {MOST_GROWTH}, with the C library \
             {all:.1} times and may take {MOST_GROWTH_IN_ALL}: something is gone through, or moved, for each of them; \
             `valgrind --tool=callgrind target/release/examples/count {name} {more} 1` shows what"
        )
    });
    told.collect()
}

fn counts_table(counted: &[(Case, Counts)], kept: Option<&Kept>) -> Table {
    let mut table = Table::new(&["one run of", "instructions", "kept", "change", "allocations", "kept"]);
    for ((name, size), counts) in counted {
        let before = kept.and_then(|kept| kept.of(name, *size));
        let change = before.map(|before| (counts.own as f64 / before.own as f64 - 1.0) * 100.0);
        let figure = |number: Option<usize>| number.map_or_else(|| "–".to_owned(), grouped);
        table.cells(
            &format!("{name} of {}", grouped(*size)),
            [
                grouped(counts.own),
                figure(before.map(|before| before.own)),
                change.map_or_else(|| "–".to_owned(), |change| format!("{change:+.1} %")),
                grouped(counts.allocations),
                figure(before.map(|before| before.allocations)),
            ],
        );
    }
    table
}

fn growth_table(growing: &[(Case, Counts)]) -> Table {
    let mut table = Table::new(&["ten times as much", "takes", "at most", "in all", "at most"]);
    for ((name, size), [own, all]) in growth(growing) {
        let name = format!("{name}, {} to {}", grouped(size), grouped(10 * size));
        let cells = [own, MOST_GROWTH, all, MOST_GROWTH_IN_ALL].map(|times| format!("{times:.1} ×"));
        table.cells(&name, cells);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(own: usize, allocations: usize, all: usize) -> Counts {
        Counts { own, allocations, all }
    }

    fn kept(own: usize, allocations: usize) -> Kept {
        let compiler = Compiler { rustc: "1.0.0".to_owned(), host: "here".to_owned() };
        Kept::new(compiler, [(("chain", 100), counts(own, allocations, 0))])
    }

    #[test]
    fn more_than_the_tolerance_is_a_problem_that_says_what_to_do() {
        let problem = |own, allocations| problem_of(("chain", 100), counts(own, allocations, 0), &kept(1_000, 100));
        assert_eq!(problem(1_050, 105), None);
        assert_eq!(problem(10, 0), None, "less is none");
        let told = problem(1_051, 106).unwrap();
        assert!(
            told.starts_with("chain of 100 took 1 051 instructions where 1 000 were expected, and 106 alloc"),
            "{told}"
        );
        assert!(
            told.contains("--bless") && told.contains("callgrind target/release/examples/count chain 100 10"),
            "{told}"
        );
        assert!(problem(1_000, 106).unwrap().starts_with("chain of 100 took 106 allocations where 100"));
    }

    #[test]
    fn a_workload_without_a_figure_is_a_problem() {
        let told = problem_of(("chain", 7), counts(1, 1, 1), &kept(1, 1)).unwrap();
        assert!(told.starts_with("chain of 7: benches/native/instructions.json has no figure"), "{told}");
    }

    #[test]
    fn ten_times_as_much_takes_at_most_eleven_times_as_many() {
        let pair = |own, all| [(("chain", 10), counts(1_000, 0, 1_000)), (("chain", 100), counts(own, 0, all))];
        assert!(growth_problems(&pair(11_000, 15_000)).is_empty());
        let told = growth_problems(&pair(11_100, 11_100));
        assert!(
            told[0].starts_with("chain of 100 took 11.1 times the instructions of 10 and may take 11, "),
            "{told:?}"
        );
        assert!(growth_problems(&pair(10_000, 15_100))[0].contains("with the C library 15.1 times and may take 15"));
        let table = growth_table(&pair(20_000, 30_000)).to_string();
        assert!(table.contains("chain, 10 to 100") && table.contains("20.0 ×") && table.contains("30.0 ×"), "{table}");
    }

    #[test]
    fn what_is_kept_is_what_is_counted() {
        let kept = kept::read().unwrap();
        for (name, size) in COUNTED {
            assert!(kept.of(name, *size).is_some(), "{name} of {size} is missing");
        }
        assert_eq!(kept.len(), COUNTED.len());
    }
}
