//! Random calls in random order, with a plugin that misbehaves: no rule is broken, nothing is left, nothing panics.

use crate::{
    recorder::Recorder,
    rig::{BOTH, Rig, controller, off, on, plugin, point, setup},
    support::main_thread::on_main,
};
use proptest::prelude::*;
use serde_json::json;
use sonic_bridge::{
    formats::vst3::Vst3,
    model::{Arrangement, Event, ParamId, ParamPoint},
    plugin::{Format, LayoutRequest, Notice, Precision, PresetFile, ProcessMode, Setup, State},
};
use std::cell::Cell;

/// Parameters that may be written.
const PARAMS: [u32; 8] = [100, 7, 2000, 4, 66, 71, 8, 9];
/// Calls in one sequence, and sequences.
const CALLS: usize = 200;
const SEQUENCES: u32 = 160;

#[derive(Clone, Debug)]
enum Call {
    Configure(Vec<usize>),
    Start { mode: u8, double: bool, max_block: u32, rate: u32 },
    Stop,
    Block { frames: usize, loud: bool, params: Vec<(usize, u32, f64)>, events: Vec<(u8, u32, i16, i32)>, away: bool },
    Flush(usize, f64),
    Reset,
    Poll,
    Set(usize, f64),
    Ask(usize, f64),
    Save,
    Load,
    SavePreset,
    LoadPreset,
    Plugin { what: usize, when: usize, value: f64 },
    Switch(usize, u32),
    Learn,
    DropAudio,
    DropController,
}

fn call() -> impl Strategy<Value = Call> {
    let value = || 0.0..=1.0_f64;
    let params = prop::collection::vec((0..PARAMS.len(), 0..4096_u32, value()), 0..6);
    let events = prop::collection::vec((0..4_u8, 0..4096_u32, 0..128_i16, -1..4_i32), 0..6);
    prop_oneof![
        4 => prop::collection::vec(0..5_usize, 0..5).prop_map(Call::Configure),
        8 => (0..3_u8, any::<bool>(), 1..513_u32, prop::sample::select(vec![8000_u32, 44_100, 192_000]))
            .prop_map(|(mode, double, max_block, rate)| Call::Start { mode, double, max_block, rate }),
        6 => Just(Call::Stop),
        30 => (1..600_usize, any::<bool>(), params, events, prop::bool::weighted(0.1))
            .prop_map(|(frames, loud, params, events, away)| Call::Block { frames, loud, params, events, away }),
        3 => (0..PARAMS.len(), value()).prop_map(|(param, value)| Call::Flush(param, value)),
        3 => Just(Call::Reset),
        8 => Just(Call::Poll),
        4 => (0..PARAMS.len() + 2, -0.2..1.2_f64).prop_map(|(param, value)| Call::Set(param, value)),
        4 => (0..PARAMS.len() + 2, -0.2..1.2_f64).prop_map(|(param, value)| Call::Ask(param, value)),
        3 => Just(Call::Save),
        3 => Just(Call::Load),
        1 => Just(Call::SavePreset),
        1 => Just(Call::LoadPreset),
        12 => (0..ACTS, 0..4_usize, value()).prop_map(|(what, when, value)| Call::Plugin { what, when, value }),
        3 => (0..8_usize, 0..3_u32).prop_map(|(switch, value)| Call::Switch(switch, value)),
        1 => Just(Call::Learn),
        1 => Just(Call::DropAudio),
        1 => Just(Call::DropController),
    ]
}

/// Number of things below.
const ACTS: usize = 16;

