//! The table of faults. Thread: any. Invariant: one row per mode; names are what bundles are called, so they never change.

/// One way to misbehave.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// What it does, for the code.
    pub fault: Fault,
    /// What it is called: `Fault <name>` is the bundle and the plugin.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// What a host is expected to make of it.
    pub expect: &'static str,
}

macro_rules! modes {
    ($($fault:ident $name:literal $about:literal $expect:literal;)*) => {
        /// What a mode does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the table describes each")]
        pub enum Fault { $($fault),* }

        /// Every mode, in the order of a plugin's life.
        pub const MODES: &[Mode] =
            &[$(Mode { fault: Fault::$fault, name: $name, about: $about, expect: $expect }),*];
    };
}

modes! {
    None "none" "Behaves: out = in × gain." "an ordinary plugin";

    CrashInLoad "crash-in-load" "Writes to address 0 in the entry function." "the scan marks the file as crashed, with the signal";
    AbortInLoad "abort-in-load" "Calls abort() in the entry function." "the scan marks the file as crashed (SIGABRT)";
    ExitInLoad "exit-in-load" "Calls exit(0) in the entry function." "the scan says the plugin ended the process; exit code 0 is not success";
    HangInLoad "hang-in-load" "Never returns from the entry function." "the scan gives up at its time limit";
    OverflowInLoad "overflow-in-load" "Recurses without end in the entry function." "the scan marks the file as crashed";
    OomInLoad "oom-in-load" "Allocates and touches 8 GiB in the entry function." "the scan's memory limit ends the child; the file is marked, the machine does not swap";
    RefusesLoad "refuses-load" "Answers false from the entry function." "the scan says that the module refused to load";
    Prints "prints-100mb" "Prints 100 MB to stdout and to stderr in the entry function." "the scan drains and drops it, and lists the plugin";
    ClosesDescriptors "closes-descriptors" "Closes file descriptors 0 to 255 in the entry function." "the scan notices the lost channel and marks the file; the parent lives";
    ForksInLoad "forks-in-load" "Forks in the entry function; the copy sleeps 20 s holding every descriptor." "the scan ends with its child, not with the copy";

    CrashInFactory "crash-in-factory" "Writes to address 0 in GetPluginFactory." "the scan marks the file as crashed";
    FactoryNull "factory-null" "GetPluginFactory gives null." "the scan says there is no factory";
    FactoryHuge "factory-huge-count" "countClasses says 2147483647, and every index is answered." "the scan caps the number, or refuses the file, in bounded time and memory";
    FactoryNegative "factory-negative-count" "countClasses says -1." "the scan finds no class";
    EqualIds "equal-ids" "Two classes with the same id and different names." "one is kept, and the clash is told";
    CrashInCreate "crash-in-create" "Writes to address 0 in createInstance." "a crash with its place; a scan that creates nothing lists it";
    CreateFails "create-fails" "createInstance answers kNoInterface and leaves the pointer as it was." "an error that names the step";
    CreateNull "create-null" "createInstance answers kResultOk with a null object." "an error that names the step";

    CrashInInit "crash-in-init" "Writes to address 0 in initialize." "a crash with its place";
    HangInInit "hang-in-init" "Never returns from initialize." "the time limit, told with its place";
    OomInInit "oom-in-init" "Allocates and touches 8 GiB in initialize." "the memory limit ends the child";
    SleepInInit "sleep-in-init" "Sleeps 3 s in initialize, then behaves." "it loads, and nobody else waits";
    InitFails "init-fails" "initialize answers kInternalError." "an error that names the step; terminate is not called";
    ThreadOutlives "thread-outlives" "Starts a thread in initialize that runs on for 20 s after terminate." "nothing: the library is never unloaded under it";
    ChangesLocale "changes-locale" "Sets a locale with decimal comma, or C.UTF-8, in initialize." "numbers are still written with a point; the locale is put back";
    ChangesFolder "changes-folder" "Changes the working directory to the root in initialize." "relative paths still mean what they meant";
    ChangesSignals "changes-signals" "Ignores SIGINT, SIGTERM, SIGSEGV and SIGCHLD and blocks SIGINT in initialize." "Ctrl-C still works";
    ChangesUmask "changes-umask" "Sets umask 0777 in initialize." "files written later are still readable";

    CrashInActivate "crash-in-activate" "Writes to address 0 in setActive(true)." "a crash with its place";
    ActivateFails "activate-fails" "setActive(true) answers kInternalError." "an error that names the step";
    HangInActivate "hang-in-activate" "Never returns from setActive(true)." "the time limit, told with its place";

    CrashInProcess "crash-in-process" "Writes to address 0 in the third process call." "a crash with its place; nothing is overwritten";
    AbortInProcess "abort-in-process" "Calls abort() in the third process call." "a crash with its place";
    ExitInProcess "exit-in-process" "Calls exit(0) in the third process call." "exit code 0 is not taken for success";
    OverflowInProcess "overflow-in-process" "Recurses without end in the third process call." "a crash with its place";
    HangInProcess "hang-in-process" "Never returns from the third process call." "the time limit, told with its place";
    ProcessFails "process-fails" "Every process call answers kInternalError and writes nothing." "silence or dry sound, counted and told";
    Sleep5 "sleep-5ms" "Sleeps 5 ms in every process call." "late blocks are counted";
    Sleep50 "sleep-50ms" "Sleeps 50 ms in every process call." "late blocks are counted";
    Sleep200 "sleep-200ms" "Sleeps 200 ms in every process call." "late blocks are counted";
    OutputNan "output-nan" "Puts a NaN into the middle of every block." "the guard replaces the block and counts";
    OutputInf "output-inf" "Puts +∞ and −∞ into every block." "the guard replaces the block and counts";
    OutputSubnormal "output-subnormal" "Fills the output with subnormal numbers." "the guard flushes them to zero";
    OutputLoud "output-60db" "Adds 60 dB." "told in the report (peak)";
    OutputDc "output-dc" "Adds a constant 0.75." "told in the report";
    OutputUnwritten "output-unwritten" "Writes nothing to the output and answers kResultOk." "silence, never what was in the buffer before";
    FalseSilence "false-silence" "Sets the silence flags although the output is not silent." "the flag is trusted: silence";
    WritesInput "writes-to-input" "Overwrites its input with 1.0 after use." "nobody else hears it";
    WritesPastEnd "writes-past-end" "Writes 4 samples behind the end of each output channel." "the guard words notice in debug builds";
    FtzOff "fp-ftz-off" "Turns flush-to-zero off in every process call." "put back after the call";
    FpRounding "fp-rounding" "Sets rounding toward zero in every process call." "put back after the call";
    FpUnmask "fp-unmask" "Unmasks the floating point exceptions but inexact in every process call." "put back before the host computes";
    PointsWild "points-wild" "Sends output points of unknown parameters, with offsets and values far outside, 1000 per block." "dropped and counted";
    EventsWild "events-wild" "Sends output events with impossible buses, offsets, pitches and a null text, 1000 per block." "dropped and counted";

    LatencyEveryBlock "latency-every-block" "Another latency, and restartComponent(kLatencyChanged), in every block, from the audio thread." "queued to the main thread, merged, and at some point ignored with a word";
    BusesEveryBlock "buses-every-block" "restartComponent(kIoChanged) in every block, and the side-chain comes and goes." "queued, merged, limited";
    ParamsEveryBlock "params-every-block" "restartComponent(kParamTitlesChanged | kParamValuesChanged) in every block with other titles and another count." "queued, merged, limited";
    RestartInProcess "restart-in-process" "One restartComponent(kLatencyChanged | kParamValuesChanged) from the second process call; it is late by 64 samples from the next start on." "queued to the main thread; nothing is late";
    LatencyByParam "latency-by-param" "A correct plugin: the parameter Lookahead delays by 0 to 1000 samples, told by restartComponent(kLatencyChanged)." "compensated before and after the change";
    LatencyByAutomation "latency-by-automation" "The same, and a Lookahead that is automated is told from the audio thread." "heard before the next block; nothing is late";

    Params100k "params-100k" "100 000 parameters." "listed in bounded time and memory";
    NamesUnterminated "names-unterminated" "Every text fills its field without a final 0." "cut at the field's size";
    NamesUtf16 "names-invalid-utf16" "Every UTF-16 text holds lone surrogates." "shown with replacement characters";
    StepsNegative "step-count-negative" "stepCount is -1." "treated as continuous";
    TextFails "text-fails" "Value ↔ text always answers kResultFalse and writes nothing." "numbers are shown instead";
    ValuesWild "values-out-of-range" "Normalized values and defaults of 1.7, -3 and NaN; 1e300 for plain values." "clamped, NaN replaced";
    CountsHuge "counts-huge" "2147483647 buses and parameters, each index answered." "capped or refused in bounded time";
    CountsNegative "counts-negative" "-1 buses and parameters." "none";
    BusGarbage "bus-garbage" "Each bus index is answered with kResultOk and garbage; arrangements and infos disagree." "an error, or buffers as the arrangement says; no crash";
    ErrorsEverywhere "errors-everywhere" "Every call answers kInternalError, initialize too." "an error that names the step";
    ErrorsAfterInit "errors-after-init" "initialize works, everything after answers kInternalError." "an error that names the first step that matters";

    CrashInGetState "crash-in-get-state" "Writes to address 0 in the component's getState." "a crash with its place";
    HangInGetState "hang-in-get-state" "Never returns from getState." "the time limit, told with its place";
    CrashInSetState "crash-in-set-state" "Writes to address 0 in the component's setState." "a crash with its place";
    State10Gb "state-10gb" "getState writes 10 GB, or until the stream refuses." "the stream refuses at the host's limit; an error";
    StateShortRead "state-short-read" "setState reads three bytes and answers kResultOk." "nothing: allowed";
    StateFails "state-fails" "getState and setState answer kInternalError." "an error; what was saved before stays";

    MonoOnly "mono-only" "Refuses every arrangement but 1 → 1." "runs once per channel, and the report says so";
    NoSidechain "no-stereo-sidechain" "Has a mono side-chain and refuses a stereo one." "the side-chain is mixed down, or an error";
    ControlVoltage "control-voltage" "Correct: beside the sound it has a mono bus of control voltage in each direction, on by default; the output holds 1.0." "never heard; the sound comes out alone";
    ControlOnly "control-voltage-only" "Correct: its one output is control voltage." "nothing to render, and an error that says so";
    NeedsRunLoop "needs-run-loop" "Correct on Linux: silent until its run-loop timer has ticked three times." "sound, because the main thread polls; elsewhere it sounds at once";
    ProgressOpen "progress-left-open" "Starts a progress when given the handler and never finishes it." "closed when the plugin is gone";
    KeepsHandler "keeps-handler" "Never releases the handler and the context." "no crash at the end";

    CrashInTerminate "crash-in-terminate" "Writes to address 0 in terminate." "told; what was rendered stays";
    HangInTerminate "hang-in-terminate" "Never returns from terminate." "the time limit; what was rendered stays";
    CrashInDestroy "crash-in-destroy" "Writes to address 0 when the last reference is gone." "told; what was rendered stays";
    CrashInExit "crash-in-exit" "Writes to address 0 in the exit function." "a complete scan result is kept";
}

impl Mode {
    /// `[any]` The row with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        MODES.iter().find(|mode| mode.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_class_ids_are_unique() {
        let names: HashSet<_> = MODES.iter().map(|mode| mode.name).collect();
        let ids: HashSet<_> = MODES.iter().map(|mode| plugin_rig::identity::class_id(mode.name)).collect();
        assert_eq!((names.len(), ids.len()), (MODES.len(), MODES.len()));
    }

    #[test]
    fn the_bundles_to_copy_are_the_modes() {
        let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
        let list = manifest.split("copies = [").nth(1).and_then(|rest| rest.split(']').next()).expect("a copies list");
        let copies: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        let modes: Vec<String> = MODES.iter().map(|mode| format!("Fault {}", mode.name)).collect();
        assert_eq!(copies, modes, "Cargo.toml's copies are the table's names, in its order");
    }

    #[test]
    fn the_readme_shows_the_table() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        for mode in MODES {
            let row = format!("| `{}` | {} | {} |", mode.name, mode.about, mode.expect);
            assert!(readme.contains(&row), "README.md lacks: {row}");
        }
    }
}
