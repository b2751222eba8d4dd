//! `count NAME SIZE TIMES`: does a workload so many times. Its instructions are counted from outside, by callgrind; see
//! `cargo xtask instructions`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &String| text.parse::<usize>().ok();
    let asked = match &args[..] {
        [name, size, times] => repflow_benches::find(name).zip(number(size)).zip(number(times)),
        _ => None,
    };
    let Some(((workload, size), times)) = asked else {
        eprintln!("usage: count NAME SIZE TIMES; the names are:");
        repflow_benches::ALL.iter().copied().flatten().for_each(|workload| eprintln!("  {}", workload.name));
        return ExitCode::from(2);
    };
    let mut once = (workload.prepare)(size);
    for _ in 0..times {
        once();
    }
    ExitCode::SUCCESS
}
