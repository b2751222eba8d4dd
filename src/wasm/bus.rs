//! Topics, requests, and the health of features.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use slab::Slab;
use wasm_bindgen::prelude::*;

use super::Table;
use super::convert::error_to_js;
use crate::bus::{Health, HealthOptions, HealthStatus, Requests, Topics};
use crate::error::Error;
use crate::time::Timestamp;

thread_local! {
    static BUSES: Table<Host> = const { Table::new() };
}

#[derive(Default)]
struct Host {
    topics: Topics,
    requests: Requests,
    /// By number; numbers start at 1.
    health: Slab<Health>,
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

/// What a change, or time alone, makes of the health of a feature; the facade reads the number back
/// (`HEALTH_STATUSES`).
fn with_health(bus: u32, feature: u32, act: impl FnOnce(&mut Health) -> HealthStatus) -> u8 {
    with(bus, |host| host.health.get_mut(feature.wrapping_sub(1) as usize).map_or(0, |health| act(health) as u8))
}

fn duration(ms: f64) -> Duration {
    // A float cast cuts, saturates, and takes NaN to zero.
    Duration::from_micros((ms * 1_000.0) as u64)
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
    with(bus, |host| host.requests.begin(duration(timeout_ms), Timestamp::from_millis(now_ms)))
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

/// A feature whose health is of interest; its number, which is 0 when there is no such bus or not every option. The
/// options are, in this order: the window in milliseconds, the least number of requests, the error rates that degrade
/// and that make unhealthy, how many milliseconds are slow, the same rates of slow requests, the part of a threshold
/// below which a level is left, and how many failures in a row make unhealthy, and successes healthy again.
#[wasm_bindgen(js_name = healthNew)]
pub fn health_new(bus: u32, options: &[f64]) -> u32 {
    let &[
        window_ms,
        min_requests,
        degraded_error_rate,
        unhealthy_error_rate,
        slow_ms,
        degraded_slow_rate,
        unhealthy_slow_rate,
        recovery,
        failures_to_unhealthy,
        successes_to_recover,
    ] = options
    else {
        return 0;
    };
    let health = Health::new(HealthOptions {
        window: duration(window_ms),
        min_requests: min_requests as u32,
        degraded_error_rate,
        unhealthy_error_rate,
        slow: duration(slow_ms),
        degraded_slow_rate,
        unhealthy_slow_rate,
        recovery,
        failures_to_unhealthy: failures_to_unhealthy as u32,
        successes_to_recover: successes_to_recover as u32,
    });
    with(bus, |host| host.health.insert(health) as u32 + 1)
}

/// A call of the feature ended; its status then: 0 healthy, 1 degraded, 2 unhealthy.
#[wasm_bindgen(js_name = healthRecord)]
pub fn health_record(bus: u32, feature: u32, failed: bool, took_ms: f64, now_ms: f64) -> u8 {
    with_health(bus, feature, |health| health.record(failed, duration(took_ms), Timestamp::from_millis(now_ms)))
}

/// So many calls of the feature ended well, none of them slow; its status then.
#[wasm_bindgen(js_name = healthRecordGood)]
pub fn health_record_good(bus: u32, feature: u32, calls: u32, now_ms: f64) -> u8 {
    with_health(bus, feature, |health| health.record_good(calls, Timestamp::from_millis(now_ms)))
}

/// A check reported a status of the feature; its status then. What is no status is unhealthy.
#[wasm_bindgen(js_name = healthChecked)]
pub fn health_checked(bus: u32, feature: u32, status: u8, now_ms: f64) -> u8 {
    let reported = HealthStatus::ALL.get(status as usize).copied().unwrap_or(HealthStatus::Unhealthy);
    with_health(bus, feature, |health| health.checked(reported, Timestamp::from_millis(now_ms)))
}

/// The status of the feature now.
#[wasm_bindgen(js_name = healthStatus)]
pub fn health_status(bus: u32, feature: u32, now_ms: f64) -> u8 {
    with_health(bus, feature, |health| health.status(Timestamp::from_millis(now_ms)))
}

/// Forgets the health of a feature.
#[wasm_bindgen(js_name = healthFree)]
pub fn health_free(bus: u32, feature: u32) {
    with(bus, |host| host.health.try_remove(feature.wrapping_sub(1) as usize).is_some());
}
