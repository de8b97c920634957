//! The first bytes of a connection.

use crate::checks::ws_handshake::check;
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;

/// A request by its parts, each right or nearly so.
fn built() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "GET /v1/ws HTTP/1.1",
        "GET /v1/ws HTTP/1.1",
        "GET /v1/ws HTTP/1.1",
        "GET /v1/ws?x=1 HTTP/1.1",
        "GET /v1/ws/ HTTP/1.1",
        "GET //v1/ws HTTP/1.1",
        "GET /v1/%77s HTTP/1.1",
        "GET /v1/native HTTP/1.1",
        "GET /v1/hello HTTP/1.1",
        "GET / HTTP/1.1",
        "GET /v1/ws HTTP/1.0",
        "POST /v1/ws HTTP/1.1",
        "OPTIONS /v1/ws HTTP/1.1",
        "CONNECT localhost:{PORT} HTTP/1.1",
        "GET http://localhost:{PORT}/v1/ws HTTP/1.1",
        "GET http://evil.example/v1/ws HTTP/1.1",
        "PRI * HTTP/2.0",
    ]);
    let host = prop::sample::select(vec![
        "Host: localhost:{PORT}",
        "Host: 127.0.0.1:{PORT}",
        "host:[::1]:{PORT}",
        "HOST:  localhost:{PORT}\t",
        "Host: localhost",
        "Host: LOCALHOST:{PORT}",
        "Host: evil.example:{PORT}",
        "Host: localhost:{PORT}.evil.example",
        "Host: localhost:{PORT},evil.example",
        "Host: localhost:{PORT}\r\n evil.example",
        "Host : localhost:{PORT}",
        "Host: localhost:0{PORT}",
        "Host:",
        "X: y",
    ]);
    let origin = prop::sample::select(vec![
        "Origin: https://studio.example",
        "Origin: http://localhost:{PORT}",
        "origin: http://[::1]:{PORT}",
        "Origin: https://studio.example.evil.example",
        "Origin: https://studio.example/",
        "Origin: https://studio.example:443",
        "Origin: HTTPS://studio.example",
        "Origin: http://studio.example",
        "Origin: https://studio.example, https://evil.example",
        "Origin: https://studio.example\r\n\thttps://evil.example",
        "Origin: null",
        "Origin:",
        "Origin : https://studio.example",
        "X-Origin: https://studio.example",
    ]);
    let upgrade = prop::sample::select(vec![
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
        "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Version: 13",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12",
        "Connection: close",
    ]);
    let key = prop::sample::select(vec![
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Key: x",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]);
    let protocol = prop::sample::select(vec![
        "Sec-WebSocket-Protocol: sonic-core.v1.json",
        "Sec-WebSocket-Protocol: other, sonic-core.v1.json",
        "Sec-WebSocket-Protocol: sonic-core.v2.json",
        "Sec-WebSocket-Extensions: permessage-deflate",
    ]);
    let more = prop::sample::select(vec![
        "",
        "",
        "",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: websocket\r\n",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Range: bytes=0-\r\n",
        "Expect: 100-continue\r\n",
        "Host: localhost:{PORT}\r\n",
        "Origin: https://studio.example\r\n",
        "Origin: https://evil.example\r\n",
        "X: \0\r\n",
        "X: \u{e4}\r\n",
    ]);
    let after =
        prop::sample::select(vec!["", "", "hello", "0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost:{PORT}\r\n\r\n"]);
    let fields = (host, origin, upgrade, key, protocol)
        .prop_map(|(host, origin, upgrade, key, protocol)| vec![host, origin, upgrade, key, protocol]);
    (line, fields.prop_shuffle(), more, after, prop_oneof![9 => Just("\r\n"), 1 => Just("\n")]).prop_map(
        |(line, fields, more, after, end)| {
            format!("{line}{end}{}{end}{more}{end}{after}", fields.join(end)).into_bytes()
        },
    )
}

#[test]
fn the_right_one_is_let_in_and_the_seeds_are_judged() {
    let all = seeds("ws_handshake");
    all.iter().for_each(|seed| check(seed));
    let server = crate::served::server();
    let let_in = all.iter().filter(|seed| server.ask(&server.filled_in(seed)).starts_with(b"HTTP/1.1 101 "));
    assert!(let_in.count() >= 2, "the check never sees a WebSocket");
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn changed_requests_are_let_in_by_the_right_names_only(bytes in mutated("ws_handshake")) {
        check(&bytes);
    }

    #[test]
    fn requests_of_right_and_wrong_parts_are_let_in_by_the_right_names_only(bytes in built()) {
        check(&bytes);
    }
}
