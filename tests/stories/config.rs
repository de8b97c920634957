//! Configuring: a first file, a mistake and what is said about it, scripts that are broken or hostile.

use crate::support::fixtures;
use crate::support::sandbox::Sandbox;
use std::process::Output;
use std::time::{Duration, Instant};

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.sonic_bridge(&[]).args(args).output().unwrap()
}

fn succeeds(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = run(sandbox, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout).unwrap()
}

/// Stderr of a run that fails with exit code 1.
fn fails(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = run(sandbox, args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.lines().any(|line| line.starts_with("error: ")), "{stderr}");
    stderr
}

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.file(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_first_configuration_is_written_and_fine() {
    let sandbox = Sandbox::new();
    assert!(succeeds(&sandbox, &["init", "new/studio"]).contains("config.lua"));
    assert!(succeeds(&sandbox, &["check", "new/studio"]).contains("config.lua is fine."));
    let file = sandbox.file("new/studio/config.lua");
    assert!(std::fs::read_to_string(&file).unwrap().contains("extra_paths = {},"));
}

#[test]
fn the_protocol_comes_as_scripts_and_a_mistake_in_one_is_told_with_its_line() {
    let sandbox = Sandbox::new();
    succeeds(&sandbox, &["init", "."]);
    assert!(succeeds(&sandbox, &["check"]).contains("scripts/protocol.lua is fine."));
    for file in ["scripts/verbs/params.lua", "scripts/_meta/bridge.gen.lua", ".luarc.json"] {
        assert!(sandbox.file(file).exists(), "{file}");
    }
    let path = sandbox.file("scripts/verbs/system.lua");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().position(|line| line.starts_with("proto:verb \"PING\"")).unwrap() + 1;
    std::fs::write(&path, text.replacen("proto:verb \"PING\" {", "proto:verb \"PING\" { parms = {},", 1)).unwrap();
    let told = fails(&sandbox, &["check"]).replace('\\', "/");
    let expected = format!("scripts/verbs/system.lua:{line}: verb PING: there is no “parms” in a declaration");
    assert!(told.contains(&expected), "“{expected}” is not in: {told}");
    // Without the file the program has its own; another that is named has to be there.
    std::fs::remove_dir_all(sandbox.file("scripts")).unwrap();
    succeeds(&sandbox, &["check"]);
    write(&sandbox, "config.lua", "return { scripts = { protocol = 'scripts/mine.lua' } }");
    assert!(fails(&sandbox, &["check"]).contains("cannot be read"));
}

#[test]
fn an_existing_configuration_is_not_overwritten() {
    let sandbox = Sandbox::new();
    write(&sandbox, "config.lua", "return {} -- mine");
    let told = fails(&sandbox, &["init", "."]);
    assert!(told.contains("config.lua exists already") && told.contains("--force"), "{told}");
    assert_eq!(std::fs::read_to_string(sandbox.file("config.lua")).unwrap(), "return {} -- mine");
    succeeds(&sandbox, &["init", ".", "--force"]);
    assert!(std::fs::read_to_string(sandbox.file("config.lua")).unwrap().contains("extra_paths"));
}

#[test]
fn mistakes_are_told_with_file_and_line() {
    let sandbox = Sandbox::new();
    write(&sandbox, "config.lua", "return {\n  server = { prot = 1 },\n  plugins = { formats = { 'clap' } },\n}\n");
    let told = fails(&sandbox, &["check"]);
    assert!(told.contains("config.lua:2: there is no option “server.prot”; did you mean “server.port”?"), "{told}");
    assert!(told.contains("config.lua:3: “plugins.formats” cannot be \"clap\" yet"), "{told}");
    // Commands that would obey it refuse it as a whole.
    let told = fails(&sandbox, &["list", "--no-standard-folders", "--config", "config.lua"]);
    assert!(told.contains("config.lua:2: ") && told.contains("config.lua:3: "), "{told}");
    assert!(fails(&sandbox, &["list", "--config", "missing.lua"]).contains("missing.lua cannot be read"));
    assert!(fails(&sandbox, &["check", "nowhere"]).contains("sonic-bridge init"));
}

#[test]
fn folders_of_plugins_come_from_the_configuration() {
    let sandbox = Sandbox::new();
    let folder = fixtures::demo_plugins();
    let text = format!("return {{ plugins = {{ extra_paths = {{ {:?} }} }} }}", folder.to_str().unwrap());
    write(&sandbox, "elsewhere/other.lua", &text);
    let list = ["list", "--no-standard-folders"];
    assert!(!succeeds_with_notes(&sandbox, &list).contains("Sonic Gain"));
    let named = succeeds_with_notes(&sandbox, &[&list[..], &["--config", "elsewhere/other.lua"]].concat());
    assert!(named.contains("Sonic Gain"), "{named}");
    // One that lies there could have come with a download: it is not obeyed unless it is named.
    write(&sandbox, "config.lua", &text);
    assert!(!succeeds_with_notes(&sandbox, &list).contains("Sonic Gain"));
}

fn succeeds_with_notes(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = run(sandbox, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn relative_folders_begin_at_the_configuration() {
    let sandbox = Sandbox::new();
    write(&sandbox, "studio/config.lua", "return { plugins = { extra_paths = { 'none/here' } } }");
    let output = run(&sandbox, &["scan", "--no-standard-folders", "--config", "studio/config.lua"]);
    let told = String::from_utf8_lossy(&output.stderr).replace('\\', "/") + &String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("studio/none/here"), "{told}");
}

#[test]
fn scripts_are_checked_each_by_itself() {
    let sandbox = Sandbox::new();
    write(
        &sandbox,
        "config.lua",
        "return { scripts = { protocol = 'scripts/protocol.lua', routing = { 'scripts/routing/*.lua', 'gone.lua' }, \
         load_seconds = 1, memory = 16 } }",
    );
    write(&sandbox, "scripts/lib/words.lua", "return { hello = 'hello' }");
    write(&sandbox, "scripts/protocol.lua", "print(require 'lib.words'.hello, '\\27[31m')");
    for (name, text) in [
        ("a_syntax", "local = 1"),
        ("b_endless", "while true do pcall(function() while true do end end) end"),
        ("c_memory", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end"),
        ("d_outside", "require '../secret'"),
        ("e_late", "require 'bridge.graph'"),
        ("f_good", "return require 'bridge'.version"),
    ] {
        write(&sandbox, &format!("scripts/routing/{name}.lua"), text);
    }
    let started = Instant::now();
    let output = run(&sandbox, &["check"]);
    assert!(started.elapsed() < Duration::from_secs(20));
    let told = String::from_utf8(output.stderr).unwrap().replace('\\', "/");
    let fine = String::from_utf8(output.stdout).unwrap().replace('\\', "/");
    assert_eq!(output.status.code(), Some(1), "{told}");
    for words in [
        "hello",
        "scripts/routing/a_syntax.lua:1: ",
        "scripts/routing/b_endless.lua:1: the script was stopped because it ran for more than 1 s",
        "needs more than 16 MiB",
        "scripts/routing/d_outside.lua:1: “../secret” is no name of a module",
        "scripts/routing/e_late.lua:1: there is no module “bridge.graph” in this version",
        "gone.lua cannot be read",
        "error: 6 scripts cannot be used",
    ] {
        assert!(told.contains(words), "“{words}” is not in: {told}");
    }
    assert!(!told.contains('\u{1b}'), "{told}");
    assert!(fine.contains("scripts/protocol.lua is fine.") && fine.contains("f_good.lua is fine."), "{fine}");
    assert_eq!(fine.lines().count(), 3, "{fine}");
}
