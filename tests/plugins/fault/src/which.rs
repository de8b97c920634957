//! Which mode this copy of the library is in: told by the name of its own file. Thread: any, first asked on main.
//! Invariant: the answer does not change while the library is loaded.

use crate::modes::{Fault, MODES, Mode};
use std::{path::PathBuf, sync::OnceLock};

/// `[any]` The mode: `Fault <name>` as the file's stem, else the variable `SONIC_FAULT`, else none. An unknown name ends the
/// process: a test that asks for a fault must not get a healthy plugin.
pub fn mode() -> &'static Mode {
    static MODE: OnceLock<&'static Mode> = OnceLock::new();
    MODE.get_or_init(|| {
        let name = name_in_file().or_else(|| std::env::var("SONIC_FAULT").ok()).unwrap_or_else(|| "none".to_owned());
        Mode::named(&name).unwrap_or_else(|| {
            eprintln!("the fault plugin has no mode “{name}”");
            std::process::exit(97);
        })
    })
}

/// `[any]` Whether the mode is this one.
pub fn is(fault: Fault) -> bool {
    mode().fault == fault
}

/// `[any]` What the plugin is called, which also makes its class id: `Fault <mode>`, or plain `Fault` when its file is
/// called something else, so that a plain copy never clashes with a named one.
pub fn plugin_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| name_in_file().map_or_else(|| "Fault".to_owned(), |name| format!("Fault {name}")))
}

fn name_in_file() -> Option<String> {
    // macOS has no suffix inside bundles, and a mode's name holds no point.
    let file = own_file()?.file_name()?.to_string_lossy().into_owned();
    file.split('.').next()?.strip_prefix("Fault ").map(str::to_owned)
}

#[cfg(unix)]
fn own_file() -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    let here = (MODES as *const [Mode]).cast();
    if unsafe { libc::dladdr(here, &mut info) } == 0 || info.dli_fname.is_null() {
        return None;
    }
    let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

#[cfg(windows)]
fn own_file() -> Option<PathBuf> {
    use std::{ffi::c_void, os::windows::ffi::OsStringExt};
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
        fn GetModuleFileNameW(module: *mut c_void, name: *mut u16, size: u32) -> u32;
    }
    const FROM_ADDRESS: u32 = 4;
    const UNCHANGED_REFCOUNT: u32 = 2;
    let here = (MODES as *const [Mode]).cast();
    let mut module = std::ptr::null_mut();
    if unsafe { GetModuleHandleExW(FROM_ADDRESS | UNCHANGED_REFCOUNT, here, &mut module) } == 0 {
        return None;
    }
    let mut name = [0_u16; 4096];
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32) };
    Some(PathBuf::from(std::ffi::OsString::from_wide(&name[..length as usize])))
}
