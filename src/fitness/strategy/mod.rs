//! What a model is asked, task by task, and what becomes of its answer.
//!
//! A strategy is data: a prompt, the shape of the answer, limits, and what of the params reaches the model
//! (`data/strategies.json`, `prompts/`). Code filters first and checks last. [`begin`] screens the person, chooses the
//! candidates and writes the request; [`accept`] reads the answer in exactly the shape that was asked for, works out
//! everything that is not the model's to decide, and runs the checker over it. What breaks a rule is never an output: it
//! becomes a request to mend it, and how often that is tried is up to whoever asks.
//!
//! Nothing that a person writes can change what may be chosen: free text is one quoted string in the data, cut to
//! [`NOTES`] characters, and neither the candidates nor the schema depend on it.
//!
//! # Layout
//! - [`adaptation`], [`analysis`], [`generation`], [`group`], [`programme`], [`recommendation`]: one task each, with its params
//! - `prompt`: the request; the shape of an answer is a `Form`

pub mod adaptation;
pub mod analysis;
pub mod generation;
pub mod group;
pub(super) mod json;
pub mod programme;
mod prompt;
pub mod recommendation;

use std::rc::Rc;

use super::contraindications::Restrictions;
use super::reader::{At, Reader};
use super::record::{FromJson, Object, ToJson, record};
use super::request::WorkoutRequest;
use super::screening::{Clearance, Screening};
use super::words::{Word, words};
use crate::ai::ModelRequest;
use crate::error::{Code, Error, Problem, nearest};
use crate::value::{Fields, Value, put};

use super::form::{Form, Ids};

/// How many characters of a person's own words reach a model.
pub const NOTES: usize = 500;

words! {
    /// What a model can be asked for.
    Task {
        Analysis = "analysis", "What a profile means.";
        Generation = "generation", "A workout.";
        Recommendation = "recommendation", "What to do instead, and next time.";
        Adaptation = "adaptation", "How to go on in a session.";
        Programme = "programme", "A phase of twelve weeks.";
        Group = "group", "What a group does at each station, and who is when where.";
    }
}

/// How a task is asked.
#[derive(Debug)]
struct Strategy {
    /// Name and version of the prompt: `generation.v1`.
    version: &'static str,
    /// What the system says, and what the user says before and after the data.
    prompt: [&'static str; 3],
    /// The name of the schema.
    schema: &'static str,
    /// The most candidates.
    candidates: usize,
    max_output_tokens: u32,
    /// How often an answer may be mended.
    repairs: u32,
    temperature: Option<f64>,
    /// Whether what the model is told is about one person.
    personal: bool,
    /// What of the facts reaches the model and the key of the cache, numbers in bands of this width.
    key: &'static [(&'static str, u32)],
    answer: Form,
}

// `STRATEGIES`, in the order of the tasks.
include!(concat!(env!("OUT_DIR"), "/strategies.rs"));

impl Task {
    fn strategy(self) -> &'static Strategy {
        &STRATEGIES[self.index()]
    }

    /// The task of that name.
    ///
    /// # Errors
    /// `config.invalid` with what was probably meant.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::from_name(name).ok_or_else(|| {
            let known = Self::VOCABULARY.of_bits(u32::MAX);
            let suggestion = nearest(name, known.iter().copied()).map(str::to_owned);
            let message = format!("is none of the tasks {}", crate::small::join(&known, ", "));
            let problem = Problem { pointer: "/task".to_owned(), message, suggestion };
            Error::invalid(Code::ConfigInvalid, "the task", vec![problem])
        })
    }

    /// How often a model may be asked to mend its answer.
    #[must_use]
    pub fn repairs(self) -> u32 {
        self.strategy().repairs
    }
}

/// How a task begins.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The answer, when no model may be asked.
    pub output: Option<Value>,
    /// What to ask; nothing when there is an output.
    pub request: Option<ModelRequest>,
    /// Equal for params that a model is told the same of. It names neither the person nor what they wrote.
    pub cache_key: String,
    /// Whether the request and the answer are about one person: such an answer is nobody else's.
    pub personal: bool,
    /// Name and version of the prompt: `generation.v1`.
    pub version: &'static str,
}

