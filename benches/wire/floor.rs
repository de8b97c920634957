//! The same program started again as the least program that carries the bytes, to be compared with `sonic-bridge`.

use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use warp::Filter as _;

/// The first argument that means all this.
pub const ARGUMENT: &str = "floor";

/// The least programs.
#[derive(Clone, Copy, Debug)]
pub enum Floor {
    /// Sends back what it gets, without any framing.
    Tcp,
    /// warp's own WebSocket on an accept loop of our own, which sends each message back without delay.
    Warp,
    /// The same with the delay that sockets have by default (Nagle's algorithm): what the lateness has to be able to show.
    WarpDelayed,
}

/// One that runs; killed when dropped.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

impl Floor {
    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Warp => "warp",
            Self::WarpDelayed => "warp-delayed",
        }
    }

    /// Starts it, and waits until it listens.
    pub fn start(self) -> Running {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([ARGUMENT, self.name()]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Running { child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What happens in the new process.
pub fn main(args: &[String]) {
    match args {
        [name] if name == Floor::Tcp.name() => tcp(),
        [name] if name == Floor::Warp.name() => warp(true),
        [name] if name == Floor::WarpDelayed.name() => warp(false),
        _ => panic!("no such floor: {args:?}"),
    }
}

fn tcp() {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Some(length) = stream.read(&mut bytes).ok().filter(|length| *length > 0) {
                if stream.write_all(&bytes[..length]).is_err() {
                    break;
                }
            }
        });
    }
}

fn warp(nodelay: bool) {
    let route = warp::path("echo").and(warp::ws()).map(|socket: warp::ws::Ws| {
        socket.on_upgrade(|socket| async move {
            let (mut send, mut receive) = socket.split();
            while let Some(Ok(message)) = receive.next().await {
                if message.is_close() || send.send(message).await.is_err() {
                    break;
                }
            }
        })
    });
    let service = warp::service(route);
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(nodelay).unwrap();
            let service = TowerToHyperService::new(service);
            tokio::spawn(async move {
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
            });
        }
    });
}
