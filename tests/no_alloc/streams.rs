//! The same for a stream through the running core: frames, changes of parameters, events, gaps, and the way past.

use crate::{
    counted,
    support::{fixtures, main_thread::on_main},
};
use sonic_bridge::{
    catalog::{
        Catalog, ChildCommand, Options,
        folders::{Folder, Origin},
    },
    control::{
        Host,
        core::{
            CoreLimits, EventBatch, Frame, FrameEvent, FrameEventKind, LoadRequest, MainLoop, Owner, StreamRequest,
            TransportChange, Wanted,
        },
    },
    model::{Event, EventBody, ParamId},
    plugin::ProcessMode,
};
use std::{future::Future, path::PathBuf, sync::mpsc};

const ME: Owner = Owner(1);

fn options(cache: PathBuf) -> Options {
    let folders = [fixtures::demo_plugins(), fixtures::recorder()];
    Options {
        folders: folders.into_iter().map(|path| Folder { path, origin: Origin::Named }).collect(),
        cache: Some(cache),
        config: None,
        child: ChildCommand::of_program(PathBuf::from(env!("CARGO_BIN_EXE_sonic-bridge"))),
        ..Options::new(&[], false)
    }
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

fn note(key: i16, down: bool) -> EventBody {
    match down {
        true => EventBody::NoteOn { channel: 0, key, velocity: 0.7, tuning: 0.0, note_id: -1 },
        false => EventBody::NoteOff { channel: 0, key, velocity: 0.0, note_id: -1 },
    }
}

#[test]
fn a_stream_allocates_nothing_whatever_comes_with_its_frames() {
    let cache = tempfile::tempdir().unwrap();
    let options = options(cache.path().to_owned());
    let (give, core) = mpsc::channel();
    let main = std::thread::spawn(move || {
        on_main(move || {
            let catalog = Catalog::open(&options).unwrap();
            let (main, core) = MainLoop::new(Host::new(catalog), options, CoreLimits { instances: 9, streams: 9 });
            give.send(core).unwrap();
            main.run().unwrap();
        });
    });
    let core = core.recv().unwrap();
    let plugins = ["Sonic Synth", "Sonic EQ", "Recorder", "Sonic Delay"];
    let plugins = plugins.map(|query| Wanted { query: query.to_owned(), ..Wanted::default() }).to_vec();
    let mode = ProcessMode::Realtime;
    let load = LoadRequest { owner: ME, plugins, sample_rate: 48_000.0, max_block: 128, channels: 2, mode };
    let record = wait(core.load(load)).unwrap();
    let open = StreamRequest { owner: ME, instance: record.id, sample_rate: 48_000.0, block: 128, channels: 2, mode };
    let (stream, _) = wait(core.open_stream(open)).unwrap();
    let live = core.live(ME, record.id).unwrap();
    let params: Vec<Vec<ParamId>> = live
        .members()
        .iter()
        .map(|plugin| {
            let free = plugin.params.iter().filter(|info| !info.flags.read_only && !info.flags.hidden);
            free.map(|info| info.id).collect()
        })
        .collect();
    let (mut wet, mut heard, mut dropped) = (0, 0, 0);
    for block in 0..600_u32 {
        // From elsewhere, as clients do; that may allocate.
        for (member, params) in params.iter().enumerate() {
            let param = params[block as usize % params.len()];
            let _ = live.set_normalized(member, param, f64::from(block % 11) / 10.0);
        }
        let body = note(60 + (block % 20) as i16, block % 3 != 0);
        let batch = EventBatch { member: None, events: vec![Event { offset: block % 200, bus: 0, body }] };
        let _ = core.send_events(ME, record.id, batch);
        if block % 50 == 0 {
            let change = TransportChange { tempo: Some(60.0 + f64::from(block % 90)), ..TransportChange::default() };
            let _ = core.set_transport(ME, record.id, change);
        }
        match block {
            200 => wait(core.set_bypass(ME, record.id, true)).unwrap(),
            240 => wait(core.set_bypass(ME, record.id, false)).unwrap(),
            300 => wait(core.panic(ME)).unwrap(),
            _ => {}
        }
        let frames = 1 + (block as usize * 37) % 1000;
        let mut events = Vec::new();
        for at in 0..40 {
            let member = at % 4;
            let of = &params[usize::from(member)];
            let kind = FrameEventKind::Param(of[usize::from(at) % of.len()].0, f64::from(at) / 40.0);
            events.push(FrameEvent { offset: u32::from(at) * 7, member, kind });
            let body = note(40 + i16::from(at), block % 2 == 0);
            events.push(FrameEvent { offset: u32::from(at), member: 255, kind: FrameEventKind::Event(body) });
        }
        let frame = Frame {
            frames,
            position: u64::from(block) * 1000,
            silent: block % 9 == 0,
            discontinuity: block % 70 == 0,
            offline: true,
            skip: block % 31 == 0,
        };
        let mut outcome = None;
        let calls = counted(|| {
            // Taking, waiting a moment, giving back and dry answers are the same thread's work.
            let _door = sonic_bridge::rt::Door::enter();
            let answer = stream.process(
                &frame,
                &events,
                |_, _, room| room.fill(0.1),
                |_, _, samples| heard += usize::from(samples.iter().any(|sample| *sample != 0.0)),
            );
            outcome = Some(answer);
        });
        assert_eq!(calls, 0, "block {block}: {frame:?}");
        let outcome = outcome.unwrap();
        wet += usize::from(!outcome.dry);
        dropped += outcome.dropped;
    }
    assert!(wet > 500 && heard > 500, "{wet} {heard}");
    assert_eq!(dropped, 0);
    core.shut_down();
    main.join().unwrap();
}
