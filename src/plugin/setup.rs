//! How a plugin is to run.

/// Under which clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessMode {
    /// A sound card or a live stream waits for every block.
    Realtime,
    /// Blocks are computed ahead at uneven speed.
    Prefetch,
    /// As fast or as slow as it goes; quality first.
    Offline,
}

/// Sample type inside the plugin. Outside, samples are always `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit float.
    F32,
    /// 64-bit float, where the plugin offers it; else 32.
    F64,
}

/// What a plugin is told before it is activated. Changing any of it means deactivating first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Hz.
    pub sample_rate: f64,
    /// No block will be longer; any may be shorter.
    pub max_block: u32,
    /// Clock.
    pub mode: ProcessMode,
    /// Wanted sample type.
    pub precision: Precision,
}

/// How long a plugin sounds after its input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Silent at once.
    None,
    /// This many samples.
    Samples(u32),
    /// For ever (a generator, a frozen reverb).
    Infinite,
}