impl Begun {
    /// As the host takes it: `{ output?, request?, cacheKey, personal, version }`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Object(
            "output? request? cacheKey personal version",
            &[
                &self.output,
                &self.request.as_ref().map(ModelRequest::to_value),
                &self.cache_key,
                &self.personal,
                &self.version,
            ],
        )
        .to_json()
    }
}

impl Accepted {
    /// As the host takes it: `{ output }`, or `{ repair, problems }`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Output(output) => Object("output", &[output]).to_json(),
            Self::Repair { request, problems } => Object("repair problems", &[&request.to_value(), problems]).to_json(),
        }
    }
}

record! {
    /// Where an answer came from.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Origin {
        /// Who answered: the name of a provider.
        pub provider: String,
        /// The model.
        pub model: Option<String>,
        /// How far down the fallback chain.
        pub fallback_level = "fallbackLevel": u32,
        /// How often it was mended.
        pub repairs: u32,
        /// The cache it came from: `exact`, `normalised` or `stale`.
        pub cache: Option<String>,
    }
}

/// What an answer became.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// A result that passes every check.
    Output(Value),
    /// What is wrong, and how to ask for it to be mended.
    Repair {
        /// What to ask.
        request: Box<ModelRequest>,
        /// What is wrong.
        problems: Vec<Fault>,
    },
}

/// Something that is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the answer; nowhere when it is about the whole.
    pub pointer: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The invariant, when it is one: `T1`, `S1`.
    pub rule: Option<&'static str>,
}

impl ToJson for Fault {
    fn to_json(&self) -> Value {
        Object("pointer? rule? message", &[&self.pointer, &self.rule, &self.message]).to_json()
    }
}

/// What is wrong so far.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    /// An invariant does not hold.
    fn broken(&mut self, rule: &'static str, message: String) {
        self.0.push(Fault { pointer: None, message, rule: Some(rule) });
    }

    /// What a reader found, for an invariant or for none.
    fn read(&mut self, reader: Reader, rule: Option<&'static str>) {
        for problem in reader.problems {
            self.0.push(Fault { pointer: Some(problem.pointer), message: problem.message, rule });
        }
    }
}

/// A task with its params read.
trait Work {
    /// What was found in the params.
    fn case(&self) -> &Case;

    /// The result of an answer in the right shape; what is wrong with it goes to the faults.
    fn accept(&self, answer: &Value, origin: &Origin, faults: &mut Faults) -> Value;

    /// The answer of the rules. Asked only when there is no output.
    fn by_rules(&self) -> Value;
}

/// What the params of a task come to.
#[derive(Default)]
struct Case {
    /// The result, when no model may be asked.
    output: Option<Value>,
    /// What the strategy's `key` chooses from.
    facts: Fields,
    /// What else the model is told.
    data: Fields,
    /// The person's own words.
    notes: Option<String>,
    /// What the answer may name.
    ids: Ids,
}

impl Case {
    /// The facts of a request. Which of them are told is up to the strategy.
    fn of(request: &WorkoutRequest) -> Self {
        let mut facts = request.to_json().as_map().cloned().unwrap_or_default();
        let mut maxima = Vec::new();
        for (name, _) in request.one_rep_max_kg.iter() {
            maxima.push(name);
        }
        put(&mut facts, "knownMaxima", maxima.to_json());
        let mut rules = Vec::new();
        for note in Restrictions::of(request).notes {
            rules.push(note.rule);
        }
        put(&mut facts, "rules", rules.to_json());
        Self { facts, notes: request.notes.clone(), ..Self::default() }
    }

    fn tell(&mut self, name: &str, value: &dyn ToJson) {
        put(&mut self.data, name, value.to_json());
    }
}

/// Whether a person may train without a doctor's word: nobody else is a model's to advise.
fn may_train(screening: &Screening) -> bool {
    screening.clearance > Clearance::LightOnly
}

/// A task with its params read, or what is wrong with them.
type Opened = Result<Box<dyn Work>, Error>;

/// Who reads the params, in the order of the tasks.
static OPEN: [fn(&Value) -> Opened; 6] = [
    analysis::Analysis::open,
    generation::Generation::open,
    recommendation::Recommendation::open,
    adaptation::Adaptation::open,
    programme::Phase::open,
    group::Group::open,
];

fn open(task: Task, params: &Value) -> Opened {
    OPEN[task.index()](params)
}

