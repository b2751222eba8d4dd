//! Random definitions that are valid.

use repflow::rng::Rng;
use serde_json::{Map, Value, json};

/// The name of the parts that [`shared`] defines.
pub(crate) const SHARED: &str = "shared";

/// Options for the parts that steps of all definitions share by name.
pub(crate) fn shared(rng: &mut Rng) -> Value {
    json!({
        "circuitBreaker": breaker(rng), "bulkhead": bulkhead(rng), "rateLimit": rate_limit(rng),
        "retry": { "budget": { "ratio": 0.5, "minPerSecond": rng.below(3) } },
    })
}

/// What a definition may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Everything.
    Wild,
    /// Nothing whose end depends on when things happen: no limits in time for more than an attempt, nothing that steps or
    /// runs share, and no attempts beside each other.
    Calm,
    /// Mostly calls that may take so long, and nothing else.
    Plain,
}

/// What is being generated, and how far it is.
struct Generator<'a> {
    rng: &'a mut Rng,
    mood: Mood,
    ids: usize,
}

/// A definition with up to some thirty steps of every kind, groups up to three deep, needs, conditions, limits, timeouts
/// and policies.
pub(crate) fn definition(rng: &mut Rng, id: &str, mood: Mood) -> Value {
    let mut generator = Generator { rng, mood, ids: 0 };
    let steps = generator.list(0, true, &[], &[]);
    let mut definition = json!({ "id": id, "steps": steps });
    match rng.below(if mood == Mood::Plain { 40 } else { 6 }) {
        0 | 1 => definition["concurrency"] = json!(1 + rng.below(4)),
        2 if mood == Mood::Wild => {
            definition["concurrency"] = json!({ "key": "{{ input.user.name }}", "perKey": 1 + rng.below(3) });
        }
        _ => {}
    }
    if mood == Mood::Wild && rng.below(4) == 0 {
        definition["timeout"] = json!(1 + rng.below(20_000));
    }
    match rng.below(8) {
        0 => definition["output"] = json!({ "leads": "{{ input.user.nowhere }}" }),
        1..4 => definition["output"] = json!({ "name": "{{ input.user.name }}" }),
        _ => {}
    }
    definition
}

