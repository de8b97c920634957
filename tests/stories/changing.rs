//! Plugins that change in the middle of a render, and what they have beside sound.

use crate::bad_input::Case;
use crate::render::{close, fault, render, report};
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::{peak, read_wav, write_wav};

#[test]
fn a_latency_that_changes_in_the_middle_leaves_nothing_late() {
    let sandbox = Sandbox::new();
    let sound = noise(2, 48_000);
    let (input, moves) = (sandbox.file("in.wav"), sandbox.file("moves.csv"));
    write_wav(&input, 48_000, &sound);
    // From 0 to 500 samples, down to 100, up to 1000, and back to none.
    std::fs::write(&moves, "0.1,Lookahead,0.5\n0.3,Lookahead,0.1\n0.5,Lookahead,1\n0.9,Lookahead,0\n").unwrap();
    let folder = fault(&sandbox, "latency-by-automation");
    for block in ["64", "441", "4096"] {
        for before in [false, true] {
            let out = sandbox.file("out.wav");
            let mut command = render(&sandbox, std::slice::from_ref(&folder));
            if before {
                command.args(["--plugin", "Sonic Gain", "--param", "Gain=0"]);
            }
            command.args(["--plugin", "Fault latency-by-automation", "--tail", "0", "--block", block, "--force"]);
            let report = report(command.arg("--automation").arg(&moves).arg(&input).arg("-o").arg(&out));
            let heard = read_wav(&out).1;
            assert!(close(&heard, &sound) < 1e-6, "--block {block}: {report:#}");
            let told = report["warnings"].to_string();
            assert!(told.contains("from 0 to 500 samples") && told.contains("from 1000 to 0 samples"), "{told}");
        }
    }
}

#[test]
fn a_tail_that_automation_lengthens_is_asked_for_again() {
    let sandbox = Sandbox::new();
    let (input, moves) = (sandbox.file("in.wav"), sandbox.file("moves.csv"));
    write_wav(&input, 48_000, &noise(2, 24_000));
    std::fs::write(&moves, "0.2,Decay,\"8 s\"\n").unwrap();
    let tail = |name: &str, moving: bool| {
        let mut command = render(&sandbox, &[]);
        command.args(["--plugin", "Sonic Reverb", "--param", "Decay=0.3 s", "--param", "Mix=100 %"]);
        if moving {
            command.arg("--automation").arg(&moves);
        }
        report(command.arg(&input).arg("-o").arg(sandbox.file(name)))["tail_seconds"].as_f64().unwrap()
    };
    let (short, long) = (tail("short.wav", false), tail("long.wav", true));
    assert!(short < 1.5 && long > 6.0, "{short} and {long} seconds");
}

#[test]
fn control_voltage_is_never_heard() {
    let sandbox = Sandbox::new();
    let sound = noise(2, 5000);
    let (input, out) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
    write_wav(&input, 48_000, &sound);
    let mut command = render(&sandbox, &[fault(&sandbox, "control-voltage")]);
    command.args(["--plugin", "Fault control-voltage", "--tail", "0"]);
    report(command.arg(&input).arg("-o").arg(&out));
    let heard = read_wav(&out).1;
    assert!(close(&heard, &sound) < 1e-6 && peak(&heard) < 1.0, "two channels, and nothing of the constant 1.0");
    // A plugin that has nothing else has nothing to render.
    let case = Case::new();
    let folder = fault(case.sandbox(), "control-voltage-only");
    case.refuses(&mut case.render(&[folder], "Fault control-voltage-only"), &["no audio output"]);
}
