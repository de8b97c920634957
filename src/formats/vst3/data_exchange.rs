//! L2 · data exchange.
#![allow(unsafe_code)]
use vst3::{
    ComPtr,
    Steinberg::Vst::{IAudioProcessor, IEditController},
};

/// All queues of this process's plugins.
#[derive(Default)]
pub struct DataExchange {}
impl DataExchange {
    /// `[main]` From now on `processor` may open queues; their blocks go to `controller` if it is a receiver (else opening is refused).
    pub fn register(&self, _processor: &ComPtr<IAudioProcessor>, _controller: &ComPtr<IEditController>) -> bool {
        false
    }
    /// `[main]` Tells whether the plugin is active: queues are opened and closed only while it is not… and delivered before.
    pub fn set_active(&self, _processor: &ComPtr<IAudioProcessor>, _active: bool) {}
    /// `[main]` Delivers what the processor sent, in order. Call regularly, and before deactivation. Returns how many blocks.
    pub fn deliver(&self, _processor: &ComPtr<IAudioProcessor>) -> usize {
        0
    }
    /// `[main]` Closes what is open and forgets the processor. Call before terminate.
    pub fn unregister(&self, _processor: &ComPtr<IAudioProcessor>) {}
}
