//! Header checks against real libraries, hand-made ones of other systems, and damaged ones.

use super::*;
use std::fs;

fn verdict(bytes: &[u8], container: Container, machine: Machine) -> Result<(), Fault> {
    let file = tempfile::NamedTempFile::new().expect("temp");
    fs::write(file.path(), bytes).expect("written");
    check(file.path(), Target { container, machine })
}

fn reason(result: Result<(), Fault>) -> String {
    match result {
        Ok(()) => "fine".into(),
        Err(Fault::WrongArch(reason)) => format!("wrong arch: {reason}"),
        Err(Fault::NotAPlugin(reason)) => format!("no plugin: {reason}"),
    }
}

/// Random numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// Cuts and garbles a good file in hundreds of ways; every answer is right as long as there is one.
fn torture(good: &[u8], container: Container, machine: Machine) {
    for cut in (0..good.len()).step_by((good.len() / 200).max(1)) {
        let _ = verdict(&good[..cut], container, machine);
    }
    let mut dice = Dice(1);
    for _ in 0..400 {
        let mut bad = good.to_vec();
        for _ in 0..1 + dice.roll(8) {
            // Headers are where it hurts.
            let reach = if dice.roll(2) == 0 { good.len().min(512) } else { good.len() };
            let at = dice.roll(reach);
            bad[at] = [0, 0xff, 0x7f, 0x80, dice.roll(256) as u8][dice.roll(5)];
        }
        let _ = verdict(&bad, container, machine);
    }
}

#[cfg(target_os = "linux")]
mod elf {
    use super::*;
    use crate::catalog::testing::{compile, library};

    #[test]
    fn a_library_of_this_machine_with_all_entry_points_is_fine() {
        let host = Target::host();
        assert_eq!(verdict(library(), host.container, host.machine), Ok(()));
    }

    #[test]
    fn a_library_without_entry_points_is_no_plugin() {
        let host = Target::host();
        let bytes = compile("void *GetPluginFactory(void) { return 0; } int ModuleExit(void) { return 1; }");
        let said = reason(verdict(&bytes, host.container, host.machine));
        assert_eq!(said, "no plugin: its binary lacks the entry point ModuleEntry");
        // Calling a function is not having it.
        let bytes = compile("void *GetPluginFactory(void); void *x(void) { return GetPluginFactory(); }");
        assert!(reason(verdict(&bytes, host.container, host.machine)).contains("GetPluginFactory, ModuleEntry"));
    }

    #[test]
    fn a_library_of_another_machine_is_told_apart() {
        let host = Target::host();
        let mut bytes = library().to_vec();
        for (machine, name) in [(0xb7, "aarch64"), (0xf3, "another processor"), (0x03, "32-bit x86")] {
            bytes[18] = machine;
            let said = reason(verdict(&bytes, host.container, Machine::X86_64));
            assert!(said.starts_with(&format!("wrong arch: its binary is for {name}")), "{said}");
        }
    }

    #[test]
    fn damaged_libraries_are_errors_and_never_panics() {
        let host = Target::host();
        torture(library(), host.container, host.machine);
        let program = fs::read("/proc/self/exe").map(|bytes| bytes[..64].to_vec()).expect("readable");
        assert_ne!(verdict(&program, host.container, host.machine), Ok(()));
    }

