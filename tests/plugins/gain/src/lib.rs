//! Sonic Gain: level, balance, polarity, and a ducker that listens to a side-chain. One object (component and controller),
//! any channel count.

mod sound;

use plugin_kit::{Bus, Layouts, Plugin, Role, Taper, Text, Uid, number, switch};
use sound::Sound;
use std::sync::LazyLock;

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Plugin {
    name: "Sonic Gain",
    version: env!("CARGO_PKG_VERSION"),
    categories: "Fx|Tools",
    code: *b"GAIN",
    class: Uid(0x5B1F_6C02, 0x4E6A_4D37, 0x9A0E_2F7D, 0xC3A8_1E01),
    controller: None,
    inputs: vec![Bus::main("Input"), Bus::aux("Side-chain")],
    outputs: vec![Bus::main("Output")],
    instrument: false,
    layouts: Layouts::SameWidth,
    needs: 0,
    params: params(),
    programs: vec![],
    midi: vec![],
    expressions: vec![],
    create: || Box::new(Sound::new()),
});

fn params() -> Vec<plugin_kit::Param> {
    let percent = Text::Number { decimals: 1, unit: "%" };
    vec![
        number(0, "Gain", Taper::Linear(sound::SILENCE, 24.0), 0.0, Text::Decibels),
        number(1, "Balance", Taper::Linear(-100.0, 100.0), 0.0, Text::Pan).short("Bal"),
        switch(2, "Invert Polarity", false).short("Invert"),
        number(3, "Smoothing", Taper::Linear(0.0, 100.0), 5.0, Text::Time).short("Smooth"),
        number(4, "Duck", Taper::Linear(0.0, 100.0), 0.0, percent).group("Ducker"),
        number(5, "Duck Release", Taper::Log(10.0, 2000.0), 200.0, Text::Time).short("Release").group("Ducker"),
        switch(6, "Bypass", false).role(Role::Bypass),
    ]
}

/// `[any]` The plugin's table.
pub fn plugin() -> &'static Plugin {
    &PLUGIN
}

plugin_kit::export!(plugin);

#[cfg(test)]
mod tests;
