//! The recorder's log, switches and commands: the file the host loaded, opened a second time.

use crate::support::{fixtures, main_thread::on_main};
use serde_json::{Value, json};
use sonic_bridge::plugin::bundle::vst3_binary;
use std::{
    cell::RefCell,
    ffi::{CString, c_char},
};

/// One call, as the plugin wrote it down.
#[derive(Clone, Debug)]
pub struct Line(Value);

impl Line {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    /// Function.
    pub fn call(&self) -> &str {
        self.text("call")
    }

    /// Kind of object.
    pub fn object(&self) -> &str {
        self.text("object")
    }

    /// State of the object before the call.
    pub fn state(&self) -> &str {
        self.text("state")
    }

    /// Number of the object.
    pub fn instance(&self) -> u64 {
        self.0["instance"].as_u64().unwrap()
    }

    /// Number of the call.
    pub fn seq(&self) -> u64 {
        self.0["seq"].as_u64().unwrap()
    }

    /// Called on the thread that entered the module.
    pub fn on_main(&self) -> bool {
        self.0["entered"] == true
    }

    /// One argument.
    pub fn arg(&self, key: &str) -> &Value {
        &self.0["args"][key]
    }

    /// Call and the argument `on`, where there is one, for comparing sequences.
    pub fn short(&self) -> String {
        match self.arg("on").as_bool() {
            Some(on) => format!("{}({on})", self.call()),
            None => self.call().to_owned(),
        }
    }
}

/// The lines of some calls.
pub fn only<'a>(lines: &'a [Line], calls: &[&str]) -> Vec<&'a Line> {
    lines.iter().filter(|line| calls.contains(&line.call())).collect()
}

/// The names of the lines of some calls, with `on`.
pub fn names(lines: &[Line], calls: &[&str]) -> Vec<String> {
    only(lines, calls).into_iter().map(Line::short).collect()
}

/// The one line of a call.
pub fn one<'a>(lines: &'a [Line], call: &str) -> &'a Line {
    let found = only(lines, &[call]);
    assert_eq!(found.len(), 1, "{call}: {found:#?}");
    found[0]
}

/// The open file.
pub struct Recorder {
    library: libloading::Library,
    illegal: RefCell<Vec<Line>>,
    remarks: RefCell<Vec<String>>,
}

impl Recorder {
    /// Opens it, with an empty log and all switches as at first.
    pub fn open() -> Self {
        let binary = vst3_binary(&fixtures::bundle(&fixtures::recorder(), "Recorder")).unwrap();
        // SAFETY: the recorder's constructors do nothing.
        let library = unsafe { libloading::Library::new(binary) }.unwrap();
        let recorder = Self { library, illegal: RefCell::default(), remarks: RefCell::default() };
        let reset = recorder.function::<extern "C" fn()>("recorder_reset");
        reset();
        recorder.set(json!({
            "latency": 0, "tail": 0, "f64": true, "refuseArrangements": false, "silence": 1, "prefetch": 1,
            "extraOutputs": 0, "meter": true, "echo": true, "background": false, "allocates": false, "padding": 0,
            "stateFails": false, "activateFails": false, "processingUnimplemented": false,
            "requirements": NEEDS,
        }));
        recorder
    }

    fn function<T: Copy>(&self, name: &str) -> T {
        // SAFETY: each caller names the type that the recorder's manual gives for the function.
        *unsafe { self.library.get::<T>(name.as_bytes()) }.unwrap()
    }

    /// Tells the plugin to act; 0 is taken.
    pub fn try_command(&self, what: Value) -> i32 {
        let text = CString::new(what.to_string()).unwrap();
        self.function::<extern "C" fn(*const c_char) -> i32>("recorder_command")(text.as_ptr())
    }

    /// Tells the plugin to act, which it can.
    pub fn command(&self, what: Value) {
        assert_eq!(self.try_command(what.clone()), 0, "{what}");
    }

    /// Acts at once, on this thread.
    pub fn now(&self, mut what: Value) {
        what["when"] = "now".into();
        self.command(what);
    }

    /// Acts on another thread.
    pub fn elsewhere(&self, mut what: Value) {
        what["when"] = "thread".into();
        self.command(what);
    }

    /// Turns switches.
    pub fn set(&self, mut what: Value) {
        what["do"] = "set".into();
        self.command(what);
    }

    /// What was called since the last time.
    pub fn log(&self) -> Vec<Line> {
        self.take(|_| true)
    }

    fn take(&self, wanted: impl Fn(&str) -> bool) -> Vec<Line> {
        let drain = self.function::<extern "C" fn(*mut u8, usize) -> usize>("recorder_drain");
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
        loop {
            let length = drain(buffer.as_mut_ptr(), buffer.len());
            if length == 0 {
                break;
            }
            bytes.extend_from_slice(&buffer[..length]);
            // All there was; a plugin that goes on playing meanwhile would keep us here.
            if length < buffer.len() / 2 {
                break;
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<Line> =
            text.lines().filter(|line| wanted(line)).map(|line| Line(serde_json::from_str(line).unwrap())).collect();
        self.illegal.borrow_mut().extend(lines.iter().filter(|line| line.0["legal"] == false).cloned());
        let mut remarks = self.remarks.borrow_mut();
        for remark in lines.iter().filter_map(|line| line.0["remarks"].as_array()).flatten() {
            remarks.push(remark.as_str().unwrap().to_owned());
        }
        lines
    }

    /// Forgets what was called, except for what was illegal.
    pub fn skim(&self) {
        self.take(|line| line.contains("\"legal\":false"));
    }

    /// What a good host would not have done although it may.
    pub fn remarks(&self) -> Vec<String> {
        self.log();
        self.remarks.borrow().clone()
    }

    /// Objects alive.
    pub fn live(&self) -> i32 {
        self.function::<extern "C" fn() -> i32>("recorder_live")()
    }

    /// Allocations and frees the plugin saw in process.
    pub fn allocations(&self) -> u64 {
        self.function::<extern "C" fn() -> u64>("recorder_allocations")()
    }

    /// Fails when a rule was broken so far.
    pub fn assert_no_violations(&self) {
        self.skim();
        let illegal = self.illegal.borrow();
        let shown: Vec<String> = illegal.iter().take(10).map(|line| line.0.to_string()).collect();
        assert!(illegal.is_empty(), "{} illegal calls:\n{}", illegal.len(), shown.join("\n"));
        let violations = self.function::<extern "C" fn() -> u64>("recorder_violations")();
        assert_eq!(violations, 0, "illegal calls, whose lines found no room in the log");
    }
}

/// What the recorder asks of the process context unless told otherwise: transport state, tempo, time signature, musical
/// time, bar, cycle, continuous time.
pub const NEEDS: u32 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10;

/// Runs a test on the plugins' thread with a fresh log. Afterwards no rule was broken and no object is left.
pub fn judged(body: impl FnOnce(&Recorder) + Send + 'static) {
    on_main(move || {
        let recorder = Recorder::open();
        body(&recorder);
        recorder.assert_no_violations();
        assert_eq!(recorder.live(), 0, "objects that were not released");
    });
}
