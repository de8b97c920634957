//! L2 · what happened in a block, and to a node so far.
//!
//! Thread: any; plain values. Invariant: a block in which nothing happened leaves a report equal to the default.

/// One block. Counts are of nodes unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct BlockReport {
    /// The block was longer than prepared or empty: nothing ran, the outputs are silent.
    pub refused: bool,
    /// Whose process call failed; their outputs were silent.
    pub failed: u32,
    /// Whose output was NaN or infinite; their outputs were silenced.
    pub non_finite: u32,
    /// Whose output was beyond the limit; untouched.
    pub loud: u32,
    /// Who left output samples unwritten (asked under [`super::Prefill::Marks`]).
    pub unwritten: u32,
    /// Who wrote past the end of a buffer (asked in debug builds).
    pub overran: u32,
    /// Who changed the float environment.
    pub float_repairs: u32,
    /// Who was not run because it is bypassed or away.
    pub bypassed: u32,
    /// Who was not run because there was nothing to do.
    pub slept: u32,
    /// Who sent parameter points or events; see [`super::Schedule::said`].
    pub spoke: u32,
}

impl BlockReport {
    /// `[any]` Whether anything went wrong.
    pub fn is_clean(&self) -> bool {
        *self == Self { slept: self.slept, spoke: self.spoke, ..Self::default() }
    }
}

/// One plugin node since the schedule was made. Counts are of blocks unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NodeStats {
    /// In which it was run.
    pub blocks: u64,
    /// In which its process call failed.
    pub failed: u64,
    /// In which its output was NaN or infinite.
    pub non_finite: u64,
    /// In which its output was beyond the limit.
    pub loud: u64,
    /// In which it left output samples unwritten.
    pub unwritten: u64,
    /// In which it wrote past the end of a buffer.
    pub overran: u64,
    /// In which it changed the float environment.
    pub float_repairs: u64,
    /// In which it had nothing to do.
    pub slept: u64,
    /// Times the guard reset it.
    pub resets: u64,
    /// Parameter points and events that found no room: the queues of the schedule, and the plugin's own.
    pub dropped: u64,
    /// The guard gave it up; it is not run any more.
    pub bypassed: bool,
}
