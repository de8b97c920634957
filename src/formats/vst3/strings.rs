//! L2 · text to and from plugins: UTF-16 and 8-bit arrays that may lack their terminator, hold half a surrogate pair or
//! control characters.
//!
//! Thread: any. Invariant: reading never looks past the array's end or the given cap; what cannot be decoded becomes
//! U+FFFD, nothing else is changed.
#![allow(unsafe_code)]

use std::ffi::c_char;
use vst3::Steinberg::Vst::{String128, TChar};

/// Longest text taken from a pointer without a length.
pub const MAX_TEXT: usize = 64 * 1024;

/// `[any]` Text of a UTF-16 array, up to its terminator or its end.
pub fn from_utf16(text: &[TChar]) -> String {
    let end = text.iter().position(|&unit| unit == 0).unwrap_or(text.len());
    String::from_utf16_lossy(&text[..end])
}

/// `[any]` Text of an 8-bit array, up to its terminator or its end. UTF-8 where it is valid; else Latin-1, which is what
/// old plugins mean by it.
pub fn from_char8(text: &[c_char]) -> String {
    let bytes: Vec<u8> = text.iter().map(|&unit| unit as u8).take_while(|&byte| byte != 0).collect();
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().map(|&byte| char::from(byte)).collect())
}

/// `[any]` Writes into a UTF-16 array, cut at a whole character if need be, always terminated.
pub fn to_utf16(text: &str, into: &mut [TChar]) {
    let Some(room) = into.len().checked_sub(1) else { return };
    let mut at = 0;
    for character in text.chars().take_while(|&character| character != '\0') {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        if at + units.len() > room {
            break;
        }
        into[at..at + units.len()].copy_from_slice(units);
        at += units.len();
    }
    into[at..].fill(0);
}

/// `[any]` A `String128` of a text.
pub fn string128(text: &str) -> String128 {
    let mut array = [0; 128];
    to_utf16(text, &mut array);
    array
}

/// `[any]` A terminated UTF-16 copy of a text, for calls that take a pointer.
pub fn utf16z(text: &str) -> Vec<TChar> {
    text.encode_utf16().filter(|&unit| unit != 0).chain([0]).collect()
}

/// `[any]` Text behind a pointer that a plugin passed in; `None` for null. Reads at most [`MAX_TEXT`] units.
///
/// # Safety
/// The pointer is null or leads to terminated UTF-16 text.
pub unsafe fn from_utf16_ptr(text: *const TChar) -> Option<String> {
    // SAFETY: the caller's promise, passed on.
    let units = unsafe { utf16_behind(text) }?;
    Some(from_utf16(&units))
}

/// `[any]` The same, undecoded (so that nothing is lost) and with one terminator at its end.
///
/// # Safety
/// The pointer is null or leads to terminated UTF-16 text.
pub unsafe fn utf16_behind(text: *const TChar) -> Option<Vec<TChar>> {
    if text.is_null() {
        return None;
    }
    let mut units = Vec::new();
    for at in 0..MAX_TEXT {
        // SAFETY: not null, terminated as the caller promises, and no unit past the terminator is read.
        let unit = unsafe { text.add(at).read_unaligned() };
        if unit == 0 {
            break;
        }
        units.push(unit);
    }
    units.push(0);
    Some(units)
}

/// `[any]` Text behind an 8-bit pointer that a plugin passed in; `None` for null. Reads at most [`MAX_TEXT`] bytes.
///
/// # Safety
/// The pointer is null or leads to terminated 8-bit text.
pub unsafe fn from_char8_ptr(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    let mut units = Vec::new();
    for at in 0..MAX_TEXT {
        // SAFETY: not null, terminated as the caller promises, and no byte past the terminator is read.
        let unit = unsafe { text.add(at).read() };
        if unit == 0 {
            break;
        }
        units.push(unit);
    }
    Some(from_char8(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unterminated_arrays_end_at_their_end() {
        assert_eq!(from_utf16(&[u16::from(b'x'); 128]), "x".repeat(128));
        assert_eq!(from_char8(&[b'y' as c_char; 64]), "y".repeat(64));
    }

    #[test]
    fn half_surrogates_and_control_characters_survive() {
        assert_eq!(from_utf16(&[0x41, 0xD800, 0x07, 0x42, 0, 0x43]), "A\u{FFFD}\u{7}B");
        assert_eq!(from_utf16(&[0xD83C, 0xDFB9]), "🎹");
    }

    #[test]
    fn latin_1_is_understood_where_utf_8_is_not() {
        let latin: Vec<c_char> = [b'M', 0xFC, b'n', 0].iter().map(|&byte| byte as c_char).collect();
        assert_eq!(from_char8(&latin), "Mün");
        let utf8: Vec<c_char> = "Mün\0".bytes().map(|byte| byte as c_char).collect();
        assert_eq!(from_char8(&utf8), "Mün");
    }

    #[test]
    fn long_text_is_cut_at_a_whole_character() {
        let mut small = [0xFFFF_u16; 4];
        to_utf16("ab🎹", &mut small);
        assert_eq!(small, [0x61, 0x62, 0, 0]);
        to_utf16("anything", &mut []);
        assert_eq!(from_utf16(&string128(&"z".repeat(300))).len(), 127);
    }

    #[test]
    fn null_is_no_text() {
        // SAFETY: null is allowed.
        assert_eq!(unsafe { from_utf16_ptr(std::ptr::null()) }, None);
        // SAFETY: null is allowed.
        assert_eq!(unsafe { from_char8_ptr(std::ptr::null()) }, None);
        let text = utf16z("né\0e");
        // SAFETY: utf16z terminates.
        assert_eq!(unsafe { from_utf16_ptr(text.as_ptr()) }, Some("née".into()));
    }
}
