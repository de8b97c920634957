//! Sonic EQ: six parametric bands and an output level. One object, any channel count.

mod band;
mod sound;

#[cfg(test)]
mod tests;

use band::KINDS;
use plugin_kit::{Bus, Layouts, Param, Plugin, Role, Taper, Text, Uid, list, number, switch};
use sound::{BANDS, Sound};
use std::sync::LazyLock;

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Plugin {
    name: "Sonic EQ",
    version: env!("CARGO_PKG_VERSION"),
    categories: "Fx|EQ",
    code: *b"EQ6 ",
    class: Uid(0x7D0C_41A9, 0x3B52_4F18, 0x8E66_91D4, 0x0A57_2E02),
    controller: None,
    inputs: vec![Bus::main("Input")],
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

/// Kind (place in `KINDS`), frequency, and whether it is on at first.
const START: [(usize, f64, bool); BANDS] =
    [(3, 30.0, false), (1, 120.0, true), (0, 400.0, true), (0, 1000.0, true), (0, 3000.0, true), (2, 8000.0, true)];

/// Five rows per band (ids 10·band + 0…4), then the common ones. `sound` relies on this order.
fn params() -> Vec<Param> {
    let mut params = Vec::new();
    for (place, (kind, frequency, on)) in START.into_iter().enumerate() {
        let band = place as u32 + 1;
        let rows = [
            switch(10 * band, &format!("Band {band} On"), on).short("On"),
            list(10 * band + 1, &format!("Band {band} Type"), KINDS, kind).short("Type"),
            number(10 * band + 2, &format!("Band {band} Freq"), Taper::Log(20.0, 20_000.0), frequency, Text::Hertz)
                .short("Freq"),
            number(
                10 * band + 3,
                &format!("Band {band} Gain"),
                Taper::Linear(-24.0, 24.0),
                0.0,
                Text::Number { decimals: 2, unit: "dB" },
            )
            .short("Gain"),
            number(
                10 * band + 4,
                &format!("Band {band} Q"),
                Taper::Log(0.1, 20.0),
                std::f64::consts::FRAC_1_SQRT_2,
                Text::Number { decimals: 3, unit: "" },
            )
            .short("Q"),
        ];
        params.extend(rows.map(|row| row.group(&format!("Band {band}"))));
    }
    params.push(number(1, "Output", Taper::Linear(-24.0, 24.0), 0.0, Text::Number { decimals: 2, unit: "dB" }));
    params.push(switch(2, "Bypass", false).role(Role::Bypass));
    params
}

/// `[any]` The plugin's table.
pub fn plugin() -> &'static Plugin {
    &PLUGIN
}

plugin_kit::export!(plugin);
