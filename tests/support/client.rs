//! A client of the bridge over a real socket, as a page would be one: handshake, requests, events, frames.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, client::IntoClientRequest as _};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Nothing of the bridge takes longer in a test.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What pairing gives.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub token: Vec<u8>,
}

/// A connection after HELLO.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub origin: String,
    pub hello: Value,
    pub nonce: String,
    pub session: String,
    next_id: u64,
    /// Events that came while something else was waited for.
    pub events: VecDeque<Value>,
    /// Binary messages that came while something else was waited for.
    pub frames: VecDeque<Vec<u8>>,
    answers: VecDeque<Value>,
}

/// How a socket ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed(pub u16);

impl Client {
    /// Connects as a page of this origin, and takes HELLO.
    pub async fn connect(port: u16, origin: &str) -> Self {
        Self::connect_to(port, "/v1/ws", "sonic-core.v1.json", Some(origin), None).await.unwrap()
    }

    /// Connects in any way.
    pub async fn connect_to(
        port: u16,
        path: &str,
        subprotocol: &str,
        origin: Option<&str>,
        bearer: Option<&str>,
    ) -> Result<Self, WsError> {
        let mut request = format!("ws://127.0.0.1:{port}{path}").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        if let Some(bearer) = bearer {
            headers.insert("authorization", format!("Bearer {bearer}").parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async_with_config(request, None, true).await?;
        let mut client = Self {
            socket,
            origin: origin.unwrap_or("native").to_owned(),
            hello: Value::Null,
            nonce: String::new(),
            session: String::new(),
            next_id: 1,
            events: VecDeque::new(),
            frames: VecDeque::new(),
            answers: VecDeque::new(),
        };
        let hello = client.text().await.expect("HELLO");
        assert_eq!(hello["method"], "HELLO", "{hello}");
        client.nonce = hello["params"]["nonce"].as_str().unwrap().to_owned();
        client.hello = hello["params"].clone();
        Ok(client)
    }

    /// Pairs with the single-use key of the bridge's own page.
    pub async fn pair_with_key(&mut self, key: &str) -> Key {
        let answer = self
            .request("PAIR", json!({ "protocol": 1, "client": { "name": "test", "version": "1" }, "key": key }))
            .await
            .expect("pairing");
        Key::from(&answer)
    }

    /// Says who it is, and is let in.
    pub async fn identify(&mut self, key: &Key) -> Value {
        self.identify_with(key, json!({})).await.expect("IDENTIFY")
    }

    /// The same with more members, e.g. `resume`.
    pub async fn identify_with(&mut self, key: &Key, more: Value) -> Result<Value, Value> {
        let params = self.identity(key, more);
        let client_nonce = params["client_nonce"].as_str().unwrap().to_owned();
        let ready = self.request("IDENTIFY", params).await?;
        let server = self.proof(key, &["s", &self.instance(), &self.nonce, &client_nonce, &self.origin.clone()]);
        assert_eq!(ready["server_proof"], server, "the server does not know the token");
        self.session = ready["session"].as_str().unwrap().to_owned();
        Ok(ready)
    }

    /// What IDENTIFY says.
    pub fn identity(&self, key: &Key, more: Value) -> Value {
        let client_nonce = STANDARD.encode(rand_bytes());
        let proof = self.proof(key, &["c", &self.instance(), &self.nonce, &client_nonce, &self.origin.clone()]);
        let mut params = json!({
            "protocol": 1,
            "client": { "name": "test", "version": "1" },
            "client_nonce": client_nonce,
            "key_id": key.id,
            "proof": proof,
            "events": { "classes": ["lifecycle", "params", "scripts", "graph", "log"] },
        });
        for (name, value) in more.as_object().unwrap() {
            let mut value = value.clone();
            if name == "resume" {
                let session = value["session"].as_str().unwrap().to_owned();
                value["proof"] = json!(self.proof(key, &["r", &self.instance(), &self.nonce, &client_nonce, &session]));
            }
            params[name] = value;
        }
        params
    }

    fn instance(&self) -> String {
        self.hello["instance_id"].as_str().unwrap().to_owned()
    }

    fn proof(&self, key: &Key, parts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.token).unwrap();
        mac.update(parts.join("|").as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// Asks, and waits for the answer; events and frames that come meanwhile are kept.
    pub async fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    /// Asks and expects a good answer.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.request(method, params.clone()).await.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// Asks and expects an error of this kind.
    pub async fn refused(&mut self, method: &str, params: Value, kind: &str) -> Value {
        let error = self.request(method, params.clone()).await.expect_err(method);
        assert_eq!(error["data"]["kind"], kind, "{method} {params}: {error}");
        error
    }

    /// Asks without waiting.
    pub async fn ask(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        self.send(Message::text(text)).await;
        id
    }

    /// Waits for the answer to what was asked.
    pub async fn answer(&mut self, id: u64) -> Result<Value, Value> {
        loop {
            if let Some(at) = self.answers.iter().position(|answer| answer["id"] == id) {
                let answer = self.answers.remove(at).unwrap();
                return match answer.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(answer["result"].clone()),
                };
            }
            self.receive().await.unwrap_or_else(|closed| panic!("closed with {closed:?} instead of answer {id}"));
        }
    }

    /// Waits for an event of this type.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            if let Some(at) = self.events.iter().position(|event| event["type"] == kind) {
                return self.events.remove(at).unwrap();
            }
            self.receive().await.unwrap_or_else(|closed| panic!("closed with {closed:?} instead of event {kind}"));
        }
    }

    /// Waits for a binary message.
    pub async fn binary(&mut self) -> Vec<u8> {
        loop {
            if let Some(frames) = self.frames.pop_front() {
                return frames;
            }
            self.receive().await.unwrap_or_else(|closed| panic!("closed with {closed:?} instead of frames"));
        }
    }

    /// Waits for the end of the socket.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.receive().await {
                return closed;
            }
        }
    }

    /// Sends anything.
    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends anything, also where the other side may be gone.
    pub async fn try_send(&mut self, message: Message) -> Result<(), WsError> {
        self.socket.send(message).await
    }

    async fn text(&mut self) -> Result<Value, Closed> {
        match self.next().await? {
            Message::Text(text) => Ok(serde_json::from_str(&text).unwrap()),
            other => panic!("{other:?} instead of a text"),
        }
    }

    async fn receive(&mut self) -> Result<(), Closed> {
        match self.next().await? {
            Message::Text(text) => {
                let value: Value = serde_json::from_str(&text).unwrap();
                match value["method"].as_str() {
                    Some("EVT") => self.events.push_back(value["params"].clone()),
                    Some(other) => self.events.push_back(json!({ "type": other, "data": value["params"] })),
                    None => self.answers.push_back(value),
                }
            }
            Message::Binary(bytes) => self.frames.push_back(bytes.to_vec()),
            _ => {}
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Message, Closed> {
        let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing came for a minute");
        match message {
            Some(Ok(Message::Close(Some(frame)))) => Err(Closed(frame.code.into())),
            Some(Ok(Message::Close(None))) => Err(Closed(1005)),
            Some(Ok(message)) => Ok(message),
            Some(Err(_)) | None => Err(Closed(1006)),
        }
    }
}

impl Key {
    fn from(answer: &Value) -> Self {
        Self {
            id: answer["key_id"].as_str().unwrap().to_owned(),
            token: STANDARD.decode(answer["token"].as_str().unwrap()).unwrap(),
        }
    }
}

fn rand_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// A frame to send, or one that came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u16,
    pub stream: u32,
    pub sequence: u32,
    pub position: u64,
    /// Microseconds in a result, the reason in a NACK.
    pub extra: u32,
    pub opaque: u32,
    pub channels: usize,
    pub frames: usize,
    /// By channel.
    pub samples: Vec<Vec<f32>>,
    /// kind, member, offset, id, value
    pub events: Vec<(u8, u8, u16, u32, f64)>,
}

