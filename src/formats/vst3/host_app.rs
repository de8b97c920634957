//! L2 · the host, as plugins see it.
//!
//! Thread: main, except where noted. Invariant: never freed – plugins keep unreferenced pointers to it, and it has to outlive
//! them all. Deliberately absent: what belongs to one instance ([`super::handler`]).
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
use super::main_cell::MainCell;
use super::{
    attributes::AttributeList,
    com::{answer, door, lend, put},
    data_exchange::DataExchange,
    message::Message,
    strings, supported,
};
use std::{
    ffi::c_void,
    ptr::null_mut,
    sync::atomic::{AtomicU64, Ordering},
};
#[cfg(target_os = "linux")]
use vst3::Steinberg::Linux::{FileDescriptor, IEventHandler, IRunLoop, IRunLoopTrait, ITimerHandler, TimerInterval};
use vst3::{
    Class, ComWrapper, Interface,
    Steinberg::{
        FUnknown, TBool, TUID,
        Vst::{
            DataExchangeBlock, DataExchangeBlockID, DataExchangeQueueID, DataExchangeUserContextID, IAttributeList,
            IAudioProcessor, IDataExchangeHandler, IDataExchangeHandlerTrait, IHostApplication, IHostApplicationTrait,
            IMessage, IPlugInterfaceSupport, IPlugInterfaceSupportTrait, String128,
        },
        kInternalError, kInvalidArgument, kNoInterface, kResultFalse, kResultOk, tresult, uint32,
    },
    com_scrape_types::{Guid, MakeHeader},
};

/// The name plugins are told.
const NAME: &str = "sonic-bridge";

/// The host context of all plugins that one thread loads.
pub struct HostApp {
    #[cfg(target_os = "linux")]
    main: MainCell<()>,
    exchange: DataExchange,
    refused: AtomicU64,
}

impl HostApp {
    /// `[main]` The one host object of this thread.
    pub fn get() -> &'static ComWrapper<Self> {
        thread_local! {
            static APP: &'static ComWrapper<HostApp> = Box::leak(Box::new(ComWrapper::new(HostApp {
                #[cfg(target_os = "linux")]
                main: MainCell::new(()),
                exchange: DataExchange::new(),
                refused: AtomicU64::new(0),
            })));
        }
        APP.with(|app| *app)
    }

    /// `[main]` What `initialize` and `setHostContext` take; lent for ever.
    pub fn context() -> *mut FUnknown {
        lend(Self::get())
    }

    /// `[any]` The data exchange queues.
    pub fn exchange(&self) -> &DataExchange {
        &self.exchange
    }

    /// `[any]` Run loop calls that came from other threads than the main one and were refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

#[cfg(target_os = "linux")]
impl Class for HostApp {
    type Interfaces = (IHostApplication, IPlugInterfaceSupport, IDataExchangeHandler, IRunLoop);
}

#[cfg(not(target_os = "linux"))]
impl Class for HostApp {
    type Interfaces = (IHostApplication, IPlugInterfaceSupport, IDataExchangeHandler);
}

/// Copies an id a plugin passed in; `None` for null.
fn guid(id: *const TUID) -> Option<Guid> {
    // SAFETY: null, or sixteen bytes, as the interface obliges the plugin.
    (!id.is_null()).then(|| unsafe { id.cast::<Guid>().read() })
}

/// Hands over one reference to `object` as the interface `iid`, if it is one of its own or `FUnknown`.
fn hand_over<I: Interface, C>(object: ComWrapper<C>, iid: &Guid, to: *mut *mut c_void) -> tresult
where
    C: Class + 'static,
    C::Interfaces: MakeHeader<C, ComWrapper<C>>,
{
    match object.to_com_ptr::<I>() {
        Some(object) if I::inherits(iid) => {
            // SAFETY: memory for the result: `createInstance` has written null there already.
            unsafe { answer(to, object.into_raw().cast()) }
        }
        _ => kNoInterface,
    }
}

