//! The order of functions, which is free, and which gzip has an opinion about.
//!
//! gzip replaces bytes that it has seen before, and the nearer it has seen them, the less that costs. So each function
//! is followed by the one of which the most is told by what stands before it: of those that share the most with what came
//! just before, the one that a model of gzip makes the least of. wasm-opt can sort functions by
//! name, so what we do is to name them by their places.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use anyhow::Result;
use wasmparser::{Parser, Payload, TypeRef};

/// Changes when the order does, so that what was built with another one is built again.
pub(super) const RECIPE: &str = "order 4";

/// A run of so many bytes is what functions are compared by.
const RUN: usize = 6;
/// How many bytes back a function is still near.
const NEAR: usize = 30_000;
/// Added to a length, so that tiny functions do not look like a part of everything.
const LEAST: usize = 20;
/// How many functions are weighed for each place.
const CANDIDATES: usize = 80;

/// `wasm`, which has no names, with a name for each function: the place it should have.
pub(super) fn name_by_place(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(&wasm[body.range()]),
            _ => {}
        }
    }
    let mut places = vec![0; bodies.len()];
    for (place, function) in order(&bodies).into_iter().enumerate() {
        places[function] = place;
    }
    let mut names = leb(places.len());
    for (function, place) in places.into_iter().enumerate() {
        names.extend(leb(imported + function));
        names.extend(sized(format!("{place:06}").as_bytes()));
    }
    // The custom section `name`, and its part 1: the names of functions.
    let section = [sized(b"name"), vec![1], sized(&names)].concat();
    Ok([wasm, &[0], &sized(&section)].concat())
}

/// The places in `bodies`, in the order in which they should stand.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let runs = shared_runs(bodies);
    let mut holders = vec![Vec::new(); runs.iter().flatten().max().map_or(0, |most| most + 1)];
    for (function, runs) in runs.iter().enumerate() {
        runs.iter().for_each(|&run| holders[run].push(function));
    }

    let mut near = VecDeque::new();
    let mut near_bytes = 0;
    // How many functions that are near hold a run, and how many of a function's runs are near.
    let mut held = vec![0; holders.len()];
    let mut common = vec![0_usize; bodies.len()];
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut ordered = Vec::with_capacity(bodies.len());
    let mut text = Text::new(bodies);
    let alone: Vec<u64> = bodies.iter().map(|body| text.alone(body)).collect();
    let share = |function: usize, common: &[usize]| common[function] as f64 / (bodies[function].len() + LEAST) as f64;
    while !left.is_empty() {
        let mut candidates: Vec<usize> = (0..left.len()).collect();
        candidates.sort_by(|&a, &b| share(left[b], &common).total_cmp(&share(left[a], &common)));
        candidates.truncate(CANDIDATES);
        let costs = candidates.into_iter().map(|at| (at, text.cost(bodies[left[at]]), alone[left[at]]));
        // The quotients of what they cost here and what they cost alone, compared without division.
        let best =
            costs.min_by(|(_, cost_a, alone_a), (_, cost_b, alone_b)| (cost_a * alone_b).cmp(&(cost_b * alone_a)));
        let Some((at, ..)) = best else { break };
        let next = left.remove(at);
        ordered.push(next);
        text.append(bodies[next]);
        near.push_back(next);
        near_bytes += bodies[next].len();
        for &run in &runs[next] {
            held[run] += 1;
            if held[run] == 1 {
                holders[run].iter().for_each(|&holder| common[holder] += 1);
            }
        }
        while near_bytes > NEAR && near.len() > 1 {
            let Some(gone) = near.pop_front() else { break };
            near_bytes -= bodies[gone].len();
            for &run in &runs[gone] {
                held[run] -= 1;
                if held[run] == 0 {
                    holders[run].iter().for_each(|&holder| common[holder] -= 1);
                }
            }
        }
    }
    ordered
}

/// What stands before a place, and what gzip would make of more, in sixteenths of a bit.
struct Text {
    bytes: Vec<u8>,
    /// Where runs of four bytes begin.
    places: HashMap<[u8; 4], Vec<usize>>,
    /// What each byte costs where it is told as it is.
    literal: [u64; 256],
}

