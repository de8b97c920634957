//! L3 · what to render, with everything a person may say about it. Plain data: nothing was looked up or opened yet.

use super::RenderError;
use crate::{
    audio_io::{OutputSpec, TailRule},
    plugin::Precision,
};
use std::path::{Path, PathBuf};

/// One plugin of the line, and its settings: state first, then preset, then parameters in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginUse {
    /// Id, exact name, or a unique part of it.
    pub query: String,
    /// Parameters as written: name and value (text, `norm:`, `plain:`).
    pub params: Vec<(String, String)>,
    /// A `.vstpreset`, or the name of one of the plugin's programs.
    pub preset: Option<PathBuf>,
    /// A saved state: a `.vstpreset`, or the bytes of the component's state.
    pub state: Option<PathBuf>,
}

/// One render.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderJob {
    /// The line of plugins, in order.
    pub plugins: Vec<PluginUse>,
    /// The file to process; none for instruments.
    pub input: Option<PathBuf>,
    /// The file for side-chain inputs.
    pub sidechain: Option<PathBuf>,
    /// Notes.
    pub midi: Option<PathBuf>,
    /// Moving parameters.
    pub automation: Option<PathBuf>,
    /// The file to write; sample rate and channels are filled in by the render.
    pub output: OutputSpec,
    /// The host's tempo in quarters per minute; a MIDI file brings its own.
    pub tempo: f64,
    /// How to go on after the end of the input.
    pub tail: TailRule,
    /// Block length in frames.
    pub block: usize,
    /// Wanted sample rate; none = that of the input.
    pub sample_rate: Option<u32>,
    /// Wanted sample type inside the plugins.
    pub precision: Precision,
    /// Write the output even when a plugin failed in every block or had to be taken out.
    pub keep_going: bool,
}

impl RenderJob {
    /// `[any]` The same with absolute paths.
    pub(super) fn absolute(&self) -> Result<Self, RenderError> {
        let absolute = |path: &Path| {
            std::path::absolute(path)
                .map_err(|error| RenderError::Read { path: path.to_path_buf(), reason: error.to_string() })
        };
        let mut job = self.clone();
        let files = [&mut job.input, &mut job.sidechain, &mut job.midi, &mut job.automation];
        for path in files.into_iter().flatten().chain([&mut job.output.path]) {
            *path = absolute(path)?;
        }
        for usage in &mut job.plugins {
            // A preset may be the name of a program: only what is a file is one.
            for path in [&mut usage.state, &mut usage.preset].into_iter().flatten().filter(|path| path.is_file()) {
                *path = absolute(path)?;
            }
        }
        Ok(job)
    }
}
