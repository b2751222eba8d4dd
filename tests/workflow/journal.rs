//! A run goes on where its log ends, whatever has happened to it, and whatever has happened to the log.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::FailureReason;
use repflow::rng::Rng;
use repflow::time::Timestamp;
use repflow::workflow::plan::StepKind;
use repflow::workflow::{
    Command, Decision, Effect, Engine, Event, EventKind, Input, NodeIx, Note, Phase, Plan, Question, Run, RunEnd,
    Status,
};
use serde_json::json;

use crate::generate::{Mood, definition};
use crate::story::{at, call, plan, state, through_numbers, workflow};

/// A run that is told at random what a host might tell it.
struct Random {
    run: Run,
    rng: Rng,
    now: u64,
    /// Calls that have begun and not ended.
    open: BTreeSet<NodeIx>,
    /// All that it was told, when, and how long its log was after that.
    told: Vec<(Input, Timestamp, usize)>,
}

impl Random {
    fn new(plan: Rc<Plan>, seed: u64) -> Self {
        let run = Run::new(plan, seed);
        Self { run, rng: Rng::new(seed), now: 0, open: BTreeSet::new(), told: Vec::new() }
    }

    fn tell(&mut self, input: Input) {
        let (now, before) = (at(self.now), (self.run.log().len(), state(&self.run)));
        let mut effects = Vec::new();
        self.run.handle(input, now, &mut effects);
        if let Input::CallSettled { node, .. } = input {
            self.open.remove(&node);
        }
        for effect in effects {
            match effect {
                Effect::Call { node } => assert!(self.open.insert(node), "it is called once"),
                Effect::CancelCall { node } => assert!(self.open.remove(&node), "there was a call to give up"),
                _ => {}
            }
        }
        let log = self.run.log().len();
        if log == before.0 {
            assert_eq!(state(&self.run), before.1, "what leaves no event changes nothing: {input:?}");
        } else {
            self.told.push((input, now, log));
        }
    }

    /// Something that may happen now, or something that may not when the world is `wild`.
    fn any_input(&mut self, wild: bool) -> Input {
        let rng = &mut self.rng;
        let mut inputs = Vec::new();
        let run = &self.run;
        if run.nodes().is_empty() {
            return [Input::OutputBuilt, Input::OutputFailed, Input::CancelRequested][rng.below(3)];
        }
        let node = NodeIx(rng.below(run.nodes().len()) as u32);
        let pick =
            |rng: &mut Rng, nodes: Vec<NodeIx>| if nodes.is_empty() { node } else { nodes[rng.below(nodes.len())] };
        let asking = (0..run.nodes().len() as u32).map(NodeIx).filter(|node| run.node(*node).question().is_some());
        let asking = pick(rng, asking.collect());
        let called = if wild && rng.below(4) == 0 { node } else { pick(rng, self.open.iter().copied().collect()) };
        let waiting = (0..run.nodes().len() as u32).map(NodeIx).filter(|node| {
            let it = run.node(*node);
            let is_call = matches!(run.plan().step(it.step).kind, StepKind::Call(_));
            !is_call && matches!(it.status, Status::Waiting | Status::Running)
        });
        let waiting = pick(rng, waiting.collect());
        let decision = match run.node(asking).question() {
            Some(Question::When) => Decision::When(rng.below(4) > 0),
            Some(Question::Case) => Decision::Case(Some(rng.below(3) as u32).filter(|case| *case < 2)),
            Some(Question::Items) => Decision::Items(rng.below(4) as u32),
            _ => Decision::Until(at(self.now + rng.below(500) as u64)),
        };
        let reasons =
            [FailureReason::Error, FailureReason::Timeout, FailureReason::BulkheadFull, FailureReason::TooLarge];
        let reason = reasons[rng.below(reasons.len())];
        let ran = matches!(reason, FailureReason::Error | FailureReason::Timeout);
        let delay = Duration::from_micros(rng.below(1_000_000) as u64);
        let it = run.node(called);
        let attempt = it.attempt;
        for _ in 0..6 {
            inputs.push(Input::Evaluated { node: asking, decision });
        }
        for _ in 0..3 {
            inputs.push(Input::AttemptStarted { node: called, attempt: attempt + 1 });
            inputs.push(Input::CallSettled { node: called, outcome: Ok(()) });
            inputs.push(Input::TimerFired { node: Some(waiting) });
        }
        inputs.push(Input::AttemptFailed { node: called, attempt: if ran { attempt } else { 0 }, reason });
        inputs.push(Input::AttemptFailed { node: called, attempt: 0, reason: FailureReason::TotalTimeout });
        if wild || it.status != Status::Waiting {
            inputs.push(Input::RetryScheduled { node: called, delay });
        }
        inputs.push(Input::RetryDue { node: called });
        inputs.push(Input::FellBack { node: called, level: it.level + 1 });
        inputs.push(Input::Noted { node: called, attempt, note: [Note::Progress, Note::Log][rng.below(2)] });
        if rng.below(3) == 0 {
            inputs.push(Input::CallSettled { node: called, outcome: Err(reason) });
            inputs.push(Input::EvaluationFailed { node: asking });
        }
        inputs.push(Input::Shared { node: called });
        inputs.push(Input::Unshared { node: called });
        inputs.push(Input::Signalled { signal: rng.below(3) as u32, payload: rng.below(9) as u32 });
        inputs.push(Input::OutputBuilt);
        match rng.below(40) {
            0 => inputs = vec![Input::PauseRequested],
            1..4 => inputs = vec![Input::ResumeRequested],
            4 => inputs = vec![Input::Restored],
            5 => inputs = vec![Input::OutputFailed],
            6 if rng.below(4) == 0 => inputs = vec![Input::CancelRequested],
            7 if rng.below(4) == 0 && run.plan().timeout.is_some() => inputs = vec![Input::TimerFired { node: None }],
            8 if wild => inputs = vec![Input::Started],
            _ => {}
        }
        inputs[rng.below(inputs.len())]
    }

