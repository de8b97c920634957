//! L3 · temporary.
use std::path::PathBuf;
/// x
#[derive(Clone, Debug, Default)]
pub struct PluginUse {
    /// x
    pub query: String,
    /// x
    pub params: Vec<(String, String)>,
    /// x
    pub preset: Option<PathBuf>,
    /// x
    pub state: Option<PathBuf>,
}
