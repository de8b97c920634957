//! What tests can change about the plugin. Thread: any. Invariant: each switch is one atomic for the whole library; a test that
//! wants its own loads a copy of the file.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use vst3::Steinberg::Vst::IProcessContextRequirements_::Flags_::{
    kNeedBarPositionMusic, kNeedContinousTimeSamples, kNeedCycleMusic, kNeedProjectTimeMusic, kNeedTempo,
    kNeedTimeSignature, kNeedTransportState,
};

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident $key:literal $kind:ty = $start:expr;)*) => {
        $($(#[$doc])* pub static $name: $kind = <$kind>::new($start as _);)*

        /// `[any]` Sets a switch by its name in commands; false for an unknown one.
        pub fn set(key: &str, value: u32) -> bool {
            match key {
                $($key => $name.put(value),)*
                _ => return false,
            }
            true
        }
    };
}

trait Switch {
    fn put(&self, value: u32);
}

impl Switch for AtomicU32 {
    fn put(&self, value: u32) {
        self.store(value, Relaxed);
    }
}

impl Switch for AtomicBool {
    fn put(&self, value: u32) {
        self.store(value != 0, Relaxed);
    }
}

switches! {
    /// Reported latency; the sound is not delayed.
    LATENCY "latency" AtomicU32 = 0;
    /// Reported tail.
    TAIL "tail" AtomicU32 = 0;
    /// Whether 64-bit processing is offered.
    OFFERS_F64 "f64" AtomicBool = true;
    /// Refuses every arrangement.
    REFUSES "refuseArrangements" AtomicBool = false;
    /// Silence flags of outputs: 0 never, 1 when the input's flag was set, 2 always (and the sound is zeroed).
    SILENCE "silence" AtomicU32 = 1;
    /// What of the process context is asked for.
    REQUIREMENTS "requirements" AtomicU32 = kNeedTransportState | kNeedTempo | kNeedTimeSignature | kNeedProjectTimeMusic
        | kNeedBarPositionMusic | kNeedCycleMusic | kNeedContinousTimeSamples;
    /// Answer to getPrefetchableSupport.
    PREFETCH "prefetch" AtomicU32 = 1;
    /// Additional auxiliary output buses.
    EXTRA_OUTPUTS "extraOutputs" AtomicU32 = 0;
    /// Sends the meter's value in every block.
    METERS "meter" AtomicBool = true;
    /// Sends incoming notes on.
    ECHOES "echo" AtomicBool = true;
    /// Wants data blocks on a background thread.
    BACKGROUND "background" AtomicBool = false;
    /// Allocates in process, to show that the count of allocations counts.
    ALLOCATES "allocates" AtomicBool = false;
    /// Bytes of padding in the component's state.
    PADDING "padding" AtomicU32 = 0;
    /// getState and setState fail.
    STATE_FAILS "stateFails" AtomicBool = false;
    /// setActive(true) fails.
    ACTIVATE_FAILS "activateFails" AtomicBool = false;
    /// setProcessing answers kNotImplemented, as many plugins do.
    PROCESSING_UNIMPLEMENTED "processingUnimplemented" AtomicBool = false;
}
