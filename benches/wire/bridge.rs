//! A running `sonic-bridge` with its limits out of the way.

use crate::client::{Client, Key};
use crate::support::sandbox::Sandbox;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// One that runs; killed when dropped.
pub struct Bridge {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// From the start of the process to the address it printed.
    pub took: Duration,
    key: String,
    _errors: std::thread::JoinHandle<()>,
}

impl Bridge {
    /// Starts one in this sandbox, and waits until it says where it listens.
    pub fn start(sandbox: &Sandbox, folders: &[PathBuf]) -> Self {
        let config = sandbox.file("config.lua");
        std::fs::write(&config, CONFIG).unwrap();
        let mut command = sandbox.sonic_bridge(folders);
        command.args([
            "run",
            "--port",
            "0",
            "--no-open",
            "--accept-native-plugins",
            "--no-standard-folders",
            "--config",
        ]);
        command.arg(&config);
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        // Read to its end, so that the bridge never waits for us.
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            if std::env::var_os("WIRE_LOG").is_some() {
                eprintln!("{text}");
            }
        });
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut all = String::new();
        let address = loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let _ = child.kill();
                panic!("the bridge does not listen; run it by hand: {command:?}\n{all}");
            }
            if let Some(at) = line.find("http://localhost:").filter(|_| line.contains("#key=")) {
                break line[at..].trim().to_owned();
            }
            all.push_str(&line);
        };
        let took = started.elapsed();
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let port = address.trim_start_matches("http://localhost:").split('/').next().unwrap().parse().unwrap();
        let key = address.split("#key=").nth(1).unwrap().to_owned();
        Self { child, port, took, key, _errors: errors }
    }

    /// The first client, and the key for others.
    pub fn pair(&self) -> (Client, Key) {
        let mut client = Client::to_bridge(self.port);
        let key = client.pair(&self.key);
        client.identify(&key);
        (client, key)
    }

    /// Another client of the same pairing.
    pub fn client(&self, key: &Key) -> Client {
        let mut client = Client::to_bridge(self.port);
        client.identify(key);
        client
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The figures are about what work costs, not about when it is refused.
const CONFIG: &str =
    "return { limits = { sessions = 1024, sockets = 1024, instances = 1024, streams = 1024, grace_s = 0 } }\n";
