//! What is checked before a handler runs, and that only the script knows any verb.

use super::rig::{Rig, SCOPES};
use serde_json::json;

#[test]
fn an_empty_script_knows_no_verb() {
    let (_folder, mut rig) = Rig::of("local proto = require 'bridge'.protocol 'sonic-core'");
    let me = rig.open(1);
    for method in ["PING", "LOAD_PLUGIN", "SET_PARAM", "IDENTIFY", "CANCEL"] {
        assert_eq!(rig.bad(me, method, json!({})).code, -32601, "{method}");
    }
    let (_folder, mut rig) = Rig::of("");
    let me = rig.open(1);
    assert_eq!(rig.bad(me, "PING", json!({})).code, -32601);
    assert!(rig.served[0].protocols.is_empty());
}

#[test]
fn a_verb_that_is_renamed_has_the_new_name_everywhere() {
    let (_folder, mut rig) = Rig::of(
        "local proto = require 'bridge'.protocol('other-name', { path = '/v1/other' })
         proto:verb 'PONG' { run = function() return { renamed = true } end }",
    );
    let me = rig.open_as(1, "other-name", &[]);
    assert_eq!(rig.good(me, "PONG", json!({})), json!({ "renamed": true }));
    assert_eq!(rig.bad(me, "PING", json!({})).code, -32601);
    assert_eq!(rig.served[0].protocols[0].path, "/v1/other");
    let stranger = rig.open(2);
    assert_eq!(rig.bad(stranger, "PONG", json!({})).code, -32601, "each protocol has its own verbs");
}

const TYPES: &str = r#"
local proto = require "bridge".protocol "sonic-core"
proto:record "Pair" { left = "number", right = "text?" }
proto:verb "ALL" {
  params = {
    number   = { "number", min = -1, max = 1, optional = true },
    integer  = "integer?",
    text     = { "text", max = 5, optional = true },
    boolean  = "boolean?",
    instance = "instance?",
    param    = "param?",
    value    = "value?",
    choice   = { "norm", "plain", "text", default = "norm" },
    list     = { "list", of = "Pair", max = 2, optional = true },
    object   = { "object", fields = { inner = { "integer", default = 3 } }, optional = true },
    any      = "any?",
  },
  run = function(_, p) return p end,
}
proto:verb "NEEDS" { params = { this = "number" }, run = function() end }
"#;

#[test]
fn parameters_are_of_the_type_that_was_declared() {
    let (_folder, mut rig) = Rig::of(TYPES);
    let me = rig.open(1);
    assert_eq!(rig.good(me, "ALL", json!({})), json!({ "choice": "norm" }));
    let all = json!({
        "number": -0.5, "integer": 3, "text": "äöüäö", "boolean": false, "instance": 0, "param": "Wet", "value": 1,
        "choice": "text", "list": [{ "left": 1, "right": "x" }], "object": { "inner": 1 }, "any": { "a": [1, {}] },
    });
    assert_eq!(rig.good(me, "ALL", all.clone()), all);
    assert_eq!(
        rig.good(me, "ALL", json!({ "integer": 3.0, "object": {}, "number": null })),
        json!({ "integer": 3, "object": { "inner": 3 }, "choice": "norm" })
    );
    assert_eq!(rig.good(me, "ALL", json!({ "unknown": 1, "list": [] })), json!({ "choice": "norm", "list": [] }));
    assert_eq!(rig.good(me, "NEEDS", json!({ "this": 1 })), json!({}));
    for (params, code, field) in [
        (json!({ "number": 1.01 }), 1203, "number"),
        (json!({ "number": "1" }), 1202, "number"),
        (json!({ "number": "NaN" }), 1204, "number"),
        (json!({ "number": "-Infinity" }), 1204, "number"),
        (json!({ "integer": 1.5 }), 1202, "integer"),
        (json!({ "integer": 1e300 }), 1202, "integer"),
        (json!({ "text": "123456" }), 1205, "text"),
        (json!({ "text": 1 }), 1202, "text"),
        (json!({ "boolean": 0 }), 1202, "boolean"),
        (json!({ "instance": -1 }), 1203, "instance"),
        (json!({ "instance": 4_294_967_296_u64 }), 1203, "instance"),
        (json!({ "instance": "1" }), 1202, "instance"),
        (json!({ "param": "" }), 1202, "param"),
        (json!({ "param": 1.5 }), 1203, "param"),
        (json!({ "value": [] }), 1202, "value"),
        (json!({ "choice": "other" }), 1203, "choice"),
        (json!({ "choice": 1 }), 1202, "choice"),
        (json!({ "list": [{}, {}, {}] }), 1205, "list"),
        (json!({ "list": [{ "left": 1 }, { "left": "x" }] }), 1202, "list[1].left"),
        (json!({ "list": [{}] }), 1201, "list[0].left"),
        (json!({ "list": {} }), 1202, "list"),
        (json!({ "object": { "inner": "x" } }), 1202, "object.inner"),
        (json!([]), 1202, "params"),
    ] {
        let fault = rig.bad(me, "ALL", params.clone());
        assert_eq!((fault.code, &fault.data.clone().expect("data")["field"]), (code, &json!(field)), "{params}");
        assert!(fault.message.contains(&format!("“{field}”")), "{}", fault.message);
    }
    let fault = rig.bad(me, "NEEDS", json!({ "that": 1 }));
    assert_eq!((fault.code, fault.message.as_str()), (1201, "“this” is missing; it has to be a number"));
}

