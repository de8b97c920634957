//! A client of the bridge that is no browser: sends a WAV file through a plugin, 128 frames at a time, and writes what
//! comes back. The README beside it says how to try it; `docs/protocol.md` describes what travels.

use std::{collections::VecDeque, net::TcpStream};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket, client::IntoClientRequest as _};

const BLOCK: usize = 128;
/// Blocks on their way at the same time.
const IN_FLIGHT: usize = 16;
const HEADER: usize = 32;
const OFFLINE: u16 = 2;
const SILENT: u16 = 4;
const DRY: u16 = 16;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [token, plugin, input, output] = args.as_slice() else {
        bail!("usage: native-client TOKEN PLUGIN in.wav out.wav (the port is taken from SONIC_BRIDGE_PORT, else 8080)");
    };
    let port = std::env::var("SONIC_BRIDGE_PORT").ok().map_or(Ok(8080), |port| port.parse())?;
    let (channels, rate) = read_wav(input)?;
    let mut bridge = Bridge::connect(port, token)?;

    let id = bridge.find(plugin)?;
    let loaded = bridge.call(
        "LOAD_PLUGIN",
        json!({
            "plugin_id": id, "sample_rate": rate, "channels": channels.len(), "mode": "offline",
        }),
    )?;
    let instance = &loaded["instance"];
    let stream = bridge.call(
        "OPEN_STREAM",
        json!({
            "instance": instance, "sample_rate": rate, "block": BLOCK, "channels": channels.len(), "mode": "offline",
            "credits": IN_FLIGHT,
        }),
    )?;
    let latency = stream["latency_samples"].as_u64().unwrap_or(0) as usize;
    println!(
        "{}: {rate} Hz, {} channels, latency {latency} samples",
        loaded["members"][0]["plugin"]["name"],
        channels.len()
    );

    let processed =
        bridge.stream(stream["stream"].as_u64().context("a stream has a number")? as u32, &channels, latency)?;
    write_wav(output, &processed, rate)?;
    bridge.call("UNLOAD_PLUGIN", json!({ "instance": instance }))?;
    Ok(())
}

/// A connection that was let in.
struct Bridge {
    socket: WebSocket<TcpStream>,
    next_id: u64,
}

impl Bridge {
    fn connect(port: u16, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("no bridge listens there")?;
        // Without this the system holds small messages back until the last one was acknowledged.
        stream.set_nodelay(true)?;
        let mut request = format!("ws://127.0.0.1:{port}/v1/native").into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        request.headers_mut().insert("sec-websocket-protocol", "sonic-core.v1.json".parse()?);
        let (socket, _) = tungstenite::client(request, stream).context(
            "the bridge does not let this client in; is server.native on, and the token one of `sonic-bridge token NAME`?",
        )?;
        let mut bridge = Self { socket, next_id: 1 };
        let hello = bridge.text()?;
        if hello["method"] != "HELLO" {
            bail!("this is no bridge: {hello}");
        }
        // The token was shown with the upgrade, so there is nothing to prove.
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        let who = json!({ "name": "native-client", "version": "1.0" });
        let nonce = base64::prelude::BASE64_STANDARD.encode(nonce);
        bridge.call("IDENTIFY", json!({ "protocol": 1, "client": who, "client_nonce": nonce }))?;
        Ok(bridge)
    }

