//! A client that means well, unless it is told otherwise.

use super::{PATIENCE, Rig, log};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sonic_bridge::{
    security::{
        Secret,
        proof::{Role, Talk},
    },
    server::Prompt,
};
use std::{
    net::TcpStream,
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket, client::IntoClientRequest as _, http::HeaderValue, protocol::WebSocketConfig,
};

/// A client.
pub struct Client {
    pub ws: WebSocket<TcpStream>,
    pub hello: Value,
    pub origin: Option<String>,
    pub client_nonce: String,
    next: u64,
}

impl Client {
    /// Connects by the protocol `sonic-core`, and hears HELLO.
    pub fn connect(rig: &Rig, origin: &str) -> Self {
        Self::connect_to(rig, "/v1/ws", "sonic-core.v1.json", Some(origin), None).unwrap()
    }

    /// Connects; the error when the server refuses.
    pub fn connect_to(
        rig: &Rig,
        path: &str,
        protocol: &str,
        origin: Option<&str>,
        token: Option<&str>,
    ) -> Result<Self, Box<Error>> {
        let stream = TcpStream::connect(("127.0.0.1", rig.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://127.0.0.1:{}{path}", rig.port).into_client_request().unwrap();
        let text = |text: &str| HeaderValue::from_str(text).unwrap();
        request.headers_mut().insert("sec-websocket-protocol", text(protocol));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", text(origin));
        }
        if let Some(token) = token {
            request.headers_mut().insert("authorization", text(&format!("Bearer {token}")));
        }
        let config = WebSocketConfig::default();
        let made = tokio_tungstenite::tungstenite::client::client_with_config(request, stream, Some(config));
        let (ws, answer) = match made {
            Ok(made) => made,
            Err(tokio_tungstenite::tungstenite::HandshakeError::Failure(error)) => return Err(Box::new(error)),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(answer.headers().get("sec-websocket-protocol"), Some(&text(protocol)));
        let client_nonce = BASE64_STANDARD.encode(rand());
        let mut client = Self { ws, hello: Value::Null, origin: origin.map(str::to_owned), client_nonce, next: 1 };
        let hello = client.receive();
        assert_eq!(hello["method"], "HELLO");
        client.hello = hello["params"].clone();
        Ok(client)
    }

    /// Connects and identifies itself with a token.
    pub fn enter(rig: &Rig, origin: &str, token: &(String, String)) -> Self {
        let mut client = Self::connect(rig, origin);
        let ready = client.identify(token, json!({}));
        assert_eq!(ready["protocol"], 1, "{ready}");
        client
    }

    /// A proof by this socket's nonces.
    pub fn proof(&self, token: &str, role: Role, last: &str) -> String {
        let secret = Secret::from_base64(token).unwrap();
        let talk = Talk {
            instance: self.hello["instance_id"].as_str().unwrap(),
            nonce: self.hello["nonce"].as_str().unwrap(),
            client_nonce: &self.client_nonce,
            last,
        };
        let proof = secret.prove(role, &talk);
        log::secret(&proof);
        proof
    }

    /// What IDENTIFY says.
    pub fn identity(&self, (key_id, token): &(String, String), more: Value) -> Value {
        let origin = self.origin.as_deref().unwrap_or("native");
        let mut params = json!({
            "protocol": 1,
            "client": {"name": "test", "version": "1"},
            "client_nonce": self.client_nonce,
            "key_id": key_id,
            "proof": self.proof(token, Role::Client, origin),
            "events": {"classes": ["lifecycle", "params"]},
        });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    }

    /// Identifies itself; the result, with the bridge's proof checked.
    pub fn identify(&mut self, token: &(String, String), more: Value) -> Value {
        let params = self.identity(token, more);
        let ready = self.ask("IDENTIFY", params).unwrap();
        let origin = self.origin.clone().unwrap_or_else(|| "native".to_owned());
        assert_eq!(ready["server_proof"], self.proof(&token.1, Role::Server, &origin));
        ready
    }

    /// What takes a session over.
    pub fn resume(&self, token: &str, session: &str, last_seq: u64) -> Value {
        let proof = self.proof(token, Role::Resume, session);
        json!({"resume": {"session": session, "last_seq": last_seq, "proof": proof}})
    }

    /// Sends a request; its id.
    pub fn send(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        self.text(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        id
    }

    /// Sends a text.
    pub fn text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).unwrap();
    }

    /// Sends bytes.
    pub fn binary(&mut self, bytes: Vec<u8>) {
        self.ws.send(Message::binary(bytes)).unwrap();
    }

    /// Asks and waits for the answer; events that come before it are thrown away.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.send(method, params);
        loop {
            let answer = self.receive();
            if answer["id"] == id {
                return if answer["error"].is_null() {
                    Ok(answer["result"].clone())
                } else {
                    Err(answer["error"].clone())
                };
            }
        }
    }

