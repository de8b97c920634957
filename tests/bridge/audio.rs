//! Sound through the bridge.

use crate::studio::{
    RATE, assert_same, exchange, folders, id_of, load, number, open, play, play_offline, render, with_silence,
};
use crate::support::{
    bridge::Bridge,
    client::{Client, DISCONTINUITY, DRY, Frame},
    fixtures,
    player::noise,
    sound::{peak, write_wav},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

#[tokio::test]
async fn a_page_plays_through_dragonfly() {
    let bridge = Bridge::start(&folders());
    let (mut page, _) = bridge.own_page().await;
    let hall = load(&mut page, &["Dragonfly Hall Reverb"], "realtime").await;
    assert_eq!(hall["members"][0]["plugin"]["name"], "Dragonfly Hall Reverb");
    let params = page.call("LIST_PARAMS", json!({ "instance": hall["instance"] })).await;
    let params = params["params"].as_array().unwrap();
    let dry = params.iter().find(|param| param["name"] == "Dry Level").expect("Dry Level");
    assert_eq!((dry["unit"].as_str(), dry["text"].as_str()), (Some("%"), Some("80")));
    let stream = open(&mut page, &hall, "realtime").await;

    let applied = page
        .call("SET_PARAM", json!({ "instance": hall["instance"], "param": "Dry Level", "value": "0", "space": "text" }))
        .await;
    assert_eq!(applied["applied"]["norm"], 0.0, "{applied}");
    let sound = with_silence(&noise(2, 4800), 24_000);
    let wet = play(&mut page, number(&stream), &sound, 128, 0).await;
    assert!(peak(&wet) > 1e-3, "the reverb is heard");
    let tail: Vec<Vec<f32>> = wet.iter().map(|channel| channel[12_000..].to_vec()).collect();
    assert!(peak(&tail) > 1e-5, "it rings on");

    page.call("SET_PARAM", json!({ "instance": hall["instance"], "param": "Early Level", "value": 0 })).await;
    page.call("SET_PARAM", json!({ "instance": hall["instance"], "param": "Late Level", "value": 0 })).await;
    page.call("FLUSH_STREAM", json!({ "stream": stream["stream"] })).await;
    let sequence = (sound[0].len() / 128) as u32;
    let block: Vec<f32> = vec![0.25; 128];
    let mut last = Frame::default();
    for at in 0..200 {
        let frame = Frame::new(number(&stream), sequence + at, u64::from(sequence + at) * 128, &[&block, &block]);
        last = exchange(&mut page, &frame).await;
    }
    assert!(peak(&last.samples) < 1e-3, "everything is turned down: {}", peak(&last.samples));
}

#[tokio::test]
async fn a_streamed_file_is_the_rendered_file_bit_by_bit() {
    let bridge = Bridge::start(&folders());
    let (mut page, _) = bridge.own_page().await;
    let sound = noise(2, 20_000);
    let input = bridge.sandbox.file("in.wav");
    write_wav(&input, RATE, &sound);
    for chain in [
        &["Sonic Gain"][..],
        &["Sonic EQ"],
        &["Sonic Delay"],
        &["Sonic Reverb"],
        &["Dragonfly Hall Reverb"],
        &["Dragonfly Plate Reverb"],
        &["ZamComp"],
        &["Sonic EQ", "Dragonfly Plate Reverb", "Sonic Gain"],
    ] {
        let instance = load(&mut page, chain, "offline").await;
        let stream = open(&mut page, &instance, "offline").await;
        let latency = stream["latency_samples"].as_u64().unwrap() as usize;
        let streamed = play_offline(&mut page, number(&stream), &with_silence(&sound, latency), 128).await;
        let streamed: Vec<Vec<f32>> = streamed.iter().map(|channel| channel[latency..].to_vec()).collect();
        page.call("UNLOAD_PLUGIN", json!({ "instance": instance["instance"] })).await;
        let plugins: Vec<&str> = chain.iter().flat_map(|name| ["--plugin", name]).collect();
        let rendered = render(&bridge.sandbox, &input, &[&plugins[..], &["--block", "128"]].concat());
        assert_same(&streamed, &rendered);
    }
}

#[tokio::test]
async fn sound_as_json_is_the_same_sound() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    let sound = noise(2, 2560);
    let mut results = Vec::new();
    for as_json in [false, true] {
        let delay = load(&mut page, &["Sonic Delay"], "realtime").await;
        let stream = open(&mut page, &delay, "realtime").await;
        if !as_json {
            results.push(play(&mut page, number(&stream), &sound, 128, 0).await);
            continue;
        }
        let mut result = vec![Vec::new(); 2];
        for at in (0..2560).step_by(128) {
            let planar: Vec<u8> = sound
                .iter()
                .flat_map(|channel| &channel[at..at + 128])
                .flat_map(|sample| sample.to_le_bytes())
                .collect();
            let wish = json!({ "stream": stream["stream"], "frames": 128, "channels": 2, "data_b64": STANDARD.encode(planar) });
            let answer = page.call("PROCESS_AUDIO", wish).await;
            let bytes = STANDARD.decode(answer["data_b64"].as_str().unwrap()).unwrap();
            let samples: Vec<f32> =
                bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
            for (channel, samples) in result.iter_mut().zip(samples.chunks_exact(128)) {
                channel.extend_from_slice(samples);
            }
        }
        results.push(result);
    }
    assert_same(&results[0], &results[1]);
}

