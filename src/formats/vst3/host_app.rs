//! L2 · the host, as plugins see it.
#![allow(unsafe_code)]
use super::{com::lend, data_exchange::DataExchange};
use vst3::{Class, ComWrapper, Steinberg::FUnknown};

/// The host context.
pub struct HostApp {
    exchange: DataExchange,
}
impl Class for HostApp {
    type Interfaces = (FUnknown,);
}
impl HostApp {
    /// `[main]` The one host object of this thread; never freed, so that it outlives every plugin.
    pub fn get() -> &'static ComWrapper<Self> {
        thread_local!(static APP: &'static ComWrapper<HostApp> =
            Box::leak(Box::new(ComWrapper::new(HostApp { exchange: DataExchange::default() }))));
        APP.with(|app| *app)
    }
    /// `[main]` What `initialize` takes.
    pub fn context() -> *mut FUnknown {
        lend(Self::get())
    }
    /// `[main]` The data exchange queues.
    pub fn exchange(&self) -> &DataExchange {
        &self.exchange
    }
}
