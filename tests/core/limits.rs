//! Whose is whose, how much, and what is left at the end.

use crate::rig::{MANY, ME, Rig, frame, level, play, request, through, wait};
use sonic_bridge::{
    control::core::{
        CoreLimits, EventBatch, InstanceId, LoadRequest, Owner, ParamRef, StreamRequest, TransportChange, What,
    },
    model::ErrorCode,
};

#[test]
fn what_is_another_s_does_not_exist() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Gain"]);
    let stream = rig.open(record.id);
    let (thief, nobody) = (Owner(8), InstanceId(999));
    let core = &rig.core;
    let texts = |id: InstanceId| -> Vec<String> {
        let params = ParamRef::Name("Gain".to_owned());
        let load = StreamRequest { owner: thief, ..through(id) };
        let errors = vec![
            core.live(thief, id).map(|_| ()).unwrap_err(),
            core.send_events(thief, id, EventBatch { member: None, events: vec![] }).unwrap_err(),
            core.set_transport(thief, id, TransportChange::default()).unwrap_err(),
            wait(core.unload(thief, id)).unwrap_err(),
            wait(core.instance(thief, id)).map(|_| ()).unwrap_err(),
            wait(core.restart(thief, id)).map(|_| ()).unwrap_err(),
            wait(core.reset(thief, id)).unwrap_err(),
            wait(core.set_bypass(thief, id, true)).unwrap_err(),
            wait(core.params(thief, id, 0, 0, 1)).map(|_| ()).unwrap_err(),
            wait(core.param_value(thief, id, 0, params, None)).map(|_| ()).unwrap_err(),
            wait(core.states(thief, id)).map(|_| ()).unwrap_err(),
            wait(core.set_states(thief, id, vec![])).unwrap_err(),
            wait(core.presets(thief, id, 0)).map(|_| ()).unwrap_err(),
            wait(core.load_preset(thief, id, 0, "x".to_owned())).unwrap_err(),
            wait(core.save_preset(thief, id, 0, "x".to_owned(), true)).map(|_| ()).unwrap_err(),
            wait(core.programs(thief, id, 0)).map(|_| ()).unwrap_err(),
            wait(core.set_program(thief, id, 0, 0, 0)).unwrap_err(),
            wait(core.open_stream(load)).map(|_| ()).unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.code() == ErrorCode::INSTANCE_NOT_FOUND), "{errors:?}");
        errors.iter().map(|error| error.to_string().replace(&id.0.to_string(), "N")).collect()
    };
    assert_eq!(texts(record.id), texts(nobody), "the answer tells nothing");
    assert!(core.stream(thief, stream.id()).is_err() && core.stream(ME, stream.id()).is_ok());
    assert_eq!(wait(core.close_stream(thief, stream.id())).unwrap_err().code(), ErrorCode::STREAM_NOT_FOUND);
    assert!(core.timings(thief).is_empty() && wait(core.instances(thief)).unwrap().is_empty());
    wait(core.panic(thief)).unwrap();
    core.stop_streams(thief);
    core.release(thief);
    assert_eq!(wait(core.instances(ME)).unwrap().len(), 1);
    assert!(!stream.is_closed());
    rig.end();
}

#[test]
fn each_owner_has_limits_of_its_own() {
    let rig = Rig::with(CoreLimits { instances: 2, streams: 1 });
    let (first, second) = (rig.load(&["Sonic Gain"]), rig.load(&["Sonic Gain"]));
    let error = wait(rig.core.load(request(&["Sonic Gain"]))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::LIMIT_REACHED);
    assert!(error.to_string().contains('2') && error.to_string().contains("instances"), "{error}");
    let other = LoadRequest { owner: Owner(8), ..request(&["Sonic Gain"]) };
    let other = wait(rig.core.load(other)).unwrap();
    let stream = rig.open(first.id);
    assert_eq!(wait(rig.core.open_stream(through(second.id))).unwrap_err().code(), ErrorCode::LIMIT_REACHED);
    assert!(wait(rig.core.open_stream(StreamRequest { owner: Owner(8), ..through(other.id) })).is_ok());
    wait(rig.core.close_stream(ME, stream.id())).unwrap();
    rig.open(second.id);
    wait(rig.core.unload(ME, first.id)).unwrap();
    rig.load(&["Sonic Gain"]);
    rig.end();
}

#[test]
fn a_release_takes_everything_of_an_owner_and_nothing_else() {
    let mut rig = Rig::new();
    let mine = [rig.load(&["Sonic Gain"]), rig.load(&["Sonic Reverb"])];
    let stream = rig.open(mine[0].id);
    let other = wait(rig.core.load(LoadRequest { owner: Owner(8), ..request(&["Sonic EQ"]) })).unwrap();
    rig.core.release(ME);
    assert!(wait(rig.core.instances(ME)).unwrap().is_empty());
    assert!(stream.is_closed());
    assert!(rig.core.stream(ME, stream.id()).is_err());
    assert_eq!(wait(rig.core.instances(Owner(8))).unwrap(), [other]);
    let unloaded = rig.happened().into_iter().filter(|event| event.what == What::Unloaded && event.owner == Some(ME));
    assert_eq!(unloaded.count(), 2);
    rig.end();
}

#[test]
fn the_end_leaves_nothing_and_answers_everybody() {
    let rig = Rig::with(MANY);
    let record = rig.load(&["Sonic Gain", "Sonic Reverb"]);
    let stream = rig.open(record.id);
    let (core, way) = (rig.core.clone(), stream.clone());
    let playing = std::thread::spawn(move || {
        let mut frames = 0_u64;
        while !way.is_closed() {
            play(&way, &frame(128, frames * 128), &[], &level(128, 0.1));
            frames += 1;
        }
    });
    while stream.timings().blocks == 0 {
        std::thread::yield_now();
    }
    rig.end();
    playing.join().unwrap();
    assert_eq!(wait(core.instances(ME)).unwrap_err().code(), ErrorCode::SHUTTING_DOWN);
    assert!(core.live(ME, record.id).is_err());
    assert_eq!(play(&stream, &frame(64, 0), &[], &level(64, 0.5)).0, level(64, 0.5));
}
