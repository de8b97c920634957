//! Where unsafe code may stand, and that each piece of it says why it is sound.

use crate::source;

/// The only files that may lift `deny(unsafe_code)`, each with the reason. A file that no longer needs it must leave.
const ALLOWED: &[(&str, &str)] = &[
    ("src/catalog/process_win.rs", "calls about the own process"),
    ("src/control/last_words.rs", "signal handlers"),
    ("src/control/last_words_win.rs", "the filter for exceptions"),
    ("src/formats/vst3/activation.rs", "the order of calls that starts and stops a component"),
    ("src/formats/vst3/attributes.rs", "attribute lists lent to plugins"),
    ("src/formats/vst3/binary_linux.rs", "loading code, entry points"),
    ("src/formats/vst3/binary_mac.rs", "loading code, entry points"),
    ("src/formats/vst3/binary_win.rs", "loading code, entry points"),
    ("src/formats/vst3/com.rs", "result codes and interface queries on foreign pointers"),
    ("src/formats/vst3/context.rs", "the C struct of musical time"),
    ("src/formats/vst3/context_menu.rs", "a menu handed to plugins"),
    ("src/formats/vst3/data_exchange.rs", "blocks of memory lent to plugins"),
    ("src/formats/vst3/event_list.rs", "events a plugin reads and writes through the C union"),
    ("src/formats/vst3/factory.rs", "class tables filled by the plugin"),
    ("src/formats/vst3/handler.rs", "callbacks of a plugin's controller"),
    ("src/formats/vst3/host_app.rs", "objects made for plugins by interface id"),
    ("src/formats/vst3/instance.rs", "calls into the component and the controller"),
    ("src/formats/vst3/layout.rs", "calls about buses and arrangements"),
    ("src/formats/vst3/main_cell.rs", "data of one thread in objects any thread may call"),
    ("src/formats/vst3/main_loop_mac.rs", "calls into CoreFoundation"),
    ("src/formats/vst3/main_loop_unix.rs", "file descriptors and timers that plugins register"),
    ("src/formats/vst3/main_loop_win.rs", "calls into the message queue"),
    ("src/formats/vst3/message.rs", "messages with plugin-owned pointers"),
    ("src/formats/vst3/midi_map.rs", "calls into IMidiMapping"),
    ("src/formats/vst3/module.rs", "entry points and the factory they give"),
    ("src/formats/vst3/objects.rs", "making and unmaking COM objects"),
    ("src/formats/vst3/param_changes.rs", "queues a plugin reads and writes"),
    ("src/formats/vst3/parameters.rs", "calls into the controller"),
    ("src/formats/vst3/processor.rs", "the C structs of a block, and process()"),
    ("src/formats/vst3/programs.rs", "calls into component and controller"),
    ("src/formats/vst3/proxy.rs", "connection points between the two halves"),
    ("src/formats/vst3/room.rs", "memory that comes zeroed from the system"),
    ("src/formats/vst3/states.rs", "state streams handed to plugins"),
    ("src/formats/vst3/stream.rs", "reads and writes through foreign pointers"),
    ("src/formats/vst3/strings.rs", "arrays that may lack their terminator"),
    ("src/formats/vst3/units.rs", "calls into IUnitInfo"),
    ("src/rt/float_env.rs", "the processor's floating-point control register"),
    ("src/rt/slot.rs", "a value that moves between threads through one pointer"),
    ("src/script/watchdog.rs", "the VM's interrupt, set from another thread"),
    ("src/server/priority.rs", "calls about the priority of the own thread"),
];

/// Test code that states one contract at its head instead of a note per block, with that contract. Never the program.
const ONE_CONTRACT: &[(&str, &str)] = &[
    ("tests/plugins/fault/", "breaks its promises on purpose"),
    ("tests/plugins/recorder/", "takes what a host passes by the contract of each call"),
    ("tests/plugins/rig/", "the bare parts of the fault plugins, and a host that calls nothing else"),
    ("tests/support/bare.rs", "the bare loop everything is compared with; for well-behaved plugins only"),
];