#[tokio::test]
async fn two_pages_do_not_hear_each_other() {
    let bridge = Bridge::start(&folders());
    let (mut one, key) = bridge.own_page().await;
    let mut other = bridge.client(&key).await;
    let quiet = load(&mut one, &["Sonic Gain"], "realtime").await;
    let loud = load(&mut other, &["Sonic Gain"], "realtime").await;
    let (quiet_stream, loud_stream) =
        (open(&mut one, &quiet, "realtime").await, open(&mut other, &loud, "realtime").await);
    one.call("SET_PARAM", json!({ "instance": quiet["instance"], "param": "Gain", "value": "-6 dB", "space": "text" }))
        .await;
    let block = [0.5_f32; 128];
    // Some blocks in turn, so that neither gain is still on its way.
    let (mut a, mut b) = (Frame::default(), Frame::default());
    for at in 0..40 {
        a = exchange(&mut one, &Frame::new(number(&quiet_stream), at, u64::from(at) * 128, &[&block, &block])).await;
        b = exchange(&mut other, &Frame::new(number(&loud_stream), at, u64::from(at) * 128, &[&block, &block])).await;
    }
    assert!((peak(&a.samples) - 0.5 * 10_f32.powf(-0.3)).abs() < 1e-3, "{}", peak(&a.samples));
    assert!((peak(&b.samples) - 0.5).abs() < 1e-6, "{}", peak(&b.samples));

    // What is one's does not exist for the other.
    let strange = json!({ "instance": quiet["instance"] });
    let told = other.refused("GET_INSTANCE", strange.clone(), "INSTANCE_NOT_FOUND").await;
    let unknown = other.refused("GET_INSTANCE", json!({ "instance": 987_654 }), "INSTANCE_NOT_FOUND").await;
    let without_number =
        |error: &serde_json::Value, number: &str| error["message"].as_str().unwrap().replace(number, "N");
    assert_eq!(
        without_number(&told, &quiet["instance"].to_string()),
        without_number(&unknown, "987654"),
        "nothing tells that it exists"
    );
    other.refused("UNLOAD_PLUGIN", strange, "INSTANCE_NOT_FOUND").await;
    let list = other.call("LIST_INSTANCES", json!({})).await;
    assert_eq!(list["instances"].as_array().unwrap().len(), 1);
    let mut bytes = Vec::new();
    Frame::new(number(&quiet_stream), 40, 0, &[&block, &block]).write(&mut bytes);
    other.send(bytes.into()).await;
    let answer = Frame::read_all(&other.binary().await).remove(0);
    assert_eq!((answer.kind, answer.extra), (3, 5), "a foreign stream is refused");
}

#[tokio::test]
async fn many_frames_in_a_message_come_back_in_one() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    let block = [0.25_f32; 128];
    let mut streams = Vec::new();
    for _ in 0..4 {
        let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
        streams.push(number(&open(&mut page, &gain, "realtime").await));
    }
    let mut bytes = Vec::new();
    for sequence in 0..3 {
        for stream in &streams {
            Frame { opaque: sequence + 7, ..Frame::new(*stream, sequence, 0, &[&block, &block]) }.write(&mut bytes);
        }
    }
    page.send(bytes.into()).await;
    let answers = Frame::read_all(&page.binary().await);
    let order: Vec<(u32, u32, u32)> =
        answers.iter().map(|answer| (answer.sequence, answer.stream, answer.opaque)).collect();
    let expected: Vec<(u32, u32, u32)> =
        (0..3).flat_map(|sequence| streams.iter().map(move |stream| (sequence, *stream, sequence + 7))).collect();
    assert_eq!(order, expected);
    assert!(answers.iter().all(|answer| answer.kind == 2 && answer.samples[0] == block));
}

#[tokio::test]
async fn notes_and_points_in_a_frame_happen_at_their_sample() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    let synth = load(&mut page, &["Sonic Synth"], "realtime").await;
    let stream = number(&open(&mut page, &synth, "realtime").await);
    let silence = [0.0_f32; 128];
    let note = |kind: u8, offset: u16| (kind, 255, offset, 60, 0.8);
    let frame = Frame { events: vec![note(2, 100)], ..Frame::new(stream, 0, 0, &[&silence, &silence]) };
    let answer = exchange(&mut page, &frame).await;
    let first = answer.samples[0].iter().position(|sample| *sample != 0.0).expect("the note is heard");
    assert!((100..=104).contains(&first), "it begins at {first}");

    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let params = page.call("LIST_PARAMS", json!({ "instance": gain["instance"] })).await;
    let id = params["params"].as_array().unwrap().iter().find(|param| param["name"] == "Gain").unwrap()["id"].clone();
    let stream = number(&open(&mut page, &gain, "realtime").await);
    let ones = [0.5_f32; 128];
    let event = (1, 0, 64, id.as_u64().unwrap() as u32, 0.0);
    let before = exchange(&mut page, &Frame::new(stream, 0, 0, &[&ones, &ones])).await;
    let frame = Frame { events: vec![event], ..Frame::new(stream, 1, 128, &[&ones, &ones]) };
    let moved = exchange(&mut page, &frame).await;
    assert_eq!(before.samples[0], ones);
    // The plugin glides to the new value, from that sample on.
    assert_eq!(moved.samples[0][..64], ones[..64]);
    assert!(moved.samples[0][64..].windows(2).all(|pair| pair[1] < pair[0]), "{:?}", &moved.samples[0][60..70]);
}

