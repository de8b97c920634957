//! L2 · data exchange: blocks of bytes from a plugin's audio half to its controller (meters, spectra, scopes).
//!
//! Thread: `lock` and `free` audio; the rest main. Invariants: `lock` and `free` neither allocate nor wait; a block is in one
//! state at a time (free → locked → sent → free); a queue is freed only when nobody is inside it
//! and no block of it is in the plugin's hands.
//! Deliberately absent: a background thread. A receiver may ask for one in `queueOpened`; it is told truthfully in each
//! delivery that this is the main thread, which suits every receiver.
#![allow(unsafe_code)]

use super::{
    com::{identity, query},
    consts::{INVALID_BLOCK, INVALID_QUEUE},
    main_cell::MainCell,
};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr::{NonNull, null_mut},
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{
            DataExchangeBlock, DataExchangeBlockID, DataExchangeQueueID, DataExchangeUserContextID, IAudioProcessor,
            IDataExchangeReceiver, IDataExchangeReceiverTrait, IEditController,
        },
        kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult,
    },
};

/// Queues of all plugins of a process at one time.
const QUEUES: usize = 256;
/// Bytes of one queue.
const MAX_BYTES: usize = 256 << 20;
const MAX_BLOCKS: u32 = 4096;
const MAX_ALIGNMENT: u32 = 4096;
/// Blocks delivered in one call.
const BATCH: usize = 64;

const FREE: u32 = 0;
const LOCKED: u32 = 1;
const SENT: u32 = 2;

/// All queues of the plugins of one main thread.
pub struct DataExchange {
    slots: [Slot; QUEUES],
    main: MainCell<Main>,
}

#[derive(Default)]
struct Slot {
    /// Threads that are inside the queue right now.
    inside: AtomicU32,
    queue: AtomicPtr<Queue>,
}

#[derive(Default)]
struct Main {
    members: RefCell<Vec<Member>>,
    generation: Cell<u32>,
    delivering: Cell<bool>,
}

/// A processor that may open queues.
struct Member {
    processor: usize,
    receiver: ComPtr<IDataExchangeReceiver>,
    active: bool,
}

struct Queue {
    id: DataExchangeQueueID,
    processor: usize,
    context: DataExchangeUserContextID,
    block_size: u32,
    stride: usize,
    memory: NonNull<u8>,
    layout: Layout,
    blocks: Box<[Block]>,
    sent: AtomicU64,
}

#[derive(Default)]
struct Block {
    state: AtomicU32,
    /// Position among the sent ones.
    order: AtomicU64,
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: allocated in `Queue::new` with this layout, freed once.
        unsafe { dealloc(self.memory.as_ptr(), self.layout) };
    }
}

impl Queue {
    fn new(
        id: DataExchangeQueueID,
        processor: usize,
        context: DataExchangeUserContextID,
        block_size: u32,
        blocks: u32,
        alignment: u32,
    ) -> Result<Self, tresult> {
        let alignment = alignment.max(1);
        if block_size == 0 || !(1..=MAX_BLOCKS).contains(&blocks) || !alignment.is_power_of_two() {
            return Err(kInvalidArgument);
        }
        // At least 64, so that two blocks never share a cache line.
        let alignment = alignment.clamp(64, MAX_ALIGNMENT) as usize;
        let stride = (block_size as usize).next_multiple_of(alignment);
        let bytes = stride.checked_mul(blocks as usize).filter(|bytes| *bytes <= MAX_BYTES).ok_or(kOutOfMemory)?;
        let layout = Layout::from_size_align(bytes, alignment).map_err(|_| kOutOfMemory)?;
        // SAFETY: `bytes` is not 0.
        let memory = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(kOutOfMemory)?;
        let blocks = (0..blocks).map(|_| Block::default()).collect();
        Ok(Self { id, processor, context, block_size, stride, memory, layout, blocks, sent: AtomicU64::new(0) })
    }

    fn block(&self, index: usize) -> DataExchangeBlock {
        // SAFETY: `index` is below the number of blocks, so the offset stays inside the allocation.
        let data = unsafe { self.memory.as_ptr().add(index * self.stride) };
        // At most MAX_BLOCKS, so the index fits.
        DataExchangeBlock { data: data.cast::<c_void>(), size: self.block_size, blockID: index as DataExchangeBlockID }
    }

    /// Whether a block is in the plugin's hands.
    fn is_held(&self) -> bool {
        self.blocks.iter().any(|block| block.state.load(Ordering::Acquire) == LOCKED)
    }

    /// Sent blocks, oldest first.
    fn sent_blocks(&self) -> Vec<usize> {
        let sent = self.blocks.iter().enumerate().filter(|(_, block)| block.state.load(Ordering::Acquire) == SENT);
        let mut sent: Vec<_> = sent.map(|(index, block)| (block.order.load(Ordering::Relaxed), index)).collect();
        sent.sort_unstable();
        sent.into_iter().map(|(_, index)| index).collect()
    }
}

