//! L2 · class ids: 16 bytes in memory, one text on every system.
//!
//! Thread: any. Invariant: what is stored or shown is the text made of the id's four 32-bit groups; the bytes, whose order
//! differs on Windows, never leave the process.

use crate::model::PluginId;
use std::{ffi::c_char, fmt, str::FromStr};
use vst3::Steinberg::TUID;

/// A class id as this system's plugins keep it in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(pub [u8; 16]);

/// Byte positions in memory of the 16 bytes that the text shows from left to right.
const ORDER: [usize; 16] = if cfg!(windows) {
    [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
} else {
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
};

impl Uid {
    /// `[any]` From the four groups, as plugin sources write it.
    pub const fn from_groups(a: u32, b: u32, c: u32, d: u32) -> Self {
        Self::from_tuid(&vst3::uid(a, b, c, d))
    }

    /// `[any]` From the interface's type.
    pub const fn from_tuid(tuid: &TUID) -> Self {
        let mut bytes = [0; 16];
        let mut i = 0;
        while i < 16 {
            bytes[i] = tuid[i] as u8;
            i += 1;
        }
        Self(bytes)
    }

    /// `[any]` To the interface's type.
    pub const fn to_tuid(self) -> TUID {
        let mut tuid = [0 as c_char; 16];
        let mut i = 0;
        while i < 16 {
            tuid[i] = self.0[i] as c_char;
            i += 1;
        }
        tuid
    }

    /// `[any]` As a pointer for calls that take an id as `FIDString`: sixteen raw bytes, not text.
    pub fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }

    /// `[any]` The name the rest of the program knows this plugin by.
    pub fn plugin_id(self) -> PluginId {
        PluginId(format!("vst3:{self}"))
    }

    /// `[any]` The class a plugin id names, if it is a VST3 id.
    pub fn from_plugin_id(id: &PluginId) -> Option<Self> {
        id.0.strip_prefix("vst3:")?.parse().ok()
    }

    /// `[any]` No class at all.
    pub const fn is_zero(&self) -> bool {
        u128::from_ne_bytes(self.0) == 0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ORDER.iter().try_for_each(|&at| write!(f, "{:02X}", self.0[at]))
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

/// Not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a VST3 class id is 32 hexadecimal digits, without dashes or braces")]
pub struct BadUid;

impl FromStr for Uid {
    type Err = BadUid;

    fn from_str(text: &str) -> Result<Self, BadUid> {
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return Err(BadUid);
        }
        let digit = |at: usize| (digits[at] as char).to_digit(16).map(|value| value as u8).ok_or(BadUid);
        let mut bytes = [0; 16];
        for (shown, &at) in ORDER.iter().enumerate() {
            bytes[at] = digit(2 * shown)? << 4 | digit(2 * shown + 1)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vst3::Interface;

    #[test]
    fn the_text_is_the_groups_on_every_system() {
        let uid = Uid::from_groups(0x0123_4567, 0x89AB_CDEF, 0xFEDC_BA98, 0x7654_3210);
        assert_eq!(uid.to_string(), "0123456789ABCDEFFEDCBA9876543210");
        assert_eq!("0123456789abcdeffedcba9876543210".parse(), Ok(uid));
        assert_eq!(uid.plugin_id().0, "vst3:0123456789ABCDEFFEDCBA9876543210");
        assert_eq!(Uid::from_plugin_id(&uid.plugin_id()), Some(uid));
    }

    #[test]
    fn known_ids_read_as_documented() {
        // FUnknown is 00000000-0000-0000-C000-000000000046 in every description of COM.
        let unknown = Uid(vst3::Steinberg::FUnknown::IID);
        assert_eq!(unknown.to_string(), "0000000000000000C000000000000046");
        // IComponent: E831FF31 F2D54301 928EBBEE 25697802.
        let component = Uid(vst3::Steinberg::Vst::IComponent::IID);
        assert_eq!(component.to_string(), "E831FF31F2D54301928EBBEE25697802");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "0123", "0123456789ABCDEFFEDCBA987654321G", "{0123456789ABCDEFFEDCBA98765432}", "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"]
        {
            assert_eq!(text.parse::<Uid>(), Err(BadUid), "{text}");
        }
    }

    #[test]
    fn bytes_survive_the_interface_type() {
        let uid = Uid([255, 1, 128, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0]);
        assert_eq!(Uid::from_tuid(&uid.to_tuid()), uid);
    }
}
