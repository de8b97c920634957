//! Rows about what is inside messages.

use crate::rig::{PAGE, Rig, client::Client};
use serde_json::json;
use std::time::Duration;

#[test]
fn s49_odd_json_is_a_typed_error_and_never_more() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    let request = |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ECHO","params":{params}}}"#);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let keys: String = (0..20_000).map(|n| format!("\"k{n}\":0,")).collect();
    let (many, keys) = (format!("{{\"x\":[{}0]}}", "0,".repeat(120_000)), format!("{{{keys}\"x\":0}}"));
    for (what, text) in [
        ("deep", request(&format!("{{\"a\":{deep}}}"))),
        ("33 levels", request(&format!("{}1{}", "{\"a\":".repeat(32), "}".repeat(32)))),
        ("too many values", request(&many)),
        ("twice", request(r#"{"value":1,"value":2}"#)),
        ("twice, escaped", request(r#"{"value":1,"\u0076alue":2}"#)),
        ("a method twice", r#"{"jsonrpc":"2.0","id":1,"method":"ECHO","method":"BYE"}"#.to_owned()),
        ("an array", format!("[{}]", request("{}"))),
        ("a text", "\"ECHO\"".to_owned()),
        ("null", "null".to_owned()),
        ("no id", r#"{"jsonrpc":"2.0","method":"ECHO"}"#.to_owned()),
        ("an id of 2^53", request("{}").replace(":1,", ":9007199254740992,")),
        ("a negative id", request("{}").replace(":1,", ":-1,")),
    ] {
        client.text(&text);
        let answer = client.receive();
        assert_eq!(answer["error"]["code"], -32600, "{what}: {answer}");
        assert_eq!(answer["error"]["data"]["kind"], "INVALID_REQUEST", "{what}");
    }
    client.text(&request(&keys));
    assert_eq!(client.receive()["result"].as_object().unwrap().len(), 20_001);
    client.text(&request("[1]"));
    assert_eq!(client.receive()["error"]["code"], -32602);
    // What is odd and yet JSON arrives as it was sent.
    client.text(&request(r#"{"zero":-0,"large":9223372036854775808,"small":5e-324,"pair":"\ud83d\ude00"}"#));
    let result = client.receive()["result"].clone();
    assert_eq!(result["zero"].as_f64().unwrap().to_bits(), (-0.0f64).to_bits());
    assert_eq!((result["large"].as_u64(), result["pair"].as_str()), (Some(1 << 63), Some("😀")));
    assert_eq!(rig.heard.calls("ECHO"), 2);
    for bad in ["1e999", "-1e999", "1e309", "NaN", "Infinity", r#""\ud800""#, r#""\udc00""#, "'x'", "01", "1,"] {
        let mut client = Client::enter(&rig, PAGE, &token);
        client.text(&request(&format!("{{\"value\":{bad}}}")));
        let answer = client.receive();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &json!(null)), "{bad}");
        assert_eq!(client.closed(), 4002, "{bad}");
    }
    assert_eq!(rig.heard.calls("ECHO"), 2, "nothing infinite reached the scripts");
}

#[test]
fn s50_malformed_frames_are_refused_and_three_are_the_end() {
    let rig = Rig::with(|config| config.limits.grace = Duration::from_millis(10));
    let token = rig.token(Some(PAGE));
    let header = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut frame = vec![0; 32];
        (frame[0], frame[1], frame[4], frame[8], frame[12], frame[14], frame[28]) = (1, 1, 0xaa, 5, 2, 4, 0x77);
        frame.extend([0; 32]);
        change(&mut frame);
        frame
    };
    let cases: [(&str, Vec<u8>, u8); 14] = [
        ("no header", vec![1, 1, 0], 1),
        ("nothing", Vec::new(), 1),
        ("too short", header(&|frame| frame.truncate(63)), 1),
        ("sizes that overflow", header(&|frame| frame[12..16].copy_from_slice(&[64, 0, 0xff, 0xff])), 1),
        ("events beyond the end", header(&|frame| (frame[2], frame[24], frame[27]) = (8, 0xf0, 0xff)), 1),
        ("version 9", header(&|frame| frame[1] = 9), 2),
        ("a result", header(&|frame| frame[0] = 2), 3),
        ("an unknown flag", header(&|frame| frame[3] = 1), 4),
        ("a flag of ours", header(&|frame| frame[2] = 16), 4),
        ("a foreign stream", header(&|_| ()), 5),
        ("no channels", header(&|frame| frame[12] = 0), 7),
        ("65 channels", header(&|frame| frame[12] = 65), 7),
        ("no samples", header(&|frame| frame[14] = 0), 8),
        ("events of odd length", header(&|frame| (frame[2], frame[24]) = (8, 8)), 9),
    ];
    for (what, bytes, reason) in cases {
        let mut client = Client::enter(&rig, PAGE, &token);
        let known = bytes.len() >= 32;
        client.binary(bytes);
        let nack = client.message().unwrap().into_data();
        assert_eq!((nack.len(), nack[0], nack[1], nack[24]), (32, 3, 1, reason), "{what}");
        if known {
            assert_eq!((nack[4], nack[8], nack[12], nack[14], nack[28]), (0xaa, 5, 0, 0, 0x77), "{what}");
        }
    }
    let mut client = Client::enter(&rig, PAGE, &token);
    for _ in 0..3 {
        client.binary(header(&|_| ()));
    }
    let nacks = (0..3).filter(|_| client.message().unwrap().is_binary()).count();
    assert_eq!((nacks, client.closed()), (3, 4010));
}
