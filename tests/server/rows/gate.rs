//! Rows about Host, Origin and the form of a request.

use crate::rig::{OTHER, PAGE, Rig, log, raw};

fn refused(rig: &Rig, request: &raw::Request, status: &[u16], what: &str) {
    let answer = request.send();
    assert!(status.contains(&answer.status), "{what}: {}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
    assert!(answer.header("upgrade").is_none() || answer.status == 426, "{what}");
    assert!(rig.heard.opened().is_empty());
}

fn hosts(hosts: &[String]) {
    let rig = Rig::new();
    for host in hosts {
        let host = host.replace("PORT", &rig.port.to_string());
        refused(&rig, &raw::upgrade(&rig).origin(PAGE).host(&host), &[403], &host);
        refused(&rig, &raw::get(&rig, "/v1/hello").host(&host), &[403], &host);
        refused(&rig, &raw::get(&rig, "/").host(&host), &[403], &host);
        refused(&rig, &raw::get(&rig, "/v1/x/open").origin(PAGE).host(&host), &[403], &host);
    }
}

fn origins(origins: &[&str], status: u16) {
    let rig = Rig::new();
    for origin in origins {
        let origin = origin.replace("PORT", &rig.port.to_string());
        refused(&rig, &raw::upgrade(&rig).origin(&origin), &[status], &origin);
        refused(&rig, &raw::get(&rig, "/v1/hello").origin(&origin), &[status], &origin);
        refused(&rig, &raw::get(&rig, "/").origin(&origin), &[status], &origin);
        refused(&rig, &raw::get(&rig, "/v1/x/open").origin(&origin), &[status], &origin);
    }
}

#[test]
fn who_is_let_in_is_let_in() {
    let rig = Rig::new();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("{host}:{}", rig.port);
        for origin in [PAGE.to_owned(), OTHER.to_owned(), format!("http://{host}")] {
            assert_eq!(raw::upgrade(&rig).host(&host).origin(&origin).send().status, 101, "{host} {origin}");
        }
    }
}

#[test]
fn s04_a_name_that_was_rebound_is_refused_and_logged() {
    hosts(&["rebound.evil.example:PORT".to_owned()]);
    assert!(log::text().contains("rebound.evil.example"));
}

#[test]
fn s05_the_address_of_everything_is_not_ours() {
    hosts(&["0.0.0.0:PORT".to_owned(), "[::]:PORT".to_owned()]);
}

#[test]
fn s06_a_name_that_begins_like_ours_is_refused() {
    hosts(&["127.0.0.1.evil.example:PORT".to_owned(), "localhost.evil.example:PORT".to_owned()]);
}

#[test]
fn s07_other_names_of_this_machine_are_refused() {
    hosts(&["localhost6", "foo.localhost", "box.local", "192.168.1.5"].map(|host| format!("{host}:PORT")));
}

#[test]
fn s08_another_port_or_none_is_refused() {
    hosts(&["127.0.0.1:1", "127.0.0.1", "localhost", "[::1]", "localhost:0PORT"].map(str::to_owned));
}

#[test]
fn s09_no_host_two_hosts_and_another_one_in_the_line_are_malformed() {
    let rig = Rig::new();
    let good = raw::upgrade(&rig).origin(PAGE);
    let own = format!("127.0.0.1:{}", rig.port);
    refused(&rig, &good.clone().set("Host", None), &[400], "no host");
    refused(&rig, &good.clone().with("Host", &own), &[400], "two hosts");
    refused(&rig, &good.clone().with("host", "evil.example"), &[400], "two hosts");
    let absolute = |host: &str| format!("GET http://{host}/v1/ws HTTP/1.1");
    refused(&rig, &good.clone().line(&absolute("evil.example")), &[400], "another one in the line");
    let local = absolute(&format!("localhost:{}", rig.port));
    refused(&rig, &good.clone().line(&local), &[400], "another name of ours in the line");
    assert_eq!(good.line(&absolute(&own)).send().status, 101);
}

#[test]
fn s10_no_address_is_parsed() {
    hosts(
        &[
            "2130706433",
            "0x7f.1",
            "127.1",
            "127.0.0.01",
            "[::ffff:127.0.0.1]",
            "[0:0:0:0:0:0:0:1]",
            "LOCALHOST",
            "localhost.",
        ]
        .map(|host| format!("{host}:PORT")),
    );
}

