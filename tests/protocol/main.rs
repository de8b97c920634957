//! The protocol scripts from end to end, between a fake server and a fake core.

mod fake;
mod rig;
mod verbs;
