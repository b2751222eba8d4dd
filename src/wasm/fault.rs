//! Ways to die, for the tests of recovery. Only in the build with the feature `fault-injection`, never in the package.

use crate::bus::{ActionInfo, Feature, FeatureInfo};
use crate::error::{Code, Error};
use crate::value::Value;
use std::rc::Rc;

/// A feature whose actions end the instance.
pub(super) struct Fault;

impl Feature for Fault {
    fn info(&self) -> FeatureInfo {
        FeatureInfo {
            name: "fault-injection".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Ends the core on purpose.".to_owned(),
            capabilities: Vec::new(),
            actions: ["panic", "overflow"].map(action).to_vec(),
        }
    }

    fn call(&self, action: &str, _params: &Value) -> Result<Value, Error> {
        match action {
            "panic" => panic!("injected fault"),
            "overflow" => Ok(Value::Number(descend(1) as f64)),
            other => {
                Err(Error::new(Code::NoSuchAction, format!("the feature `fault-injection` has no action `{other}`")))
            }
        }
    }
}

fn action(name: &str) -> ActionInfo {
    ActionInfo { name: name.to_owned(), input: Value::Map(Rc::default()), output: String::new() }
}

/// Calls itself until the stack ends; what comes after the call keeps it from becoming a loop.
fn descend(depth: u64) -> u64 {
    let below = std::hint::black_box(descend as fn(u64) -> u64)(depth + 1);
    std::hint::black_box(below) + depth
}
