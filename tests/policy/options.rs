//! How policies are written.
