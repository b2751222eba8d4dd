//! `cargo bench`: how long each workload takes, at sizes that show how it grows.

use divan::Bencher;
use divan::counter::ItemsCount;
use repflow_benches::{Case, Workload, coach, compiling, expressions, journals, policies, runs, topics};

fn main() {
    divan::main();
}

/// How many seconds a workload gets at each size.
const LONGEST: f64 = 0.5;

/// Each workload at each size.
fn all(workloads: &[Workload], sizes: &[usize]) -> Vec<Case> {
    let pairs = workloads.iter().flat_map(|workload| sizes.iter().map(|size| (*workload, *size)));
    pairs.map(|(workload, size)| Case { workload, size }).collect()
}

fn measure(bencher: Bencher<'_, '_>, it: Case) {
    let once = (it.workload.prepare)(it.size);
    bencher.counter(ItemsCount::new(it.size)).bench_local(once);
}

#[divan::bench(max_time = LONGEST, args = all(runs::ALL, &[10, 100, 1_000, 10_000]))]
fn run(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(compiling::ALL, &[10, 100, 1_000, 10_000]))]
fn compile(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(journals::ALL, &[100, 1_000, 10_000, 100_000]))]
fn journal(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(expressions::ALL, &[1, 10, 100]))]
fn expression(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(policies::ALL, &[1, 100, 1_000]))]
fn policy(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(topics::ALL, &[10, 100, 1_000, 10_000]))]
fn topic(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(&coach::ALL[..2], &[1, 10]))]
fn coach_alone(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}

#[divan::bench(max_time = LONGEST, args = all(&coach::ALL[2..], &[2, 5, 10, 20]))]
fn coach_group(bencher: Bencher<'_, '_>, it: Case) {
    measure(bencher, it);
}
