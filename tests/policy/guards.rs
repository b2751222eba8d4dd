//! All policies around a call, as one state machine.

#[path = "guards/any_options.rs"]
mod any_options;
#[path = "guards/attempts.rs"]
mod attempts;
#[path = "guards/host.rs"]
mod host;
#[path = "guards/order.rs"]
mod order;
#[path = "guards/property.rs"]
mod property;
#[path = "guards/restore.rs"]
mod restore;
#[path = "guards/shared.rs"]
mod shared;
