//! Judges a binary by its header, before any of its code runs: the right machine, and the entry points of a VST3 module.
//!
//! Thread: any. Invariant: a hostile file gives an error – never a panic, an endless loop, or more memory than
//! [`READ_BUDGET`]. Where a file has no symbol table to judge by, the verdict is left to the examination.
//! Source of the entry points: Steinberg, "VST Module Architecture".
//! Deliberately absent: loading; bundle layout (plugin::bundle).

use object::{
    Endianness, StringTable,
    macho::{FatHeader, MachHeader64},
    read::{
        ReadCache, ReadRef,
        elf::{FileHeader, SectionHeader as _, Sym as _},
        macho::{FatArch, MachHeader, MachOFatFile, Nlist as _},
        pe::{ImageNtHeaders, PeFile},
    },
};
use std::{cell::Cell, fs::File, io::Read as _, ops::Range, path::Path};

/// No honest plugin needs this much of headers and symbol tables looked at.
const READ_BUDGET: u64 = 256 * 1024 * 1024;

/// The three kinds of libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Elf,
    Pe,
    MachO,
}

/// Processors that this program can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    X86_64,
    Aarch64,
    X86,
    Arm,
    Other,
}

/// What a binary must be in order to run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub container: Container,
    pub machine: Machine,
}

impl Target {
    /// `[any]` What this process can load.
    pub const fn host() -> Self {
        let container = if cfg!(windows) {
            Container::Pe
        } else if cfg!(target_os = "macos") {
            Container::MachO
        } else {
            Container::Elf
        };
        let machine = if cfg!(target_arch = "x86_64") {
            Machine::X86_64
        } else if cfg!(target_arch = "aarch64") {
            Machine::Aarch64
        } else if cfg!(target_arch = "x86") {
            Machine::X86
        } else if cfg!(target_arch = "arm") {
            Machine::Arm
        } else {
            Machine::Other
        };
        Self { container, machine }
    }

    /// Functions without which the module cannot be started.
    const fn entry_points(self) -> &'static [&'static str] {
        match self.container {
            Container::Elf => &["GetPluginFactory", "ModuleEntry", "ModuleExit"],
            Container::MachO => &["_GetPluginFactory", "_bundleEntry", "_bundleExit"],
            Container::Pe => &["GetPluginFactory"],
        }
    }
}

/// Why a binary is not even tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A library, but for another machine.
    WrongArch(String),
    /// Not a library, or not one of a VST3 plugin.
    NotAPlugin(String),
}

/// `[any]` Checks a binary against what can run on `target`.
pub(super) fn check(binary: &Path, target: Target) -> Result<(), Fault> {
    let refuse = |reason: String| Fault::NotAPlugin(reason);
    let mut file = File::open(binary).map_err(|error| refuse(format!("its binary cannot be opened ({error})")))?;
    let mut magic = [0; 4];
    file.read_exact(&mut magic).map_err(|_| refuse("its binary is empty or cut short".into()))?;
    let container = match magic {
        [0x7f, b'E', b'L', b'F'] => Container::Elf,
        [b'M', b'Z', ..] => Container::Pe,
        [0xcf | 0xce, 0xfa, 0xed, 0xfe] | [0xfe, 0xed, 0xfa, _] | [0xca, 0xfe, 0xba, 0xbe | 0xbf] => Container::MachO,
        _ => return Err(refuse("its binary is not a library of any known system".into())),
    };
    if container != target.container {
        return Err(Fault::WrongArch(format!("its binary is {}", container_name(container))));
    }
    let cache = ReadCache::new(file);
    let left = Cell::new(READ_BUDGET);
    let source = Source { cache: &cache, left: &left };
    let symbols = match container {
        Container::Elf => elf(source, target.machine),
        Container::Pe => pe(source, target.machine),
        Container::MachO => mach_o(source, target),
    };
    let missing: Vec<&str> = match symbols? {
        Symbols::Unknown => return Ok(()),
        Symbols::Known(found) => {
            let wanted = target.entry_points().iter();
            wanted.copied().filter(|name| !found.contains(name)).collect()
        }
    };
    if missing.is_empty() {
        Ok(())
    } else {
        let names: Vec<&str> = missing.iter().map(|name| name.trim_start_matches('_')).collect();
        Err(refuse(format!("its binary lacks the entry point {}", names.join(", "))))
    }
}

fn container_name(container: Container) -> &'static str {
    match container {
        Container::Elf => "a Linux library (ELF)",
        Container::Pe => "a Windows library (PE)",
        Container::MachO => "a macOS library (Mach-O)",
    }
}

