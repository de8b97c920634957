//! Everything a person can get wrong, and everything a plugin can do to them: a clear error, an exit code that is not 0,
//! nothing overwritten and nothing left behind.

use crate::render::{assert_clean, failure, fault, list, render};
use crate::support::fixtures;
use crate::support::player::{load, noise};
use crate::support::sandbox::Sandbox;
use crate::support::sound::{read_wav, write_wav};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A sandbox with a good input and an existing output whose bytes must survive.
pub struct Case {
    sandbox: Sandbox,
    input: PathBuf,
    output: PathBuf,
}

const PRECIOUS: &[u8] = b"somebody's finished mix";

impl Case {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let (input, output) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
        write_wav(&input, 48_000, &noise(2, 4800));
        std::fs::write(&output, PRECIOUS).unwrap();
        Self { sandbox, input, output }
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub fn input(&self) -> &Path {
        &self.input
    }

    pub fn output(&self) -> &Path {
        &self.output
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.sandbox.file(name)
    }

    pub fn render(&self, folders: &[PathBuf], plugin: &str) -> Command {
        let mut command = render(&self.sandbox, folders);
        command.args(["--plugin", plugin, "--force"]);
        command
    }

    /// Runs it with the good input and output; it must fail, say all of `words`, and change nothing.
    pub fn refuses(&self, command: &mut Command, words: &[&str]) -> i32 {
        command.arg(&self.input).arg("-o").arg(&self.output);
        self.refuses_as_it_is(command, words)
    }

    fn refuses_as_it_is(&self, command: &mut Command, words: &[&str]) -> i32 {
        let before = list(self.sandbox.path());
        let output = command.output().unwrap();
        let text = failure(&output);
        for word in words {
            assert!(text.to_lowercase().contains(&word.to_lowercase()), "“{word}” is not in: {text}");
        }
        assert!(text.starts_with("error: ") || text.contains("\nerror: "), "no clear error: {text}");
        assert!(!text.contains("panicked"), "{text}");
        assert_eq!(std::fs::read(&self.output).unwrap(), PRECIOUS, "the output was touched");
        assert_clean(&self.sandbox, &before);
        output.status.code().unwrap_or_else(|| panic!("killed: {}", output.status))
    }
}

#[test]
fn no_such_plugin() {
    let case = Case::new();
    let code = case.refuses(&mut case.render(&[], "Sonic Gian"), &["Sonic Gian", "Sonic Gain"]);
    assert_eq!(code, 1);
}

#[test]
fn an_ambiguous_name_lists_the_candidates() {
    let case = Case::new();
    case.refuses(&mut case.render(&[], "Sonic"), &["Sonic", "Sonic EQ", "Sonic Reverb"]);
}

#[test]
fn wrong_architecture() {
    let case = Case::new();
    let real = fixtures::bundle(&fixtures::demo_plugins(), "Sonic Gain");
    let folder = case.sandbox.file("foreign");
    let inside = folder.join("Foreign.vst3/Contents/x86_64-linux");
    std::fs::create_dir_all(&inside).unwrap();
    let binary = sonic_bridge::plugin::bundle::vst3_binary(&real).unwrap();
    let mut bytes = std::fs::read(binary).unwrap();
    bytes[18] = 0xb7; // e_machine: AArch64
    std::fs::write(inside.join("Foreign.so"), bytes).unwrap();
    case.refuses(&mut case.render(&[folder], "Foreign"), &["Foreign", "aarch64"]);
}

#[test]
fn a_plugin_that_crashes_while_it_is_scanned() {
    let case = Case::new();
    let folder = fault(&case.sandbox, "crash-in-load");
    case.refuses(&mut case.render(&[folder], "Fault crash-in-load"), &["Fault crash-in-load", "SIGSEGV"]);
}

#[test]
fn a_plugin_that_crashes_while_it_is_loaded_or_plays() {
    for (name, words) in [
        ("crash-in-create", ["loaded", "SIGSEGV"]),
        ("crash-in-init", ["loaded", "SIGSEGV"]),
        ("crash-in-activate", ["loaded", "SIGSEGV"]),
        ("crash-in-process", ["processed", "SIGSEGV"]),
        ("abort-in-process", ["processed", "SIGABRT"]),
        ("exit-in-process", ["processed", "exit"]),
        ("overflow-in-process", ["processed", "SIG"]),
        ("create-fails", ["createInstance", "Fault create-fails"]),
        ("create-null", ["createInstance", "Fault create-null"]),
        ("init-fails", ["initialize", "kInternalError"]),
        ("errors-everywhere", ["initialize", "kInternalError"]),
        ("activate-fails", ["setActive", "kInternalError"]),
    ] {
        let case = Case::new();
        let folder = fault(&case.sandbox, name);
        let plugin = format!("Fault {name}");
        case.refuses(&mut case.render(&[folder], &plugin), &[words[0], words[1], &plugin]);
    }
}

