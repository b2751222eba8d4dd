//! Who is when at which station.
//!
//! Everybody moves on by one station at a time, those who begin together stay together: a cyclic Latin square. So with
//! `ceil(people / stations)` at each station or fewer, no station is ever fuller than it began.

/// The stations of each person, turn by turn.
pub(super) type Turns = Vec<Vec<usize>>;

/// The cyclic rotation.
pub(super) fn cyclic(people: usize, stations: usize) -> Turns {
    let mut rotation = Vec::new();
    for person in 0..people {
        let mut turns = Vec::new();
        for turn in 0..stations {
            turns.push((person + turn) % stations.max(1));
        }
        rotation.push(turns);
    }
    rotation
}

/// Why something is no rotation: everybody visits every station once, and none is ever fuller than `capacity`. The
/// people are named in the message, the stations numbered from 1.
pub(in crate::fitness) fn fault(
    rotation: &[Vec<usize>],
    names: &[String],
    stations: usize,
    capacity: u32,
) -> Option<String> {
    for (turns, name) in rotation.iter().zip(names) {
        if turns.len() != stations || (0..stations).any(|station| !turns.contains(&station)) {
            return Some(format!("{name} must be there once, and visit every station once"));
        }
    }
    for turn in 0..stations {
        for station in 0..stations {
            let there = rotation.iter().filter(|turns| turns.get(turn) == Some(&station)).count();
            if there > capacity as usize {
                let (turn, station) = (turn + 1, station + 1);
                return Some(format!("turn {turn}: {there} at s{station}, which holds {capacity}"));
            }
        }
    }
    None
}
