//! The first bytes of a connection.

use crate::served;

/// Statuses that refuse.
const REFUSED: &[u16] = &[400, 403, 404, 405, 408, 411, 413, 414, 417, 426, 429, 431, 501, 503, 505];

/// Whatever is sent: one answer at most; and who gets anything but a refusal came by one right `Host`, and to a WebSocket
/// by one right `Origin` as well.
pub fn check(data: &[u8]) {
    let server = served::server();
    let mut request = server.filled_in(data);
    if !ends_a_head(&request) {
        request.extend(b"\r\n\r\n");
    }
    let answer = server.ask(&request);
    served::still_whole();
    let Some(status) = status(&answer) else {
        assert!(answer.is_empty(), "{:?}", String::from_utf8_lossy(&answer));
        return;
    };
    let shown = || String::from_utf8_lossy(&request).into_owned();
    let heads =
        answer.windows(9).filter(|window| [b"HTTP/1.1 ", b"HTTP/1.0 "].iter().any(|head| window == *head)).count();
    assert_eq!(heads, 1, "two answers to {}", shown());
    let (hosts, origins) = (fields(&request, "host"), fields(&request, "origin"));
    let readable = fields(&answer, "access-control-allow-origin");
    if REFUSED.contains(&status) {
        assert!(readable.is_empty(), "a refusal that a page may read: {}", shown());
        return;
    }
    assert!(status == 101 || status == 200, "{status} to {}", shown());
    assert!(hosts.len() == 1 && server.hosts().contains(&hosts[0]), "{status} to {}", shown());
    assert!(origins.len() <= 1 && origins.iter().all(|origin| server.origins().contains(origin)), "{}", shown());
    assert!(readable.iter().all(|origin| origins.contains(origin)), "{}", shown());
    if status == 101 {
        assert_eq!(origins.len(), 1, "a WebSocket without an origin: {}", shown());
        assert!(request.trim_ascii_start().starts_with(b"GET "), "{}", shown());
        assert_eq!(fields(&answer, "sec-websocket-protocol"), ["sonic-core.v1.json"]);
    }
}

fn ends_a_head(request: &[u8]) -> bool {
    request.windows(4).any(|end| end == b"\r\n\r\n") || request.windows(2).any(|end| end == b"\n\n")
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.strip_prefix(b"HTTP/1.1 ").or_else(|| answer.strip_prefix(b"HTTP/1.0 "))?;
    std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()
}

/// The values of a field in the head, read in the simplest way there is.
fn fields(message: &[u8], name: &str) -> Vec<String> {
    let lines = message.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (field, value) = (&line[..colon], &line[colon + 1..]);
            field
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| String::from_utf8_lossy(value.trim_ascii()).into_owned())
        })
        .collect()
}