#[test]
fn a_token_that_does_not_allow_something_is_refused_before_anything_runs() {
    let mut rig = Rig::shipped();
    let few = rig.open_as(1, "sonic-core", &["list"]);
    let fault = rig.bad(few, "SET_PARAM", json!({ "instance": "nonsense" }));
    assert_eq!((fault.code, &fault.data.expect("data")["scope"]), (1101, &json!("param")));
    rig.good(few, "LIST_PLUGINS", json!({}));
    // Nor in a batch.
    let batch =
        rig.good(few, "BATCH", json!({ "calls": [{ "method": "LOAD_PLUGIN", "params": { "plugin_id": "Gain" } }] }));
    assert_eq!(batch["results"][0]["error"]["data"]["kind"], "SCOPE_DENIED");
    assert!(rig.core.known().asked.is_empty());
}

#[test]
fn a_flood_for_the_plugins_thread_is_slowed_and_others_are_not() {
    let mut rig = Rig::shipped();
    let (me, you) = (rig.open(1), rig.open(2));
    let mut refused = None;
    for _ in 0..1500 {
        if let Err(fault) = rig.call(me, "LIST_INSTANCES", json!({})) {
            refused = Some(fault);
            break;
        }
    }
    let fault = refused.expect("the limit");
    assert_eq!((fault.code, fault.retry), (1701, true));
    assert!(fault.data.expect("data")["retry_after_ms"].as_u64().is_some_and(|wait| (1..=5).contains(&wait)));
    rig.good(me, "PING", json!({}));
    rig.good(you, "LIST_INSTANCES", json!({}));
    std::thread::sleep(std::time::Duration::from_millis(50));
    rig.good(me, "LIST_INSTANCES", json!({}));
}

#[test]
fn mistakes_in_declarations_are_told_with_their_line() {
    for (text, words) in [
        (
            "\nproto:verb 'A' { params = { x = 'nmber' }, run = f }",
            "mine.lua:3: verb A: params: field “x”: there is no type “nmber”; did you mean “number”?",
        ),
        (
            "\nproto:verb 'A' { parms = {}, run = f }",
            "mine.lua:3: verb A: there is no “parms” in a declaration; did you mean “params”?",
        ),
        ("proto:verb 'A' { doc = 'x' }", "verb A has no function `run`"),
        ("proto:verb 'A' { scope = 'lod', run = f }", "there is no scope “lod”"),
        ("proto:verb 'A' { errors = { 'NONE' }, run = f }", "there is no error NONE"),
        (
            "proto:verb 'A' { params = { x = { 'integer', min = 1, default = 0 } }, run = f }",
            "the default: “x” has to be a whole number from 1 up",
        ),
        (
            "proto:verb 'A' { params = { x = { 'integer', mn = 1 } }, run = f }",
            "there is no option “mn”; did you mean “min”?",
        ),
        ("proto:verb 'A' { params = { 'integer' }, run = f }", "fields have names"),
        ("proto:verb 'A' { result = 'Nothing', run = f }", "there is no record “Nothing”"),
        ("proto:verb 'no name' { run = f }", "cannot be the name of a verb"),
        ("proto:verb('A', {})({ run = 3 })", "“run” cannot be a"),
        ("proto:event 'E' { class = 'loud' }", "there is no class “loud”"),
        ("bridge.on('param_changd', f)", "did you mean “param_changed”?"),
        ("bridge.protocol 'new'", "a new protocol needs a path"),
        ("bridge.protocol('New', { path = '/x' })", "cannot be the name of a protocol"),
        ("bridge.protocol('new', { path = '/v1/ws' })", "/v1/ws is taken"),
        ("bridge.protocol('new', { path = '/v1/native' })", "/v1/native is taken"),
        ("bridge.protocol('new', { path = 'x' })", "is no path"),
        ("bridge.protocol('new', { path = '/a/../b' })", "is no path"),
        ("bridge.http:get('/', f)", "the bridge's own"),
        ("bridge.http:get('/v1/hello', f)", "the bridge's own"),
        ("bridge.http:get('/x', 3)", "needs a function or a table"),
        ("bridge.every(0.001, f)", "a timer's pause is from 0.005"),
        ("bridge.every(0/0, f)", "a timer's pause is from"),
        ("for i = 1, 65 do bridge.every(1, f) end", "64 timers already"),
        ("bridge.fault('OUT_OF_RNGE', '')", "did you mean “OUT_OF_RANGE”?"),
        ("bridge.plugins:list()", "cannot be asked while the script loads"),
        ("bridge.sleep(1)", "a script that loads cannot wait"),
        ("proto.verb('A')", "methods are called with a colon"),
        ("bridge.protocol = nil", "cannot be changed"),
        ("proto.x = 1", "attempt"),
    ] {
        let whole = format!(
            "local bridge = require 'bridge' local proto = bridge.protocol 'sonic-core' local function f() end{text}"
        );
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("mine.lua");
        std::fs::write(&path, whole.replacen("end", "end\n", 1)).expect("script");
        let told = sonic_bridge::script::describe(&super::rig::script(Some(&path)), std::rc::Rc::new(|_| {}));
        let told = told.expect_err(text).to_string();
        assert!(told.contains(words), "{told} does not say “{words}”");
        assert!(told.contains("mine.lua:"), "{told}");
    }
    assert!(SCOPES.len() == 6);
}