/// Which of the wanted entry points are there.
enum Symbols {
    Known(Vec<&'static str>),
    /// No table to tell by.
    Unknown,
}

/// The entry points of all systems; a name found elsewhere than on its system does no harm.
const NAMES: [&str; 6] =
    ["GetPluginFactory", "ModuleEntry", "ModuleExit", "_GetPluginFactory", "_bundleEntry", "_bundleExit"];

fn note(found: &mut Vec<&'static str>, symbol: &[u8]) {
    found.extend(NAMES.iter().filter(|name| name.as_bytes() == symbol));
}

fn damaged(error: object::Error) -> Fault {
    Fault::NotAPlugin(format!("its binary is damaged ({error})"))
}

fn unreadable(_: ()) -> Fault {
    Fault::NotAPlugin("its binary is damaged (a table lies outside the file)".into())
}

fn elf(source: Source<'_>, machine: Machine) -> Result<Symbols, Fault> {
    // e_ident[4] is the class, 1 for 32 and 2 for 64 bit.
    let class = source.read_bytes_at(4, 1).map_err(unreadable)?[0];
    match class {
        2 => elf_of::<object::elf::FileHeader64<Endianness>>(source, machine),
        1 => elf_of::<object::elf::FileHeader32<Endianness>>(source, machine),
        _ => Err(Fault::NotAPlugin("its binary is damaged (ELF class)".into())),
    }
}

fn elf_of<Elf: FileHeader<Endian = Endianness>>(source: Source<'_>, machine: Machine) -> Result<Symbols, Fault> {
    use object::elf;
    let header = Elf::parse(source).map_err(damaged)?;
    let endian = header.endian().map_err(damaged)?;
    let is_64 = header.is_type_64();
    let found = match header.e_machine(endian) {
        elf::EM_X86_64 => Machine::X86_64,
        elf::EM_AARCH64 => Machine::Aarch64,
        elf::EM_386 => Machine::X86,
        elf::EM_ARM => Machine::Arm,
        _ => Machine::Other,
    };
    let wide = matches!(machine, Machine::X86_64 | Machine::Aarch64);
    if found != machine || is_64 != wide || !header.is_little_endian() {
        return Err(wrong_machine(found));
    }
    if header.e_type(endian) != elf::ET_DYN {
        return Err(Fault::NotAPlugin("its binary is a program or object file, not a library".into()));
    }
    let sections = header.sections(endian, source).map_err(damaged)?;
    let mut symbols = Vec::new();
    let Some(table) = sections.iter().find(|section| section.sh_type(endian) == elf::SHT_DYNSYM) else {
        return Ok(if sections.is_empty() { Symbols::Unknown } else { Symbols::Known(symbols) });
    };
    let entries: &[Elf::Sym] = table.data_as_array(endian, source).map_err(damaged)?;
    let strings = sections.section(object::SectionIndex(table.sh_link(endian) as usize)).map_err(damaged)?;
    // All names in one read, not one read for each.
    let strings = strings.data(endian, source).map_err(damaged)?;
    let strings = StringTable::new(strings, 0, strings.len() as u64);
    for symbol in entries.iter().filter(|symbol| !symbol.is_undefined(endian) && !symbol.is_local()) {
        note(&mut symbols, symbol.name(endian, strings).map_err(damaged)?);
    }
    Ok(Symbols::Known(symbols))
}

fn pe(source: Source<'_>, machine: Machine) -> Result<Symbols, Fault> {
    match object::read::pe::optional_header_magic(source).map_err(damaged)? {
        object::pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => pe_of::<object::pe::ImageNtHeaders64>(source, machine),
        object::pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => pe_of::<object::pe::ImageNtHeaders32>(source, machine),
        _ => Err(Fault::NotAPlugin("its binary is damaged (PE header)".into())),
    }
}

fn pe_of<Pe: ImageNtHeaders>(source: Source<'_>, machine: Machine) -> Result<Symbols, Fault> {
    use object::pe;
    let file = PeFile::<Pe, _>::parse(source).map_err(damaged)?;
    let header = file.nt_headers().file_header();
    let found = match header.machine.get(object::LittleEndian) {
        pe::IMAGE_FILE_MACHINE_AMD64 => Machine::X86_64,
        pe::IMAGE_FILE_MACHINE_ARM64 => Machine::Aarch64,
        pe::IMAGE_FILE_MACHINE_I386 => Machine::X86,
        pe::IMAGE_FILE_MACHINE_ARMNT => Machine::Arm,
        _ => Machine::Other,
    };
    if found != machine {
        return Err(wrong_machine(found));
    }
    let mut symbols = Vec::new();
    if let Some(table) = file.export_table().map_err(damaged)? {
        for (pointer, _) in table.name_iter() {
            note(&mut symbols, table.name_from_pointer(pointer).map_err(damaged)?);
        }
    }
    Ok(Symbols::Known(symbols))
}

fn mach_o(source: Source<'_>, target: Target) -> Result<Symbols, Fault> {
    let magic = source.read_bytes_at(0, 4).map_err(unreadable)?;
    match magic {
        [0xca, 0xfe, 0xba, 0xbe] => fat::<object::macho::FatArch32>(source, target),
        [0xca, 0xfe, 0xba, 0xbf] => fat::<object::macho::FatArch64>(source, target),
        [0xcf, 0xfa, 0xed, 0xfe] => thin(source, 0, target),
        _ => Err(Fault::WrongArch("its binary is for a 32-bit or PowerPC Mac".into())),
    }
}

fn fat<Fat: FatArch>(source: Source<'_>, target: Target) -> Result<Symbols, Fault> {
    // Java class files share the magic number; their version stands where a fat file has its small number of slices.
    let header: &FatHeader = source.read_at(0).map_err(unreadable)?;
    if header.nfat_arch.get(object::BigEndian) > 32 {
        return Err(Fault::NotAPlugin("its binary is not a library of any known system".into()));
    }
    let file = MachOFatFile::<Fat>::parse(source).map_err(damaged)?;
    let mut others = Vec::new();
    for slice in file.arches() {
        let machine = mach_machine(slice.cputype());
        if machine == target.machine {
            return thin(source, slice.file_range().0, target);
        }
        others.push(machine_name(machine));
    }
    Err(Fault::WrongArch(format!("its binary is for {}", others.join(", "))))
}

fn thin(source: Source<'_>, start: u64, target: Target) -> Result<Symbols, Fault> {
    let header = MachHeader64::<Endianness>::parse(source, start).map_err(damaged)?;
    let endian = header.endian().map_err(damaged)?;
    let machine = mach_machine(header.cputype(endian));
    if machine != target.machine {
        return Err(wrong_machine(machine));
    }
    let mut commands = header.load_commands(endian, source, start).map_err(damaged)?;
    while let Some(command) = commands.next().map_err(damaged)? {
        let Some(table) = command.symtab().map_err(damaged)? else { continue };
        let at = |offset: u32| start.checked_add(offset.into()).ok_or(()).map_err(unreadable);
        let entries: &[object::macho::Nlist64<Endianness>] = source
            .read_slice_at(at(table.symoff.get(endian))?, table.nsyms.get(endian) as usize)
            .map_err(unreadable)?;
        let strings = source
            .read_bytes_at(at(table.stroff.get(endian))?, table.strsize.get(endian).into())
            .map_err(unreadable)?;
        let strings = StringTable::new(strings, 0, strings.len() as u64);
        let mut symbols = Vec::new();
        let mut any = false;
        for symbol in entries.iter().filter(|symbol| !symbol.is_stab() && !symbol.is_undefined()) {
            any = true;
            note(&mut symbols, symbol.name(endian, strings).map_err(damaged)?);
        }
        // A stripped file keeps its exports in another table.
        return Ok(if any { Symbols::Known(symbols) } else { Symbols::Unknown });
    }
    Ok(Symbols::Unknown)
}

fn mach_machine(cpu: object::macho::CpuType) -> Machine {
    match cpu {
        object::macho::CPU_TYPE_X86_64 => Machine::X86_64,
        object::macho::CPU_TYPE_ARM64 => Machine::Aarch64,
        object::macho::CPU_TYPE_X86 => Machine::X86,
        object::macho::CPU_TYPE_ARM => Machine::Arm,
        _ => Machine::Other,
    }
}

fn machine_name(machine: Machine) -> &'static str {
    match machine {
        Machine::X86_64 => "x86_64",
        Machine::Aarch64 => "aarch64",
        Machine::X86 => "32-bit x86",
        Machine::Arm => "32-bit ARM",
        Machine::Other => "another processor",
    }
}

fn wrong_machine(found: Machine) -> Fault {
    let here = std::env::consts::ARCH;
    Fault::WrongArch(format!("its binary is for {}, this program runs on {here}", machine_name(found)))
}

/// A file read on demand and within a budget.
#[derive(Clone, Copy)]
struct Source<'a> {
    cache: &'a ReadCache<File>,
    left: &'a Cell<u64>,
}

impl Source<'_> {
    fn spend(self, bytes: u64) -> Result<(), ()> {
        self.left.set(self.left.get().checked_sub(bytes).ok_or(())?);
        Ok(())
    }
}

impl<'a> ReadRef<'a> for Source<'a> {
    fn len(self) -> Result<u64, ()> {
        self.cache.len()
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'a [u8], ()> {
        self.spend(size)?;
        self.cache.read_bytes_at(offset, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        self.spend(256)?;
        self.cache.read_bytes_at_until(range, delimiter)
    }
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
