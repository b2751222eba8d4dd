//! How many calls of all runs with the same key run at once.

use std::rc::Rc;

use slab::Slab;

use super::RunId;
use crate::policy::{Bulkhead, Entry};
use crate::small::ByName;
use crate::workflow::plan::Plan;
use crate::workflow::state::NodeIx;

/// The limits that runs share, each kept while a run has its key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    limits: Slab<Limit>,
    by_name: ByName<Rc<str>, u32>,
}

#[derive(Debug)]
struct Limit {
    name: Rc<str>,
    /// Runs that have this key.
    runs: u32,
    places: Bulkhead<(RunId, NodeIx)>,
}

impl Keys {
    /// A run of a plan begins; runs of other workflows never share its key.
    pub(super) fn join(&mut self, plan: &Plan, key: Option<&str>) -> Option<u32> {
        let (Some((_, limit)), Some(key)) = (&plan.per_key, key) else { return None };
        let name: Rc<str> = format!("{}/{key}", plan.id).into();
        let at = self.by_name.get(&name).copied().unwrap_or_else(|| {
            let places = Bulkhead::new(Some(*limit), u32::MAX);
            let at = self.limits.insert(Limit { name: Rc::clone(&name), runs: 0, places }) as u32;
            self.by_name.insert(name, at);
            at
        });
        let it = &mut self.limits[at as usize];
        it.runs += 1;
        it.places.set_limit(*limit);
        Some(at)
    }

    /// A run is gone.
    pub(super) fn leave(&mut self, key: Option<u32>) {
        let Some(key) = key else { return };
        self.limits[key as usize].runs -= 1;
        if self.limits[key as usize].runs == 0 {
            let limit = self.limits.remove(key as usize);
            self.by_name.remove(&limit.name);
        }
    }

    /// A call asks for its place. Says whether it has one; otherwise it is named when its turn has come.
    pub(super) fn enter(&mut self, key: u32, run: RunId, node: NodeIx) -> bool {
        self.limits[key as usize].places.enter((run, node)) == Entry::Entered
    }

    /// A call gives its place back.
    pub(super) fn give_back(&mut self, key: u32) {
        self.limits[key as usize].places.leave();
    }

    /// A call does not wait for its place any more.
    pub(super) fn withdraw(&mut self, key: u32, run: RunId, node: NodeIx) {
        self.limits[key as usize].places.withdraw((run, node));
    }

    /// Who is next, when there is a place.
    pub(super) fn pass_on(&mut self, key: u32) -> Option<(RunId, NodeIx)> {
        self.limits.get_mut(key as usize)?.places.pass_on()
    }
}
