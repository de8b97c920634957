//! Saved settings.

use crate::model::PluginId;

/// Everything a plugin needs to sound the same again. The bytes are the plugin's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Whose it is.
    pub plugin: PluginId,
    /// The audio half's state.
    pub component: Vec<u8>,
    /// The controller's own state (view settings and the like); often empty.
    pub controller: Vec<u8>,
}

/// The bytes of a preset file (`.vstpreset`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetFile(pub Vec<u8>);