/// Begins a task: the request to a model, or the answer when none may be asked, because screening says stop or light
/// effort only, or because there is nothing to choose.
///
/// # Errors
/// What the offline coach says to these params: `workout.invalid`, `workout.infeasible`.
#[inline(never)]
pub fn begin(task: Task, params: &Value) -> Result<Begun, Error> {
    let work = open(task, params)?;
    let (strategy, case) = (task.strategy(), work.case());
    let cache_key = prompt::cache_key(strategy, case);
    let request = case.output.is_none().then(|| prompt::request(task, case, params));
    Ok(Begun {
        output: case.output.clone(),
        request,
        cache_key,
        personal: strategy.personal,
        version: strategy.version,
    })
}

/// Takes an answer to what [`begin`] asked with the same params.
///
/// # Errors
/// As [`begin`]. A wrong answer is no error, but [`Accepted::Repair`].
#[inline(never)]
pub fn accept(task: Task, params: &Value, answer: &Value, origin: &Origin) -> Result<Accepted, Error> {
    let work = open(task, params)?;
    let case = work.case();
    if let Some(output) = &case.output {
        return Ok(Accepted::Output(output.clone()));
    }
    let (mut reader, mut faults) = (Reader::default(), Faults::default());
    let read = task.strategy().answer.read(Some(answer), &At::Pointer(""), &case.ids, &mut reader);
    let mut output = Value::Null;
    if reader.problems.is_empty() {
        output = work.accept(&read, origin, &mut faults);
    }
    faults.read(reader, None);
    let mut problems = faults.0;
    if problems.is_empty() {
        return Ok(Accepted::Output(output));
    }
    problems.truncate(12);
    let request = Box::new(prompt::repair(task, case, params, answer, &problems));
    Ok(Accepted::Repair { request, problems })
}

/// The answer that rules give to a task, in the shape that a model has to keep to; nothing when there is nothing to answer,
/// because the task has its output already.
fn rules(task: Task, params: &Value) -> Result<Option<Value>, Error> {
    let work = open(task, params)?;
    Ok(if work.case().output.is_none() { Some(work.by_rules()) } else { None })
}

/// The answer that rules give to a task, as a model would write it.
///
/// # Errors
/// As [`begin`], and `config.invalid` when there is nothing to answer.
pub fn by_rules(task: Task, params: &Value) -> Result<String, Error> {
    match rules(task, params)? {
        Some(answer) => Ok(json::text(&answer)),
        None => Err(Error::new(Code::ConfigInvalid, "no model may be asked: `begin` gave the output already")),
    }
}

/// What the offline coach answers to a task: by rules, and through the same checks as a model's answer.
///
/// # Errors
/// As [`begin`], and `workout.infeasible` should the answer of the rules break a check.
pub(super) fn answer(task: Task, params: &Value) -> Result<Value, Error> {
    let answer = rules(task, params)?.unwrap_or_default();
    match accept(task, params, &answer, &Origin::offline())? {
        Accepted::Output(output) => Ok(output),
        Accepted::Repair { .. } => Err(Error::new(Code::WorkoutInfeasible, "what the rules answer breaks a check")),
    }
}

impl Origin {
    /// Reads `{ provider, model, fallbackLevel, repairs, cache }`.
    ///
    /// # Errors
    /// `config.invalid` with what is wrong.
    pub fn parse(json: &Value) -> Result<Self, Error> {
        let (mut reader, mut origin) = (Reader::default(), Self::default());
        origin.read(Some(json), &At::Pointer("/origin"), &mut reader);
        if reader.problems.is_empty() {
            Ok(origin)
        } else {
            Err(Error::invalid(Code::ConfigInvalid, "the origin", reader.problems))
        }
    }

    /// The coach itself.
    pub(in crate::fitness) fn offline() -> Self {
        Self { provider: super::session::PROVIDER.to_owned(), ..Self::default() }
    }

    /// Where a result came from, for results that are no workout.
    pub(in crate::fitness) fn provenance(&self, task: Task) -> Value {
        Object(
            "provider model fallback_level repairs cache version",
            &[&self.provider, &self.model, &self.fallback_level, &self.repairs, &self.cache, &task.strategy().version],
        )
        .to_json()
    }
}

/// A result with more fields.
fn with(output: &Value, name: &str, value: Value) -> Value {
    let mut fields = output.as_map().cloned().unwrap_or_default();
    put(&mut fields, name, value);
    Value::Map(Rc::new(fields))
}