#[test]
fn a_crash_after_the_output_is_complete_does_not_deny_it() {
    let case = Case::new();
    let folder = fault(&case.sandbox, "crash-in-terminate");
    let mut command = case.render(&[folder], "Fault crash-in-terminate");
    let output = command.arg(&case.input).arg("-o").arg(&case.output).output().unwrap();
    let text = failure(&output);
    assert!(text.contains("Fault crash-in-terminate") && text.contains("The output is complete"), "{text}");
    assert!(!text.contains("Nothing was written"), "{text}");
    assert_eq!(read_wav(&case.output).1[0].len(), 4800);
}

#[test]
fn an_output_that_cannot_hold_the_channels_gives_the_plugins_back_in_order() {
    let case = Case::new();
    let wide = case.sandbox.file("wide.wav");
    write_wav(&wide, 48_000, &vec![vec![0.1; 480]; 9]);
    let out = case.sandbox.file("out.flac");
    let mut command = case.render(&[fixtures::real_plugins()], "Dragonfly Hall Reverb");
    let output = command.arg(&wide).arg("-o").arg(&out).output().unwrap();
    let text = failure(&output);
    assert!(text.contains("FLAC holds at most 8 channels"), "{text}");
    // What the plugin's framework says when it is taken down while it runs.
    assert!(!text.contains("still active"), "{text}");
    assert!(!out.exists());
}