impl Generator<'_> {
    fn one_in(&mut self, n: usize) -> bool {
        self.rng.below(n) == 0
    }

    /// What hardly ever happens among plain calls.
    fn one_in_if_not_plain(&mut self, n: usize) -> bool {
        self.one_in(if self.mood == Mood::Plain { 8 * n } else { n })
    }

    fn wild(&self) -> bool {
        self.mood == Mood::Wild
    }

    /// A list of steps; `before` are the steps that are sure to have ended when the list begins, and `items` the names of
    /// the loops around it.
    fn list(&mut self, depth: usize, sequence: bool, before: &[String], items: &[String]) -> Vec<Value> {
        let mut steps = Vec::new();
        let mut siblings: Vec<String> = Vec::new();
        for _ in 0..self.rng.below(if depth == 0 { 7 } else { 4 }) {
            let mut step = Map::new();
            self.ids += 1;
            let id = format!("s{}", self.ids);
            step.insert("id".to_owned(), json!(id));
            let mut known = before.to_vec();
            if self.one_in(3) {
                let needs: Vec<String> = siblings.iter().filter(|_| self.rng.below(2) == 0).cloned().collect();
                known.extend(needs.iter().cloned());
                step.insert("needs".to_owned(), json!(needs));
            } else if sequence {
                known.extend(siblings.last().cloned());
            }
            if self.one_in_if_not_plain(6) {
                step.insert("when".to_owned(), json!(self.condition(&known, items)));
            }
            if self.one_in_if_not_plain(5) {
                step.insert("onError".to_owned(), json!("continue"));
            }
            if self.one_in(6) {
                step.insert("priority".to_owned(), json!(self.rng.below(5) as i64 - 2));
            }
            match self.rng.below(if depth < 3 { 12 } else { 8 }) {
                0 | 1 if self.mood == Mood::Plain => self.call(&mut step, &known, items),
                8..11 if self.mood == Mood::Plain => self.call(&mut step, &known, items),
                0 => self.wait(&mut step),
                1 => _ = step.insert("emit".to_owned(), json!("something.happened")),
                8..12 => self.group(&mut step, depth, &known, items),
                _ => self.call(&mut step, &known, items),
            }
            siblings.push(id);
            steps.push(Value::Object(step));
        }
        steps
    }

    fn condition(&mut self, known: &[String], items: &[String]) -> String {
        let step = known.last().map_or("run.id".to_owned(), |step| format!("steps.{step}.status"));
        match self.rng.below(6) {
            0 => "input.user.name == 'Ada'".to_owned(),
            1 => "size(input.list) > 5".to_owned(),
            2 => format!("{step} == 'completed' || {step} == 'simulated'"),
            3 => format!("!({step} in ['skipped', 'failed'])"),
            4 => items.first().map_or("false".to_owned(), |item| format!("{item} != 2 && index < 3")),
            _ => format!("{step} == 'failed'"),
        }
    }

    fn group(&mut self, step: &mut Map<String, Value>, depth: usize, known: &[String], items: &[String]) {
        match self.rng.below(4) {
            0 => {
                let sequence = self.one_in(2);
                let children = self.list(depth + 1, sequence, known, items);
                step.insert(if sequence { "steps" } else { "parallel" }.to_owned(), json!(children));
            }
            1 => {
                let children = self.list(depth + 1, false, known, items);
                step.insert("parallel".to_owned(), json!(children));
            }
            2 => {
                let mut cases = Vec::new();
                for _ in 0..1 + self.rng.below(2) {
                    cases.push(json!({
                        "when": self.condition(known, items), "steps": self.list(depth + 1, true, known, items),
                    }));
                }
                if self.one_in(2) {
                    cases.push(json!({ "steps": self.list(depth + 1, true, known, items) }));
                }
                step.insert("switch".to_owned(), json!(cases));
            }
            _ => {
                let variable = format!("item{depth}");
                let mut inside = vec![variable.clone()];
                inside.extend_from_slice(items);
                let list = ["{{ input.list }}", "{{ input.list.filter(x, x > 2) }}", "{{ input.user.nowhere }}"];
                let list = if self.one_in(12) { list[2] } else { list[self.rng.below(2)] };
                step.insert("forEach".to_owned(), if self.one_in(5) { json!(["a", "b"]) } else { json!(list) });
                step.insert("as".to_owned(), json!(variable));
                step.insert("steps".to_owned(), json!(self.list(depth + 1, true, known, &inside)));
            }
        }
        if !step.contains_key("switch") && self.one_in(2) {
            step.insert("concurrency".to_owned(), json!(1 + self.rng.below(3)));
        }
        if self.wild() && self.one_in(6) {
            step.insert("timeout".to_owned(), json!(500 + self.rng.below(5_000)));
        }
    }

    fn wait(&mut self, step: &mut Map<String, Value>) {
        let mut wait = match self.rng.below(5) {
            0 => json!(self.rng.below(3_000)),
            1 => json!({ "until": self.rng.below(8_000) }),
            2 => json!({ "duration": "{{ input.pause }}" }),
            _ => json!({ "signal": (["go", "stop"][self.rng.below(2)]) }),
        };
        if wait.get("signal").is_some() && self.wild() && self.one_in(2) {
            wait["timeout"] = json!(1 + self.rng.below(5_000));
        }
        step.insert("wait".to_owned(), wait);
    }

    fn call(&mut self, step: &mut Map<String, Value>, known: &[String], items: &[String]) {
        let target = if self.one_in(8) { ("workflow", "other") } else { ("call", "world.act") };
        step.insert(target.0.to_owned(), json!(target.1));
        let mut add = |key: &str, value: Value| _ = step.insert(key.to_owned(), value);
        if self.one_in(2) {
            add("timeout", json!(500 + self.rng.below(2_500)));
        }
        if self.mood == Mood::Plain && self.rng.below(12) > 0 {
            return;
        }
        if self.one_in(2) {
            add("retry", retry(self.rng, self.mood));
        }
        if self.one_in(4) {
            let levels = (0..1 + self.rng.below(3)).map(|_| match self.rng.below(4) {
                0 => json!({ "value": { "from": "nobody", "name": "{{ input.user.name }}" } }),
                1 => json!({ "workflow": "other", "with": "{{ input.user }}" }),
                _ => json!({ "call": "world.act" }),
            });
            add("fallback", levels.collect());
        }
        if self.one_in(4) {
            let mut compensate = json!({ "call": "world.undo" });
            if self.one_in(2) {
                compensate["retry"] = retry(self.rng, self.mood);
            }
            if self.one_in(2) {
                compensate["with"] = json!({ "what": format!("{{{{ steps.s{}.output }}}}", self.ids) });
            }
            add("compensate", compensate);
        }
        if self.wild() {
            self.wild_policies(step);
        }
        match (self.rng.below(4), known.last(), items.first()) {
            (0, Some(source), _) => {
                let with = json!({ "whole": format!("{{{{ steps.{source}.output }}}}"), "name": "Hello {{ input.user.name }}!" });
                step.insert("with".to_owned(), with);
            }
            (1, _, Some(item)) => {
                step.insert("with".to_owned(), json!({ "item": format!("{{{{ {item} }}}}"), "at": "{{ index + 1 }}" }));
            }
            _ => {}
        }
    }

    fn wild_policies(&mut self, step: &mut Map<String, Value>) {
        let mut add = |key: &str, value: Value| _ = step.insert(key.to_owned(), value);
        let rng = &mut *self.rng;
        if rng.below(5) == 0 {
            add("totalTimeout", json!(1_000 + rng.below(10_000)));
        }
        if rng.below(4) == 0 {
            let own = breaker(rng);
            add("circuitBreaker", part(rng, own));
        }
        if rng.below(4) == 0 {
            let own = rate_limit(rng);
            add("rateLimit", part(rng, own));
        }
        if rng.below(4) == 0 {
            let own = bulkhead(rng);
            add("bulkhead", part(rng, own));
        }
        match rng.below(10) {
            0 => add("hedge", json!({ "delay": 1 + rng.below(1_500), "maxExtra": 1 + rng.below(3) })),
            1 => add("hedge", json!({ "percentile": 0.5, "minCalls": 1 + rng.below(3) })),
            2 => add("cache", json!({ "ttl": 1 + rng.below(4_000), "staleIfError": rng.below(4_000) })),
            3 | 4 => add("singleFlight", json!(true)),
            _ => {}
        }
    }
}

