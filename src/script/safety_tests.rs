//! What a broken or hostile script can do: it is stopped with an error that says what it was, and the program lives.

use super::{Limits, Runtime, ScriptError};
use crate::model::ErrorCode;
use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant},
};

const LIMITS: Limits = Limits { memory: 16 << 20, time: Duration::from_millis(200) };
/// From the deadline to the end; generous, because test machines are busy.
const REACTION: Duration = Duration::from_secs(5);

fn run(source: &str) -> Result<(), ScriptError> {
    run_in(source, &[])
}

fn run_in(source: &str, roots: &[PathBuf]) -> Result<(), ScriptError> {
    let runtime = Runtime::new(LIMITS, roots, Rc::new(|_| {})).expect("a VM");
    let started = Instant::now();
    let result = runtime.run(source, "test.lua").map(drop);
    assert!(started.elapsed() < LIMITS.time + REACTION, "{:?} for {source}", started.elapsed());
    // Whatever happened, the VM is usable afterwards.
    assert_eq!(
        runtime.run("collectgarbage('count') return 1 + 1 == 2", "after.lua").expect(source).as_boolean(),
        Some(true)
    );
    result
}

fn fails(source: &str, code: ErrorCode) -> ScriptError {
    let error = run(source).expect_err(source);
    assert_eq!(error.code(), code, "{error} for {source}");
    error
}

