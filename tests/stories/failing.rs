//! Plugins that do not do their work, and settings that are none: a render must not look as if it had gone well.

use crate::bad_input::Case;
use crate::render::{fault, report};
use crate::support::fixtures;
use crate::support::sound::read_wav;

#[test]
fn a_plugin_that_never_worked_is_an_error_and_the_output_is_not_written() {
    for (name, words) in [
        ("process-fails", "failed in every block"),
        ("output-nan", "taken out of the line"),
        ("output-inf", "taken out of the line"),
    ] {
        let case = Case::new();
        let (folder, plugin) = (fault(case.sandbox(), name), format!("Fault {name}"));
        let code = case.refuses(&mut case.render(&[folder.clone()], &plugin), &[words, &plugin, "--keep-going"]);
        assert_eq!(code, 1, "{name}");
        // Who wants it all the same gets it, and a warning.
        let mut command = case.render(&[folder], &plugin);
        command.args(["--keep-going", "--tail", "0"]);
        let report = report(command.arg(case.input()).arg("-o").arg(case.output()));
        assert!(!report["warnings"].as_array().unwrap().is_empty(), "{name}: {report:#}");
        assert_eq!(read_wav(case.output()).1[0].len(), 4800, "{name}");
    }
}

#[test]
fn a_state_that_is_something_else_is_refused() {
    let case = Case::new();
    let sound = std::fs::read(case.input()).unwrap();
    let files: [(&str, &[u8], &str); 5] = [
        ("empty.state", b"", "an empty file"),
        ("sound.state", &sound, "a sound file"),
        ("sound.flac", b"fLaC\0\0\0\x22", "a sound file"),
        ("song.mid", b"MThd\0\0\0\x06", "a MIDI file"),
        ("old.fxp", b"CcnK\0\0\0\0FPCh", "a preset of VST 2"),
    ];
    for (name, bytes, what) in files {
        let path = case.file(name);
        std::fs::write(&path, bytes).unwrap();
        let mut command = case.render(&[fixtures::real_plugins()], "Dragonfly Hall Reverb");
        command.arg("--state").arg(&path);
        assert_eq!(case.refuses(&mut command, &[name, "no state of Dragonfly Hall Reverb", what]), 1, "{name}");
    }
}

#[test]
fn a_state_that_makes_no_difference_is_told() {
    let case = Case::new();
    let path = case.file("letter.txt");
    std::fs::write(&path, b"Dear plugin, please sound nice.").unwrap();
    // It reads a few bytes, is content, and changes nothing.
    let mut command = case.render(&[fault(case.sandbox(), "state-short-read")], "Fault state-short-read");
    command.arg("--state").arg(&path).args(["--tail", "0"]);
    let report = report(command.arg(case.input()).arg("-o").arg(case.output()));
    assert!(report["warnings"].to_string().contains("is as it was before"), "{report:#}");
}
