//! L2 · `.vstpreset` files.
use super::uid::Uid;

/// A preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The processor's class.
    pub class: Uid,
    /// Component state.
    pub component: Vec<u8>,
    /// Controller state.
    pub controller: Option<Vec<u8>>,
    /// Meta information (XML).
    pub info: Option<String>,
    /// Unit or program-list data in file order (`Prog` chunks: id as stored).
    pub programs: Vec<Vec<u8>>,
}
/// Why a preset cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// Not a preset file.
    #[error("this is not a VST3 preset: {0}")]
    NotAPreset(&'static str),
}
impl PresetError {
    /// `[any]` The stable code.
    pub fn code(&self) -> crate::model::ErrorCode {
        crate::model::ErrorCode::STATE_REJECTED
    }
}
impl Preset {
    /// `[any]` Reads a preset file.
    pub fn parse(_bytes: &[u8]) -> Result<Self, PresetError> {
        Err(PresetError::NotAPreset("it cannot be read by this build"))
    }
    /// `[any]` The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}
