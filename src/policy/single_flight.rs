//! Callers that ask for the same at the same time share one piece of work, as in Go's `singleflight`.
//!
//! A model call takes seconds and is paid for, and an app tends to ask for the same from several places at once (two
//! parts of a page, an impatient second click). The first to ask leads: it does the work. Who asks meanwhile follows: it
//! gets what the leader got. Nothing is kept beyond that; keeping is the cache's part. Work may be shut: what is going to be
//! out of date, or may never end, takes nobody on any more.
//!
//! What happens to the followers is for whoever performs the call: it gives them the leader's value or error, or, when
//! the leader gave up only for itself, lets them join anew, and the first of them leads.

use std::rc::Rc;

use crate::small::ByName;

/// What a caller that joined is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join<T> {
    /// Do the work, then tell with [`Flights::finish`].
    Leader,
    /// Wait for this leader.
    Follower(T),
}

/// Work in flight. A `T` names a caller; it leads or follows one flight at a time.
#[derive(Clone, Debug)]
pub struct Flights<T> {
    /// In the order of their leaders. Thousands may be in flight, of which only pointers are moved then.
    #[allow(clippy::vec_box)]
    flights: Vec<Box<Flight<T>>>,
    /// Who leads what takes others on.
    open: ByName<Rc<str>, T>,
}

#[derive(Clone, Debug)]
struct Flight<T> {
    /// `None` once it takes nobody on any more.
    key: Option<Rc<str>>,
    leader: T,
    followers: Vec<T>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { flights: Vec::new(), open: ByName::default() }
    }
}

impl<T: Copy + Ord> Flights<T> {
    /// `who` asks for `key`: it leads when nobody has that in flight, and follows otherwise.
    pub fn join(&mut self, key: &str, who: T) -> Join<T> {
        if let Some(&leader) = self.open.get(key)
            && let Some(flight) = self.led_by(leader)
        {
            flight.followers.push(who);
            return Join::Follower(leader);
        }
        let key: Rc<str> = key.into();
        self.open.insert(Rc::clone(&key), who);
        let place = self.place(who).unwrap_or_else(|place| place);
        self.flights.insert(place, Box::new(Flight { key: Some(key), leader: who, followers: Vec::new() }));
        Join::Leader
    }

    /// The work of `leader` is over, one way or the other. Returns who followed, in the order in which they joined, and
    /// forgets the flight: who asks from now on leads again. Empty when `leader` leads nothing.
    #[must_use = "the followers wait for an answer"]
    pub fn finish(&mut self, leader: T) -> Vec<T> {
        self.shut(leader);
        self.place(leader).map_or_else(|_| Vec::new(), |place| self.flights.remove(place).followers)
    }

    /// A follower gives up; the work goes on for the others. `false` when `who` does not follow `leader` (any more).
    pub fn leave(&mut self, leader: T, who: T) -> bool {
        let Some(flight) = self.led_by(leader) else { return false };
        let at = flight.followers.iter().position(|follower| *follower == who);
        at.map(|at| flight.followers.remove(at)).is_some()
    }

    /// The work of `leader` takes nobody on any more: who asks from now on leads anew. Those who follow go on to.
    pub fn shut(&mut self, leader: T) {
        if let Some(key) = self.led_by(leader).and_then(|flight| flight.key.take()) {
            self.open.remove(&key);
        }
    }

    /// No work in flight takes anybody on any more.
    pub fn shut_all(&mut self) {
        self.flights.iter_mut().for_each(|flight| flight.key = None);
        self.open = ByName::default();
    }

    /// Whether the work of `leader` is what who asks now would join.
    #[must_use]
    pub fn is_open(&self, leader: T) -> bool {
        self.place(leader).is_ok_and(|place| self.flights[place].key.is_some())
    }

    /// How many follow `leader`.
    #[must_use]
    pub fn followers(&self, leader: T) -> usize {
        self.place(leader).map_or(0, |place| self.flights[place].followers.len())
    }

    /// How many pieces of work are in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flights.len()
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Where the flight of a leader is, or where it would be.
    fn place(&self, leader: T) -> Result<usize, usize> {
        self.flights.binary_search_by_key(&leader, |flight| flight.leader)
    }

    fn led_by(&mut self, leader: T) -> Option<&mut Flight<T>> {
        let place = self.place(leader).ok()?;
        Some(&mut self.flights[place])
    }
}
