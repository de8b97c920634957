//! Sonic Reverb: a room made of sixteen delay lines that feed each other. Component and controller are separate objects.
//! Mono, stereo, or mono into stereo.

mod network;
mod sound;

#[cfg(test)]
mod tests;

use plugin_kit::{Bus, Layouts, Param, Plugin, Role, Taper, Text, Uid, number, switch};
use sound::Sound;
use std::sync::LazyLock;

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Plugin {
    name: "Sonic Reverb",
    version: env!("CARGO_PKG_VERSION"),
    categories: "Fx|Reverb",
    code: *b"RVRB",
    class: Uid(0xC5D3_8F16, 0x70AE_4B99, 0x9D21_E4C7, 0x5B06_3304),
    controller: Some(Uid(0x41FA_6D08, 0xE93B_4157, 0x86D4_0C2E, 0x97B5_D084)),
    inputs: vec![Bus::main("Input")],
    outputs: vec![Bus::main("Output")],
    instrument: false,
    layouts: Layouts::UpToStereo,
    needs: 0,
    params: params(),
    programs: vec![],
    midi: vec![],
    expressions: vec![],
    create: || Box::new(Sound::new()),
});

/// `sound::index` names these places.
fn params() -> Vec<Param> {
    let percent = Text::Number { decimals: 1, unit: "%" };
    vec![
        number(0, "Size", Taper::Linear(0.0, 100.0), 50.0, percent).group("Room"),
        number(1, "Decay", Taper::Log(100.0, 20_000.0), 1800.0, Text::Time).group("Room"),
        number(2, "Damping", Taper::Log(1000.0, sound::OPEN), 6000.0, Text::Hertz).short("Damp").group("Room"),
        number(3, "Pre-Delay", Taper::Linear(0.0, 250.0), 10.0, Text::Time).short("PreDly").group("Room"),
        number(4, "Low Cut", Taper::Log(10.0, 500.0), 60.0, Text::Hertz).short("LoCut").group("Tone"),
        number(5, "Width", Taper::Linear(0.0, 100.0), 100.0, percent).group("Tone"),
        number(6, "Mix", Taper::Linear(0.0, 100.0), 30.0, percent),
        switch(7, "Bypass", false).role(Role::Bypass),
    ]
}

/// `[any]` The plugin's table.
pub fn plugin() -> &'static Plugin {
    &PLUGIN
}

plugin_kit::export!(plugin);