#[tokio::test]
async fn a_failing_plugin_does_not_stop_the_stream() {
    let sandbox_plugins = [fixtures::demo_plugins(), fault_folder("output-nan")];
    let bridge = Bridge::start(&sandbox_plugins);
    let (mut page, _) = bridge.own_page().await;
    let bad = load(&mut page, &["Fault output-nan"], "realtime").await;
    let stream = number(&open(&mut page, &bad, "realtime").await);
    let block = [0.25_f32; 128];
    for at in 0..50 {
        let answer = exchange(&mut page, &Frame::new(stream, at, u64::from(at) * 128, &[&block, &block])).await;
        assert!(answer.samples.iter().flatten().all(|sample| sample.is_finite()));
    }
    let event = page.event("GUARD_TRIPPED").await;
    assert_eq!(event["data"]["instance"], bad["instance"]);
}

/// A folder that holds one fault plugin.
pub fn fault_folder(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fault-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let bundle = fixtures::bundle(&fixtures::fault_plugins(), &format!("Fault {name}"));
    let link = folder.join(bundle.file_name().unwrap());
    // Another test may be making it at the same time.
    if !link.exists() {
        let _ = std::os::unix::fs::symlink(bundle, &link);
    }
    folder
}

#[tokio::test]
async fn a_plugin_that_loads_slowly_delays_nobody() {
    let bridge = Bridge::start(&[fixtures::demo_plugins(), fault_folder("sleep-in-init")]);
    let (mut page, key) = bridge.own_page().await;
    let mut slow = bridge.client(&key).await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let stream = number(&open(&mut page, &gain, "realtime").await);
    let slow_id = id_of(&mut slow, "Fault sleep-in-init").await;
    let asked = std::time::Instant::now();
    let loading = slow.ask("LOAD_PLUGIN", json!({ "plugin_id": slow_id })).await;
    let block = [0.25_f32; 128];
    let mut served = 0;
    while asked.elapsed() < std::time::Duration::from_millis(2000) {
        exchange(&mut page, &Frame::new(stream, served, u64::from(served) * 128, &[&block, &block])).await;
        page.call("PING", json!({})).await;
        page.call("LIST_PLUGINS", json!({ "limit": 1 })).await;
        let value = f64::from(served % 2);
        let set = json!({ "instance": gain["instance"], "param": "Gain", "value": value });
        assert_eq!(page.call("SET_PARAM", set).await["applied"]["norm"], value);
        let get = json!({ "instance": gain["instance"], "param": "Gain" });
        assert_eq!(page.call("GET_PARAM", get).await["norm"], value);
        served += 1;
    }
    assert!(served > 20, "{served} rounds while the other plugin was loading");
    slow.answer(loading).await.expect("it loads in the end");
    assert!(asked.elapsed() > std::time::Duration::from_millis(2000), "the plugin was slow at all");
}

#[tokio::test]
async fn a_gap_needs_its_flag_and_frames_beyond_the_credit_come_back_dry() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let wish = json!({ "instance": gain["instance"], "channels": 2, "block": 128, "credits": 2 });
    let stream = number(&page.call("OPEN_STREAM", wish).await);
    let block = [0.25_f32; 128];
    exchange(&mut page, &Frame::new(stream, 5, 0, &[&block, &block])).await;
    let refused = nack(&mut page, &Frame::new(stream, 7, 256, &[&block, &block])).await;
    assert_eq!(refused, 6);
    let gap = Frame { flags: DISCONTINUITY, ..Frame::new(stream, 7, 256, &[&block, &block]) };
    exchange(&mut page, &gap).await;
    let mut bytes = Vec::new();
    for sequence in 8..12 {
        Frame::new(stream, sequence, 0, &[&block, &block]).write(&mut bytes);
    }
    page.send(bytes.into()).await;
    let answers = Frame::read_all(&page.binary().await);
    let dry: Vec<bool> = answers.iter().map(|answer| answer.flags & DRY != 0).collect();
    assert_eq!(dry, [false, false, true, true]);
}

async fn nack(page: &mut Client, frame: &Frame) -> u32 {
    let mut bytes = Vec::new();
    frame.write(&mut bytes);
    page.send(bytes.into()).await;
    let answer = Frame::read_all(&page.binary().await).remove(0);
    assert_eq!(answer.kind, 3, "{answer:?}");
    answer.extra
}
