//! Speaker arrangements: which loudspeaker each channel of a bus belongs to.

use std::fmt;

/// A set of speakers as a bit mask, one bit per channel. Bit positions are those of VST3's `SpeakerArrangement`,
/// the widest of the plugin formats; other formats translate at their edge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Arrangement(pub u64);

impl Arrangement {
    /// No channel at all.
    pub const EMPTY: Self = Self(0);
    /// One channel, speaker M.
    pub const MONO: Self = Self(1 << 19);
    /// Left, right.
    pub const STEREO: Self = Self(0b11);
    /// L R C.
    pub const LCR: Self = Self(0b111);
    /// L R Ls Rs.
    pub const QUADRO: Self = Self(0b11_0011);
    /// L R C Ls Rs.
    pub const SURROUND_5_0: Self = Self(0b11_0111);
    /// L R C LFE Ls Rs.
    pub const SURROUND_5_1: Self = Self(0b11_1111);
    /// L R C LFE Ls Rs Sl Sr.
    pub const SURROUND_7_1: Self = Self(0b110_0011_1111);

    /// Number of channels.
    pub const fn channels(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The customary arrangement for a number of channels. Counts without a custom get that many speakers from bit 0 up,
    /// which a plugin may refuse; more than 64 channels have no arrangement.
    pub const fn for_channels(channels: usize) -> Option<Self> {
        Some(match channels {
            0 => Self::EMPTY,
            1 => Self::MONO,
            2 => Self::STEREO,
            3 => Self::LCR,
            4 => Self::QUADRO,
            5 => Self::SURROUND_5_0,
            6 => Self::SURROUND_5_1,
            8 => Self::SURROUND_7_1,
            64 => Self(u64::MAX),
            n if n < 64 => Self((1 << n) - 1),
            _ => return None,
        })
    }
}

impl fmt::Debug for Arrangement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arrangement({self})")
    }
}

impl fmt::Display for Arrangement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::EMPTY => f.write_str("none"),
            Self::MONO => f.write_str("mono"),
            Self::STEREO => f.write_str("stereo"),
            Self::LCR => f.write_str("LCR"),
            Self::QUADRO => f.write_str("quadro"),
            Self::SURROUND_5_0 => f.write_str("5.0"),
            Self::SURROUND_5_1 => f.write_str("5.1"),
            Self::SURROUND_7_1 => f.write_str("7.1"),
            other => write!(f, "{} channels", other.channels()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_count_up_to_64_has_an_arrangement_of_that_many_channels() {
        for n in 0..=64 {
            assert_eq!(Arrangement::for_channels(n).map(Arrangement::channels), Some(n));
        }
        assert_eq!(Arrangement::for_channels(65), None);
    }
}