/// Something a plugin may do to its host, at any time and from anywhere, well-behaved or not.
fn act(what: usize, value: f64) -> serde_json::Value {
    let param = PARAMS[(value * 7.0) as usize];
    match what {
        0 | 1 => json!({"do": "restart", "flags": (value * 4095.0) as i32}),
        2 => json!({"do": "edit", "id": param, "values": [value, 1.0 - value]}),
        3 => json!({"do": "beginEdit", "id": param}),
        4 => json!({"do": "performEdit", "id": param, "value": value * 3.0 - 1.0}),
        5 => json!({"do": "endEdit", "id": param}),
        6 => json!({"do": "message", "from": if value < 0.5 { "component" } else { "controller" }, "id": "m"}),
        7 => json!({"do": "progressStart", "text": "w"}),
        8 => json!({"do": "progressUpdate", "value": value}),
        9 => json!({"do": "progressFinish"}),
        10 => json!({"do": "requestBus", "media": 0, "direction": 0, "index": 1, "on": value < 0.5}),
        11 => json!({"do": "exchangeOpen", "size": 64, "count": 4, "user": 1}),
        12 => json!({"do": "exchangeSend", "value": 1}),
        13 => json!({"do": "exchangeClose"}),
        14 => json!({"do": "programList", "list": 1, "index": -1}),
        _ => json!({"do": "edit", "id": 987_654, "values": [value]}),
    }
}

struct Run<'a> {
    name: &'static str,
    recorder: &'a Recorder,
    rig: Option<Rig>,
    setup: Setup,
    state: Option<State>,
    preset: Option<PresetFile>,
    /// Parameters of edits, for the next block.
    edits: Vec<ParamPoint>,
}

