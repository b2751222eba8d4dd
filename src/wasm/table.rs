//! Things that JavaScript knows by their number.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use slab::Slab;

/// Things that JavaScript knows by their number. Numbers start at 1: wasm reads `undefined` as 0, and that must name
/// nobody. No thread ever ends here that would drop them. Each is borrowed by itself and through one function, since a closure for every use of the table would be a
/// copy of it.
pub(super) struct Table<T>(ManuallyDrop<RefCell<Slab<Place<T>>>>);

/// What has nothing to drop takes the same code to add and to take out whatever it is.
type Place<T> = ManuallyDrop<Rc<RefCell<T>>>;

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self(ManuallyDrop::new(RefCell::new(Slab::new())))
    }

    pub(super) fn add(&self, thing: T) -> u32 {
        self.insert(ManuallyDrop::new(Rc::new(RefCell::new(thing))))
    }

    #[inline(never)]
    fn insert(&self, place: Place<T>) -> u32 {
        self.0.borrow_mut().insert(place) as u32 + 1
    }

    #[inline(never)]
    pub(super) fn get(&self, number: u32) -> Option<Rc<RefCell<T>>> {
        self.0.borrow().get(number.wrapping_sub(1) as usize).map(|place| Rc::clone(place))
    }

    pub(super) fn remove(&self, number: u32) {
        // Dropped when the table is free again.
        drop(self.take(number).map(ManuallyDrop::into_inner));
    }

    #[inline(never)]
    fn take(&self, number: u32) -> Option<Place<T>> {
        self.0.borrow_mut().try_remove(number.wrapping_sub(1) as usize)
    }
}
