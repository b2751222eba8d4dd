//! Features, topics and requests.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::Table;
use super::convert::{Fields, error_to_js};
use crate::bus::{FeatureInfo, Registry, Requests, Topics};
use crate::error::Error;
use crate::time::Timestamp;

thread_local! {
    static BUSES: Table<Host> = const { Table::new() };
}

#[derive(Default)]
struct Host {
    registry: Registry,
    topics: Topics,
    requests: Requests,
}

#[inline(never)]
fn host(bus: u32) -> Option<Rc<RefCell<Host>>> {
    BUSES.with(|buses| buses.get(bus))
}

fn with<T: Default>(bus: u32, act: impl FnOnce(&mut Host) -> T) -> T {
    host(bus).map_or_else(T::default, |host| act(&mut host.borrow_mut()))
}

fn try_with<T: Default>(bus: u32, act: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, JsValue> {
    host(bus).map_or_else(|| Ok(T::default()), |host| act(&mut host.borrow_mut())).map_err(|error| error_to_js(&error))
}

/// Makes a bus.
#[wasm_bindgen(js_name = busNew)]
pub fn bus_new() -> u32 {
    BUSES.with(|buses| buses.add(Host::default()))
}

/// Forgets a bus.
#[wasm_bindgen(js_name = busFree)]
pub fn bus_free(bus: u32) {
    BUSES.with(|buses| buses.remove(bus));
}

/// Adds a feature.
#[wasm_bindgen(js_name = busRegister)]
pub fn bus_register(
    bus: u32,
    name: String,
    version: String,
    description: String,
    capabilities: Vec<String>,
    actions: Vec<String>,
) -> Result<(), JsValue> {
    try_with(bus, |host| host.registry.register(FeatureInfo { name, version, description, capabilities, actions }))
}

/// Removes a feature.
#[wasm_bindgen(js_name = busUnregister)]
pub fn bus_unregister(bus: u32, name: &str) {
    with(bus, |host| host.registry.unregister(name));
}

/// Throws unless there is such a feature with such an action.
#[wasm_bindgen(js_name = busResolve)]
pub fn bus_resolve(bus: u32, feature: &str, action: &str) -> Result<(), JsValue> {
    try_with(bus, |host| host.registry.resolve(feature, action).map(|_| ()))
}

/// The features, by name.
#[wasm_bindgen(js_name = busFeatures)]
pub fn bus_features(bus: u32) -> Array {
    with(bus, |host| host.registry.features().map(info_to_js).collect())
}

/// What a feature says of itself, as a plain object.
pub(super) fn info_to_js(info: &FeatureInfo) -> JsValue {
    let list = |names: &[String]| names.iter().map(JsValue::from).collect::<Array>().into();
    Fields::default()
        .text("name", &info.name)
        .text("version", &info.version)
        .text("description", &info.description)
        .value("capabilities", &list(&info.capabilities))
        .value("actions", &list(&info.actions))
        .object()
}

/// Adds a subscription.
#[wasm_bindgen(js_name = busSubscribe)]
pub fn bus_subscribe(bus: u32, pattern: &str, priority: i32) -> Result<u32, JsValue> {
    try_with(bus, |host| host.topics.subscribe(pattern, priority))
}

/// Removes a subscription.
#[wasm_bindgen(js_name = busUnsubscribe)]
pub fn bus_unsubscribe(bus: u32, subscription: u32) {
    with(bus, |host| host.topics.unsubscribe(subscription));
}

/// Who hears a topic, in order.
#[wasm_bindgen(js_name = busDeliveries)]
pub fn bus_deliveries(bus: u32, topic: &str) -> Result<Vec<u32>, JsValue> {
    try_with(bus, |host| host.topics.deliveries(topic))
}

/// A request begins; its number.
#[wasm_bindgen(js_name = requestBegin)]
pub fn request_begin(bus: u32, timeout_ms: f64, now_ms: f64) -> u32 {
    let timeout = Duration::from_micros((timeout_ms * 1_000.0) as u64);
    with(bus, |host| host.requests.begin(timeout, Timestamp::from_millis(now_ms)))
}

/// A request was answered or given up.
#[wasm_bindgen(js_name = requestEnd)]
pub fn request_end(bus: u32, request: u32, now_ms: f64) {
    with(bus, |host| host.requests.end(request, Timestamp::from_millis(now_ms)));
}

/// Takes out the requests whose deadline has passed.
#[wasm_bindgen(js_name = requestsExpire)]
pub fn requests_expire(bus: u32, now_ms: f64) -> Vec<u32> {
    with(bus, |host| std::iter::from_fn(|| host.requests.expire(Timestamp::from_millis(now_ms))).collect::<Vec<_>>())
}

/// When the next request expires, in milliseconds; infinity when none is under way.
#[wasm_bindgen(js_name = busDeadline)]
pub fn bus_deadline(bus: u32) -> f64 {
    with(bus, |host| host.requests.next_deadline()).map_or(f64::INFINITY, Timestamp::as_millis)
}