/// The own part, or the one that all share.
fn part(rng: &mut Rng, own: Value) -> Value {
    if rng.below(2) == 0 { json!(SHARED) } else { own }
}

fn retry(rng: &mut Rng, mood: Mood) -> Value {
    let growth = ["constant", "linear", "exponential"][rng.below(3)];
    let jitters = if growth == "exponential" { 4 } else { 3 };
    let jitter = ["none", "full", "equal", "decorrelated"][rng.below(jitters)];
    let mut retry = json!({
        "maxAttempts": 1 + rng.below(5), "backoff": growth, "jitter": jitter,
        "delay": rng.below(300), "maxDelay": "2s",
    });
    if mood == Mood::Calm {
        return retry;
    }
    if rng.below(4) == 0 {
        retry["maxElapsed"] = json!(1 + rng.below(5_000));
    }
    if rng.below(4) == 0 {
        let own = json!({ "ratio": 0.2, "minPerSecond": rng.below(2) });
        retry["budget"] = part(rng, own);
    }
    if rng.below(6) == 0 {
        retry["on"] = json!(["timeout", "unavailable", "failed"]);
    }
    retry
}

/// With a window so small that it opens.
fn breaker(rng: &mut Rng) -> Value {
    let mut breaker = json!({ "openFor": 1 + rng.below(3_000), "probes": 1 + rng.below(2), "minCalls": 2 });
    if rng.below(2) == 0 {
        breaker["windowCalls"] = json!(2 + rng.below(4));
    } else {
        breaker["window"] = json!(500 + rng.below(10_000));
    }
    if rng.below(3) == 0 {
        breaker["slowCall"] = json!(1 + rng.below(2_000));
    }
    breaker
}

fn bulkhead(rng: &mut Rng) -> Value {
    let mut bulkhead = json!({ "maxConcurrent": 1 + rng.below(3), "maxQueue": rng.below(12) });
    if rng.below(3) == 0 {
        bulkhead["maxWait"] = json!(1 + rng.below(3_000));
    }
    if rng.below(4) == 0 {
        let algorithm = ["aimd", "gradient"][rng.below(2)];
        bulkhead["adaptive"] = json!({ "algorithm": algorithm });
    }
    bulkhead
}

fn rate_limit(rng: &mut Rng) -> Value {
    json!({
        "limit": 1 + rng.below(4), "per": 100 + rng.below(1_000), "burst": 1 + rng.below(4), "maxWait": rng.below(6_000),
    })
}
