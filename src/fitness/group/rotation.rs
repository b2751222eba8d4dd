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