    /// A run that has come some way.
    fn after(plan: Rc<Plan>, seed: u64, steps: usize, wild: bool) -> Self {
        let mut random = Self::new(plan, seed);
        random.tell(Input::Started);
        for _ in 0..steps {
            random.now += random.rng.below(100) as u64;
            let input = random.any_input(wild);
            random.tell(input);
            if random.run.end().is_some() {
                break;
            }
        }
        random
    }
}

fn random_plan(seed: u64) -> Rc<Plan> {
    plan(&definition(&mut Rng::new(seed), "random", Mood::Wild))
}

/// Effects, but for the reason why a run failed, which is for the host to keep.
fn without_reasons(effects: &[Effect]) -> Vec<String> {
    let line = |effect: &Effect| match effect {
        Effect::Settle(RunEnd::Failed(node, _)) => format!("failed {node:?}"),
        other => format!("{other:?}"),
    };
    effects.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// The log of a run at any moment leads back to that moment, and from there everything goes on as it did.
    #[test]
    fn a_log_leads_back_to_where_it_ends(seed: u64, steps in 0_usize..250) {
        let plan = random_plan(seed);
        let random = Random::after(Rc::clone(&plan), seed, steps, false);
        let log = through_numbers(&random.run.log().to_vec());
        prop_assert_eq!(&log, &random.run.log().to_vec());
        let boundaries: BTreeSet<usize> = random.told.iter().map(|(.., len)| *len).collect();
        for len in 1..=log.len() {
            let replayed = Run::replay(Rc::clone(&plan), seed, &log[..len], &mut Vec::new());
            prop_assert_eq!(replayed.is_ok(), boundaries.contains(&len), "{} of {:#?}", len, crate::story::log(&random.run));
        }
        // The whole future of a few of them.
        for (from, (.., len)) in random.told.iter().enumerate().step_by(1 + random.told.len() / 5) {
            let mut again = Run::replay(Rc::clone(&plan), seed, &log[..*len], &mut Vec::new()).expect("it is a boundary");
            let mut first = Random::new(Rc::clone(&plan), seed);
            for (input, now, _) in &random.told[..=from] {
                first.run.handle(*input, *now, &mut Vec::new());
            }
            prop_assert_eq!(state(&again), state(&first.run));
            for (input, now, _) in &random.told[from + 1..] {
                let (mut effects, mut expected) = (Vec::new(), Vec::new());
                again.handle(*input, *now, &mut effects);
                first.run.handle(*input, *now, &mut expected);
                prop_assert_eq!(without_reasons(&effects), without_reasons(&expected));
            }
            prop_assert_eq!(state(&again), state(&random.run));
        }
    }

    /// What no host should tell does no harm.
    #[test]
    fn a_run_survives_whatever_it_is_told(seed: u64, steps in 0_usize..400) {
        let random = Random::after(random_plan(seed), seed, steps, true);
        if let Phase::Ended(_) = random.run.phase() {
            prop_assert!(random.open.is_empty(), "{:?} is still called: {:#?}", random.open, crate::story::log(&random.run));
        }
    }
}