#[test]
fn s11_an_origin_that_is_not_in_the_list_is_refused() {
    origins(&["https://evil.example"], 403);
}

#[test]
fn s12_no_origin_is_refused_where_pages_knock() {
    let rig = Rig::new();
    refused(&rig, &raw::upgrade(&rig), &[403], "a socket");
    refused(&rig, &raw::get(&rig, "/v1/x/open"), &[403], "an endpoint");
    let post = raw::get(&rig, "/v1/x/secret").line("POST /v1/x/secret HTTP/1.1").with("Content-Length", "0");
    refused(&rig, &post, &[403], "an endpoint with a token");
    for path in ["/", "/v1/hello"] {
        let plain = raw::get(&rig, path);
        for site in [None, Some("none"), Some("same-origin")] {
            assert_eq!(plain.clone().set("Sec-Fetch-Site", site).send().status, 200, "{path} {site:?}");
        }
        for site in ["cross-site", "same-site", "odd"] {
            refused(&rig, &plain.clone().with("Sec-Fetch-Site", site), &[403], site);
        }
    }
    refused(&rig, &raw::upgrade(&rig).origin(PAGE).with("Sec-Fetch-Mode", "no-cors"), &[403], "no socket");
}

#[test]
fn s13_a_sandbox_has_no_origin() {
    origins(&["null"], 403);
}

#[test]
fn s14_an_address_is_no_page_of_ours() {
    origins(&["http://203.0.113.7", "http://127.0.0.1:1", "http://127.0.0.1", "https://127.0.0.1:PORT"], 403);
}

#[test]
fn s15_what_looks_like_a_page_in_the_list_is_refused() {
    let almost = [
        "https://app.example.evil.com",
        "https://evilapp.example",
        "https://app.example@evil.com",
        "https://app.example.",
        "https://app.example/",
        "https://APP.example",
        "HTTPS://app.example",
        "https://app.example:443",
        "https://app.example:8443",
        "https://app.example#",
        "https://app.example\\",
        "https://app.exampl",
    ];
    origins(&almost, 403);
}

#[test]
fn s16_another_scheme_is_another_page() {
    origins(&["http://app.example", "ws://app.example", "app.example"], 403);
}

#[test]
fn s17_malformed_origins_are_refused_as_such() {
    let rig = Rig::new();
    let good = raw::upgrade(&rig).origin(PAGE);
    refused(&rig, &good.clone().with("Origin", PAGE), &[400], "twice");
    refused(&rig, &good.clone().with("origin", "https://evil.example"), &[400], "two");
    for odd in [
        "https://app.example, https://evil.example",
        "https://app.example,https://app.example",
        "https://app.exämple",
        "a b",
    ] {
        refused(&rig, &raw::upgrade(&rig).origin(odd), &[400], odd);
    }
    for byte in [0, b'\r', b'\n', 0x7f, 0xff] {
        let mut bytes = raw::upgrade(&rig).origin("https://app.example~x").bytes();
        let at = bytes.iter().position(|byte| *byte == b'~').unwrap();
        bytes[at] = byte;
        let answer = raw::send(rig.port, &bytes);
        assert_eq!(answer.status, 400, "{byte}: {}", answer.text);
    }
    refused(&rig, &raw::upgrade(&rig).origin(""), &[400], "empty");
}

#[test]
fn s18_other_schemes_are_no_pages() {
    origins(&["chrome-extension://abcdefgh", "file://", "app://app.example", "moz-extension://x"], 403);
}

#[test]
fn s19_other_methods_at_a_socket_learn_nothing() {
    let rig = Rig::new();
    for method in ["GET", "POST", "OPTIONS", "HEAD", "PUT"] {
        let line = format!("{method} /v1/ws HTTP/1.1");
        let request = raw::get(&rig, "/v1/ws").line(&line).origin("https://evil.example");
        refused(&rig, &request, &[400, 403], method);
        let preflight =
            request.with("Access-Control-Request-Method", "GET").with("Access-Control-Request-Private-Network", "true");
        refused(&rig, &preflight, &[400, 403], method);
    }
    for path in ["/", "/v1/hello", "/v1/x/open", "/v1/x/secret"] {
        let line = format!("OPTIONS {path} HTTP/1.1");
        let preflight = raw::get(&rig, path).line(&line).origin(PAGE).with("Access-Control-Request-Method", "POST");
        refused(&rig, &preflight, &[404, 405], path);
    }
}

