//! L2 · what audio will do in every block, as plain data: steps over the channels of a pool.
//!
//! Thread: any. Invariant: plain data without pointers or processors, so that it can be checked, compared and corrupted
//! by tests. Whether it is right is for [`super::verify`] to say.

use crate::rt::Channel;

/// One thing to do. `C` names a channel: of the pool in a finished plan, a made-up number while it is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<C = Channel> {
    /// Zeros.
    Silence {
        /// Written.
        to: C,
    },
    /// The same again.
    Copy {
        /// Read.
        from: C,
        /// Written.
        to: C,
    },
    /// Sum.
    Add {
        /// Read.
        from: C,
        /// Read and written.
        to: C,
    },
    /// Later.
    Delay {
        /// Which line; no line is used twice.
        line: u32,
        /// Read.
        from: C,
        /// Written.
        to: C,
    },
    /// A plugin; afterwards its inputs hold rubbish.
    Run {
        /// Position in [`Plan::runners`].
        runner: u32,
    },
}

impl<C> Step<C> {
    /// The same step over other names.
    pub fn map<D>(self, mut name: impl FnMut(C) -> D) -> Step<D> {
        match self {
            Self::Silence { to } => Step::Silence { to: name(to) },
            Self::Copy { from, to } => Step::Copy { from: name(from), to: name(to) },
            Self::Add { from, to } => Step::Add { from: name(from), to: name(to) },
            Self::Delay { line, from, to } => Step::Delay { line, from: name(from), to: name(to) },
            Self::Run { runner } => Step::Run { runner },
        }
    }
}

/// The channels of one node. An input of the graph has only outputs, an output only inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports<C = Channel> {
    /// Where it hears.
    pub inputs: Vec<C>,
    /// Where it speaks.
    pub outputs: Vec<C>,
}

impl<C> Default for Ports<C> {
    fn default() -> Self {
        Self { inputs: Vec::new(), outputs: Vec::new() }
    }
}

/// Everything about a compiled graph but the plugins themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<C = Channel> {
    /// In running order.
    pub steps: Vec<Step<C>>,
    /// By node of the spec.
    pub ports: Vec<Ports<C>>,
    /// Nodes of the spec that are plugins, in running order.
    pub runners: Vec<usize>,
    /// Length of each delay line in samples.
    pub lines: Vec<u32>,
    /// How many channels there are.
    pub channels: usize,
    /// Samples from the graph's inputs to its outputs.
    pub latency: u32,
}
