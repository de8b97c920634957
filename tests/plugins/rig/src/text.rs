//! Fixed-size texts of the interfaces. Thread: any. Invariant: always terminated; what does not fit is cut.

use std::ffi::c_char;

/// `[any]` Writes a text into a char field.
pub fn put8(field: &mut [c_char], text: &str) {
    field.fill(0);
    let room = field.len().saturating_sub(1);
    for (place, byte) in field.iter_mut().zip(text.bytes().take(room)) {
        *place = byte as c_char;
    }
}

/// `[any]` Writes a text into a UTF-16 field.
pub fn put16(field: &mut [u16], text: &str) {
    field.fill(0);
    let room = field.len().saturating_sub(1);
    for (place, unit) in field.iter_mut().zip(text.encode_utf16().take(room)) {
        *place = unit;
    }
}

/// `[any, not audio]` The text of a char field, terminated or not.
pub fn text8(field: &[c_char]) -> String {
    let bytes: Vec<u8> = field.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `[any, not audio]` The text of a UTF-16 field, terminated or not.
pub fn text16(field: &[u16]) -> String {
    let units: Vec<u16> = field.iter().take_while(|unit| **unit != 0).copied().collect();
    String::from_utf16_lossy(&units)
}

/// `[any, not audio]` The text a host passes as a UTF-16 pointer; at most `limit` units are looked at.
///
/// # Safety
/// `text` is null or points to a terminated text.
pub unsafe fn text16_at(text: *const u16, limit: usize) -> String {
    let mut units = Vec::new();
    while !text.is_null() && units.len() < limit {
        let unit = unsafe { text.add(units.len()).read_unaligned() };
        if unit == 0 {
            break;
        }
        units.push(unit);
    }
    String::from_utf16_lossy(&units)
}