/// How many lines of a statement may stand between the note and the word `unsafe`.
const REACH: usize = 4;

#[test]
fn unsafe_is_denied_at_the_root() {
    assert!(source::read("src/lib.rs").contains("#![deny(unsafe_code)]"));
}

#[test]
fn unsafe_stands_only_in_the_files_listed() {
    let lifted: Vec<String> =
        source::rust_files(&["src/"]).into_iter().filter(|file| lifts(&source::read(file))).collect();
    let new = lifted.iter().filter(|file| !ALLOWED.iter().any(|(allowed, _)| allowed == file));
    let new: Vec<String> = new.map(|file| format!("(\"{file}\", \"why\"),")).collect();
    source::none(&new, "files that allow unsafe code and are not in the list of tests/promises/unsafe_list.rs");
    let stale = ALLOWED.iter().filter(|(allowed, _)| !lifted.iter().any(|file| file == allowed));
    let stale: Vec<String> = stale.map(|(file, _)| (*file).to_owned()).collect();
    source::none(&stale, "files in the list of tests/promises/unsafe_list.rs that no longer allow unsafe code");
}

#[test]
fn each_unsafe_block_says_why_it_is_sound() {
    let mut problems = Vec::new();
    for file in source::rust_files(&["src/", "tests/", "xtask/", "benches/"]) {
        if ONE_CONTRACT.iter().any(|(place, _)| file.starts_with(place)) {
            continue;
        }
        let text = source::read(&file);
        problems.extend(undocumented(&text).iter().map(|line| format!("{file}:{line}")));
    }
    source::none(&problems, "unsafe blocks without a “// SAFETY:” note above");
}

#[test]
fn the_program_itself_is_never_excused_from_the_notes() {
    assert!(ONE_CONTRACT.iter().all(|(place, _)| place.starts_with("tests/")));
    let files = source::rust_files(&["src/", "xtask/"]).into_iter();
    let lifted = files.filter(|file| source::read(file).contains("undocumented_unsafe_blocks"));
    source::none(&lifted.collect::<Vec<_>>(), "files that lift the lint for undocumented unsafe blocks");
}

fn lifts(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        line.starts_with("#") && line.contains("unsafe_code") && (line.contains("allow(") || line.contains("expect("))
    })
}

/// Lines, from 1, that open an unsafe block or implementation without a note.
fn undocumented(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let opens = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        let quoted = code.find('"').is_some_and(|quote| code.find("unsafe").is_some_and(|at| quote < at));
        !quoted && (code.contains("unsafe {") || code.contains("unsafe impl"))
    };
    let noted = |at: usize| {
        if lines[at].contains("SAFETY:") {
            return true;
        }
        let mut code_lines = 0;
        for line in lines[..at].iter().rev() {
            if line.starts_with("//") {
                if line.contains("SAFETY:") {
                    return true;
                }
            } else {
                code_lines += 1;
                if code_lines > REACH || line.is_empty() || line.ends_with([';', '}']) {
                    return false;
                }
            }
        }
        false
    };
    (0..lines.len()).filter(|at| opens(lines[*at]) && !noted(*at)).map(|at| at + 1).collect()
}

#[test]
fn a_missing_note_is_noticed() {
    assert_eq!(undocumented("fn f() {\n    unsafe { g() }\n}"), [2]);
    assert_eq!(undocumented("// SAFETY: checked\nlet a = 1;\nlet b = unsafe { g() };"), [3]);
    assert_eq!(undocumented("unsafe impl Send for A {}"), [1]);
    assert!(
        undocumented(
            "// SAFETY: the pointer is checked above,\n// and lives long enough.\nlet a =\n    unsafe { g() };"
        )
        .is_empty()
    );
    assert!(undocumented("let a = \"unsafe { }\"; // unsafe { }").is_empty());
}

#[test]
fn a_lifted_lint_is_noticed() {
    assert!(lifts("#![allow(unsafe_code)]"));
    assert!(lifts("    #[expect(unsafe_code, reason = \"\")]"));
    assert!(!lifts("#![deny(unsafe_code)]\n// allow(unsafe_code)"));
}