    #[test]
    fn a_table_of_absurd_size_costs_no_memory() {
        let file = tempfile::NamedTempFile::new().expect("temp");
        let mut bytes = library().to_vec();
        // The section headers' place, far out in a file of 8 TiB that is all holes.
        bytes[40..48].copy_from_slice(&(1_u64 << 42).to_le_bytes());
        bytes[60..62].copy_from_slice(&0_u16.to_le_bytes());
        fs::write(file.path(), &bytes).expect("written");
        if file.as_file().set_len(8 << 40).is_ok() {
            let _ = check(file.path(), Target::host());
        }
    }
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A Windows library with one section that holds the export table.
fn dll(machine: u16, export: &str) -> Vec<u8> {
    let mut bytes = vec![0_u8; 0x400];
    bytes[..2].copy_from_slice(b"MZ");
    put(&mut bytes, 0x3c, 0x80);
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
    bytes[0x86] = 1; // sections
    bytes[0x94] = 240; // size of the optional header
    bytes[0x97] = 0x20; // DLL
    bytes[0x98..0x9a].copy_from_slice(&[0x0b, 0x02]); // PE32+
    put(&mut bytes, 0x98 + 108, 16); // data directories
    put(&mut bytes, 0x98 + 112, 0x1000); // export directory
    put(&mut bytes, 0x98 + 116, 0x100);
    let section = 0x98 + 240;
    bytes[section..section + 6].copy_from_slice(b".edata");
    put(&mut bytes, section + 8, 0x200); // virtual size and address
    put(&mut bytes, section + 12, 0x1000);
    put(&mut bytes, section + 16, 0x200); // size and place in the file
    put(&mut bytes, section + 20, 0x200);
    let table = 0x200;
    put(&mut bytes, table + 16, 1); // ordinal base
    put(&mut bytes, table + 20, 1); // functions
    put(&mut bytes, table + 24, 1); // names
    put(&mut bytes, table + 28, 0x1000 + 40);
    put(&mut bytes, table + 32, 0x1000 + 44);
    put(&mut bytes, table + 36, 0x1000 + 48);
    put(&mut bytes, table + 40, 0x2000);
    put(&mut bytes, table + 44, 0x1000 + 52);
    bytes[table + 52..table + 52 + export.len()].copy_from_slice(export.as_bytes());
    bytes
}

#[test]
fn windows_libraries_are_judged_by_machine_and_export() {
    let good = dll(0x8664, "GetPluginFactory");
    assert_eq!(reason(verdict(&good, Container::Pe, Machine::X86_64)), "fine");
    assert!(
        reason(verdict(&good, Container::Pe, Machine::Aarch64)).starts_with("wrong arch: its binary is for x86_64")
    );
    assert!(reason(verdict(&dll(0xaa64, "GetPluginFactory"), Container::Pe, Machine::X86_64)).contains("aarch64"));
    let said = reason(verdict(&dll(0x8664, "VSTPluginMain"), Container::Pe, Machine::X86_64));
    assert_eq!(said, "no plugin: its binary lacks the entry point GetPluginFactory");
    assert!(reason(verdict(&good, Container::Elf, Machine::X86_64)).contains("Windows library"));
    torture(&good, Container::Pe, Machine::X86_64);
}

/// A macOS library with a symbol table.
fn dylib(cpu: u32, symbols: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0_u8; 32 + 24];
    for (at, value) in [(0, 0xfeed_facf), (4, cpu), (12, 6), (16, 1), (20, 24)] {
        put(&mut bytes, at, value);
    }
    let mut strings = vec![0_u8];
    let mut entries = Vec::new();
    for symbol in symbols {
        let mut entry = [0_u8; 16];
        put(&mut entry, 0, strings.len() as u32);
        entry[4] = 0x0f; // defined in a section, external
        entry[5] = 1;
        entries.extend(entry);
        strings.extend(symbol.as_bytes());
        strings.push(0);
    }
    let strings_at = 56 + entries.len();
    for (at, value) in
        [(32, 2), (36, 24), (40, 56), (44, symbols.len() as u32), (48, strings_at as u32), (52, strings.len() as u32)]
    {
        put(&mut bytes, at, value);
    }
    bytes.extend(entries);
    bytes.extend(strings);
    bytes
}

/// Several in one file.
fn universal(slices: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe];
    bytes.extend((slices.len() as u32).to_be_bytes());
    let mut at = 64 * (1 + slices.len());
    for (cpu, slice) in slices {
        for value in [*cpu, 0, at as u32, slice.len() as u32, 3] {
            bytes.extend(value.to_be_bytes());
        }
        at = (at + slice.len()).next_multiple_of(64);
    }
    for (_, slice) in slices {
        let start = if bytes.len() <= 64 * (1 + slices.len()) { 64 * (1 + slices.len()) } else { bytes.len() };
        bytes.resize(start.next_multiple_of(64), 0);
        bytes.extend(slice);
    }
    bytes
}

#[test]
fn macos_libraries_are_judged_by_machine_and_entry_points_also_inside_universal_files() {
    const ARM64: u32 = 0x0100_000c;
    const X86_64: u32 = 0x0100_0007;
    let names = ["_GetPluginFactory", "_bundleEntry", "_bundleExit"];
    let judge = |bytes: &[u8], machine| reason(verdict(bytes, Container::MachO, machine));
    let good = dylib(ARM64, &names);
    assert_eq!(judge(&good, Machine::Aarch64), "fine");
    assert!(judge(&good, Machine::X86_64).starts_with("wrong arch: its binary is for aarch64"));
    let upper = dylib(ARM64, &["_GetPluginFactory", "_BundleEntry", "_BundleExit"]);
    assert_eq!(judge(&upper, Machine::Aarch64), "no plugin: its binary lacks the entry point bundleEntry, bundleExit");
    assert_eq!(judge(&dylib(ARM64, &[]), Machine::Aarch64), "fine", "stripped: left to the examination");
    let both = universal(&[(X86_64, dylib(X86_64, &["_main"])), (ARM64, good.clone())]);
    assert_eq!(judge(&both, Machine::Aarch64), "fine");
    assert!(judge(&both, Machine::X86_64).starts_with("no plugin: its binary lacks"));
    let intel = universal(&[(X86_64, dylib(X86_64, &names))]);
    assert_eq!(judge(&intel, Machine::Aarch64), "wrong arch: its binary is for x86_64");
    let java = b"\xca\xfe\xba\xbe\0\0\0\x37 a class file of the Java language";
    assert!(judge(java, Machine::Aarch64).starts_with("no plugin"));
    torture(&good, Container::MachO, Machine::Aarch64);
    torture(&both, Container::MachO, Machine::Aarch64);
}
