//! What a page takes that is let in and does nothing.

use crate::bridge::Bridge;
use crate::client::Client;
use crate::figures::Figures;
use crate::support::{fixtures, sandbox::Sandbox};
use std::time::Duration;

/// Before counting begins, so that what is made once is there.
const BEFORE: usize = 16;
/// So many are let in before the first ping has to be answered.
const COUNTED: usize = 100;

/// Resident memory for each of many.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    let bridge = Bridge::start(&sandbox, &[fixtures::demo_plugins()]);
    let (first, key) = bridge.pair();
    let mut clients: Vec<Client> = vec![first];
    clients.extend((0..BEFORE).map(|_| bridge.client(&key)));
    std::thread::sleep(Duration::from_secs(1));
    let before = bridge.resident_kib();
    clients.extend((0..COUNTED).map(|_| bridge.client(&key)));
    std::thread::sleep(Duration::from_secs(1));
    let after = bridge.resident_kib();
    let raw = [("before, KiB", before), ("after, KiB", after), ("sessions", COUNTED as f64)];
    figures.add("memory of an idle session", (after - before) / COUNTED as f64, "KiB", 200.0, &raw);
    // All of them are still let in.
    for client in &mut clients {
        client.call("PING", serde_json::json!({}));
    }
}