pub const DISCONTINUITY: u16 = 1;
pub const OFFLINE: u16 = 2;
pub const SILENT: u16 = 4;
pub const EVENTS: u16 = 8;
pub const DRY: u16 = 16;

impl Frame {
    /// A block of sound for a stream.
    pub fn new(stream: u32, sequence: u32, position: u64, samples: &[&[f32]]) -> Self {
        Self {
            kind: 1,
            stream,
            sequence,
            position,
            channels: samples.len(),
            frames: samples[0].len(),
            samples: samples.iter().map(|channel| channel.to_vec()).collect(),
            ..Self::default()
        }
    }

    /// As bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let flags = self.flags | if self.events.is_empty() { 0 } else { EVENTS };
        out.push(self.kind);
        out.push(1);
        out.extend(flags.to_le_bytes());
        out.extend(self.stream.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend((self.channels as u16).to_le_bytes());
        out.extend((self.frames as u16).to_le_bytes());
        out.extend(self.position.to_le_bytes());
        out.extend((self.events.len() as u32 * 16).to_le_bytes());
        out.extend(self.opaque.to_le_bytes());
        for channel in &self.samples {
            channel.iter().for_each(|sample| out.extend(sample.to_le_bytes()));
        }
        for (kind, member, offset, id, value) in &self.events {
            out.extend([*kind, *member]);
            out.extend(offset.to_le_bytes());
            out.extend(id.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        while !out.len().is_multiple_of(8) {
            out.push(0);
        }
    }

    /// All frames of a message.
    pub fn read_all(mut bytes: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let (frame, length) = Self::read(bytes);
            all.push(frame);
            bytes = &bytes[length..];
        }
        all
    }

    fn read(bytes: &[u8]) -> (Self, usize) {
        let u16_at = |at: usize| u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap());
        let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(bytes[1], 1, "version");
        let mut frame = Self {
            kind: bytes[0],
            flags: u16_at(2),
            stream: u32_at(4),
            sequence: u32_at(8),
            channels: u16_at(12).into(),
            frames: u16_at(14).into(),
            position: u64::from_le_bytes(bytes[16..24].try_into().unwrap()),
            extra: u32_at(24),
            opaque: u32_at(28),
            ..Self::default()
        };
        let mut length = 32;
        for _ in 0..frame.channels {
            let samples = if frame.flags & SILENT != 0 {
                vec![0.0; frame.frames]
            } else {
                let part = &bytes[length..length + 4 * frame.frames];
                length += part.len();
                part.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
            };
            frame.samples.push(samples);
        }
        (frame, length.next_multiple_of(8))
    }
}
