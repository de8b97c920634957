//! L2 · how strict a schedule is with its plugins.
//!
//! Thread: any; plain values. Invariant: the default changes no sample of a plugin that behaves, whatever the block length.

/// What a schedule does besides running the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// A sample beyond this is counted as loud (8.0 is +18 dBFS). Files may hold it; muting is for a loudspeaker's clock.
    pub loud: f32,
    /// A plugin whose output is NaN or infinite is reset the first time, and bypassed when it happens again within so many
    /// seconds.
    pub relapse_seconds: f64,
    /// What a plugin finds in its output buffers.
    pub prefill: Prefill,
    /// Nodes that hear nothing, are sent nothing, say nothing and whose tail is over are not run until they hear something.
    ///
    /// A live stream saves most of its time by this. It is off by default, because what is exactly silent is asked block by
    /// block: where a node falls asleep and wakes up depends on the block length, and a plugin with a sleeping LFO sounds
    /// different. Files rendered with this off are the same bytes for all block lengths a plugin itself does not mind.
    pub sleep: bool,
}

/// What a plugin finds in its output buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefill {
    /// Zeros: a plugin that forgets to write is silent.
    Zeros,
    /// A marked NaN: samples a plugin forgot to write are counted, then silenced. For tests; costs a second look.
    Marks,
}

impl Default for Policy {
    fn default() -> Self {
        Self { loud: 8.0, relapse_seconds: 1.0, prefill: Prefill::Zeros, sleep: false }
    }
}
