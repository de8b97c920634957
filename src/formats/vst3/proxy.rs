//! L2 · connection proxies.
#![allow(unsafe_code)]
use crate::plugin::PluginError;
use vst3::{
    ComPtr,
    Steinberg::Vst::{IComponent, IEditController},
};

/// Component and controller, connected through us.
pub struct Connection {}
impl Connection {
    /// `[main]` Connects both; `Ok(None)` when one of them has no connection point. `plugin` names it in errors.
    pub fn connect(
        _component: &ComPtr<IComponent>,
        _controller: &ComPtr<IEditController>,
        _plugin: &str,
    ) -> Result<Option<Self>, PluginError> {
        Ok(None)
    }
    /// `[main]` Delivers messages that were sent off the main thread. Returns how many.
    pub fn deliver(&self) -> usize {
        0
    }
    /// `[any]` Messages sent off the main thread so far (delivered later).
    pub fn off_main(&self) -> u64 {
        0
    }
    /// `[any]` Messages that could not be delivered so far.
    pub fn dropped(&self) -> u64 {
        0
    }
    /// `[main]` Disconnects; safe to repeat. Dropping does it too.
    pub fn disconnect(&mut self) {}
}
