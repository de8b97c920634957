//! A client that blocks, for both sides of a comparison.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::client::{IntoClientRequest as _, client};
use tokio_tungstenite::tungstenite::{Error, HandshakeError, Message, WebSocket};

/// How long a place among the sockets is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection without delay.
pub struct Client {
    /// For whoever wants it bare.
    pub socket: WebSocket<TcpStream>,
    origin: String,
    hello: Value,
    next_id: u64,
}

/// What pairing gives.
#[derive(Clone, Debug)]
pub struct Key {
    id: String,
    token: Vec<u8>,
}

impl Client {
    /// To a floor.
    pub fn to_floor(port: u16) -> Self {
        Self::open(port, "/echo", None)
    }

    /// To a bridge as its own page, up to its HELLO.
    pub fn to_bridge(port: u16) -> Self {
        let mut this = Self::open(port, "/v1/ws", Some("sonic-core.v1.json"));
        let hello = this.read_text();
        this.hello = serde_json::from_str::<Value>(&hello).unwrap()["params"].clone();
        this
    }

    fn open(port: u16, path: &str, subprotocol: Option<&str>) -> Self {
        let origin = format!("http://localhost:{port}");
        let asked = Instant::now();
        loop {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            stream.set_nodelay(true).unwrap();
            let mut request = format!("ws://127.0.0.1:{port}{path}").into_client_request().unwrap();
            request.headers_mut().insert("origin", origin.parse().unwrap());
            if let Some(subprotocol) = subprotocol {
                request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().unwrap());
            }
            match client(request, stream) {
                Ok((socket, _)) => return Self { socket, origin, hello: Value::Null, next_id: 1 },
                // So many at once are let in only one after the other.
                Err(HandshakeError::Failure(Error::Http(answer)))
                    if answer.status() == 503 && asked.elapsed() < PATIENCE => {}
                Err(error) => panic!("{path}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Pairs with the key of the printed address.
    pub fn pair(&mut self, key: &str) -> Key {
        let params = json!({ "protocol": 1, "client": { "name": "bench", "version": "1" }, "key": key });
        let answer = self.call("PAIR", params);
        let token = STANDARD.decode(answer["token"].as_str().unwrap()).unwrap();
        Key { id: answer["key_id"].as_str().unwrap().to_owned(), token }
    }

    /// Is let in. No events are asked for.
    pub fn identify(&mut self, key: &Key) {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).unwrap();
        let client_nonce = STANDARD.encode(nonce);
        let text = ["c", self.hello("instance_id"), self.hello("nonce"), &client_nonce, &self.origin].join("|");
        let mut proof = Hmac::<Sha256>::new_from_slice(&key.token).unwrap();
        proof.update(text.as_bytes());
        let params = json!({
            "protocol": 1, "client": { "name": "bench", "version": "1" }, "client_nonce": client_nonce, "key_id": key.id,
            "proof": STANDARD.encode(proof.finalize().into_bytes()), "events": { "classes": [] },
        });
        self.call("IDENTIFY", params);
    }

    fn hello(&self, member: &str) -> &str {
        self.hello[member].as_str().unwrap()
    }

    /// Asks, and waits for the good answer; all else that comes is not looked at.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        self.socket.send(Message::text(text)).unwrap();
        loop {
            let answer: Value = serde_json::from_str(&self.read_text()).unwrap();
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Loads Sonic Gain and opens a stream of stereo blocks through it: instance and stream.
    pub fn open_gain(&mut self, block: usize, credits: usize) -> (u64, u32) {
        let plugins = self.call("LIST_PLUGINS", json!({ "filter": { "name": "Sonic Gain" } }));
        let id = plugins["plugins"][0]["id"].as_str().unwrap_or_else(|| panic!("no Sonic Gain in {plugins}"));
        let record = self.call("LOAD_PLUGIN", json!({ "plugin_id": id, "max_block": block }));
        let instance = record["instance"].as_u64().unwrap();
        let opened = self.call("OPEN_STREAM", json!({ "instance": instance, "block": block, "credits": credits }));
        (instance, opened["stream"].as_u64().unwrap() as u32)
    }

    /// The next text; pings and the like are passed over.
    pub fn read_text(&mut self) -> String {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} instead of a text"),
            }
        }
    }

    /// The next binary message; texts are passed over.
    pub fn read_binary(&mut self) -> tokio_tungstenite::tungstenite::Bytes {
        loop {
            match self.socket.read().unwrap() {
                Message::Binary(bytes) => return bytes,
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }
}