/// An event, or a number of one, that is not what it was.
fn damage(log: &mut Vec<[f64; Event::NUMBERS]>, rng: &mut Rng) {
    let odd =
        [f64::NAN, f64::INFINITY, -1.0, 0.0, 0.5, 1.0, 2.0, 7.0, 1e3, 1e9, 4_294_967_294.0, 4_294_967_295.0, 1e300];
    let (place, other) = (rng.below(log.len()), rng.below(log.len()));
    match rng.below(8) {
        0 => _ = log.remove(place),
        1 => log.insert(place, log[other]),
        2 => log.swap(place, other),
        3 => log.truncate(place + 1),
        4 => log[place][0] = rng.below(37) as f64,
        5 => log[place][2] = rng.below(40) as f64,
        6 => {
            let mut event = [rng.below(37) as f64, log[place][1], f64::NAN, f64::NAN, f64::NAN, f64::NAN];
            for number in &mut event[2..] {
                *number = odd[rng.below(odd.len())];
            }
            log.insert(place + 1, event);
        }
        _ => log[place][rng.below(Event::NUMBERS)] = odd[rng.below(odd.len())],
    }
    if log.is_empty() {
        log.push([0.0; Event::NUMBERS]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    /// A log that was damaged is refused, or it is that of another run; it never panics, and never takes for ever.
    #[test]
    fn a_damaged_log_does_no_harm(seed: u64, steps in 0_usize..60, damages in 1_usize..4) {
        let plan = random_plan(seed % 500);
        let random = Random::after(Rc::clone(&plan), seed, steps, false);
        let mut rng = Rng::new(seed ^ 1);
        let mut numbers: Vec<_> = random.run.log().to_vec().iter().map(Event::to_numbers).collect();
        for _ in 0..damages {
            damage(&mut numbers, &mut rng);
        }
        let events: Option<Vec<Event>> =
            numbers.iter().map(|numbers| Event::from_numbers(numbers)).collect();
        let Some(log) = events else { return Ok(()) };
        let mut engine = Engine::default();
        if let Ok(run) = engine.restore(Rc::clone(&plan), seed, None, &log, at(1_000_000)) {
            prop_assert!(engine.run(run).is_some_and(|run| run.log().to_vec().starts_with(&log)));
            for minute in 17..30 {
                engine.tick(at(minute * 60_000));
                _ = engine.drain_commands().count();
            }
            engine.cancel(run, at(9_000_000));
            engine.remove(run, at(9_000_000));
            prop_assert_eq!((engine.len(), engine.next_deadline(), engine.guards().is_empty()), (0, None, true));
        }
    }
}

/// Every kind of event, with numbers that tell them apart.
fn every_kind() -> Vec<EventKind> {
    let (node, time) = (NodeIx(7), Timestamp::from_millis(1_234.5));
    let mut kinds = vec![
        EventKind::RunStarted,
        EventKind::RunCompleted,
        EventKind::RunFailed(Some(node)),
        EventKind::RunFailed(None),
        EventKind::RunTimedOut,
        EventKind::RunCancelled,
        EventKind::RunPaused,
        EventKind::RunResumed,
        EventKind::RunRestored,
        EventKind::StepStarted(node),
        EventKind::StepCompleted(node),
        EventKind::StepFailed(node),
        EventKind::StepCancelled(node),
        EventKind::StepSkipped(node),
        EventKind::StepTimedOut(node),
        EventKind::StepProgress(node, 3),
        EventKind::StepLogged(node, 3),
        EventKind::AttemptStarted(node, 3),
        EventKind::AttemptFailed(node, 3),
        EventKind::AttemptTimedOut(node, 3),
        EventKind::AttemptShortCircuited(node),
        EventKind::AttemptRejected(node),
        EventKind::AttemptRateLimited(node),
        EventKind::AttemptInterrupted(node, 3),
        EventKind::AttemptShared(node),
        EventKind::AttemptUnshared(node),
        EventKind::RetryScheduled(node, 3, 12_345),
        EventKind::FallbackStarted(node, 2),
        EventKind::TimerSet(node, time),
        EventKind::TimerFired(node),
        EventKind::SignalReceived(1, u32::MAX),
        EventKind::IterationStarted(node, 5, 6),
        EventKind::CompensationStarted(node),
        EventKind::CompensationCompleted(node),
        EventKind::CompensationFailed(node),
    ];
    use repflow::workflow::Vain;
    kinds.extend([Vain::Failed, Vain::OutputFailed, Vain::TimedOut, Vain::Cancelled].map(EventKind::RunCompensating));
    let decisions = [
        Decision::When(true),
        Decision::When(false),
        Decision::Case(None),
        Decision::Case(Some(0)),
        Decision::Case(Some(4)),
        Decision::Items(0),
        Decision::Items(9),
        Decision::Until(time),
    ];
    kinds.extend(decisions.map(|decision| EventKind::StepEvaluated(node, decision)));
    kinds
}

#[test]
fn every_kind_of_event_survives_as_numbers() {
    let kinds = every_kind();
    let log: Vec<Event> = (0..)
        .zip(&kinds)
        .map(|(seq, kind)| Event { at: Timestamp::from_millis(f64::from(seq) + 0.25), kind: *kind })
        .collect();
    assert_eq!(through_numbers(&log), log);
    let told: BTreeSet<usize> = kinds.iter().map(|kind| kind.index()).collect();
    assert!(told.into_iter().eq(0..EventKind::NAMES.len()), "no kind was left out");
    for kind in kinds {
        assert_eq!(kind.name(), EventKind::NAMES[kind.index()]);
    }
}

#[test]
fn numbers_that_are_no_event() {
    let nan = f64::NAN;
    for numbers in [
        &[][..],
        &[0.0, 0.0, nan, nan, nan],
        &[0.0, 0.0, nan, nan, nan, nan, nan],
        &[-1.0, 0.0, nan, nan, nan, nan],
        &[36.0, 0.0, nan, nan, nan, nan],
        &[nan, 0.0, nan, nan, nan, nan],
        &[f64::INFINITY, 0.0, nan, nan, nan, nan],
        // A step without its node, an attempt without its number, and so on.
        &[9.0, 0.0, nan, nan, nan, nan],
        &[9.0, 0.0, -1.0, nan, nan, nan],
        &[18.0, 0.0, 1.0, nan, nan, nan],
        &[25.0, 0.0, 1.0, 1.0, nan, nan],
        &[26.0, 0.0, 1.0, nan, nan, nan],
        &[27.0, 0.0, 1.0, nan, nan, nan],
        &[29.0, 0.0, nan, nan, 0.0, nan],
        &[30.0, 0.0, 1.0, nan, nan, 1.0],
        &[8.0, 0.0, nan, nan, 4.0, nan],
        &[15.0, 0.0, 1.0, nan, 4.0, 1.0],
        &[15.0, 0.0, 1.0, nan, 0.0, nan],
    ] {
        assert_eq!(Event::from_numbers(numbers), None, "{numbers:?}");
    }
}

/// A plan, and its log so far as a list of events at 0 ms.
fn log_of(kinds: &[EventKind]) -> Vec<Event> {
    kinds.iter().map(|kind| Event { at: at(0), kind: *kind }).collect()
}

#[test]
fn a_log_that_promises_more_iterations_than_it_has_takes_no_time() {
    let (each, most) = (NodeIx(0), Decision::Items(u32::MAX));
    for body in [json!([]), json!([call("a", json!({}))])] {
        let plan = plan(&workflow(json!([{ "id": "each", "forEach": "{{ input.sets }}", "steps": body }])));
        let mut kinds = vec![EventKind::RunStarted, EventKind::StepStarted(each), EventKind::StepEvaluated(each, most)];
        assert!(Run::replay(Rc::clone(&plan), 1, &log_of(&kinds), &mut Vec::new()).is_err());
        kinds.extend((1..9).map(|n| EventKind::IterationStarted(each, n - 1, n)));
        assert!(Run::replay(Rc::clone(&plan), 1, &log_of(&kinds), &mut Vec::new()).is_err());
        kinds.insert(2, EventKind::RunPaused);
        kinds.insert(4, EventKind::RunResumed);
        assert!(Run::replay(Rc::clone(&plan), 1, &log_of(&kinds), &mut Vec::new()).is_err());
    }
}

#[test]
fn logs_that_cannot_be() {
    let a = NodeIx(0);
    let plan = plan(&workflow(json!([call("a", json!({ "retry": { "maxAttempts": 3 } }))])));
    let started = [EventKind::RunStarted, EventKind::StepStarted(a)];
    for (kinds, at) in [
        (vec![EventKind::RunRestored], 0),
        (vec![EventKind::RunPaused], 0),
        (vec![EventKind::StepStarted(a)], 0),
        (vec![EventKind::RunCancelled, EventKind::RunStarted], 0),
        (vec![EventKind::RunStarted, EventKind::RunStarted], 1),
        (vec![EventKind::RunStarted, EventKind::StepCompleted(NodeIx(9))], 1),
        (vec![EventKind::RunStarted, EventKind::SignalReceived(0, 0)], 1),
        (vec![EventKind::RunStarted, EventKind::RunCompleted], 1),
        ([&started[..], &[EventKind::AttemptStarted(a, 2)]].concat(), 1),
        ([&started[..], &[EventKind::AttemptStarted(a, u32::MAX - 1)]].concat(), 1),
        ([&started[..], &[EventKind::AttemptStarted(a, 1), EventKind::CompensationCompleted(a)]].concat(), 3),
        ([&started[..], &[EventKind::AttemptStarted(a, 1), EventKind::TimerFired(a)]].concat(), 3),
        (vec![EventKind::RunStarted, EventKind::RunCancelled, EventKind::RunCancelled], 2),
        (vec![EventKind::RunStarted, EventKind::RunResumed], 1),
    ] {
        let refused = Run::replay(Rc::clone(&plan), 1, &log_of(&kinds), &mut Vec::new()).map(|run| state(&run));
        assert_eq!(refused, Err(at), "{kinds:?}");
        let error = Engine::default().restore(Rc::clone(&plan), 1, None, &log_of(&kinds), crate::story::at(0));
        let error = error.expect_err("it is refused");
        assert_eq!(error.code(), repflow::error::Code::JournalInvalid);
        assert!(error.message().contains(&format!("event {at} cannot be")), "{error}");
    }
    // Another time than that of the events beside it.
    let mut log = log_of(&[EventKind::RunStarted, EventKind::StepStarted(a), EventKind::AttemptStarted(a, 1)]);
    assert!(Run::replay(Rc::clone(&plan), 1, &log, &mut Vec::new()).is_ok());
    log[2].at = at(5);
    assert_eq!(Run::replay(plan, 1, &log, &mut Vec::new()).map(|run| state(&run)), Err(1));
}

#[test]
fn a_log_that_has_not_begun_begins() {
    for definition in [workflow(json!([call("a", json!({}))])), json!({ "id": "w", "steps": [], "output": 7 })] {
        let mut engine = Engine::default();
        let run = engine.restore(plan(&definition), 1, None, &[], at(3)).expect("nothing has happened yet");
        let log: Vec<&str> = engine.run(run).expect("it is kept").log().iter().map(|event| event.kind.name()).collect();
        assert_eq!(log[0], "run.started");
        assert_eq!(engine.drain_commands().count(), 1, "one call, or the output to build");
    }
}

#[test]
fn a_run_that_ended_before_anybody_was_told_is_told_of() {
    let a = NodeIx(0);
    let begun = [EventKind::RunStarted, EventKind::StepStarted(a), EventKind::AttemptStarted(a, 1)];
    let ends = [
        (vec![EventKind::StepCompleted(a), EventKind::RunCompleted], "completed"),
        (vec![EventKind::AttemptFailed(a, 1), EventKind::StepFailed(a), EventKind::RunFailed(Some(a))], "failed"),
        (vec![EventKind::StepCancelled(a), EventKind::RunCancelled], "cancelled"),
    ];
    for (last, expected) in ends {
        let mut engine = Engine::default();
        let log = log_of(&[&begun[..], &last].concat());
        engine.restore(plan(&workflow(json!([call("a", json!({}))]))), 1, None, &log, at(3)).expect("it is its log");
        let told: Vec<_> = engine.drain_commands().collect();
        let [Command::Settle { end, .. }] = &told[..] else { panic!("{told:?}") };
        let end = match end {
            RunEnd::Completed => "completed",
            RunEnd::Failed(node, _) if *node == a => "failed",
            RunEnd::Cancelled => "cancelled",
            end => panic!("{end:?}"),
        };
        assert_eq!(end, expected);
    }
}

#[test]
fn what_comes_before_the_beginning_is_ignored() {
    let mut run = Run::new(plan(&json!({ "id": "w", "timeout": "1s", "steps": [], "output": 7 })), 1);
    for input in [Input::CancelRequested, Input::OutputBuilt, Input::TimerFired { node: None }, Input::Restored] {
        run.handle(input, at(0), &mut Vec::new());
    }
    assert!(run.log().is_empty());
    run.handle(Input::Started, at(0), &mut Vec::new());
    run.handle(Input::Started, at(1), &mut Vec::new());
    assert_eq!(run.log().len(), 1);
}
