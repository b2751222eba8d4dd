//! Who hears an event.

use repflow::bus::Topics;

use crate::{Once, Workload};

/// Sizes are subscribers.
pub const ALL: &[Workload] = &[
    Workload { name: "deliveries", prepare: deliveries },
    Workload { name: "subscribe", prepare: subscribe },
    Workload { name: "come-and-go", prepare: come_and_go },
];

/// Half of the subscribers hear the topic by its name, half of them by a pattern.
fn subscribed(subscribers: usize) -> Topics {
    let mut topics = Topics::default();
    for place in 0..subscribers {
        let pattern = if place % 2 == 0 { "workout.generated" } else { "workout.*" };
        topics.subscribe(pattern, 0).expect("the pattern is well formed");
    }
    topics
}

fn deliveries(subscribers: usize) -> Once {
    let topics = subscribed(subscribers);
    Box::new(move || assert_eq!(topics.deliveries("workout.generated").map(|heard| heard.len()), Ok(subscribers)))
}

fn subscribe(subscribers: usize) -> Once {
    Box::new(move || {
        let topics = subscribed(subscribers);
        assert_eq!(topics.deliveries("workout").map(|heard| heard.len()), Ok(0));
    })
}

/// Who came first leaves first.
fn come_and_go(subscribers: usize) -> Once {
    Box::new(move || {
        let mut topics = subscribed(subscribers);
        for id in 0..subscribers as u32 {
            topics.unsubscribe(id);
        }
        assert_eq!(topics.deliveries("workout.generated").map(|heard| heard.len()), Ok(0));
    })
}