impl Run<'_> {
    fn rig(&mut self) -> &mut Rig {
        let load = || {
            let controller = Vst3.load(&plugin(self.name), false).unwrap();
            Rig { controller, audio: None }
        };
        self.rig.get_or_insert_with(load)
    }

    fn poll(&mut self) {
        let notices = self.rig().poll();
        let mut restart = false;
        for notice in notices {
            match notice {
                Notice::Edited(param, value) => self.edits.push(point(param, 0, value)),
                Notice::Restart(_) => restart = true,
                _ => {}
            }
        }
        let setup = self.setup;
        if restart && self.rig().audio.is_some() {
            self.rig().restart(&setup);
        }
    }

    fn block(&mut self, call: &Call) {
        let Call::Block { frames, loud, params, events, away } = call else { unreachable!() };
        let mut points: Vec<ParamPoint> = std::mem::take(&mut self.edits);
        points.extend(params.iter().map(|(param, at, value)| point(ParamId(PARAMS[*param]), *at, *value)));
        points.sort_by_key(|point| point.offset);
        let mut notes: Vec<Event> = events
            .iter()
            .map(|(kind, at, key, id)| match kind {
                0 | 1 => on(*at, *key, *id),
                2 => off(*at, *key, *id),
                _ => controller(*at, *key as u16, f64::from(*key) / 127.0),
            })
            .collect();
        notes.sort_by_key(|event| event.offset);
        let Some(mut audio) = self.rig().audio.take() else { return };
        let level = if *loud { 0.5 } else { 0.0 };
        let play = move || {
            let _ = audio.block(*frames, level, &points, &notes);
            audio
        };
        let audio = if *away { std::thread::scope(|scope| scope.spawn(play).join().unwrap()) } else { play() };
        assert!(audio.pool.guards_intact());
        self.rig().audio = Some(audio);
    }

    fn call(&mut self, call: &Call) {
        match call {
            Call::Configure(wishes) => {
                let wish = |at: usize| match wishes.get(at) {
                    Some(0) => Some(Arrangement::MONO),
                    Some(1 | 2) => Some(Arrangement::STEREO),
                    Some(3) => Some(Arrangement::QUADRO),
                    _ => None,
                };
                let request = LayoutRequest { inputs: vec![wish(0), wish(1)], outputs: vec![wish(2), wish(3)] };
                let playing = self.rig().audio.is_some();
                assert_eq!(self.rig().controller.configure(&request).is_err(), playing);
            }
            Call::Start { mode, double, max_block, rate } => {
                let setup = Setup {
                    sample_rate: f64::from(*rate),
                    max_block: *max_block,
                    mode: [ProcessMode::Realtime, ProcessMode::Prefetch, ProcessMode::Offline][usize::from(*mode)],
                    precision: if *double { Precision::F64 } else { Precision::F32 },
                };
                if self.rig().audio.is_some() {
                    assert!(self.rig().controller.activate(&setup).is_err());
                } else {
                    self.setup = setup;
                    self.rig().start(&setup);
                }
            }
            Call::Stop if self.rig().audio.is_some() => self.rig().stop(),
            Call::Stop => {}
            Call::Block { .. } => self.block(call),
            Call::Flush(param, value) => {
                if let Some(audio) = &mut self.rig().audio {
                    audio.processor.flush(&[point(ParamId(PARAMS[*param]), 0, *value)]);
                }
            }
            Call::Reset => {
                if let Some(audio) = &mut self.rig().audio {
                    audio.processor.reset();
                }
            }
            Call::Poll => self.poll(),
            Call::Set(param, value) => {
                let id = PARAMS.get(*param).copied().unwrap_or(if *param % 2 == 0 { 33 } else { 12_345 });
                let _ = self.rig().controller.set_normalized(ParamId(id), *value);
            }
            Call::Ask(param, value) => {
                let id = ParamId(PARAMS.get(*param).copied().unwrap_or(12_345));
                let controller = &self.rig().controller;
                let _ = (controller.normalized(id), controller.to_plain(id, *value));
                let _ = (controller.normalized_from_plain(id, *value), controller.to_text(id, *value));
                let _ = controller.normalized_from_text(id, &value.to_string());
                let _ = (controller.program_lists(), controller.units(), controller.interfaces());
            }
            Call::Save => self.state = Some(self.rig().controller.state().unwrap()),
            Call::Load => {
                if let Some(state) = self.state.clone() {
                    self.rig().controller.set_state(&state).unwrap();
                }
            }
            Call::SavePreset => self.preset = Some(self.rig().controller.save_preset().unwrap()),
            Call::LoadPreset => {
                if let Some(preset) = self.preset.clone() {
                    self.rig().controller.load_preset(&preset).unwrap();
                }
            }
            Call::Plugin { what, when, value } => {
                let mut command = act(*what, *value);
                let where_else = ["now", "main", "thread", "process"];
                // Queues are opened and closed on the main thread, blocks sent in process: the plugin's own duty.
                let when = match what {
                    11 | 13 => "now",
                    12 => "process",
                    _ => where_else[*when],
                };
                command["when"] = when.into();
                self.rig();
                self.recorder.try_command(command);
            }
            Call::Switch(switch, value) => {
                let name =
                    ["latency", "tail", "f64", "silence", "prefetch", "meter", "echo", "processingUnimplemented"];
                self.recorder.set(json!({name[*switch]: value}));
            }
            Call::Learn => {
                self.rig().controller.controller_moved(0, 0, 7);
            }
            Call::DropAudio => {
                // Without an audio half nothing can be done but to part with the controller, too.
                if self.rig().audio.take().is_some() {
                    self.rig = None;
                }
            }
            Call::DropController => self.rig = None,
        }
    }
}

#[test]
fn ten_thousand_random_calls_break_no_rule() {
    on_main(|| {
        let done = Cell::new(0);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: SEQUENCES,
            failure_persistence: None,
            max_shrink_iters: 500,
            ..ProptestConfig::default()
        });
        let sequences = (0..2_usize, prop::collection::vec(call(), 1..CALLS));
        let outcome = runner.run(&sequences, |(which, calls)| {
            let recorder = Recorder::open();
            let mut run = Run {
                name: BOTH[which],
                recorder: &recorder,
                rig: None,
                setup: setup(),
                state: None,
                preset: None,
                edits: Vec::new(),
            };
            for (at, call) in calls.iter().enumerate() {
                run.call(call);
                if at % 16 == 0 {
                    recorder.skim();
                }
            }
            drop(run);
            recorder.assert_no_violations();
            prop_assert_eq!(recorder.live(), 0);
            prop_assert_eq!(recorder.allocations(), 0);
            done.set(done.get() + calls.len());
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
        assert!(done.get() >= 10_000, "only {} calls", done.get());
    });
}
