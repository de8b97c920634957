//! The protocol scripts from end to end, between a fake server and a fake core.

mod busy;
mod checks;
mod contract;
mod examples;
mod fake;
mod http;
mod reload;
mod rig;
mod runaway;
mod told;
mod verbs;