/// What a refused `lock` leaves in the plugin's hands.
const NO_BLOCK: DataExchangeBlock = DataExchangeBlock { data: null_mut(), size: 0, blockID: INVALID_BLOCK };

impl DataExchange {
    /// `[main]` No queues.
    pub fn new() -> Self {
        Self { slots: std::array::from_fn(|_| Slot::default()), main: MainCell::new(Main::default()) }
    }

    /// `[main]` From now on `processor` may open queues, whose blocks go to `controller`. False when the controller is no
    /// receiver; the plugin is then refused and falls back to messages. Call after `initialize` of both.
    pub fn register(&self, processor: &ComPtr<IAudioProcessor>, controller: &ComPtr<IEditController>) -> bool {
        let (Some(main), Some(receiver)) = (self.main.get(), query::<IDataExchangeReceiver>(controller)) else {
            return false;
        };
        let member = Member { processor: identity(processor), receiver, active: false };
        let mut members = main.members.borrow_mut();
        members.retain(|other| other.processor != member.processor);
        members.push(member);
        true
    }

    /// `[main]` Queues are opened and closed only while the processor is inactive. Call with `true` after `setActive(true)`
    /// has returned and with `false` before `setActive(false)` is called: plugins open and close inside these calls. What
    /// was sent is delivered before it becomes inactive.
    pub fn set_active(&self, processor: &ComPtr<IAudioProcessor>, active: bool) {
        if !active {
            self.deliver(processor);
        }
        let Some(main) = self.main.get() else { return };
        let who = identity(processor);
        if let Some(member) = main.members.borrow_mut().iter_mut().find(|member| member.processor == who) {
            member.active = active;
        }
    }

    /// `[main]` Delivers what the processor sent, in order. Call regularly. Returns how many blocks.
    pub fn deliver(&self, processor: &ComPtr<IAudioProcessor>) -> usize {
        let who = identity(processor);
        (0..QUEUES).map(|slot| self.deliver_slot(slot, who)).sum()
    }

    /// `[main]` Closes what is open and forgets the processor. Call before `terminate`.
    pub fn unregister(&self, processor: &ComPtr<IAudioProcessor>) {
        self.set_active(processor, false);
        let who = identity(processor);
        for slot in &self.slots {
            let id = inside(slot, |queue| (queue.processor == who).then_some(queue.id)).flatten();
            if let Some(id) = id {
                self.close(id);
            }
        }
        if let Some(main) = self.main.get() {
            // Released after the borrow ends.
            let _gone: Vec<_> = main.members.borrow_mut().extract_if(.., |member| member.processor == who).collect();
        }
    }

    /// `[main]` Opens a queue for a registered, inactive processor.
    pub fn open(
        &self,
        processor: &ComPtr<IAudioProcessor>,
        block_size: u32,
        blocks: u32,
        alignment: u32,
        context: DataExchangeUserContextID,
    ) -> Result<DataExchangeQueueID, tresult> {
        let main = self.main.get().ok_or(kResultFalse)?;
        let who = identity(processor);
        let receiver = {
            let members = main.members.borrow();
            let member = members.iter().find(|member| member.processor == who).ok_or(kResultFalse)?;
            if member.active {
                return Err(kResultFalse);
            }
            member.receiver.clone()
        };
        let vacant = |slot: &Slot| slot.queue.load(Ordering::Relaxed).is_null();
        let slot = self.slots.iter().position(vacant).ok_or(kOutOfMemory)?;
        // A new generation each time, so that the id of a closed queue does not open another. Below INVALID_QUEUE.
        let generation = main.generation.get().wrapping_add(1) & 0x3F_FFFF;
        main.generation.set(generation);
        let id = generation * QUEUES as u32 + slot as u32;
        let queue = Queue::new(id, who, context, block_size, blocks, alignment)?;
        let mut background = 0;
        // SAFETY: a live receiver, memory for the result.
        unsafe { receiver.queueOpened(context, block_size, &mut background) };
        self.slots[slot].queue.store(Box::into_raw(Box::new(queue)), Ordering::SeqCst);
        Ok(id)
    }

