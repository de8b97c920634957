//! Text in fixed arrays, as VST3 passes it. Thread: any. Invariant: whatever is written ends with a zero.

use std::ffi::c_char;

/// `[any]` Copies text into a UTF-16 array, cutting at the end (never through a surrogate pair).
pub(crate) fn write16(target: &mut [u16], text: &str) {
    let mut used = 0;
    for c in text.chars() {
        let width = c.len_utf16();
        if used + width >= target.len() {
            break;
        }
        c.encode_utf16(&mut target[used..used + width]);
        used += width;
    }
    target[used..].fill(0);
}

/// `[any]` Copies text into a byte array; what is not ASCII becomes a question mark.
pub(crate) fn write8(target: &mut [c_char], text: &str) {
    let room = target.len().saturating_sub(1);
    target.fill(0);
    for (to, c) in target[..room].iter_mut().zip(text.chars()) {
        *to = if c.is_ascii() { c as u8 as c_char } else { b'?' as c_char };
    }
}

/// `[any]` Reads a zero-terminated UTF-16 string of at most 256 units; `None` for null or broken text.
///
/// # Safety
/// `text` is null or points to a zero-terminated string.
pub(crate) unsafe fn read16(text: *const u16) -> Option<String> {
    if text.is_null() {
        return None;
    }
    let mut units = Vec::new();
    for i in 0..256 {
        // SAFETY: no unit before this one was the terminating zero, so this one belongs to the string.
        match unsafe { *text.add(i) } {
            0 => break,
            unit => units.push(unit),
        }
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters_and_terminated() {
        let mut target = [9u16; 4];
        write16(&mut target, "ab😀");
        assert_eq!(target, [u16::from(b'a'), u16::from(b'b'), 0, 0]);
        let mut target = [9 as c_char; 3];
        write8(&mut target, "é12");
        assert_eq!(target, [b'?' as c_char, b'1' as c_char, 0]);
    }
}
