//! Handlers that are broken or hostile: each is stopped with an error that says where, and the others go on.

use super::rig::{Rig, wait};
use serde_json::json;
use std::time::{Duration, Instant};

fn verb(body: &str) -> String {
    format!(
        "local bridge = require 'bridge'\nlocal proto = bridge.protocol 'sonic-core'\n\
         proto:verb 'GOOD' {{ run = function() return {{ fine = true }} end }}\n\
         proto:verb 'BAD' {{ params = {{ n = 'any?' }}, run = function(session, p)\n{body}\nend }}"
    )
}

#[test]
fn each_kind_of_bad_handler_is_stopped_and_the_next_request_is_answered() {
    for (body, kind, words) in [
        ("while true do end", "BUDGET_TIME", "mine.lua:5: the script was stopped because it ran for more than 0.2 s"),
        ("while true do pcall(function() while true do end end) end", "BUDGET_TIME", "scripts.call_ms"),
        ("coroutine.wrap(function() while true do end end)()", "BUDGET_TIME", "mine.lua:5"),
        ("bridge.sleep(0.01) while true do end", "BUDGET_TIME", "mine.lua:5"),
        ("table.sort({3, 2, 1}, function() while true do end end)", "BUDGET_TIME", "mine.lua:5"),
        ("return ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')", "BUDGET_TIME", "stopped"),
        ("return string.rep('a', 2^30)", "BUDGET_MEMORY", "more than 32 MiB"),
        ("local t = {} while true do t[#t + 1] = string.rep('x', 2^20) .. #t end", "BUDGET_MEMORY", "more than 32 MiB"),
        ("\nlocal t = nil\nreturn t.x", "RUNTIME", "mine.lua:7: attempt to index nil"),
        ("error('own words')", "RUNTIME", "mine.lua:5: own words"),
        ("error({ any = 1 })", "RUNTIME", "the script threw a table"),
        ("error()", "RUNTIME", "the script threw a nil"),
        ("local function f() return 1 + f() end return f()", "RUNTIME", "stack overflow"),
        ("return function() end", "RUNTIME", "BAD returned what cannot be sent: a function cannot be sent"),
        ("local t = {} t.t = t return t", "RUNTIME", "holds itself"),
        ("return { '\\xff' }", "RUNTIME", "no UTF-8"),
        ("session:instance({})", "RUNTIME", "mine.lua:5: a table was given where"),
        ("session.nothing(session)", "RUNTIME", "attempt to call a nil value"),
        ("proto:emit('NOTHING', {})", "RUNTIME", "mine.lua:5: no event “NOTHING” is declared"),
        ("proto:verb 'LATE' { run = function() end }", "RUNTIME", "declared while the script loads"),
        ("bridge.sleep(1e9)", "RUNTIME", "a handler sleeps from 0 to 60 seconds"),
        ("session:call('BAD')", "TOO_LARGE", "too deeply"),
        (
            "error(bridge.fault('PRESET_NOT_FOUND', 'mine', { hint = 'look', retry = true, data = { a = 1 } }))",
            "PRESET_NOT_FOUND",
            "mine",
        ),
    ] {
        let (_folder, mut rig) = Rig::of(&verb(body));
        let me = rig.open(1);
        let started = Instant::now();
        let fault = rig.bad(me, "BAD", json!({}));
        assert_eq!(fault.kind, kind, "{} for {body}", fault.message);
        assert!(fault.message.contains(words), "{} does not say “{words}”, for {body}", fault.message);
        assert!(fault.message.len() < 900, "{}", fault.message);
        assert!(started.elapsed() < Duration::from_secs(15), "{:?} for {body}", started.elapsed());
        assert_eq!(rig.good(me, "GOOD", json!({})), json!({ "fine": true }), "after {body}");
    }
}

#[test]
fn a_fault_has_all_its_parts_and_scripts_can_catch_ours() {
    let (_folder, mut rig) = Rig::of(&verb(
        "if p.n == 'own' then
           error(bridge.fault('OUT_OF_RANGE', 'mine', { hint = 'look', retry = true, data = { a = 1 } }))
         end
         local ok, e = pcall(function() return session:instance(99):record() end)
         local good, list = pcall(bridge.json.decode, '[')
         return { ok = ok, code = e.code, kind = e.kind, message = e.message, said = tostring(e), text = list }",
    ));
    let me = rig.open(1);
    let fault = rig.bad(me, "BAD", json!({ "n": "own" }));
    assert_eq!(
        (fault.code, fault.message.as_str(), fault.hint.as_deref(), fault.retry),
        (1203, "mine", Some("look"), true)
    );
    assert_eq!(fault.data, Some(json!({ "a": 1 })));
    let caught = rig.good(me, "BAD", json!({}));
    assert_eq!(
        (&caught["code"], &caught["kind"], &caught["ok"]),
        (&json!(1302), &json!("INSTANCE_NOT_FOUND"), &json!(false))
    );
    assert_eq!(caught["message"], caught["said"]);
    assert!(caught["text"].as_str().is_some_and(|text| text.contains("this is no JSON")), "{caught}");
}