impl Text {
    /// How far gzip looks back, and how long a run it can take from there.
    const WINDOW: usize = 32_768;
    const LONGEST: usize = 258;
    /// How many places of a run are looked at, the last one first.
    const PLACES: usize = 16;
    /// What it costs to say that a run comes again, without how far away it was.
    const AGAIN: u64 = 7 * 16;

    /// Nothing yet, and how often each byte is to be expected.
    fn new(bodies: &[&[u8]]) -> Self {
        let mut counts = [1_u32; 256];
        bodies.iter().copied().flatten().for_each(|&byte| counts[usize::from(byte)] += 1);
        let all: u32 = counts.iter().sum();
        let literal = counts.map(|count| (f64::from(all) / f64::from(count)).log2().mul_add(16.0, 0.5) as u64);
        Self { bytes: Vec::new(), places: HashMap::new(), literal }
    }

    fn append(&mut self, body: &[u8]) {
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend(body);
        for (place, run) in self.bytes[from..].windows(4).enumerate() {
            let run = run.try_into().expect("it is four bytes long");
            self.places.entry(run).or_default().push(from + place);
        }
    }

    fn alone(&self, body: &[u8]) -> u64 {
        body.iter().map(|&byte| self.literal[usize::from(byte)]).sum()
    }

    fn cost(&self, body: &[u8]) -> u64 {
        let mut cost = 0;
        let mut rest = body;
        let end = self.bytes.len() + body.len();
        while let Some(&byte) = rest.first() {
            let here = end - rest.len();
            let (length, distance) = self.longest(rest, here).unwrap_or_default();
            if length > 0 {
                cost += Self::AGAIN + 16 * u64::from(distance.ilog2());
            } else {
                cost += self.literal[usize::from(byte)];
            }
            rest = &rest[length.max(1)..];
        }
        cost
    }

    /// The longest run at the beginning of `rest`, which would stand at `here`, that has been there: its length, and how far
    /// away it is.
    fn longest(&self, rest: &[u8], here: usize) -> Option<(usize, usize)> {
        let places = self.places.get(rest.first_chunk::<4>()?)?.iter().rev().take(Self::PLACES);
        let near = places.map(|&place| (place, here - place)).take_while(|(_, distance)| *distance <= Self::WINDOW);
        let runs = near.map(|(place, distance)| {
            let same = rest.iter().zip(&self.bytes[place..]).take(Self::LONGEST);
            (same.take_while(|(a, b)| a == b).count(), distance)
        });
        // Of runs of the same length, the nearest.
        runs.min_by_key(|(length, _)| Reverse(*length))
    }
}

/// For each function the runs that it shares with another one, each once, by number.
fn shared_runs(bodies: &[&[u8]]) -> Vec<Vec<usize>> {
    // By its bytes: the last function that has it, and its number once a second one has.
    let mut known: HashMap<&[u8], (usize, Option<usize>)> = HashMap::new();
    let mut numbers = 0;
    for (function, body) in bodies.iter().enumerate() {
        for run in body.windows(RUN) {
            let (last, number) = known.entry(run).or_insert((function, None));
            if *last != function && number.is_none() {
                *number = Some(numbers);
                numbers += 1;
            }
            *last = function;
        }
    }
    let of = |body: &&[u8]| {
        let mut runs: Vec<usize> = body.windows(RUN).filter_map(|run| known[run].1).collect();
        runs.sort_unstable();
        runs.dedup();
        runs
    };
    bodies.iter().map(of).collect()
}

/// Bytes behind their number.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&leb(bytes.len()), bytes].concat()
}

/// A number as wasm writes it: seven bits to a byte, the lowest first.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_with_much_in_common_become_neighbours() {
        let bodies: [&[u8]; 5] = [b"one of a kind", b"so is that", b"neighbour 1", b"who knows", b"neighbour 2"];
        let ordered = order(&bodies);
        let place = |function| ordered.iter().position(|&other| other == function).unwrap();
        assert_eq!(place(2).abs_diff(place(4)), 1);
        let mut sorted = ordered.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn no_function_is_a_wasm_too() {
        assert!(name_by_place(b"\0asm\x01\0\0\0").unwrap().ends_with(b"\x04name\x01\x01\0"));
        assert!(name_by_place(b"not wasm").is_err());
    }

    #[test]
    fn numbers_are_written_as_wasm_does() {
        assert_eq!([leb(0), leb(127), leb(128), leb(624_485)].concat(), b"\0\x7f\x80\x01\xe5\x8e\x26");
    }
}
