//! What takes a few bytes does what the standard library does.

use std::collections::VecDeque;

use proptest::prelude::*;
use repflow::small::{Queue, cut, place_of, sort_indices, split, trim};

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

    #[test]
    fn texts_are_cut_and_split_as_the_standard_library_does(text in "[.@ -é\u{a0}\u{2003}\t]{0,12}") {
        prop_assert_eq!(split(&text, b'.').collect::<Vec<_>>(), text.split('.').collect::<Vec<_>>());
        prop_assert_eq!(cut(&text, b".@"), text.split_once(['.', '@']));
        prop_assert_eq!(place_of(&text, b"@-"), text.find(['@', '-']));
        prop_assert_eq!(trim(&text), text.trim());
    }

    #[test]
    fn indices_are_sorted_by_what_they_stand_for(words in prop::collection::vec("[a-c]{0,2}", 0..100)) {
        let mut sorted: Vec<u32> = (0..words.len() as u32).rev().collect();
        sort_indices(&mut sorted, &|a, b| (&words[a as usize], a) < (&words[b as usize], b));
        let mut expected: Vec<u32> = (0..words.len() as u32).collect();
        expected.sort_by_key(|it| &words[*it as usize]);
        prop_assert_eq!(sorted, expected);
    }
}
