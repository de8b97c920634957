//! Requests as bytes, so that nothing corrects what is wrong with them.

use super::Rig;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// 0 when the connection was closed without one.
    pub status: u16,
    /// All of it.
    pub text: String,
}

impl Answer {
    /// A line of the head.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        let line =
            head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
        line.map(|(_, value)| value)
    }

    /// What follows the head.
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// Answers in it.
    pub fn count(&self) -> usize {
        self.text.matches("HTTP/1.").count()
    }
}

/// Sends bytes and reads until the connection ends, or long enough for an answer.
pub fn send(port: u16, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // The other side may refuse before all was sent.
    let _ = stream.write_all(bytes);
    read(stream)
}

/// Reads an answer: a WebSocket stays open, so its answer ends with the head.
pub fn read(mut stream: TcpStream) -> Answer {
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    let (mut all, mut room) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut room) {
        all.extend_from_slice(&room[..read]);
        if all.starts_with(b"HTTP/1.1 101") && all.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    let text = String::from_utf8_lossy(&all).into_owned();
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..))
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok());
    Answer { status: status.unwrap_or_default(), text }
}

/// A request in the making.
#[derive(Clone)]
pub struct Request {
    port: u16,
    line: String,
    lines: Vec<(String, String)>,
}

/// An upgrade that is right but for its origin, which is missing.
pub fn upgrade(rig: &Rig) -> Request {
    get(rig, "/v1/ws")
        .with("Connection", "Upgrade")
        .with("Upgrade", "websocket")
        .with("Sec-WebSocket-Version", "13")
        .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .with("Sec-WebSocket-Protocol", "sonic-core.v1.json")
}

/// A plain request.
pub fn get(rig: &Rig, path: &str) -> Request {
    let request = Request { port: rig.port, line: format!("GET {path} HTTP/1.1"), lines: Vec::new() };
    request.with("Host", &format!("127.0.0.1:{}", rig.port))
}

/// An upgrade of a program.
pub fn native(rig: &Rig, token: Option<&str>) -> Answer {
    let request = upgrade(rig).line("GET /v1/native HTTP/1.1");
    token.into_iter().fold(request, |request, token| request.with("Authorization", &format!("Bearer {token}"))).send()
}

impl Request {
    /// One more line.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.lines.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another value, or none.
    pub fn set(mut self, name: &str, value: Option<&str>) -> Self {
        self.lines.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        value.into_iter().fold(self, |request, value| request.with(name, value))
    }

    /// The origin.
    pub fn origin(self, origin: &str) -> Self {
        self.set("Origin", Some(origin))
    }

    /// The host.
    pub fn host(self, host: &str) -> Self {
        self.set("Host", Some(host))
    }

    /// Another first line.
    pub fn line(mut self, line: &str) -> Self {
        self.line = line.to_owned();
        self
    }

    /// As bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let lines: String = self.lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{lines}\r\n", self.line).into_bytes()
    }

    /// Sends it.
    pub fn send(&self) -> Answer {
        send(self.port, &self.bytes())
    }
}
