//! A stereo block of 128 frames through Sonic Gain and back, over the same bytes sent back by a bare WebSocket.

use crate::bridge::Bridge;
use crate::client::Client;
use crate::figures::Figures;
use crate::floor::Floor;
use crate::samples::{Samples, Side, take};
use crate::support::client::{DRY, Frame};
use crate::support::{fixtures, sandbox::Sandbox};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Samples of a channel.
pub const BLOCK: usize = 128;
/// Bytes of a frame of them.
pub const FRAME: usize = 32 + 2 * BLOCK * 4;
/// Of a block at 48 kHz.
pub const PERIOD: Duration = Duration::from_nanos(2_666_667);

/// How the round trips follow one another.
pub struct Rhythm {
    /// In words.
    pub name: &'static str,
    /// From one to the next; `None`: at once.
    period: Option<Duration>,
    in_a_turn: usize,
    /// Of each side.
    pub turns: usize,
}

/// As sound goes, and as fast as it goes.
pub const RHYTHMS: &[Rhythm] = &[
    Rhythm { name: "375 a second", period: Some(PERIOD), in_a_turn: 375, turns: 21 },
    Rhythm { name: "back to back", period: None, in_a_turn: 4000, turns: 41 },
];

/// Ratios of the middle and of the slowest hundredth.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    let bridge = Bridge::start(&sandbox, &[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.pair();
    let (_, stream) = page.open_gain(BLOCK, 32);
    let (warp, tcp) = (Floor::Warp.start(), Floor::Tcp.start());
    let mut echo = Client::to_floor(warp.port);
    let mut bare = TcpStream::connect((Ipv4Addr::LOCALHOST, tcp.port)).unwrap();
    bare.set_nodelay(true).unwrap();
    let mut frames: [Frames; 3] = std::array::from_fn(|_| Frames::new(stream));
    for rhythm in RHYTHMS {
        let [floor, ours, tcp] = take(rhythm.turns, |side| {
            let sent = || frames[side].next().to_vec();
            match side {
                0 => rhythm.turn(
                    sent,
                    |bytes| {
                        echo.socket.send(Message::binary(bytes)).unwrap();
                        echo.read_binary()
                    },
                    |back| assert_eq!(back.len(), FRAME),
                ),
                1 => rhythm.turn(
                    sent,
                    |bytes| {
                        page.socket.send(Message::binary(bytes)).unwrap();
                        page.read_binary()
                    },
                    |back| {
                        assert_eq!((back.len(), back[0]), (FRAME, 2), "a result of the same length");
                        assert_eq!(u16::from_le_bytes([back[2], back[3]]) & DRY, 0, "worked by the plugin");
                    },
                ),
                _ => rhythm.turn(
                    sent,
                    |mut bytes| {
                        bare.write_all(&bytes).unwrap();
                        bare.read_exact(&mut bytes).unwrap();
                    },
                    drop,
                ),
            }
        });
        for (share, what, goal) in [(0.5, "middle", 1.2), (0.99, "slowest hundredth", 1.5)] {
            let raw = raw(&floor, &ours, &tcp, share);
            let name = format!("round trip, {}, {what}", rhythm.name);
            figures.add(&name, ours.over(&floor, share), "×", goal, &raw);
        }
    }
}

fn raw(floor: &Side, ours: &Side, tcp: &Side, share: f64) -> [(&'static str, f64); 3] {
    [
        ("warp echo µs", floor.quantile(share)),
        ("bridge µs", ours.quantile(share)),
        ("TCP ping-pong µs", tcp.quantile(share)),
    ]
}

impl Rhythm {
    /// One turn. Only `trip` is timed: what `next` makes is made before, and what comes back is judged after.
    pub fn turn<T, R>(
        &self,
        mut next: impl FnMut() -> T,
        mut trip: impl FnMut(T) -> R,
        mut judge: impl FnMut(R),
    ) -> Samples {
        let mut samples = Samples::default();
        let mut due = Instant::now();
        for _ in 0..self.in_a_turn {
            let sent = next();
            if let Some(period) = self.period {
                due += period;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let started = Instant::now();
            let back = trip(sent);
            samples.add(started.elapsed());
            judge(back);
        }
        samples
    }
}

/// The frames of one stream, one after the other.
pub struct Frames {
    frame: Frame,
    bytes: Vec<u8>,
}

impl Frames {
    /// Before the first one.
    pub fn new(stream: u32) -> Self {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as i32 as f32 / 4e9
        };
        let channels: [Vec<f32>; 2] = std::array::from_fn(|_| (0..BLOCK).map(|_| noise()).collect());
        let frame = Frame::new(stream, 0, 0, &[&channels[0], &channels[1]]);
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        assert_eq!(bytes.len(), FRAME);
        Self { frame, bytes }
    }

    /// The bytes of the next one.
    pub fn next(&mut self) -> &[u8] {
        self.bytes[8..12].copy_from_slice(&self.frame.sequence.to_le_bytes());
        self.bytes[16..24].copy_from_slice(&self.frame.position.to_le_bytes());
        self.frame.sequence += 1;
        self.frame.position += BLOCK as u64;
        &self.bytes
    }
}
