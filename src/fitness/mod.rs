//! The coach: catalogue, prescription, safety and the session builder.
