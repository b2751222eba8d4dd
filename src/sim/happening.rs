//! What happens at an instant: the world answers a call, somebody does something to a run, the process ends.

use std::rc::Rc;

use serde_json::Value as Json;

use super::invariants::Circuits;
use super::{Answer, Call, Simulation};
use crate::policy::Outcome;
use crate::rng::Rng;
use crate::time::Timestamp;
use crate::value::Value;
use crate::workflow::{Engine, Event, NodeIx, Note, Plan, RunId};

/// Something that the world does at an instant.
#[derive(Debug)]
pub(super) enum Happening {
    Settle { run: usize, life: u32, node: NodeIx, attempt: u32, answer: Result<Json, Fault> },
    Tell { run: usize, life: u32, node: NodeIx, attempt: u32 },
    Start(Rc<Plan>, Json, Option<String>),
    Cancel(usize),
    Pause(usize),
    Resume(usize),
    Signal(usize, u32, Json),
    Remove(usize),
    Crash,
}

/// How a call fails.
#[derive(Debug)]
pub(super) enum Fault {
    Passing,
    Lasting,
}

impl<W: FnMut(&Call<'_>, &mut Rng) -> Answer> Simulation<W> {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Start(plan, input, key) => _ = self.start_with_key(plan, input, key.as_deref()),
            Happening::Cancel(run) => {
                self.runs[run].is_certain = false;
                self.with_run(run, Engine::cancel);
            }
            Happening::Pause(run) => {
                self.runs[run].is_certain = false;
                self.with_run(run, Engine::pause);
            }
            Happening::Resume(run) => self.with_run(run, Engine::resume),
            Happening::Signal(run, signal, payload) => {
                self.runs[run].signals.push(Value::from(&payload));
                let number = self.runs[run].signals.len() as u32 - 1;
                self.with_run(run, |engine, id, now| engine.signal(id, signal, number, now));
            }
            Happening::Remove(run) => {
                self.runs[run].gone = self.log_of(run);
                if let Some(id) = self.runs[run].id.take() {
                    self.numbers.remove(&id);
                    self.engine.remove(id, self.now);
                }
            }
            Happening::Crash => self.crash(),
            // Of a process, or a run, that is gone.
            Happening::Settle { run, life, .. } | Happening::Tell { run, life, .. }
                if self.runs[run].life != life || self.runs[run].id.is_none() => {}
            Happening::Tell { run, node, attempt, .. } => {
                if self.runs[run].watch.is_running(node, attempt) {
                    let note = if node.0.is_multiple_of(2) { Note::Progress } else { Note::Log };
                    self.with_run(run, |engine, id, now| engine.note(id, node, attempt, note, now));
                }
            }
            Happening::Settle { run, node, attempt, answer, .. } => {
                let outcome = match answer {
                    Ok(value) => {
                        // A late answer must not overwrite the output of a later attempt, as in any host.
                        if self.runs[run].watch.is_running(node, attempt) {
                            self.runs[run].set_output(node, Value::from(&value));
                        }
                        Outcome::COMPLETED
                    }
                    Err(Fault::Passing) => Outcome::failed(),
                    Err(Fault::Lasting) => Outcome::failed_for_good(),
                };
                if matches!(outcome, Outcome::Failed(_)) {
                    self.runs[run].is_certain = false;
                } else if self.follows && self.follow(run, node, attempt) {
                    return;
                }
                self.runs[run].watch.settled(node, attempt);
                self.with_run(run, |engine, id, now| engine.settle(id, node, attempt, &outcome, now));
            }
        }
    }

    fn with_run(&mut self, run: usize, act: impl FnOnce(&mut Engine, RunId, Timestamp)) {
        if let Some(id) = self.runs[run].id {
            act(&mut self.engine, id, self.now);
        }
    }

    /// The process ends; a new one goes on from the journals, which went through numbers and text.
    fn crash(&mut self) {
        let old = std::mem::take(&mut self.engine);
        for (name, options) in &self.defined {
            self.engine.guards().define(name, options);
        }
        self.numbers.clear();
        self.kept.clear();
        self.circuits = Circuits::default();
        for number in 0..self.runs.len() {
            let state = &mut self.runs[number];
            let Some(run) = state.id.and_then(|id| old.run(id)) else { continue };
            let numbers: Vec<f64> = run.log().iter().flat_map(|event| event.to_numbers()).collect();
            let log: Vec<Event> = numbers
                .chunks(Event::NUMBERS)
                .map(|numbers| Event::from_numbers(numbers).expect("it is an event"))
                .collect();
            assert_eq!(log, run.log().to_vec(), "events are the same after they were numbers");
            if state.end.is_some() {
                // Who asks for it later finds what is known of it.
                state.gone = String::new();
            }
            state.life += 1;
            state.is_certain = false;
            state.watch.crashed();
            state.items.clear();
            for value in &mut state.outputs {
                *value = Value::from(&Json::from(&*value));
            }
            let (plan, key) = (Rc::clone(&state.plan), state.key.clone());
            let id = self.engine.restore(plan, state.seed, key.as_deref(), &log, self.now);
            let id = id.unwrap_or_else(|error| panic!("the journal is that of a run of its plan: {error}"));
            self.runs[number].id = Some(id);
            self.numbers.insert(id, number);
        }
    }
}
