//! What a client says after its socket was opened, message by message.

use crate::served::{self, Patient, Target};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest as _, client};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// Steps of a talk that are looked at.
const STEPS: usize = 12;
/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const CLOSE_CODES: &[u16] = &[
    1000, 1001, 1002, 1003, 1007, 1009, 1012, 1013, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4010, 4011,
    4012, 4013,
];

/// The token of the bridge's own page.
struct Key {
    id: String,
    token: Vec<u8>,
}

/// Whatever is said in whatever order: the answers are JSON, the close code is one of the list, and neither a session nor
/// the work of a script is to be had without the proof for this very socket.
pub fn check(data: &[u8]) {
    let server = served::server();
    let key = key(server);
    let mut talk = Talk::open(server);
    let mut rest = data;
    for _ in 0..STEPS {
        let Some((step, after)) = rest.split_first() else { break };
        rest = after;
        rest = talk.say(*step, rest, key);
        if talk.over {
            break;
        }
    }
    talk.finish();
    served::still_whole();
}

fn key(server: &Target) -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut talk = Talk::open(server);
        let address = server.control.page_address();
        let key = address.split("#key=").nth(1).unwrap();
        let client = json!({ "name": "hostile", "version": "1" });
        talk.request(&json!("pair"), "PAIR", json!({ "protocol": 1, "client": client, "key": key }));
        let answer = talk.receive().expect("a token");
        let text = |member: &str| answer["result"][member].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Key { id: text("key_id"), token: STANDARD.decode(text("token")).unwrap() }
    })
}

struct Talk {
    socket: WebSocket<Patient>,
    origin: String,
    hello: Value,
    /// The right proof was shown.
    entitled: bool,
    /// The other side closed.
    over: bool,
    count: u64,
}

impl Talk {
    fn open(server: &Target) -> Self {
        let origin = format!("http://localhost:{}", server.port);
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://127.0.0.1:{}/v1/ws", server.port).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("sec-websocket-protocol", "sonic-core.v1.json".parse().unwrap());
        let (socket, _) = client(request, Patient(stream)).unwrap_or_else(|error| panic!("{error}"));
        let mut talk = Self { socket, origin, hello: Value::Null, entitled: false, over: false, count: 0 };
        let hello = talk.receive().expect("HELLO");
        assert_eq!(hello["method"], "HELLO");
        talk.hello = hello["params"].clone();
        talk
    }