    /// The next message.
    pub fn message(&mut self) -> Result<Message, Error> {
        loop {
            match self.ws.read()? {
                Message::Ping(_) | Message::Pong(_) => {}
                other => return Ok(other),
            }
        }
    }

    /// The next text, as JSON.
    pub fn receive(&mut self) -> Value {
        match self.message() {
            Ok(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("a text was expected: {other:?}"),
        }
    }

    /// The next event.
    pub fn event(&mut self) -> Value {
        let event = self.receive();
        assert_eq!(event["method"], "EVT", "{event}");
        event["params"].clone()
    }

    /// The code with which the server closes; what comes before it is thrown away.
    pub fn closed(&mut self) -> u16 {
        self.goodbye().0
    }

    /// Code and reason with which the server closes.
    pub fn goodbye(&mut self) -> (u16, String) {
        loop {
            match self.message() {
                Ok(Message::Close(Some(close))) => return (close.code.into(), close.reason.to_string()),
                Ok(_) => {}
                Err(error) => panic!("closed without a code: {error}"),
            }
        }
    }

    /// Whether nothing but pings comes for a while.
    pub fn is_silent(&mut self, wait: Duration) -> bool {
        let (until, mut silent) = (Instant::now() + wait, true);
        while silent && Instant::now() < until {
            self.ws.get_mut().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            silent = match self.ws.read() {
                Ok(message) => message.is_ping() || message.is_pong(),
                Err(Error::Io(error)) => is_early(&error),
                Err(_) => false,
            };
        }
        self.ws.get_mut().set_read_timeout(Some(PATIENCE)).unwrap();
        silent
    }
}

/// Nothing came in time; systems say that in two ways.
pub fn is_early(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

/// Pairs a page as a person would; key and token.
pub fn pair(rig: &Rig, origin: &str) -> (String, String) {
    // What was asked before is over.
    while rig.prompts.lock().unwrap().try_recv().is_ok() {}
    let mut client = Client::connect(rig, origin);
    let asked = client.send("PAIR", json!({"protocol": 1, "client": {"name": "test", "version": "1"}}));
    assert_eq!(client.receive()["method"], "PAIRING");
    let code = code(rig);
    let granted = client.ask("PAIR_CODE", json!({ "code": code })).unwrap();
    let done = client.receive();
    assert_eq!((done["id"].as_u64(), &done["result"]), (Some(asked), &json!({})));
    let text = |name: &str| granted[name].as_str().unwrap().to_owned();
    log::secret(&text("token"));
    (text("key_id"), text("token"))
}

/// The code that the bridge shows now.
pub fn code(rig: &Rig) -> String {
    loop {
        if let Prompt::Asked(asking) = rig.prompt() {
            return asking.code;
        }
    }
}

/// Enters, trying again when there is no room.
pub fn enter_patiently(rig: &Rig, origin: &str, token: &(String, String)) -> Client {
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < PATIENCE, "no room within {PATIENCE:?}");
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Client::connect_to(rig, "/v1/ws", "sonic-core.v1.json", Some(origin), None).ok()
        }));
        if let Ok(Some(mut client)) = made {
            client.identify(token, json!({}));
            return client;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn rand() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
