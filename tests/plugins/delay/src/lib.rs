//! Sonic Delay: echoes in note lengths or milliseconds. Component and controller are separate objects; the component
//! tells the controller its sample rate in a message. Mono, stereo, or mono into stereo.

mod sound;

#[cfg(test)]
mod tests;

use plugin_kit::{Bus, Layouts, Param, Plugin, Role, Taper, Text, Uid, list, need, number, switch};
use sound::{NOTES, Sound};
use std::sync::LazyLock;

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Plugin {
    name: "Sonic Delay",
    version: env!("CARGO_PKG_VERSION"),
    categories: "Fx|Delay",
    code: *b"DLAY",
    class: Uid(0x2E91_B7D3, 0x65F0_4C2A, 0xB13C_8A55, 0xF4D9_6003),
    controller: Some(Uid(0x9C47_05EE, 0x1D8B_43F6, 0xA2C9_57B0, 0x38E1_7A83)),
    inputs: vec![Bus::main("Input")],
    outputs: vec![Bus::main("Output")],
    instrument: false,
    layouts: Layouts::UpToStereo,
    needs: need::TEMPO,
    params: params(),
    programs: vec![],
    midi: vec![],
    expressions: vec![],
    create: || Box::new(Sound::new()),
});

/// `sound::index` names these places.
fn params() -> Vec<Param> {
    let percent = Text::Number { decimals: 1, unit: "%" };
    let whole = |unit| Text::Number { decimals: 0, unit };
    vec![
        switch(0, "Sync", true).group("Time"),
        list(1, "Note", NOTES, 9).group("Time"),
        number(2, "Time", Taper::Log(1.0, 2000.0), 350.0, Text::Time).group("Time"),
        number(3, "Feedback", Taper::Linear(0.0, 95.0), 40.0, percent).short("Fdbk").group("Repeats"),
        switch(4, "Ping-Pong", false).short("PingPong").group("Repeats"),
        number(5, "High Cut", Taper::Log(500.0, sound::OPEN), 8000.0, Text::Hertz).short("HiCut").group("Repeats"),
        number(6, "Mix", Taper::Linear(0.0, 100.0), 35.0, percent),
        switch(7, "Bypass", false).role(Role::Bypass),
        number(8, "Tempo", Taper::Linear(0.0, 1000.0), sound::ASSUMED, Text::Number { decimals: 2, unit: "BPM" })
            .role(Role::Meter),
        list(9, "Tempo From", &["Assumed", "Host"], 0).role(Role::Meter),
        number(10, "Sample Rate", Taper::Linear(0.0, 1_000_000.0), 0.0, whole("Hz"))
            .short("Rate")
            .role(Role::SampleRate),
    ]
}

/// `[any]` The plugin's table.
pub fn plugin() -> &'static Plugin {
    &PLUGIN
}

plugin_kit::export!(plugin);
