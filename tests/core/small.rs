//! A queue in a few bytes.

use std::collections::VecDeque;

use proptest::prelude::*;
use repflow::small::Queue;

proptest! {
    /// What one can do to a queue, as numbers: the standard library's does the same.
    #[test]
    fn a_queue_is_a_queue(steps in prop::collection::vec((0_u8..6, 0_usize..40), 0..200)) {
        let (mut queue, mut model) = (Queue::default(), VecDeque::new());
        for (item, (step, place)) in steps.into_iter().enumerate() {
            match step {
                0 => prop_assert_eq!(queue.pop(), model.pop_front()),
                1 if !model.is_empty() => {
                    let place = place % model.len();
                    prop_assert_eq!(Some(queue.remove(place)), model.remove(place));
                }
                2 => {
                    let place = place % (model.len() + 1);
                    queue.insert(place, item);
                    model.insert(place, item);
                }
                _ => {
                    queue.push(item);
                    model.push_back(item);
                }
            }
            prop_assert_eq!(&queue[..], model.make_contiguous());
        }
    }
}
