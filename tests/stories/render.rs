//! Rendering files from the command line: what comes out, to the sample.

use crate::support::fixtures;
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::{peak, read_wav, write_wav};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// `sonic-bridge render` with the demo plugins and those named.
pub fn render(sandbox: &Sandbox, folders: &[PathBuf]) -> Command {
    let mut all = vec![fixtures::demo_plugins()];
    all.extend_from_slice(folders);
    let mut command = sandbox.sonic_bridge(&all);
    command.args(["render", "--no-standard-folders"]);
    command
}

/// Runs it and expects success; the answer is the report.
pub fn report(command: &mut Command) -> serde_json::Value {
    let output = command.arg("--json").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Folder with one fault plugin.
pub fn fault(sandbox: &Sandbox, name: &str) -> PathBuf {
    let folder = sandbox.file(&format!("fault-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let bundle = fixtures::bundle(&fixtures::fault_plugins(), &format!("Fault {name}"));
    let link = folder.join(bundle.file_name().unwrap());
    if !link.exists() {
        std::os::unix::fs::symlink(bundle, link).unwrap();
    }
    folder
}

fn stereo(sandbox: &Sandbox, frames: usize) -> (PathBuf, Vec<Vec<f32>>) {
    let sound = noise(2, frames);
    let path = sandbox.file("in.wav");
    write_wav(&path, 48_000, &sound);
    (path, sound)
}

fn scaled(sound: &[Vec<f32>], gain: f32) -> Vec<Vec<f32>> {
    sound.iter().map(|channel| channel.iter().map(|sample| sample * gain).collect()).collect()
}

/// The largest difference.
pub fn close(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert_eq!(a.len(), b.len(), "channels");
    a.iter().zip(b).fold(0.0, |worst, (a, b)| {
        assert_eq!(a.len(), b.len(), "frames");
        a.iter().zip(b).fold(worst, |worst, (a, b)| worst.max((a - b).abs()))
    })
}

#[test]
fn a_gain_is_exact_and_the_file_as_long_as_the_input() {
    let sandbox = Sandbox::new();
    let (input, sound) = stereo(&sandbox, 10_007);
    for value in ["-6.0206 dB", "plain:-6.0206", "-6.0206"] {
        let out = sandbox.file("out.wav");
        let report = report(
            render(&sandbox, &[])
                .args(["--plugin", "Sonic Gain", "--param", &format!("Gain={value}"), "--force", "--tail", "0"])
                .arg(&input)
                .arg("-o")
                .arg(&out),
        );
        let (rate, heard) = read_wav(&out);
        assert_eq!(rate, 48_000);
        assert!(close(&heard, &scaled(&sound, 0.5)) < 1e-5, "{value}: {report:#}");
    }
}

#[test]
fn several_plugins_run_in_a_row_and_parameters_belong_to_the_one_before() {
    let sandbox = Sandbox::new();
    let (input, sound) = stereo(&sandbox, 5000);
    let out = sandbox.file("out.wav");
    report(
        render(&sandbox, &[])
            .args(["--plugin", "Sonic Gain", "--param", "Gain=-6.0206"])
            .args(["--plugin", "Sonic Gain", "--param", "Gain=-12.0412", "--tail", "0"])
            .arg(&input)
            .arg("-o")
            .arg(&out),
    );
    assert!(close(&read_wav(&out).1, &scaled(&sound, 0.125)) < 1e-5);
}

#[test]
fn block_size_changes_no_byte() {
    let sandbox = Sandbox::new();
    let (input, _) = stereo(&sandbox, 30_000);
    let mut first: Option<Vec<u8>> = None;
    for block in ["1", "64", "441", "512", "8192"] {
        let out = sandbox.file(&format!("out{block}.wav"));
        report(
            render(&sandbox, &[])
                .args(["--plugin", "Sonic EQ", "--param", "Band 3 Gain=6", "--plugin", "Sonic Reverb"])
                .args(["--block", block, "--tail", "0.5"])
                .arg(&input)
                .arg("-o")
                .arg(&out),
        );
        let bytes = std::fs::read(&out).unwrap();
        match &first {
            None => first = Some(bytes),
            Some(first) => assert!(*first == bytes, "--block {block} changes the sound"),
        }
    }
}

#[test]
fn latency_is_compensated_to_the_sample() {
    let sandbox = Sandbox::new();
    let (input, sound) = stereo(&sandbox, 6000);
    let out = sandbox.file("out.wav");
    let report = report(
        render(&sandbox, &[fault(&sandbox, "latency-by-param")])
            .args(["--plugin", "Fault latency-by-param", "--param", "Lookahead=norm:0.5", "--tail", "0"])
            .arg(&input)
            .arg("-o")
            .arg(&out),
    );
    let latency = report["latency_samples"].as_u64().unwrap();
    assert!(latency > 100, "{report:#}");
    assert!(close(&read_wav(&out).1, &sound) < 1e-6, "{report:#}");
}

#[test]
fn a_plugin_that_refuses_stereo_runs_once_per_channel_and_the_report_says_so() {
    let sandbox = Sandbox::new();
    let (input, sound) = stereo(&sandbox, 4000);
    let out = sandbox.file("out.wav");
    let report = report(
        render(&sandbox, &[fault(&sandbox, "mono-only")])
            .args(["--plugin", "Fault mono-only", "--tail", "0"])
            .arg(&input)
            .arg("-o")
            .arg(&out),
    );
    assert!(close(&read_wav(&out).1, &sound) < 1e-6);
    assert!(report.to_string().contains("once per channel"), "{report:#}");
}

#[test]
fn surround_goes_through_a_plugin_that_takes_it() {
    let sandbox = Sandbox::new();
    let sound = noise(6, 3000);
    let input = sandbox.file("in.wav");
    write_wav(&input, 44_100, &sound);
    let out = sandbox.file("out.wav");
    report(render(&sandbox, &[]).args(["--plugin", "Sonic Gain", "--tail", "0"]).arg(&input).arg("-o").arg(&out));
    let (rate, heard) = read_wav(&out);
    assert_eq!((rate, heard.len()), (44_100, 6));
    assert!(close(&heard, &sound) < 1e-6);
}

#[test]
fn automation_is_exact_to_the_sample() {
    let sandbox = Sandbox::new();
    let sound = vec![vec![0.5; 48_000]; 2];
    let input = sandbox.file("in.wav");
    write_wav(&input, 48_000, &sound);
    let automation = sandbox.file("automation.json");
    std::fs::write(&automation, r#"{"Gain": [[0.0, "0 dB"], [0.5, "-6.0206 dB"]]}"#).unwrap();
    let mut renders = Vec::new();
    for block in ["64", "1000"] {
        let out = sandbox.file(&format!("out{block}.wav"));
        report(
            render(&sandbox, &[])
                .args(["--plugin", "Sonic Gain", "--param", "Smoothing=0", "--tail", "0", "--block", block])
                .arg("--automation")
                .arg(&automation)
                .arg(&input)
                .arg("-o")
                .arg(&out),
        );
        renders.push(read_wav(&out).1);
    }
    for heard in &renders {
        assert!((heard[0][23_999] - 0.5).abs() < 1e-4, "before the jump: {}", heard[0][23_999]);
        assert!((heard[0][24_000] - 0.25).abs() < 1e-4, "after the jump: {}", heard[0][24_000]);
    }
    assert!(renders[0] == renders[1], "block size changes automation");
}

#[test]
fn a_sidechain_file_reaches_the_sidechain() {
    let sandbox = Sandbox::new();
    let tone = |level: f32| -> Vec<Vec<f32>> {
        vec![(0..48_000).map(|at| level * (at as f32 * 0.0576).sin()).collect::<Vec<f32>>(); 2]
    };
    let (input, key) = (sandbox.file("in.wav"), sandbox.file("key.wav"));
    write_wav(&input, 48_000, &tone(0.1));
    write_wav(&key, 48_000, &tone(0.9));
    let level = |with_key: bool| {
        let out = sandbox.file(if with_key { "with.wav" } else { "without.wav" });
        let mut command = render(&sandbox, &[fixtures::real_plugins()]);
        command.args(["--plugin", "ZamCompX2", "--param", "Threshold=-30", "--param", "Ratio=20", "--tail", "0"]);
        command.args(["--param", "Sidechain=1"]);
        if with_key {
            command.arg("--sidechain").arg(&key);
        }
        report(command.arg(&input).arg("-o").arg(&out));
        peak(&[read_wav(&out).1[0][40_000..].to_vec()])
    };
    let (with, without) = (level(true), level(false));
    assert!(with < without * 0.5, "the key of −1 dBFS turns down: {with} against {without}");
}

#[test]
fn a_mono_sidechain_hears_every_channel_of_the_file() {
    let sandbox = Sandbox::new();
    let tone = |level: f32| (0..48_000).map(|at| level * (at as f32 * 0.0576).sin()).collect::<Vec<f32>>();
    let (input, key) = (sandbox.file("in.wav"), sandbox.file("key.wav"));
    write_wav(&input, 48_000, &[tone(0.1), tone(0.1)]);
    let level = |left: f32, right: f32| {
        write_wav(&key, 48_000, &[tone(left), tone(right)]);
        let out = sandbox.file("out.wav");
        let mut command = render(&sandbox, &[fixtures::real_plugins()]);
        command.args(["--plugin", "ZamCompX2", "--param", "Threshold=-30", "--param", "Ratio=20", "--tail", "0"]);
        command.args(["--param", "Sidechain=1", "--force", "--sidechain"]);
        let report = report(command.arg(&key).arg(&input).arg("-o").arg(&out));
        assert!(report["warnings"].to_string().contains("mean of the file's 2 channels"), "{report:#}");
        read_wav(&out).1
    };
    // The mean of both: as loud on one channel as half as loud on two.
    let (right, left, both) = (level(0.0, 0.9), level(0.9, 0.0), level(0.45, 0.45));
    assert!(right == left && close(&right, &both) < 1e-6, "{} {}", close(&right, &left), close(&right, &both));
    let opposite = level(0.9, -0.9);
    assert!(peak(&[right[0][40_000..].to_vec()]) < 0.5 * peak(&[opposite[0][40_000..].to_vec()]));
}

#[test]
fn a_plugin_that_lives_on_the_run_loop_is_heard() {
    let sandbox = Sandbox::new();
    // Ten seconds: time enough for three ticks of its timer while the clock runs ahead.
    let (input, _) = stereo(&sandbox, 48_000 * 60);
    let out = sandbox.file("out.wav");
    report(
        render(&sandbox, &[fault(&sandbox, "needs-run-loop")])
            .args(["--plugin", "Fault needs-run-loop", "--tail", "0", "--block", "32"])
            .arg(&input)
            .arg("-o")
            .arg(&out),
    );
    assert!(peak(&read_wav(&out).1) > 0.1, "its timer never ran");
}

#[test]
fn wrong_output_values_never_reach_the_file() {
    let sandbox = Sandbox::new();
    let (input, _) = stereo(&sandbox, 8000);
    for name in ["output-nan", "output-inf", "output-unwritten", "process-fails", "points-wild", "events-wild"] {
        let out = sandbox.file(&format!("{name}.wav"));
        let report = report(
            render(&sandbox, &[fault(&sandbox, name)])
                .args(["--plugin", &format!("Fault {name}"), "--tail", "0", "--keep-going"])
                .arg(&input)
                .arg("-o")
                .arg(&out),
        );
        let (_, heard) = read_wav(&out);
        assert_eq!(heard[0].len(), 8000, "{name}");
        assert!(heard.iter().flatten().all(|sample| sample.is_finite()), "{name}");
        let warned = !report["warnings"].as_array().unwrap().is_empty();
        let audible = matches!(name, "output-nan" | "output-inf" | "process-fails");
        assert!(warned || !audible, "{name}: {report:#}");
    }
}

#[test]
fn plugins_that_change_the_process_change_no_result() {
    let sandbox = Sandbox::new();
    let (input, sound) = stereo(&sandbox, 4000);
    let names = [
        "changes-folder",
        "changes-locale",
        "changes-signals",
        "changes-umask",
        "fp-ftz-off",
        "fp-rounding",
        "fp-unmask",
        "keeps-handler",
        "latency-every-block",
        "buses-every-block",
        "params-every-block",
        "restart-in-process",
        "step-count-negative",
        "values-out-of-range",
        "text-fails",
        "params-100k",
        "thread-outlives",
        "progress-left-open",
        "writes-to-input",
        "state-short-read",
        "state-10gb",
    ];
    for name in names {
        let report = report(
            render(&sandbox, &[fault(&sandbox, name)])
                .args(["--plugin", &format!("Fault {name}"), "--tail", "0", "-o", "relative.wav", "--force"])
                .arg(&input),
        );
        let (_, heard) = read_wav(&sandbox.file("relative.wav"));
        let tolerance = if name == "latency-every-block" { 2.0 } else { 1e-6 };
        assert!(close(&heard, &sound) < tolerance, "{name}: {report:#}");
    }
}

/// What must never be in a folder after a failure.
pub fn assert_clean(sandbox: &Sandbox, before: &[PathBuf]) {
    let mut now = list(sandbox.path());
    now.retain(|path| !before.contains(path));
    assert!(now.is_empty(), "left behind: {now:?}");
}

/// Everything in the sandbox's own folder.
pub fn list(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The text a failed run wrote for people.
pub fn failure(output: &Output) -> String {
    assert!(!output.status.success(), "it should fail: {output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
