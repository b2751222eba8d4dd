//! Callers that ask for the same at the same time share one piece of work.

use std::collections::BTreeMap;

use proptest::prelude::*;
use repflow::policy::single_flight::{Flights, Join};

const NOBODY: [u32; 0] = [];

/// `golang.org/x/sync/singleflight` promises one execution for a key at a time, and that duplicates wait for it.
#[test]
fn go_singleflight_duplicates_wait_for_the_first_and_get_its_answer() {
    let mut flights = Flights::default();
    assert_eq!(flights.join("plan:ana", 1), Join::Leader);
    assert_eq!(flights.join("plan:ana", 2), Join::Follower(1));
    assert_eq!(flights.join("plan:ana", 3), Join::Follower(1));
    assert_eq!((flights.len(), flights.followers(1)), (1, 2));
    assert_eq!(flights.finish(1), [2, 3]);
    assert!(flights.is_empty());
}

/// `singleflight`: results are not kept; a call after the first one returned runs again.
#[test]
fn go_singleflight_who_asks_after_the_end_leads_again() {
    let mut flights = Flights::default();
    assert_eq!(flights.join("plan:ana", 1), Join::Leader);
    assert_eq!(flights.finish(1), NOBODY);
    assert_eq!(flights.join("plan:ana", 2), Join::Leader);
}

#[test]
fn other_keys_are_other_work() {
    let mut flights = Flights::default();
    assert_eq!(flights.join("plan:ana", 1), Join::Leader);
    assert_eq!(flights.join("plan:ann", 2), Join::Leader);
    assert_eq!(flights.join("plan", 3), Join::Leader);
    assert_eq!(flights.join("plan:ann", 4), Join::Follower(2));
    assert_eq!(flights.len(), 3);
    assert_eq!(flights.finish(2), [4]);
    assert_eq!(flights.join("plan:ana", 5), Join::Follower(1), "the others go on");
}

#[test]
fn a_follower_that_gives_up_is_not_answered_and_the_rest_keep_their_order() {
    let mut flights = Flights::default();
    for who in 1_u32..=5 {
        flights.join("plan", who);
    }
    assert!(flights.leave(1, 3));
    assert!(!flights.leave(1, 3), "it left before");
    assert!(!flights.leave(1, 1), "a leader does not follow itself");
    assert!(!flights.leave(2, 4), "a follower leads nobody");
    assert_eq!(flights.followers(1), 3);
    assert_eq!(flights.finish(1), [2, 4, 5]);
}

/// moka's `get_with`: when the caller that computes is dropped, one that waits takes over.
#[test]
fn moka_when_the_leader_gives_up_the_followers_join_anew_and_the_first_leads() {
    let mut flights = Flights::default();
    for who in 1_u32..=3 {
        flights.join("plan", who);
    }
    let joins: Vec<_> = flights.finish(1).into_iter().map(|who| flights.join("plan", who)).collect();
    assert_eq!(joins, [Join::Leader, Join::Follower(2)]);
}

#[test]
fn the_end_of_what_nobody_leads_answers_nobody() {
    let mut flights = Flights::default();
    flights.join("plan", 1_u32);
    flights.join("plan", 2);
    assert_eq!(flights.finish(2), NOBODY, "a follower ends nothing");
    assert_eq!(flights.finish(9), NOBODY);
    assert_eq!(flights.followers(2), 0);
    assert_eq!(flights.finish(1), [2]);
    assert_eq!(flights.finish(1), NOBODY);
}

#[derive(Clone, Debug)]
enum Act {
    Join(String),
    Finish(u32),
    /// A caller of the nth flight gives up: which one, and the leader itself is one of them.
    Leave(usize, usize),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => "[ab]{0,1}".prop_map(Act::Join),
        1 => (0_u32..30).prop_map(Act::Finish),
        1 => (0_usize..3, 0_usize..5).prop_map(|(flight, caller)| Act::Leave(flight, caller)),
    ]
}

proptest! {
    /// The model: for each key, who asked for it, in order; the first leads. Callers are numbered as they come.
    #[test]
    fn flights_are_lists_of_callers_by_key(acts in prop::collection::vec(any_act(), 0..60)) {
        let mut flights = Flights::default();
        let mut model = BTreeMap::<String, Vec<u32>>::new();
        let mut callers = 0_u32..;
        for act in acts {
            match act {
                Act::Join(key) => {
                    let who = callers.next().unwrap();
                    let asked = model.entry(key.clone()).or_default();
                    asked.push(who);
                    let expected = if asked.len() == 1 { Join::Leader } else { Join::Follower(asked[0]) };
                    prop_assert_eq!(flights.join(&key, who), expected);
                }
                Act::Finish(leader) => {
                    let key = model.iter().find(|(_, asked)| asked[0] == leader).map(|(key, _)| key.clone());
                    let expected = key.and_then(|key| model.remove(&key)).map_or(vec![], |asked| asked[1..].to_vec());
                    prop_assert_eq!(flights.finish(leader), expected);
                }
                Act::Leave(flight, caller) => {
                    let Some(asked) = model.values_mut().nth(flight) else { continue };
                    let who = asked.get(caller).copied().unwrap_or(u32::MAX);
                    let there = (1..asked.len()).contains(&caller);
                    prop_assert_eq!(flights.leave(asked[0], who), there);
                    prop_assert!(!flights.leave(who, asked[0]), "a leader follows nobody");
                    if there {
                        asked.remove(caller);
                    }
                }
            }
            prop_assert_eq!((flights.len(), flights.is_empty()), (model.len(), model.is_empty()));
            for caller in 0..30 {
                let expected = model.values().find(|asked| asked[0] == caller).map_or(0, |asked| asked.len() - 1);
                prop_assert_eq!(flights.followers(caller), expected);
            }
        }
    }
}

#[test]
fn who_asks_for_work_that_is_shut_leads_anew() {
    let mut flights = Flights::default();
    assert_eq!(flights.join("a", 1), Join::Leader);
    assert_eq!(flights.join("a", 2), Join::Follower(1));
    flights.shut(1);
    assert_eq!((flights.is_open(1), flights.join("a", 3)), (false, Join::Leader));
    assert_eq!((flights.is_open(3), flights.join("a", 4)), (true, Join::Follower(3)));
    assert_eq!(flights.finish(1), [2]);
    flights.shut_all();
    assert_eq!((flights.is_open(3), flights.followers(3)), (false, 1));
    assert_eq!((flights.finish(3), flights.is_empty()), (vec![4], true));
}
