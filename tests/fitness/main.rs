//! The offline coach, and what a model is asked in its place, through their public API. One file for each file of
//! `src/fitness` it is about, and three that are about all of it: `session` (what the example gets), `coverage` (every
//! focus, level, duration and usual equipment) and `properties` (thousands of random requests).

mod adaptation;
mod catalogue;
mod check;
mod coverage;
mod features;
mod formulas;
mod group;
mod group_rate;
mod hostile;
mod live;
mod prescription;
mod programme;
mod properties;
mod recommendation;
mod relations;
mod request;
mod schema;
mod screening;
mod session;
mod severe;
mod strategy;
mod support;
mod templates;
