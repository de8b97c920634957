//! Class ids made from names. Thread: any. Invariant: the same name gives the same id on every system and in every build.

use vst3::{Steinberg::TUID, uid};

/// `[any]` A class id for a name: 128-bit FNV-1a, in the byte order of this system.
pub const fn class_id(name: &str) -> TUID {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        hash ^= bytes[index] as u128;
        hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        index += 1;
    }
    uid((hash >> 96) as u32, (hash >> 64) as u32, (hash >> 32) as u32, hash as u32)
}

/// `[any]` The class id behind a pointer to 16 raw bytes, as factories are given it.
///
/// # Safety
/// `pointer` is null or points to 16 bytes.
pub unsafe fn class_id_at(pointer: *const std::ffi::c_char) -> Option<TUID> {
    if pointer.is_null() { None } else { Some(unsafe { pointer.cast::<TUID>().read_unaligned() }) }
}

/// `[any]` The bytes of a class id, as interface ids are written.
pub fn guid(id: &TUID) -> [u8; 16] {
    id.map(|byte| byte as u8)
}
