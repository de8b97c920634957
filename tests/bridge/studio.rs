//! What several stories do: load a plugin, stream sound through it, compare.

use crate::support::{
    client::{Client, Frame, OFFLINE},
    fixtures,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub const RATE: u32 = 48_000;

/// Demo plugins and real ones.
pub fn folders() -> Vec<PathBuf> {
    vec![fixtures::demo_plugins(), fixtures::real_plugins()]
}

/// The id of the plugin of exactly this name.
pub async fn id_of(client: &mut Client, name: &str) -> String {
    let list = client.call("LIST_PLUGINS", json!({})).await;
    let plugins = list["plugins"].as_array().unwrap();
    let found = plugins.iter().find(|plugin| plugin["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))["id"].as_str().unwrap().to_owned()
}

/// Loads a chain by names; the answer is the instance's record.
pub async fn load(client: &mut Client, names: &[&str], mode: &str) -> Value {
    let mut plugins = Vec::new();
    for name in names {
        plugins.push(id_of(client, name).await);
    }
    client.call("LOAD_PLUGIN", json!({ "plugins": plugins, "sample_rate": RATE, "channels": 2, "mode": mode })).await
}

/// Opens a stream of 128-frame blocks.
pub async fn open(client: &mut Client, instance: &Value, mode: &str) -> Value {
    let wish = json!({
        "instance": instance["instance"], "sample_rate": RATE, "block": 128, "channels": 2, "mode": mode, "credits": 64,
    });
    client.call("OPEN_STREAM", wish).await
}

/// The number of an open stream.
pub fn number(stream: &Value) -> u32 {
    stream["stream"].as_u64().unwrap() as u32
}

/// Sends sound through an open stream, so many frames at a time, and gives back what came; every answer is checked to be
/// the right one.
pub async fn play(client: &mut Client, stream: u32, sound: &[Vec<f32>], block: usize, flags: u16) -> Vec<Vec<f32>> {
    let length = sound[0].len();
    let mut result = vec![Vec::with_capacity(length); sound.len()];
    for (sequence, at) in (0..length).step_by(block).enumerate() {
        let end = (at + block).min(length);
        let channels: Vec<&[f32]> = sound.iter().map(|channel| &channel[at..end]).collect();
        let frame = Frame { flags, ..Frame::new(stream, sequence as u32, at as u64, &channels) };
        let answer = exchange(client, &frame).await;
        for (channel, samples) in result.iter_mut().zip(&answer.samples) {
            channel.extend(samples);
        }
    }
    result
}

/// The same in offline mode.
pub async fn play_offline(client: &mut Client, stream: u32, sound: &[Vec<f32>], block: usize) -> Vec<Vec<f32>> {
    play(client, stream, sound, block, OFFLINE).await
}

/// Sends one frame and takes its answer.
pub async fn exchange(client: &mut Client, frame: &Frame) -> Frame {
    let mut bytes = Vec::new();
    frame.write(&mut bytes);
    client.send(bytes.into()).await;
    let mut answers = Frame::read_all(&client.binary().await);
    assert_eq!(answers.len(), 1);
    let answer = answers.remove(0);
    assert_eq!(answer.kind, 2, "refused for reason {}: {answer:?}", answer.extra);
    assert_eq!(
        (answer.stream, answer.sequence, answer.position, answer.frames, answer.opaque),
        (frame.stream, frame.sequence, frame.position, frame.frames, frame.opaque)
    );
    answer
}

/// Sound with silence behind it.
pub fn with_silence(sound: &[Vec<f32>], frames: usize) -> Vec<Vec<f32>> {
    let longer = |channel: &Vec<f32>| channel.iter().copied().chain(std::iter::repeat_n(0.0, frames)).collect();
    sound.iter().map(longer).collect()
}

/// Compares bit by bit.
#[track_caller]
pub fn assert_same(one: &[Vec<f32>], other: &[Vec<f32>]) {
    assert_eq!(one.len(), other.len(), "channels");
    for (channel, (one, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(one.len(), other.len(), "frames");
        let at = one.iter().zip(other).position(|(one, other)| one.to_bits() != other.to_bits());
        if let Some(at) = at {
            panic!("channel {channel} differs first at {at}: {} and {}", one[at], other[at]);
        }
    }
}

/// Renders a file with the program's `render`, without a tail.
pub fn render(sandbox: &crate::support::sandbox::Sandbox, input: &Path, args: &[&str]) -> Vec<Vec<f32>> {
    let output = sandbox.file("rendered.wav");
    let status = sandbox
        .sonic_bridge(&folders())
        .args(["render", "--no-standard-folders", "--tail", "0", "--force"])
        .arg(input)
        .arg("-o")
        .arg(&output)
        .args(args)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    crate::support::sound::read_wav(&output).1
}