impl IHostApplicationTrait for HostApp {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        door("IHostApplication::getName", kInternalError, || {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { answer(name, strings::string128(NAME)) }
        })
    }

    unsafe fn createInstance(&self, cid: *mut TUID, iid: *mut TUID, object: *mut *mut c_void) -> tresult {
        door("IHostApplication::createInstance", kInternalError, || {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            let there = unsafe { put(object, null_mut()) };
            let (Some(cid), Some(iid), true) = (guid(cid), guid(iid), there) else { return kInvalidArgument };
            if cid == IMessage::IID {
                hand_over::<IMessage, _>(Message::new(), &iid, object)
            } else if cid == IAttributeList::IID {
                hand_over::<IAttributeList, _>(AttributeList::new(), &iid, object)
            } else {
                kNoInterface
            }
        })
    }
}

impl IPlugInterfaceSupportTrait for HostApp {
    unsafe fn isPlugInterfaceSupported(&self, iid: *const TUID) -> tresult {
        door("IPlugInterfaceSupport::isPlugInterfaceSupported", kInternalError, || match guid(iid) {
            None => kInvalidArgument,
            Some(iid) if supported::is_called(&iid) => kResultOk,
            Some(_) => kResultFalse,
        })
    }
}

impl IDataExchangeHandlerTrait for HostApp {
    unsafe fn openQueue(
        &self,
        processor: *mut IAudioProcessor,
        block_size: uint32,
        blocks: uint32,
        alignment: uint32,
        context: DataExchangeUserContextID,
        id: *mut DataExchangeQueueID,
    ) -> tresult {
        door("IDataExchangeHandler::openQueue", kInternalError, || {
            // SAFETY: null, or a live processor that lends itself, as the interface obliges the plugin.
            let Some(processor) = (unsafe { vst3::ComRef::from_raw(processor) }) else { return kInvalidArgument };
            match self.exchange.open(&processor.to_com_ptr(), block_size, blocks, alignment, context) {
                // SAFETY: null, or memory for the result, as the interface obliges the plugin.
                Ok(opened) => unsafe { answer(id, opened) },
                Err(refusal) => refusal,
            }
        })
    }

    unsafe fn closeQueue(&self, id: DataExchangeQueueID) -> tresult {
        door("IDataExchangeHandler::closeQueue", kInternalError, || self.exchange.close(id))
    }

    /// `[audio]`
    unsafe fn lockBlock(&self, id: DataExchangeQueueID, block: *mut DataExchangeBlock) -> tresult {
        door("IDataExchangeHandler::lockBlock", kInternalError, || {
            let (result, locked) = self.exchange.lock(id);
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            let told = unsafe { answer(block, locked) };
            if told == kResultOk { result } else { told }
        })
    }

    /// `[audio]`
    unsafe fn freeBlock(&self, id: DataExchangeQueueID, block: DataExchangeBlockID, send: TBool) -> tresult {
        door("IDataExchangeHandler::freeBlock", kInternalError, || self.exchange.free(id, block, send != 0))
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use crate::formats::vst3::main_loop;
    use vst3::ComPtr;

    impl HostApp {
        /// Runs a call about a handler on the main thread, and refuses it elsewhere.
        fn on_main<I: Interface>(&self, handler: *mut I, call: impl FnOnce(ComPtr<I>) -> bool) -> tresult {
            door("IRunLoop", kInternalError, || {
                if !self.main.is_home() {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    return kResultFalse;
                }
                // SAFETY: null, or a live handler that lends itself, as the interface obliges the plugin.
                let Some(handler) = (unsafe { vst3::ComRef::from_raw(handler) }) else { return kInvalidArgument };
                if call(handler.to_com_ptr()) { kResultOk } else { kInvalidArgument }
            })
        }
    }

    impl IRunLoopTrait for HostApp {
        unsafe fn registerEventHandler(&self, handler: *mut IEventHandler, fd: FileDescriptor) -> tresult {
            self.on_main(handler, |handler| main_loop::add_descriptor(handler, fd))
        }

        unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
            self.on_main(handler, |handler| main_loop::remove_descriptor(&handler))
        }

        unsafe fn registerTimer(&self, handler: *mut ITimerHandler, milliseconds: TimerInterval) -> tresult {
            self.on_main(handler, |handler| main_loop::add_timer(handler, milliseconds))
        }

        unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
            self.on_main(handler, |handler| main_loop::remove_timer(&handler))
        }
    }
}

#[cfg(test)]
mod tests;
