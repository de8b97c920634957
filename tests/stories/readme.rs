//! The README shows what really comes out.

use crate::support::fixtures;
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::write_wav;
use std::process::Output;

/// Ada's plugins.
const PLUGINS: [&str; 6] = [
    "DragonflyEarlyReflections",
    "DragonflyHallReverb",
    "DragonflyPlateReverb",
    "DragonflyRoomReverb",
    "ZamComp",
    "ZamCompX2",
];

/// Commands of the README, each with the lines shown below it.
fn shown() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut shown: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("$ sonic-bridge ") {
            _ if line.starts_with("```") => inside = line == "```console",
            Some(command) if inside => shown.push((command.to_owned(), Vec::new())),
            _ if inside && !shown.is_empty() => shown.last_mut().unwrap().1.push(line.to_owned()),
            _ => {}
        }
    }
    for (_, lines) in &mut shown {
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
    }
    shown
}

/// The words of a command line.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}

/// What changes from run to run: numbers of a measurement.
fn plain(line: &str) -> String {
    let mut plain: String = line.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    while plain.contains("00") {
        plain = plain.replace("00", "0");
    }
    plain.replace("-0", "0")
}

#[test]
fn what_the_readme_shows_is_what_comes_out() {
    let sandbox = Sandbox::new();
    let folder = sandbox.file("home/.vst3");
    std::fs::create_dir_all(&folder).unwrap();
    let demo = std::fs::read_dir(fixtures::demo_plugins()).unwrap().map(|entry| entry.unwrap().path());
    let demo = demo.filter(|path| path.extension().is_some_and(|extension| extension == "vst3"));
    let real = PLUGINS.map(|name| fixtures::bundle(&fixtures::real_plugins(), name));
    for bundle in demo.chain(real) {
        // Real copies: a link would be shown by where it leads.
        let copied = std::process::Command::new("cp").args(["-RL"]).arg(&bundle).arg(&folder).status().unwrap();
        assert!(copied.success(), "{bundle:?}");
    }
    write_wav(&sandbox.file("drums.wav"), 44_100, &noise(2, 44_100));
    let mut checked = 0;
    for (command, expected) in shown() {
        let words = words(&command);
        if !["scan", "list", "info", "render"].contains(&words[0].as_str()) {
            continue;
        }
        let Output { stdout, stderr, .. } = sandbox
            .sonic_bridge(std::slice::from_ref(&folder))
            .args(&words)
            .arg("--no-standard-folders")
            .output()
            .unwrap();
        let text = [stdout, stderr].concat();
        let text = String::from_utf8_lossy(&text).replace(&*folder.to_string_lossy(), "/home/ada/.vst3");
        let real: Vec<&str> = text.lines().collect();
        for line in &expected {
            let found = match words[0].as_str() {
                // Times differ, and the sound that is rendered here is not Ada's.
                "scan" | "render" => real.iter().any(|real| plain(real) == plain(line)),
                _ => real.contains(&line.as_str()),
            };
            let of_the_sound = ["Tail ", "Speed "].iter().any(|label| line.starts_with(label));
            let label = line.split_once(' ').map_or("", |(label, _)| label);
            let found = found || of_the_sound && real.iter().any(|real| real.starts_with(label));
            assert!(found || line == "…", "“{line}” is in the README, but `sonic-bridge {command}` says:\n{text}");
        }
        if words[0] == "list" || words[0] == "info" {
            assert_eq!(real, expected, "`sonic-bridge {command}`");
        }
        checked += 1;
    }
    assert!(checked >= 6, "{checked} commands");
}