    /// `[main]` Delivers what is left and closes a queue of an inactive processor.
    pub fn close(&self, id: DataExchangeQueueID) -> tresult {
        let Some(main) = self.main.get() else { return kResultFalse };
        let Some((index, slot)) = self.slot(id) else { return kInvalidArgument };
        let Some(Some((who, context))) =
            inside(slot, |queue| (queue.id == id).then_some((queue.processor, queue.context)))
        else {
            return kInvalidArgument;
        };
        let member = main.members.borrow().iter().find(|member| member.processor == who).map(|member| member.active);
        if member == Some(true) || main.delivering.get() {
            return kResultFalse;
        }
        self.deliver_slot(index, who);
        let queue = slot.queue.swap(null_mut(), Ordering::SeqCst);
        // Whoever came before the swap is about to leave again: both ways through are a few instructions.
        while slot.inside.load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
        if !queue.is_null() {
            // SAFETY: made by `Box::into_raw` in `open`; taken out of the slot by us alone, and nobody is inside.
            let queue = unsafe { Box::from_raw(queue) };
            if queue.is_held() {
                // Somebody still writes to a block, which no plugin may while it closes. Its memory is lost rather than
                // freed under it; the block cannot be given back any more, as the queue is gone from its slot.
                tracing::warn!("a plugin closed a data exchange queue of which it held a block");
                std::mem::forget(queue);
            }
        }
        if let Some(receiver) = self.receiver_of(who) {
            // SAFETY: a live receiver.
            unsafe { receiver.queueClosed(context) };
        }
        kResultOk
    }

    /// `[audio]` A free block, to be filled and freed. kOutOfMemory when all are in use.
    pub fn lock(&self, id: DataExchangeQueueID) -> (tresult, DataExchangeBlock) {
        let locked = self.slot(id).and_then(|(_, slot)| {
            inside(slot, |queue| {
                if queue.id != id {
                    return (kInvalidArgument, NO_BLOCK);
                }
                let take = |block: &Block| {
                    block.state.compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
                };
                match queue.blocks.iter().position(take) {
                    Some(index) => (kResultOk, queue.block(index)),
                    None => (kOutOfMemory, NO_BLOCK),
                }
            })
        });
        locked.unwrap_or((kInvalidArgument, NO_BLOCK))
    }

    /// `[audio]` Gives a locked block back, and has it delivered if `send`.
    pub fn free(&self, id: DataExchangeQueueID, block: DataExchangeBlockID, send: bool) -> tresult {
        let freed = self.slot(id).and_then(|(_, slot)| {
            inside(slot, |queue| {
                let block = queue.blocks.get(block as usize).filter(|_| queue.id == id)?;
                if block.state.load(Ordering::Relaxed) != LOCKED {
                    return None;
                }
                block.order.store(queue.sent.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                let next = if send { SENT } else { FREE };
                block.state.compare_exchange(LOCKED, next, Ordering::Release, Ordering::Relaxed).ok()
            })
        });
        if freed.flatten().is_some() { kResultOk } else { kInvalidArgument }
    }

    fn slot(&self, id: DataExchangeQueueID) -> Option<(usize, &Slot)> {
        let index = id as usize % QUEUES;
        (id != INVALID_QUEUE).then(|| (index, &self.slots[index]))
    }

    fn receiver_of(&self, processor: usize) -> Option<ComPtr<IDataExchangeReceiver>> {
        let members = self.main.get()?.members.borrow();
        members.iter().find(|member| member.processor == processor).map(|member| member.receiver.clone())
    }

    /// Delivers the blocks of one queue if it is `processor`'s.
    fn deliver_slot(&self, index: usize, processor: usize) -> usize {
        let Some(main) = self.main.get() else { return 0 };
        if main.delivering.get() {
            return 0;
        }
        let delivered = inside(&self.slots[index], |queue| {
            let receiver = (queue.processor == processor).then(|| self.receiver_of(processor)).flatten()?;
            let sent = queue.sent_blocks();
            main.delivering.set(true);
            for batch in sent.chunks(BATCH) {
                let mut blocks: Vec<_> = batch.iter().map(|&index| queue.block(index)).collect();
                // At most BATCH, so the number fits.
                // SAFETY: a live receiver; the blocks are in state SENT, so the audio thread does not touch them.
                unsafe {
                    receiver.onDataExchangeBlocksReceived(queue.context, blocks.len() as u32, blocks.as_mut_ptr(), 0);
                }
                for &index in batch {
                    queue.blocks[index].state.store(FREE, Ordering::Release);
                }
            }
            main.delivering.set(false);
            Some(sent.len())
        });
        delivered.flatten().unwrap_or(0)
    }
}

impl Default for DataExchange {
    fn default() -> Self {
        Self::new()
    }
}

/// `[audio]` Runs `f` with the slot's queue, which cannot be freed meanwhile. `None` for an empty slot.
fn inside<R>(slot: &Slot, f: impl FnOnce(&Queue) -> R) -> Option<R> {
    struct Visit<'a>(&'a AtomicU32);
    impl Drop for Visit<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    slot.inside.fetch_add(1, Ordering::SeqCst);
    let _visit = Visit(&slot.inside);
    // SAFETY: null, or made by `Box::into_raw` in `open`. `close` takes it out of the slot first and then waits until nobody
    // is inside; we went inside before we looked, so either we see null or `close` waits for us.
    unsafe { slot.queue.load(Ordering::SeqCst).as_ref() }.map(f)
}

#[cfg(test)]
mod tests;