#[test]
fn input_files_that_are_none() {
    let case = Case::new();
    let file = |name: &str, bytes: &[u8]| {
        let path = case.sandbox.file(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let good = std::fs::read(&case.input).unwrap();
    let wide = case.sandbox.file("wide.wav");
    write_wav(&wide, 48_000, &vec![vec![0.0; 16]; 97]);
    let empty = case.sandbox.file("empty.wav");
    write_wav(&empty, 48_000, &[vec![], vec![]]);
    for (input, words) in [
        (case.sandbox.file("missing.wav"), ["missing.wav", "does not exist"]),
        (file("text.wav", b"this is no sound at all, only text, and more text"), ["text.wav", "not an audio file"]),
        (file("cut.wav", &good[..good.len() / 2]), ["cut.wav", "truncated"]),
        (file("nothing.wav", b""), ["nothing.wav", ""]),
        (empty, ["empty.wav", "0 frames"]),
        (wide, ["wide.wav", "97"]),
        (case.sandbox.path().to_path_buf(), ["not an ordinary file", ""]),
    ] {
        let mut command = case.render(&[], "Sonic Gain");
        command.arg(&input).arg("-o").arg(&case.output);
        assert_eq!(case.refuses_as_it_is(&mut command, &words), 1);
    }
}

#[test]
fn parameters_that_are_none() {
    let case = Case::new();
    for (param, words) in [
        ("Gian=3", ["Gian", "did you mean Gain"]),
        ("Gain=900 dB", ["900", "Gain"]),
        ("Gain=plain:900", ["900", "24"]),
        ("Gain=norm:1.5", ["1.5", "0 to 1"]),
        ("Gain=banana", ["banana", "Gain"]),
        ("Gain=plain:NaN", ["NaN", "Gain"]),
        ("Bypass=Maybe", ["Maybe", "Off"]),
    ] {
        let mut command = case.render(&[], "Sonic Gain");
        command.args(["--param", param]);
        assert_eq!(case.refuses(&mut command, &words), 1, "{param}");
    }
}

#[test]
fn a_preset_of_another_plugin_and_damaged_ones() {
    let case = Case::new();
    let preset = case.sandbox.file("reverb.vstpreset");
    let bundle = fixtures::bundle(&fixtures::demo_plugins(), "Sonic Reverb");
    let bytes = crate::support::main_thread::on_main(move || load(&bundle).save_preset().unwrap().0);
    std::fs::write(&preset, &bytes).unwrap();
    let with = |path: &Path| {
        let mut command = case.render(&[], "Sonic Gain");
        command.arg("--preset").arg(path);
        command
    };
    case.refuses(&mut with(&preset), &["another plugin", "Sonic Gain"]);
    std::fs::write(&preset, &bytes[..bytes.len() - 7]).unwrap();
    case.refuses(&mut with(&preset), &["Sonic Gain"]);
    std::fs::write(&preset, b"VST3 nonsense").unwrap();
    case.refuses(&mut with(&preset), &["Sonic Gain"]);
    case.refuses(&mut with(Path::new("No Such Program")), &["No Such Program", "Sonic Gain"]);
}

#[test]
fn an_existing_output_needs_force_and_an_input_is_never_an_output() {
    let case = Case::new();
    let mut command = render(&case.sandbox, &[]);
    command.args(["--plugin", "Sonic Gain"]);
    case.refuses(&mut command, &["out.wav", "exist"]);
    let before = std::fs::read(&case.input).unwrap();
    let link = case.sandbox.file("link.wav");
    std::os::unix::fs::symlink(&case.input, &link).unwrap();
    for output in [&case.input, &link] {
        let mut command = case.render(&[], "Sonic Gain");
        command.arg(&case.input).arg("-o").arg(output);
        case.refuses_as_it_is(&mut command, &["in.wav"]);
        assert_eq!(std::fs::read(&case.input).unwrap(), before);
    }
}

#[test]
fn a_missing_folder_and_a_full_one() {
    let case = Case::new();
    let mut command = case.render(&[], "Sonic Gain");
    command.arg(&case.input).arg("-o").arg(case.sandbox.file("nowhere/out.wav"));
    case.refuses_as_it_is(&mut command, &["nowhere"]);
    // A limit on the size of files stands for a full disk: writing fails in the middle.
    let mut limited = Command::new("sh");
    let inner = case.render(&[], "Sonic Gain");
    let long = case.sandbox.file("long.wav");
    write_wav(&long, 48_000, &noise(2, 480_000));
    limited
        .args(["-c", "ulimit -f 600; trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.current_dir(case.sandbox.path()).arg(&long).arg("-o").arg(&case.output);
    case.refuses_as_it_is(&mut limited, &["out.wav"]);
}

#[test]
fn command_lines_that_make_no_sense() {
    let case = Case::new();
    let mut nothing = case.render(&[], "Sonic Gain");
    nothing.arg("-o").arg(&case.output);
    case.refuses_as_it_is(&mut nothing, &["<IN>"]);
    for (plugin, args, words) in [
        ("Sonic EQ", ["--sidechain", "in.wav"], ["side-chain", ""]),
        ("Sonic Gain", ["--midi", "in.wav"], ["in.wav", "MIDI"]),
        ("Sonic Gain", ["--automation", "in.wav"], ["in.wav", ""]),
    ] {
        let mut command = case.render(&[], plugin);
        command.args(args);
        case.refuses(&mut command, &words);
    }
    for args in [["--block", "0"], ["--bits", "17"], ["--tail", "-1"], ["--sample-rate", "0"], ["--param", "Gain"]] {
        let mut command = case.render(&[], "Sonic Gain");
        command.args(args).arg(&case.input).arg("-o").arg(&case.output);
        let output = command.output().unwrap();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {output:?}");
        assert_eq!(std::fs::read(&case.output).unwrap(), PRECIOUS);
    }
}

#[test]
fn ctrl_c_in_the_middle_leaves_nothing() {
    let case = Case::new();
    let long = case.sandbox.file("long.wav");
    write_wav(&long, 48_000, &noise(2, 48_000 * 60));
    let before = list(case.sandbox.path());
    let mut command = case.render(&[fault(&case.sandbox, "sleep-5ms")], "Fault sleep-5ms");
    let before = before.into_iter().chain([case.sandbox.file("fault-sleep-5ms")]).collect::<Vec<_>>();
    command.arg(&long).arg("-o").arg(&case.output).stderr(Stdio::piped()).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    // SAFETY: a signal to a child of ours that was not waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let started = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "it went on for {:?}", started.elapsed());
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(std::fs::read(&case.output).unwrap(), PRECIOUS);
    assert_clean(&case.sandbox, &before);
    std::io::stdout().flush().unwrap();
}

#[test]
fn a_plugin_that_hangs_can_be_interrupted() {
    let case = Case::new();
    let folder = fault(&case.sandbox, "hang-in-process");
    let before = list(case.sandbox.path());
    let mut command = case.render(&[folder], "Fault hang-in-process");
    command.arg(&case.input).arg("-o").arg(&case.output).stderr(Stdio::piped()).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    for _ in 0..2 {
        // SAFETY: a signal to a child of ours that was not waited for.
        unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
        std::thread::sleep(Duration::from_millis(300));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(std::fs::read(&case.output).unwrap(), PRECIOUS);
    assert_clean(&case.sandbox, &before);
}
