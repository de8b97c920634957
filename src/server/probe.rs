//! L4 · who holds the port: another bridge, or something else.
//!
//! Thread: any; waits up to two seconds. Invariant: what is read is bounded and printed escaped.
//! Deliberately absent: trust. Whoever answers may write what it likes; it is shown to a person and decides nothing.

use std::{
    fmt,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// For each step of the question.
const WAIT: Duration = Duration::from_secs(1);

/// The most that is read of an answer.
const MOST: u64 = 16 << 10;

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A bridge.
    Bridge {
        /// Its version, as it says.
        version: String,
    },
    /// Something that listens and is none.
    Other,
    /// Nothing that answers.
    Nobody,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bridge { version } => write!(f, "a sonic-bridge that runs already (version {version})"),
            Self::Other => f.write_str("another program"),
            Self::Nobody => f.write_str("something that does not answer"),
        }
    }
}

/// `[any]` Asks whoever listens on a port of this machine who it is.
pub fn probe(port: u16) -> Holder {
    let four = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    match ask(four) {
        Holder::Nobody => ask(six),
        holder => holder,
    }
}

fn ask(address: SocketAddr) -> Holder {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, WAIT) else { return Holder::Nobody };
    let told = stream.set_read_timeout(Some(WAIT)).and_then(|()| stream.set_write_timeout(Some(WAIT))).and_then(|()| {
        write!(stream, "GET /v1/hello HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        // An answer that ends early is still an answer.
        let _ = stream.take(MOST).read_to_end(&mut answer);
        Ok(answer)
    });
    told.ok().and_then(|answer| version(&answer)).map_or(Holder::Other, |version| Holder::Bridge { version })
}

fn version(answer: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 200") {
        return None;
    }
    let hello: serde_json::Value = serde_json::from_str(body).ok()?;
    if hello.get("app")?.as_str()? != "sonic-bridge" {
        return None;
    }
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    Some(hello.get("version")?.as_str()?.chars().filter(fits).take(32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bridge_is_taken_for_one() {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let answer = format!("{head}{{\"app\":\"sonic-bridge\",\"version\":\"1.2\\u001b[31m.3\"}}");
        assert_eq!(version(answer.as_bytes()).as_deref(), Some("1.231m.3"));
        assert_eq!(version(format!("{head}{{\"app\":\"other\",\"version\":\"1\"}}").as_bytes()), None);
        assert_eq!(version(b"SSH-2.0-x\r\n"), None);
        assert_eq!(version(&[0xff, 0xfe]), None);
    }
}