#[test]
fn s20_a_form_of_another_site_has_no_effect() {
    let rig = Rig::new();
    for path in ["/", "/v1/hello", "/v1/native", "/page.js", "/nothing", "/v1/x/open"] {
        let form = raw::get(&rig, path).line(&format!("POST {path} HTTP/1.1")).origin("https://evil.example");
        let form = form.with("Content-Type", "text/plain").with("Content-Length", "0");
        refused(&rig, &form, &[404, 405], path);
    }
    let form = raw::get(&rig, "/").line("POST /v1/x/secret HTTP/1.1").origin("https://evil.example");
    refused(&rig, &form.with("Content-Length", "0"), &[403], "an endpoint");
    let heard = rig.heard.all();
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn s21_upgrades_that_are_none_are_refused() {
    let rig = Rig::new();
    let good = raw::upgrade(&rig).origin(PAGE);
    refused(&rig, &good.clone().line("GET /v1/ws HTTP/1.0"), &[400], "HTTP/1.0");
    refused(&rig, &good.clone().set("Sec-WebSocket-Key", None), &[400], "no key");
    refused(&rig, &good.clone().set("Sec-WebSocket-Key", Some("c2hvcnQ=")), &[400], "a short key");
    refused(&rig, &good.clone().set("Sec-WebSocket-Key", Some("!!!!")), &[400], "no base64");
    refused(&rig, &good.clone().set("Sec-WebSocket-Protocol", None), &[400], "no subprotocol");
    refused(&rig, &good.clone().set("Sec-WebSocket-Protocol", Some("other.v1.json")), &[400], "another one");
    refused(&rig, &good.clone().set("Sec-WebSocket-Version", Some("12")), &[426], "version 12");
    refused(&rig, &good.clone().set("Sec-WebSocket-Version", None), &[426], "no version");
    refused(&rig, &good.clone().set("Upgrade", None), &[426], "no upgrade");
    refused(&rig, &good.clone().set("Connection", Some("keep-alive")), &[426], "no connection");
    let several = good
        .set("Sec-WebSocket-Protocol", Some("a, sonic-core.v1.json"))
        .set("Connection", Some("keep-alive, Upgrade"));
    assert_eq!(several.send().status, 101);
}

#[test]
fn s22_one_connection_is_one_request() {
    let rig = Rig::new();
    let host = format!("Host: 127.0.0.1:{}\r\n", rig.port);
    let second = format!("GET /v1/hello HTTP/1.1\r\n{host}\r\n");
    let both =
        format!("GET / HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{second}");
    let twice = format!("GET / HTTP/1.1\r\n{host}Content-Length: 0\r\nContent-Length: 5\r\n\r\n{second}");
    let body = format!("GET / HTTP/1.1\r\n{host}Content-Length: {}\r\n\r\n{second}", second.len());
    let chunked = format!("GET / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{second}");
    let pipelined = format!("GET / HTTP/1.1\r\n{host}\r\n{second}");
    let bare = format!("GET / HTTP/1.1\n{host}\n{second}").replace("\r\n", "\n");
    let folded = format!("GET / HTTP/1.1\r\n{host} folded\r\n\r\n{second}");
    for (what, bytes, refused) in [
        ("both lengths", both, true),
        ("two lengths", twice, true),
        ("a body", body, true),
        ("chunks", chunked, true),
        ("two requests", pipelined, false),
        ("bare line ends", bare, false),
        ("a folded line", folded, false),
    ] {
        let answer = raw::send(rig.port, bytes.as_bytes());
        assert!(answer.count() <= 1, "{what}: {}", answer.text);
        assert!(!refused || answer.status == 400, "{what}: {}", answer.text);
    }
    // What follows an upgrade is a socket's, never a request.
    let mut bytes = raw::upgrade(&rig).origin(PAGE).bytes();
    bytes.extend_from_slice(second.as_bytes());
    let answer = raw::send(rig.port, &bytes);
    assert!(answer.status == 101 && answer.count() == 1);
    let with_body = raw::upgrade(&rig).origin(PAGE).with("Content-Length", "4").send();
    assert_eq!(with_body.status, 400);
}
