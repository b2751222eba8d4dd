//! Filters of subscriptions: conditions over an event, outside of any workflow.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::Table;
use super::convert::{error_to_js, text_of, value_from_js};
use crate::error::{Code, Error};
use crate::number::read_by;
use crate::value::Value;
use crate::workflow::{Expression, Names, Root, Scope, StepIx, Unresolved};

thread_local! {
    static FILTERS: Table<Expression> = const { Table::new() };
}

/// What a filter may name: `data`, and the `event` around it.
struct Variables([Rc<str>; 2]);

impl Names for Variables {
    fn step(&mut self, _: &str) -> Result<StepIx, Unresolved> {
        // Nobody asks outside of a workflow.
        Err(Unresolved { message: String::new(), suggestion: None })
    }

    fn variables(&self) -> &[Rc<str>] {
        &self.0
    }

    fn are_of_workflow(&self) -> bool {
        false
    }
}

struct EventScope<'a> {
    data: &'a JsValue,
    event: &'a JsValue,
}

impl Scope for EventScope<'_> {
    fn root(&self, root: Root) -> Value {
        let value = if root == Root::Variable(0) { self.data } else { self.event };
        value_from_js(value.clone())
    }

    fn text_of(&self, value: &Value) -> String {
        text_of(value)
    }
}

/// Makes a filter of a condition; its number.
#[wasm_bindgen(js_name = filterNew)]
pub fn filter_new(text: &str) -> Result<u32, JsValue> {
    read_by(js_sys::parse_float);
    let names = &mut Variables(["data".into(), "event".into()]);
    match Expression::parse_condition(text, names) {
        Ok(filter) => Ok(FILTERS.with(|filters| filters.add(filter))),
        Err(error) => {
            let problem = error.problem(text, "/filter".to_owned());
            Err(error_to_js(&Error::invalid(Code::BusInvalid, "the subscription", vec![problem])))
        }
    }
}

/// Whether an event passes a filter; none passes a filter that is not there. The event may be left out when the filter
/// does not name it.
#[wasm_bindgen(js_name = filterHolds)]
pub fn filter_holds(filter: u32, data: &JsValue, event: &JsValue) -> Result<bool, JsValue> {
    // A getter of the data may call back in: nothing is borrowed while the expression reads.
    let filter = FILTERS.with(|filters| filters.get(filter)).map(|filter| filter.borrow().clone());
    filter
        .map_or(Ok(false), |filter| filter.holds(&EventScope { data, event }, "filter"))
        .map_err(|it| error_to_js(&it))
}

/// Forgets a filter.
#[wasm_bindgen(js_name = filterFree)]
pub fn filter_free(filter: u32) {
    FILTERS.with(|filters| filters.remove(filter));
}
