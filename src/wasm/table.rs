//! Things that JavaScript knows by their number.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use slab::Slab;

/// Things that JavaScript knows by their number. Numbers start at 1: wasm reads `undefined` as 0, and that must name
/// nobody. No thread ever ends here that would drop them. Each is borrowed by itself and through one function, since a closure for every use of the table would be a
/// copy of it.
pub(super) struct Table<T>(ManuallyDrop<RefCell<Slab<Rc<RefCell<T>>>>>);

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self(ManuallyDrop::new(RefCell::new(Slab::new())))
    }

    #[inline(never)]
    pub(super) fn add(&self, thing: T) -> u32 {
        self.0.borrow_mut().insert(Rc::new(RefCell::new(thing))) as u32 + 1
    }

    #[inline(never)]
    pub(super) fn get(&self, number: u32) -> Option<Rc<RefCell<T>>> {
        self.0.borrow().get(number.wrapping_sub(1) as usize).map(Rc::clone)
    }

    #[inline(never)]
    pub(super) fn remove(&self, number: u32) {
        // Dropped when the table is free again.
        let removed = self.0.borrow_mut().try_remove(number.wrapping_sub(1) as usize);
        drop(removed);
    }
}
