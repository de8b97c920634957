//! A client that sends by the clock on one thread and only reads on another, as a page's two halves do.

use crate::client::Client;
use crate::round_trip::{FRAME, Frames, PERIOD};
use crate::samples::Samples;
use crate::support::client::DRY;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// A result that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one connection carries.
pub struct Load {
    /// Its streams.
    pub frames: Vec<Frames>,
    /// All frames of a tick travel in one message, else each in its own.
    pub together: bool,
    /// Blocks that are sent at a tick, one behind the other; ticks are as many blocks apart.
    pub at_once: usize,
    /// Blocks of each stream.
    pub blocks: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// From the time a block was due to be sent until it was back.
    pub times: Samples,
    /// Blocks that came back unprocessed.
    pub dry: usize,
    /// The client itself sent a tick later than this.
    pub sent_late: Duration,
}

impl Load {
    /// Carries it from `start` on, which is the same for all connections of a run.
    pub fn run(&mut self, client: &mut Client, start: Instant) -> Outcome {
        let results = self.blocks * self.frames.len();
        let (blocks, at_once) = (self.blocks, self.at_once);
        // Nothing is on its way, so the second half begins with an empty buffer.
        let half = client.socket.get_ref().try_clone().unwrap();
        half.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut outcome = Outcome::default();
        let sent_late = std::thread::scope(|scope| {
            let reading = scope.spawn(move || read(half, start, results, blocks, at_once));
            let mut sent_late = Duration::ZERO;
            for tick in 0..blocks / at_once {
                let due = start + PERIOD * (tick * at_once) as u32;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                sent_late = sent_late.max(due.elapsed());
                for _ in 0..at_once {
                    self.send(client);
                }
            }
            outcome = reading.join().unwrap();
            sent_late
        });
        Outcome { sent_late, ..outcome }
    }

    fn send(&mut self, client: &mut Client) {
        if self.together {
            let bytes = self.frames.iter_mut().flat_map(|frames| frames.next().to_vec()).collect::<Vec<u8>>();
            client.socket.send(Message::binary(bytes)).unwrap();
        } else {
            for frames in &mut self.frames {
                client.socket.send(Message::binary(frames.next().to_vec())).unwrap();
            }
        }
    }
}

fn read(half: TcpStream, start: Instant, results: usize, blocks: usize, at_once: usize) -> Outcome {
    let mut socket = WebSocket::from_raw_socket(half, Role::Client, None);
    let mut outcome = Outcome::default();
    let mut left = results;
    while left > 0 {
        let Message::Binary(bytes) = socket.read().unwrap() else { continue };
        let now = Instant::now();
        assert!(bytes.len().is_multiple_of(FRAME), "{} bytes instead of whole frames", bytes.len());
        for frame in bytes.chunks_exact(FRAME) {
            // A floor sends back what it got, with kind 1.
            assert!(frame[0] == 1 || frame[0] == 2, "frame {:?} instead of a result", &frame[..32]);
            outcome.dry += usize::from(u16::from_le_bytes([frame[2], frame[3]]) & DRY != 0);
            let sequence = u32::from_le_bytes(frame[8..12].try_into().unwrap()) as usize % blocks;
            let due = start + PERIOD * (sequence / at_once * at_once) as u32;
            outcome.times.add(now.saturating_duration_since(due));
            left -= 1;
        }
    }
    outcome
}