#[test]
fn good_scripts_run() {
    run("local t = {3, 1, 2} table.sort(t, function(a, b) return a < b end) assert(t[1] == 1)
         assert(('a,b'):split(',')[2] == 'b') assert(('abc'):find('c', 1, true) == 3)
         assert(select(3, ('k=v'):find('(%w)=')) == 'k') assert(table.move({1, 2}, 1, 2, 2)[3] == 2)
         local b = require 'bridge' assert(#b.version > 0 and #b.os > 0)
         global = 1 assert(global == 1) assert(loadstring('return 5')() == 5)")
    .expect("a good script");
}

#[test]
fn syntax_errors_have_a_place_and_a_hint() {
    let error = fails("local a = 1\nlocal b = = 2", ErrorCode::SYNTAX);
    assert!(error.to_string().starts_with("test.lua:2: "), "{error}");
    for (source, words) in [
        ("if a != 2 then end", "did you mean '~='"),
        ("goto done", "there is no `goto`"),
        ("return {\n  a = { b = 1 }\n  c = 2\n}", "Expected ',' after table constructor element"),
    ] {
        let error = fails(source, ErrorCode::SYNTAX);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn errors_at_load_have_a_place_and_a_hint() {
    for (source, words) in [
        ("\n\nnothing.here = 1", "test.lua:3: attempt to index nil"),
        ("io.open('x')", "scripts have no `io`"),
        ("local a\na()", "test.lua:2: attempt to call a nil value"),
        ("string.rep = nil", "cannot be changed"),
        ("error('own words')", "test.lua:1: own words"),
        ("\nstring.find(nil)", "test.lua:2: "),
        ("error({ code = 1 })", "test.lua: "),
        ("error(nil)", "test.lua: "),
    ] {
        let error = fails(source, ErrorCode::RUNTIME);
        assert!(error.to_string().contains(words), "{error} for {source}");
    }
}

#[test]
fn endless_loops_are_stopped_wherever_they_are() {
    for source in [
        "while true do end",
        "repeat until false",
        "while true do pcall(function() while true do end end) end",
        "local function again() pcall(again) return again() end again()",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "table.sort({3, 2, 1}, function() while true do end end)",
        "('x'):gsub('x', function() while true do end end)",
        "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
        "print(setmetatable({}, { __tostring = function() while true do end end }))",
        "('x'):rep(100):split(setmetatable({}, {}) and 'x') while true do print('line') end",
        "loadstring('while true do end')()",
        "pcall(function() while true do end end) error('something else')",
    ] {
        let error = run(source).expect_err(source);
        // Two of them end by themselves before their time is up, by running out of stack.
        let right = matches!(error, ScriptError::Time { .. })
            || (source.contains("again") && matches!(error, ScriptError::Runtime { .. }));
        assert!(right, "{error} for {source}");
    }
    let error = fails("local n = 0\nwhile true do\n n = n + 1\nend", ErrorCode::BUDGET_TIME);
    let told = error.to_string();
    assert!(told.starts_with("test.lua:") && told.contains("0.2 s"), "{told}");
}

#[test]
fn pathological_patterns_are_stopped() {
    fails("return ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')", ErrorCode::BUDGET_TIME);
    fails("return ('a'):rep(2^20):find('.-b')", ErrorCode::BUDGET_TIME);
    fails("return ('a'):rep(2^20):gsub('.-b', '')", ErrorCode::BUDGET_TIME);
}

#[test]
fn single_calls_that_would_take_hours_are_refused() {
    for source in [
        "return ('a'):rep(2^22):find(('a'):rep(2^21) .. 'b', 1, true)",
        "return ('a'):rep(2^22):find(('a'):rep(2^21) .. 'b')",
        "return ('a'):rep(2^22):split(('a'):rep(2^21) .. 'b')",
        "return table.move({}, 1, 2^30, 2^29, {})",
        "return table.move({}, -2^30, 2^30, 1, {})",
    ] {
        let error = run(source).expect_err(source);
        assert!(error.to_string().contains("would take too long") || source.contains("-2^30"), "{error} for {source}");
        assert!(error.to_string().starts_with("test.lua:1: "), "{error}");
    }
}

#[test]
fn memory_bombs_are_stopped() {
    // Beyond the VM's numbers of that kind: an empty text on some machines, an error on others.
    let _ = run("return string.rep('a', 2^31)");
    // Time enough, so that it is the memory that stops them on a busy machine, too.
    let limits = Limits { time: Duration::from_secs(60), ..LIMITS };
    for source in [
        "return string.rep('a', 2^30)",
        "local t = {} while true do t[#t + 1] = string.rep('x', 1000) .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "return table.create(2^26, 1)",
        "return buffer.create(2^30)",
        "local t = {} for n = 1, 2^26 do t[n] = n end",
        "local s = ('x'):rep(2^20) return s:gsub('x', s)",
        "return ('x'):rep(2^23):split('')",
    ] {
        let runtime = Runtime::new(limits, &[], Rc::new(|_| {})).expect("a VM");
        let error = runtime.run(source, "test.lua").expect_err(source);
        assert!(matches!(error, ScriptError::Memory { .. }), "{error:?} for {source}");
        assert!(error.to_string().contains("more than 16 MiB"), "{error}");
        runtime.run("return {}", "after.lua").expect("the VM lives");
    }
    // Who catches the error and goes on is stopped by the watchdog.
    fails(
        "local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(2^20) .. #t end) end",
        ErrorCode::BUDGET_TIME,
    );
}

#[test]
fn deep_recursion_is_an_error() {
    for source in [
        "local function f() return 1 + f() end f()",
        "local function f() pcall(f) f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k .. 'x'] end return t.a",
        "local function f() table.sort({2, 1}, f) return true end f()",
        "local function f() ('x'):gsub('x', f) end f()",
        "local function f() coroutine.wrap(f)() end f()",
        "local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) print(t)",
        "local t t = setmetatable({}, { __tostring = function() print(t) return '' end }) print(t)",
    ] {
        let error = run(source).expect_err(source);
        let right =
            matches!(error, ScriptError::Runtime { .. } | ScriptError::Time { .. } | ScriptError::Memory { .. });
        assert!(right, "{error} for {source}");
        assert!(error.to_string().len() < 700, "{error}");
    }
    let nested = format!("return {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    fails(&nested, ErrorCode::SYNTAX);
    fails(&format!("return {}{}", "{".repeat(100_000), "}".repeat(100_000)), ErrorCode::SYNTAX);
}

#[test]
fn bytecode_is_refused() {
    run("assert(string.dump == nil) assert(not pcall(loadstring, '\\27Lua'))
         for version = 0, 12 do
           local loaded, f = pcall(loadstring, string.char(version, 3, 0, 0, 0, 0, 0))
           assert(not loaded or f == nil)
         end")
    .expect("loadstring takes texts only");
    fails("\u{6}\u{3}\u{0}\u{0}", ErrorCode::SYNTAX);
}

#[test]
fn libraries_cannot_be_changed() {
    for source in [
        "getmetatable('').__index = {}",
        "getmetatable('').__index = function() end",
        "setmetatable('', {})",
        "string.upper = nil",
        "table.insert = print",
        "rawset(string, 'x', 1)",
        "require('bridge').version = 'x'",
        "getmetatable(_G).__index = {}",
    ] {
        fails(source, ErrorCode::RUNTIME);
    }
}

#[test]
fn files_processes_and_native_code_are_out_of_reach() {
    run("for _, name in { 'io', 'debug', 'package', 'dofile', 'loadfile', 'load' } do assert(_G[name] == nil, name) end
         for _, name in { 'execute', 'remove', 'rename', 'exit', 'getenv', 'tmpname' } do assert(os[name] == nil, name) end")
    .expect("only harmless libraries");
}

/// A folder `root` with modules, and a secret beside it.
fn modules() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folders");
        std::fs::write(path, text).expect("file");
    };
    write("root/lib/good.lua", "loads = (loads or 0) + 1 return { loads = loads }");
    write("root/nothing.lua", "");
    write("root/broken.lua", "\nlocal = 1");
    write("root/failing.lua", "\n\nlocal x = nothing.here");
    write("root/circle.lua", "return require 'circle2'");
    write("root/circle2.lua", "return require 'circle'");
    write("root/endless.lua", "\nwhile true do end");
    write("secret.lua", "return 'secret'");
    let roots = vec![folder.path().join("root")];
    (folder, roots)
}

#[test]
fn modules_are_found_below_the_roots_and_run_once() {
    let (_folder, roots) = modules();
    run_in("local a, b = require 'lib.good', require 'lib.good' assert(a == b and a.loads == 1)", &roots)
        .expect("once");
    run_in("assert(require 'nothing' == true)", &roots).expect("a module without a value");
}

#[test]
fn what_fails_in_a_module_is_told_with_its_place() {
    let (_folder, roots) = modules();
    let at = |source: &str| run_in(source, &roots).expect_err(source);
    let broken = at("require 'broken'");
    assert!(matches!(broken, ScriptError::Syntax { .. }) && broken.to_string().contains("broken.lua:2: "), "{broken}");
    let failing = at("require 'failing'");
    assert!(failing.to_string().contains("failing.lua:3: "), "{failing}");
    let endless = at("require 'endless'");
    assert!(endless.to_string().contains("endless.lua:2: "), "{endless}");
    let circle = at("require 'circle'");
    assert!(circle.to_string().contains("circle → circle2 → circle"), "{circle}");
}

#[test]
fn nothing_outside_the_roots_is_required() {
    let (folder, roots) = modules();
    let secret = folder.path().join("secret").display().to_string().replace('\\', "/");
    let mut names = vec![
        "../secret",
        "..secret",
        "./lib/good",
        "lib/good",
        "lib\\\\good",
        "lib..good",
        "",
        ".",
        "..",
        "@self",
        "C:secret",
        "lib.good\\0",
        "/etc/passwd",
        "bridge.plugins",
        "bridge.",
        "missing",
        "lib",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect::<Vec<_>>();
    names.push(secret);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("secret.lua"), roots[0].join("link.lua")).expect("link");
        names.push("link".to_owned());
    }
    for name in names {
        let error = run_in(&format!("\nrequire \"{name}\""), &roots).expect_err(&name);
        assert_eq!(error.code(), ErrorCode::FORBIDDEN_CALL, "{error}");
        assert!(error.to_string().starts_with("test.lua:2: "), "{error}");
    }
    for other in ["nil", "{}", "1", "print", "('x'):rep(2^20)"] {
        let error = run_in(&format!("require({other})"), &roots).expect_err(other);
        assert!(error.code() == ErrorCode::FORBIDDEN_CALL && error.to_string().len() < 500, "{error}");
    }
}

#[test]
fn printing_is_bounded() {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let theirs = Rc::clone(&lines);
    let print = Rc::new(move |line: &str| theirs.borrow_mut().push(line.to_owned()));
    let runtime = Runtime::new(LIMITS, &[], print).expect("a VM");
    runtime
        .run("print('a', 1, nil, true) for n = 1, 5000 do print(n) end print(('x'):rep(2^20))", "t.lua")
        .expect("run");
    let lines = lines.borrow();
    assert_eq!(lines[0], "a 1 nil true");
    assert_eq!(lines.len(), 1001);
    assert!(lines[1000].contains("not shown"));
    drop(lines);
    // As 2000 texts of a MiB this would be 2 GiB outside the VM's limit.
    let many = "local s, t = ('ä'):rep(2^19), {} for n = 1, 2000 do t[n] = s end print(table.unpack(t)) print('\\255')";
    let lines = Rc::new(RefCell::new(Vec::new()));
    let theirs = Rc::clone(&lines);
    let print = Rc::new(move |line: &str| theirs.borrow_mut().push(line.to_owned()));
    Runtime::new(LIMITS, &[], print).expect("a VM").run(many, "t.lua").expect("run");
    assert_eq!(*lines.borrow(), ["ä".repeat(4096), "\u{fffd}".to_owned()]);
}

#[test]
fn a_watch_that_ended_stops_nobody() {
    let runtime = Runtime::new(LIMITS, &[], Rc::new(|_| {})).expect("a VM");
    for _ in 0..3 {
        runtime.run("local n = 0 for i = 1, 1000 do n = n + i end", "short.lua").expect("short");
        assert!(matches!(runtime.run("while true do end", "long.lua"), Err(ScriptError::Time { .. })));
        // The old deadline has passed, and a new watch is on.
        std::thread::sleep(LIMITS.time / 4);
        runtime.run("local n = 0 for i = 1, 1000 do n = n + i end", "short.lua").expect("short after long");
    }
}

#[test]
fn files_that_are_no_scripts_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let runtime = Runtime::new(LIMITS, &[], Rc::new(|_| {})).expect("a VM");
    let load = |path: &Path| runtime.load(path, "named.lua");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("file");
        path
    };
    for path in [
        folder.path().join("missing.lua"),
        folder.path().to_owned(),
        write("binary.lua", &[0xff, 0xfe, 0]),
        write("long.lua", &b" ".repeat((1 << 20) + 1)),
    ] {
        let error = load(&path).expect_err("no script");
        assert!(matches!(error, ScriptError::Read { .. }), "{error}");
    }
    load(&write("marked.lua", b"\xef\xbb\xbfreturn 1")).expect("a byte order mark");
    load(&write("windows.lua", b"local a = 1\r\nreturn a\r\n")).expect("line ends of Windows");
}
