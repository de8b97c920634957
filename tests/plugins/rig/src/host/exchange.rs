//! Data exchange with one queue of one block. Thread: as the interfaces say. Deliberately absent: waiting; a block is delivered
//! when a test asks for it.

use super::objects::Context;
use std::sync::Mutex;
use vst3::ComRef;
use vst3::Steinberg::{
    Vst::{
        DataExchangeBlock, IAudioProcessor, IDataExchangeHandlerTrait, IDataExchangeReceiver,
        IDataExchangeReceiverTrait,
    },
    kInvalidArgument, kOutOfMemory, kResultOk, tresult,
};

/// The queue: its memory, and what of it was sent.
#[derive(Default)]
pub(super) struct Exchange {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    memory: Vec<u64>,
    size: u32,
    user: u32,
    open: bool,
    locked: bool,
    sent: u32,
}

/// The number of the only queue, and of the only block.
const ONLY: u32 = 1;

impl Context {
    /// `[main]` Delivers what was sent; the number of blocks.
    pub fn deliver(&self, receiver: ComRef<'_, IDataExchangeReceiver>) -> u32 {
        let (user, sent, mut block) = {
            let mut inner = self.exchange.inner.lock().unwrap();
            let data = inner.memory.as_mut_ptr().cast();
            (inner.user, std::mem::take(&mut inner.sent), DataExchangeBlock { data, size: inner.size, blockID: ONLY })
        };
        if sent > 0 {
            let mut background = 9;
            unsafe { receiver.queueOpened(user, block.size, &mut background) };
            unsafe { receiver.onDataExchangeBlocksReceived(user, 1, &mut block, 0) };
            unsafe { receiver.queueClosed(user) };
        }
        sent
    }
}

impl IDataExchangeHandlerTrait for Context {
    unsafe fn openQueue(
        &self,
        processor: *mut IAudioProcessor,
        size: u32,
        _: u32,
        _: u32,
        user: u32,
        queue: *mut u32,
    ) -> tresult {
        let mut inner = self.exchange.inner.lock().unwrap();
        if processor.is_null() || inner.open {
            return kInvalidArgument;
        }
        let memory = vec![0; size.div_ceil(8) as usize];
        *inner = Inner { memory, size, user, open: true, locked: false, sent: 0 };
        unsafe { *queue = ONLY };
        kResultOk
    }

    unsafe fn closeQueue(&self, queue: u32) -> tresult {
        let mut inner = self.exchange.inner.lock().unwrap();
        let right = queue == ONLY && inner.open && !inner.locked;
        inner.open = false;
        if right { kResultOk } else { kInvalidArgument }
    }

    unsafe fn lockBlock(&self, queue: u32, block: *mut DataExchangeBlock) -> tresult {
        let mut inner = self.exchange.inner.lock().unwrap();
        if queue != ONLY || !inner.open {
            return kInvalidArgument;
        }
        if inner.locked {
            return kOutOfMemory;
        }
        inner.locked = true;
        let data = inner.memory.as_mut_ptr().cast();
        unsafe { *block = DataExchangeBlock { data, size: inner.size, blockID: ONLY } };
        kResultOk
    }

    unsafe fn freeBlock(&self, queue: u32, block: u32, send: u8) -> tresult {
        let mut inner = self.exchange.inner.lock().unwrap();
        if queue != ONLY || block != ONLY || !inner.locked {
            return kInvalidArgument;
        }
        inner.locked = false;
        inner.sent += u32::from(send != 0);
        kResultOk
    }
}