    /// Sends a request and waits for its answer; events are passed over.
    fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        let id = self.next_id;
        self.next_id += 1;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.socket.send(Message::text(request.to_string()))?;
        loop {
            let answer = self.text()?;
            if answer["id"] != id {
                continue;
            }
            if let Some(error) = answer.get("error") {
                bail!("{method}: {}", error["message"].as_str().unwrap_or("refused"));
            }
            return Ok(answer["result"].clone());
        }
    }

    fn text(&mut self) -> Result<Value> {
        loop {
            match self.socket.read()? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("the bridge closed the connection: {frame:?}"),
                _ => {}
            }
        }
    }

    fn find(&mut self, name: &str) -> Result<String> {
        let list = self.call("LIST_PLUGINS", json!({ "filter": { "name": name } }))?;
        match list["plugins"].as_array().map(Vec::as_slice) {
            Some([only]) => Ok(only["id"].as_str().unwrap_or_default().to_owned()),
            Some(several) if !several.is_empty() => {
                let names: Vec<&str> = several.iter().filter_map(|plugin| plugin["name"].as_str()).collect();
                bail!("{name:?} fits {}", names.join(", "))
            }
            _ => bail!("the bridge knows no plugin called {name:?}"),
        }
    }

    /// Sends all of the sound, and as much silence as the latency is long; gives back what belongs to the sound.
    fn stream(&mut self, stream: u32, sound: &[Vec<f32>], latency: usize) -> Result<Vec<Vec<f32>>> {
        let length = sound[0].len();
        let mut result = vec![Vec::with_capacity(length + latency); sound.len()];
        let mut waiting = VecDeque::new();
        let mut at = 0;
        for sequence in 0.. {
            let frames = BLOCK.min(length + latency - at);
            if frames > 0 {
                self.socket.send(Message::binary(frame(stream, sequence, at, sound, frames)))?;
                waiting.push_back(sequence);
                at += frames;
            }
            while waiting.len() >= IN_FLIGHT || (frames == 0 && !waiting.is_empty()) {
                let Message::Binary(bytes) = self.socket.read()? else { continue };
                take(&bytes, waiting.pop_front(), &mut result)?;
            }
            if frames == 0 {
                break;
            }
        }
        for channel in &mut result {
            channel.drain(..latency);
        }
        Ok(result)
    }
}

/// A frame of sound; silence behind the end.
fn frame(stream: u32, sequence: u32, at: usize, sound: &[Vec<f32>], frames: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + sound.len() * frames * 4);
    bytes.extend([1, 1]);
    bytes.extend(OFFLINE.to_le_bytes());
    bytes.extend(stream.to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.extend((sound.len() as u16).to_le_bytes());
    bytes.extend((frames as u16).to_le_bytes());
    bytes.extend((at as u64).to_le_bytes());
    bytes.extend([0; 8]);
    for channel in sound {
        let samples = (at..at + frames).map(|at| channel.get(at).copied().unwrap_or(0.0));
        samples.for_each(|sample| bytes.extend(sample.to_le_bytes()));
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// Appends what a result holds.
fn take(bytes: &[u8], expected: Option<u32>, result: &mut [Vec<f32>]) -> Result<()> {
    let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    if bytes.len() < HEADER || bytes[0] != 2 || Some(number(8)) != expected {
        bail!("the bridge refused a frame: {:?}", &bytes[..bytes.len().min(HEADER)]);
    }
    if short(2) & DRY != 0 {
        bail!("the plugin did not process a frame");
    }
    let frames = usize::from(short(14));
    for (at, channel) in result.iter_mut().enumerate() {
        if short(2) & SILENT != 0 {
            channel.extend(std::iter::repeat_n(0.0, frames));
            continue;
        }
        let samples = &bytes[HEADER + at * frames * 4..][..frames * 4];
        channel.extend(samples.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])));
    }
    Ok(())
}

fn read_wav(path: &str) -> Result<(Vec<Vec<f32>>, u32)> {
    let mut reader = hound::WavReader::open(path).with_context(|| format!("{path} cannot be read"))?;
    let spec = reader.spec();
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            let full = (1_u32 << (spec.bits_per_sample - 1)) as f32;
            reader.samples::<i32>().map(|sample| Ok(sample? as f32 / full)).collect::<Result<_>>()?
        }
    };
    let channels = usize::from(spec.channels);
    if samples.is_empty() {
        bail!("{path} holds no sound");
    }
    Ok((
        (0..channels).map(|at| samples.iter().skip(at).step_by(channels).copied().collect()).collect(),
        spec.sample_rate,
    ))
}

fn write_wav(path: &str, sound: &[Vec<f32>], rate: u32) -> Result<()> {
    let spec = hound::WavSpec {
        channels: sound.len() as u16,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).with_context(|| format!("{path} cannot be written"))?;
    for at in 0..sound[0].len() {
        for channel in sound {
            writer.write_sample(channel[at])?;
        }
    }
    Ok(writer.finalize()?)
}