    /// One step, with what it needs of the bytes; the others come back.
    fn say<'a>(&mut self, step: u8, data: &'a [u8], key: &Key) -> &'a [u8] {
        let length = data.first().map_or(0, |length| usize::from(*length));
        let (own, rest) = data.split_at((1 + length).min(data.len()));
        let own = own.get(1..).unwrap_or_default();
        let text = String::from_utf8_lossy(own);
        match step % 11 {
            0 => self.send(Message::text(text.into_owned())),
            1 => self.send(Message::binary(own.to_vec())),
            2 => self.send(Message::Ping(own[..own.len().min(125)].to_vec().into())),
            3 => {
                let params = self.identify(key);
                self.entitled = true;
                self.ask("IDENTIFY", params);
            }
            4 => {
                let params = self.spoilt(key, own);
                self.ask("IDENTIFY", params);
            }
            5 => {
                let client = json!({ "name": text, "version": "1" });
                self.ask("PAIR", json!({ "protocol": 1, "client": client, "key": text }));
            }
            6 => self.ask("PAIR", json!({ "protocol": 1, "client": { "name": "hostile", "version": "1" } })),
            7 => self.ask("PAIR_CODE", json!({ "code": text })),
            8 => self.ask(&text, json!({})),
            9 => {
                // In one piece with what follows, as a page does that does not wait.
                let id = self.next();
                let value = serde_json::from_str::<Value>(&text).unwrap_or(Value::Null);
                self.request(&id, "LIST_PLUGINS", value);
            }
            _ => {
                let mut params = self.identify(key);
                self.entitled = true;
                let session = text.into_owned();
                let proof =
                    prove(key, &["r", self.hello("instance_id"), self.hello("nonce"), nonce(&params), &session]);
                params["resume"] = json!({ "session": session, "last_seq": own.len(), "proof": proof });
                self.ask("IDENTIFY", params);
            }
        }
        rest
    }

    fn identify(&self, key: &Key) -> Value {
        let client_nonce = STANDARD.encode([7; 32]);
        let parts = ["c", self.hello("instance_id"), self.hello("nonce"), &client_nonce, &self.origin];
        json!({
            "protocol": 1, "client": { "name": "hostile", "version": "1" }, "client_nonce": client_nonce, "key_id": key.id,
            "proof": prove(key, &parts), "events": { "classes": ["lifecycle"] }, "caps": [],
        })
    }

    /// The right words with a wrong proof, and perhaps something else that is wrong.
    fn spoilt(&self, key: &Key, how: &[u8]) -> Value {
        let mut params = self.identify(key);
        let nonce = nonce(&params).to_owned();
        let (instance, own_nonce) = (self.hello("instance_id"), self.hello("nonce"));
        let other = Key { id: String::new(), token: vec![0; 32] };
        let first = how.first().copied().unwrap_or_default();
        params["proof"] = match first % 8 {
            0 => json!(prove(key, &["s", instance, own_nonce, &nonce, &self.origin])),
            1 => json!(prove(key, &["r", instance, own_nonce, &nonce, &self.origin])),
            2 => json!(prove(key, &["c", instance, &nonce, own_nonce, &self.origin])),
            3 => json!(prove(key, &["c", instance, own_nonce, &nonce, served::ORIGIN])),
            4 => json!(prove(&other, &["c", instance, own_nonce, &nonce, &self.origin])),
            5 => json!(""),
            6 => Value::Null,
            _ => json!(String::from_utf8_lossy(how)),
        };
        if let Some(member) = how.get(1) {
            let names = ["protocol", "client", "client_nonce", "key_id", "events", "caps", "resume", "proof"];
            let value = String::from_utf8_lossy(&how[2..]);
            params[names[usize::from(*member) % names.len()]] =
                serde_json::from_str(&value).unwrap_or_else(|_| json!(value));
        }
        // Whatever was put there: it is not the proof.
        let right = self.identify(key);
        if params["proof"] == right["proof"] {
            params["proof"] = Value::Null;
        }
        params
    }

    fn hello(&self, member: &str) -> &str {
        self.hello[member].as_str().unwrap()
    }

    fn next(&mut self) -> Value {
        self.count += 1;
        if self.count.is_multiple_of(3) { json!(format!("text {}", self.count)) } else { json!(self.count) }
    }

    /// Asks and looks at what comes first, whatever it is.
    fn ask(&mut self, method: &str, params: Value) {
        let id = self.next();
        self.request(&id, method, params);
        self.receive();
    }

    fn request(&mut self, id: &Value, method: &str, params: Value) {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        self.send(Message::text(text));
    }

    fn send(&mut self, message: Message) {
        // The other side may have closed; what it said before is still read.
        let _ = self.socket.send(message);
    }

    /// The next message, judged; `None` when there will be none.
    fn receive(&mut self) -> Option<Value> {
        while !self.over {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    self.judge(&message);
                    return Some(message);
                }
                Ok(Message::Binary(bytes)) => {
                    assert!(self.entitled, "frames for a stranger");
                    assert!(bytes.len() >= 32);
                }
                Ok(Message::Close(frame)) => {
                    self.over = true;
                    let code = frame.map_or(1000, |frame| frame.code.into());
                    assert!(CLOSE_CODES.contains(&code), "close code {code}");
                }
                Ok(_) => {}
                Err(tokio_tungstenite::tungstenite::Error::Io(error))
                    if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
                {
                    panic!("neither an answer nor an end");
                }
                Err(_) => self.over = true,
            }
        }
        None
    }

    fn judge(&self, message: &Value) {
        assert_eq!(message["jsonrpc"], "2.0", "{message}");
        let result = &message["result"];
        let let_in = !result["session"].is_null() || !result["worked"].is_null() || message["method"] == "EVT";
        assert!(self.entitled || !let_in, "a stranger got {message}");
        if let Some(error) = message.get("error") {
            assert!(
                error["code"].is_i64() && error["message"].is_string() && error["data"]["kind"].is_string(),
                "{error}"
            );
        }
    }

    /// Whatever was said before, the last question has an answer or the socket ends.
    fn finish(mut self) {
        let last = json!("the last one");
        self.request(&last, "PING", json!({}));
        while let Some(message) = self.receive() {
            if message["id"] == last {
                assert!(self.entitled || message.get("error").is_some(), "{message}");
                break;
            }
        }
    }
}

fn nonce(params: &Value) -> &str {
    params["client_nonce"].as_str().unwrap()
}

fn prove(key: &Key, parts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.token).unwrap();
    mac.update(parts.join("|").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
