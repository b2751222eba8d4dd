//! All policies around a call, as one state machine.
