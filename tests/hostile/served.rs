//! The real server on a port of its own, with scripts that answer everything: what is let in, and what is said to it.

use sonic_bridge::link::{Answer, HttpAnswer, ProtocolRoute, ScriptEnd, Served, ToScript, ToServer, link};
use sonic_bridge::server::{Config, Limits, Server, ServerControl};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A page of the list.
pub const ORIGIN: &str = "https://studio.example";
/// What stands in inputs for the port, which nobody knows before.
const PORT: &[u8] = b"{PORT}";
/// Nothing comes any more.
const SILENCE: Duration = Duration::from_millis(150);

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A server that runs as long as this process.
pub struct Target {
    pub port: u16,
    pub control: ServerControl,
    _folder: tempfile::TempDir,
}

/// The server; started by the first who asks.
pub fn server() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        count_panics();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::bind(config(folder.path())).unwrap_or_else(|error| panic!("{error}"));
        // A page that asks to be let in is shown to somebody.
        let mut prompts = server.prompts().unwrap();
        let target = Target { port: server.port(), control: server.control(), _folder: folder };
        let (end, scripts) = link();
        thread("server under test", move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(server.run(end, CancellationToken::new()));
        });
        thread("prompts under test", move || while prompts.blocking_recv().is_some() {});
        thread("scripts under test", move || answer(scripts));
        // Until the scripts have said what they serve, everything is answered with 503.
        let request = format!("GET /v1/ws HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: {ORIGIN}\r\n\r\n", target.port);
        while target.ask(request.as_bytes()).starts_with(b"HTTP/1.1 503") {
            std::thread::yield_now();
        }
        target
    })
}

/// No limit of times and numbers gets in the way of many inputs a second; the sizes are those of every day.
fn config(folder: &std::path::Path) -> Config {
    let many = 1 << 20;
    let limits = Limits {
        connections: many,
        sockets: many,
        unidentified: many,
        upgrades: (1e9, 1e9),
        handshake: Duration::from_secs(1),
        sessions: many,
        grace: Duration::from_millis(1),
        failures: (many, Duration::from_secs(1), Duration::from_secs(1)),
        ..Limits::default()
    };
    Config { port: 0, origins: vec![ORIGIN.to_owned()], folder: folder.to_owned(), limits, ..Config::default() }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

fn answer(mut scripts: ScriptEnd) {
    let protocols = vec![ProtocolRoute { name: "sonic-core".into(), path: "/v1/ws".to_owned() }];
    scripts.outgoing.send(ToServer::Serve(Served { protocols, endpoints: Vec::new() })).unwrap();
    while let Some(asked) = scripts.incoming.blocking_recv() {
        match asked {
            ToScript::Call(call) => {
                let result = serde_json::json!({ "worked": call.method });
                let _ = call.reply.send(Ok(Answer { result, streams: Vec::new() }));
            }
            ToScript::Http(call) => {
                let answer = HttpAnswer { status: 200, content_type: "application/json".to_owned(), body: Vec::new() };
                let _ = call.reply.send(answer);
            }
            _ => {}
        }
    }
}

/// A panic of the server's threads ends only what they were doing; here it is a failure.
fn count_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        if name == "connection" || name.ends_with(" under test") {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
}

/// Fails if a thread of the server ever panicked.
pub fn still_whole() {
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "panics in the server's threads");
}

impl Target {
    /// With the port in its places.
    pub fn filled_in(&self, data: &[u8]) -> Vec<u8> {
        let port = self.port.to_string();
        let mut out = Vec::with_capacity(data.len());
        let mut rest = data;
        while let Some(first) = rest.first() {
            if let Some(after) = rest.strip_prefix(PORT) {
                out.extend(port.bytes());
                rest = after;
            } else {
                out.push(*first);
                rest = &rest[1..];
            }
        }
        out
    }

    /// The three names of this machine with the port.
    pub fn hosts(&self) -> [String; 3] {
        ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{}", self.port))
    }

    /// Origins that are let in.
    pub fn origins(&self) -> Vec<String> {
        let own = self.hosts().map(|host| format!("http://{host}"));
        own.into_iter().chain([ORIGIN.to_owned()]).collect()
    }

    /// Sends bytes, and gives what came back until the other side ended it or fell silent.
    pub fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        // The other side may have enough before it has everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    answer.extend(&piece[..count]);
                    // What follows is a WebSocket, which goes on.
                    if answer.starts_with(b"HTTP/1.1 101") && answer.windows(4).any(|end| end == b"\r\n\r\n") {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Silence, or an end that was not a clean one.
                Err(_) => break,
            }
        }
        answer
    }
}

/// A socket that goes on where a signal interrupted it; a fuzzer has a clock that sends them.
pub struct Patient(pub TcpStream);

impl std::io::Read for Patient {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.0.read(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl std::io::Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
