//! The bridge itself as a running program, for tests that talk to it over its socket.

use crate::support::{
    client::{Client, Key},
    sandbox::Sandbox,
};
use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// A page that is let in by the sandbox's configuration.
pub const ORIGIN: &str = "https://studio.example";

/// A running bridge; killed when dropped.
pub struct Bridge {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// The address of its own page, key included, as it printed it.
    pub address: String,
    output: Arc<Mutex<String>>,
    errors: Arc<Mutex<String>>,
    pub sandbox: Sandbox,
}

impl Bridge {
    /// Starts one with these plugin folders, and waits until it listens.
    pub fn start(folders: &[PathBuf]) -> Self {
        Self::start_in(Sandbox::new(), folders, &[])
    }

    /// Starts one in a prepared sandbox (its `config.lua`, if there is one), with more arguments.
    pub fn start_in(sandbox: Sandbox, folders: &[PathBuf], args: &[&str]) -> Self {
        let config = sandbox.file("config.lua");
        if !config.exists() {
            std::fs::write(&config, format!("return {{ server = {{ origins = {{ {ORIGIN:?} }} }} }}\n")).unwrap();
        }
        let mut command = sandbox.sonic_bridge(folders);
        command.args(["run", "--port", "0", "--no-open", "--accept-native-plugins", "--no-standard-folders"]);
        command.args(args);
        Self::spawn(sandbox, command)
    }

    fn spawn(sandbox: Sandbox, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (output, errors) = (Arc::default(), Arc::default());
        let lines = collect(child.stdout.take().unwrap(), &output);
        collect(child.stderr.take().unwrap(), &errors);
        let started = Instant::now();
        let mut bridge = Self { child, port: 0, address: String::new(), output, errors, sandbox };
        while bridge.address.is_empty() {
            if let Ok(line) = lines.recv_timeout(Duration::from_millis(100)) {
                if let Some(at) = line.find("http://localhost:").filter(|_| line.contains("#key=")) {
                    bridge.address = line[at..].trim().to_owned();
                }
            } else if bridge.child.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_secs(60) {
                panic!("the bridge does not listen: {}{}", bridge.output(), bridge.errors());
            }
        }
        let port = bridge.address.trim_start_matches("http://localhost:").split('/').next().unwrap();
        bridge.port = port.parse().unwrap();
        bridge
    }

    /// What it wrote to stdout so far.
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// What it wrote to stderr so far, the log included.
    pub fn errors(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The origin of its own page.
    pub fn own_origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// A paired and identified client of the bridge's own page. Only the first call in the life of a bridge can use the
    /// printed key; it answers the key of the pairing for further ones.
    pub async fn own_page(&self) -> (Client, Key) {
        let key = self.address.split("#key=").nth(1).unwrap().to_owned();
        let mut client = Client::connect(self.port, &self.own_origin()).await;
        let key = client.pair_with_key(&key).await;
        client.identify(&key).await;
        (client, key)
    }

    /// Another client of the same pairing.
    pub async fn client(&self, key: &Key) -> Client {
        let mut client = Client::connect(self.port, &self.own_origin()).await;
        client.identify(key).await;
        client
    }

    /// Asks it to end, as Ctrl-C does, and waits for the end.
    #[cfg(unix)]
    pub fn stop(mut self) -> (std::process::ExitStatus, String) {
        assert_eq!(rustix_kill(self.child.id()), 0);
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                std::thread::sleep(Duration::from_millis(50));
                return (status, self.errors());
            }
            assert!(started.elapsed() < Duration::from_secs(30), "it does not end: {}", self.errors());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[cfg(unix)]
fn rustix_kill(pid: u32) -> i32 {
    let status = Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap();
    status.code().unwrap_or(-1)
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the bridge wrote:\n{}{}", self.output(), self.errors());
        }
    }
}

fn collect(from: impl std::io::Read + Send + 'static, into: &Arc<Mutex<String>>) -> std::sync::mpsc::Receiver<String> {
    let (send, lines) = std::sync::mpsc::channel();
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while reader.by_ref().take(1 << 20).read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            into.lock().unwrap().push_str(&text);
            let _ = send.send(text);
            line.clear();
        }
    });
    lines
}