#[test]
fn a_handler_that_fails_three_times_in_a_row_is_switched_off() {
    let (_folder, mut rig) =
        Rig::of(&verb("if p.n == 'fault' then error(bridge.fault('BUSY', 'x')) end if p.n then error('broken') end"));
    let me = rig.open(1);
    for n in [json!(1), json!(1), json!(null), json!(1), json!(1), json!("fault"), json!(1), json!(1)] {
        let _ = rig.call(me, "BAD", json!({ "n": n }));
    }
    rig.good(me, "BAD", json!({}));
    for _ in 0..3 {
        assert!(rig.bad(me, "BAD", json!({ "n": 1 })).message.contains("broken"));
    }
    let fault = rig.bad(me, "BAD", json!({}));
    assert!(fault.message.contains("verb BAD is switched off"), "{}", fault.message);
    assert!(rig.logged("verb BAD failed 3 times in a row"));
    rig.good(me, "GOOD", json!({}));
}

#[test]
fn others_go_on_while_one_waits_or_runs_away() {
    let (_folder, mut rig) = Rig::of(&verb("if p.n then bridge.sleep(p.n) else while true do end end"));
    let me = rig.open(1);
    let mut sleeping: Vec<_> = (0..50).map(|_| rig.ask(me, "BAD", json!({ "n": 1.5 })).1).collect();
    let started = Instant::now();
    rig.good(me, "GOOD", json!({}));
    assert!(started.elapsed() < Duration::from_millis(1200), "{:?}", started.elapsed());
    let (_, mut away) = rig.ask(me, "BAD", json!({}));
    let (_, mut next) = rig.ask(me, "GOOD", json!({}));
    assert_eq!(wait("BAD", &mut away).expect_err("stopped").kind, "BUDGET_TIME");
    wait("GOOD", &mut next).expect("good");
    for reply in &mut sleeping {
        wait("BAD", reply).expect("slept");
    }
}

#[test]
fn timers_run_stop_and_are_switched_off_when_they_fail() {
    let (_folder, mut rig) = Rig::of(
        "local bridge = require 'bridge'
         local proto = bridge.protocol 'sonic-core'
         proto:event 'TICK' { class = 'meters' }
         local n = 0
         local timer
         timer = bridge.every(0.01, function()
           n = n + 1
           proto:emit('TICK', { n = n }, { key = 'tick' })
           if n == 5 then timer:stop() end
         end)
         bridge.every(0.01, function() error('always') end)
         bridge.every(0.01, function() while true do end end)
         bridge.after(0.02, function() bridge.after(0.01, function() proto:emit('TICK', { n = 100 }) end) end)
         proto:verb 'COUNT' { run = function() return { n = n } end }",
    );
    let me = rig.open(1);
    rig.until("five ticks", |rig| rig.events.iter().filter(|event| event.data["n"] != 100).count() == 5);
    rig.until("the other", |rig| rig.events.iter().any(|event| event.data["n"] == 100));
    rig.until("switched off", |rig| {
        rig.log.lock().expect("log").iter().filter(|(_, line)| line.contains("failed 3 times in a row")).count() == 2
    });
    assert_eq!(rig.good(me, "COUNT", json!({})), json!({ "n": 5 }));
    assert!(rig.events.iter().all(|event| event.class == "meters"));
}

#[test]
fn lines_of_the_log_are_bounded_and_cannot_forge_others() {
    let (_folder, mut rig) =
        Rig::of(&verb("for i = 1, 500 do bridge.log.info('line', i, '\\n\\27[31m', nil) end bridge.log.warn('x')"));
    let me = rig.open(1);
    rig.good(me, "BAD", json!({}));
    let lines: Vec<String> = rig.log.lock().expect("log").iter().map(|(_, line)| line.clone()).collect();
    let own = lines.iter().filter(|line| line.starts_with("line ")).count();
    assert_eq!(own, 50);
    assert!(lines.iter().all(|line| !line.contains(['\n', '\u{1b}'])), "{lines:?}");
}
