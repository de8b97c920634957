//! Rows about where the server listens and what it serves.

use crate::rig::{PAGE, Rig, log, raw};
use std::net::TcpStream;

/// Listening sockets of this port, as the system lists them.
#[cfg(target_os = "linux")]
fn listening(port: u16) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, state) = (fields[1], fields[3]);
            if state == "0A" && address.ends_with(&format!(":{port:04X}")) {
                found.push(address.split(':').next().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[cfg(target_os = "linux")]
#[test]
fn s01_only_two_addresses_are_listened_on() {
    let rig = Rig::new();
    let found = listening(rig.port);
    let allowed = ["0100007F", "00000000000000000000000001000000"];
    assert!(found.contains(&allowed[0].to_owned()), "{found:?}");
    assert!(found.iter().all(|address| allowed.contains(&address.as_str())), "{found:?}");
    assert!(found.len() == 2 || !std::path::Path::new("/proc/net/if_inet6").exists(), "{found:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn s02_other_addresses_of_this_machine_are_closed() {
    let rig = Rig::new();
    assert!(TcpStream::connect(("127.0.0.1", rig.port)).is_ok());
    assert!(TcpStream::connect(("127.0.0.2", rig.port)).is_err());
    assert!(!listening(rig.port).iter().any(|address| address.chars().all(|digit| digit == '0')));
}

#[test]
fn s03_no_other_address_can_be_configured() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.lua");
    for line in ["address = \"0.0.0.0\"", "host = \"0.0.0.0\"", "port = \"0.0.0.0:8080\"", "bind = \"::\""] {
        std::fs::write(&file, format!("return {{ server = {{ {line} }} }}\n")).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_sonic-bridge"))
            .arg("check")
            .arg(&file)
            .env("SONIC_BRIDGE_CACHE", folder.path())
            .output()
            .unwrap();
        assert!(!output.status.success(), "{line}");
        let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        let name = line.split(' ').next().unwrap();
        assert!(said.contains(name), "{line}: {said}");
    }
}

#[test]
fn s55_only_what_is_in_the_table_is_served() {
    let rig = Rig::new();
    for path in ["/", "/page.js", "/page.css"] {
        let answer = raw::get(&rig, path).send();
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let odd = [
        "/..%2f..%2fetc/passwd",
        "/../../etc/passwd",
        "/%2e%2e/etc/passwd",
        "/page.js%00",
        "/%00",
        "//",
        "//page.js",
        "/page.js/",
        "/./page.js",
        "/%70age.js",
        "/PAGE.JS",
        "/index.html",
        "/page",
        "/..",
        "/page.js\\",
        "/v1/hello/",
        "/v1//hello",
        "/v1/native",
        "/tokens.json",
        "*",
    ];
    for path in odd {
        let answer = raw::get(&rig, path).send();
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.text);
    }
    // The library that reads requests cuts off a fragment; what is left is a file of the table or nothing.
    assert!([200, 400].contains(&raw::get(&rig, "/page.js#/../tokens.json").send().status));
    for range in ["bytes=0-", "bytes=0-0,1-1,2-2", "bytes=-1", "bytes=9-1"] {
        assert_eq!(raw::get(&rig, "/page.js").with("Range", range).send().status, 400, "{range}");
    }
}

#[test]
fn s56_no_page_may_frame_ours() {
    let rig = Rig::new();
    let bad = raw::get(&rig, "/").host("evil.example").send();
    for answer in [raw::get(&rig, "/").send(), raw::get(&rig, "/nothing").send(), bad] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-embedder-policy"), Some("require-corp"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

/// Every test of this program looks at the end for what it noted as secret; this one sees that the looking works.
#[test]
fn s62_the_log_holds_no_token_and_no_proof() {
    let rig = Rig::with(|config| config.native = true);
    let before = log::secrets();
    let (_, page) = rig.token(Some(PAGE));
    let (_, tool) = rig.token(None);
    let post = |token: &str, origin: &str| {
        let request = raw::get(&rig, "/v1/x/secret").line("POST /v1/x/secret HTTP/1.1").origin(origin);
        request.with("Authorization", &format!("Bearer {token}")).with("Content-Length", "0").send().status
    };
    assert_eq!(post(&page, PAGE), 200);
    assert_eq!(post(&tool, PAGE), 401);
    assert_eq!(post(&page, "https://evil.example"), 403);
    let mut client = crate::rig::client::Client::connect(&rig, PAGE);
    client.identify(&(rig.token(Some(PAGE))), serde_json::json!({}));
    assert!(log::secrets() > before + 3);
    log::holds_no_secret();
    let text = log::text();
    assert!(text.contains("https://evil.example"), "refusals are logged");
    assert!(text.contains("no token, or a wrong one"));
    // The looking finds what is there.
    tracing::trace!("{}", "planted by this very test");
    assert!(log::holds("planted by this very test"));
}
