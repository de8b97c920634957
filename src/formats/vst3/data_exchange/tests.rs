//! A plugin's two halves exchanging blocks through the host, as they would.

use super::*;
use crate::formats::vst3::host_app::HostApp;
use std::sync::Mutex;
use vst3::{
    Class, ComRef, ComWrapper,
    Steinberg::{
        FIDString, FUnknown, IBStream, IPlugView, IPluginBaseTrait, TBool,
        Vst::{
            BusDirection, IAudioProcessorTrait, IComponentHandler, IDataExchangeHandler, IDataExchangeHandlerTrait,
            IEditControllerTrait, ParamID, ParamValue, ParameterInfo, ProcessData, ProcessSetup, SpeakerArrangement,
            String128, TChar,
        },
        int32, kNotImplemented, uint32,
    },
};

/// A processor that only lends its identity.
struct Half;

impl Class for Half {
    type Interfaces = (IAudioProcessor,);
}

#[rustfmt::skip]
impl IAudioProcessorTrait for Half {
    unsafe fn setBusArrangements(&self, _: *mut SpeakerArrangement, _: int32, _: *mut SpeakerArrangement, _: int32) -> tresult { kNotImplemented }
    unsafe fn getBusArrangement(&self, _: BusDirection, _: int32, _: *mut SpeakerArrangement) -> tresult { kNotImplemented }
    unsafe fn canProcessSampleSize(&self, _: int32) -> tresult { kNotImplemented }
    unsafe fn getLatencySamples(&self) -> uint32 { 0 }
    unsafe fn setupProcessing(&self, _: *mut ProcessSetup) -> tresult { kNotImplemented }
    unsafe fn setProcessing(&self, _: TBool) -> tresult { kNotImplemented }
    unsafe fn process(&self, _: *mut ProcessData) -> tresult { kNotImplemented }
    unsafe fn getTailSamples(&self) -> uint32 { 0 }
}

/// A controller that notes what it receives: (context, bytes), `None` for opened and closed.
#[derive(Default)]
struct Receiver {
    heard: Mutex<Vec<(u32, Option<Vec<u8>>)>>,
    /// Tries to close this queue while it is being served.
    closes: Mutex<Option<u32>>,
}

impl Class for Receiver {
    type Interfaces = (IEditController, IDataExchangeReceiver);
}

impl IDataExchangeReceiverTrait for Receiver {
    unsafe fn queueOpened(&self, context: u32, _size: uint32, background: *mut TBool) {
        // SAFETY: the host passes memory for the result.
        unsafe { *background = 1 };
        self.heard.lock().unwrap().push((context, None));
    }

    unsafe fn queueClosed(&self, context: u32) {
        self.heard.lock().unwrap().push((context, None));
    }

    unsafe fn onDataExchangeBlocksReceived(
        &self,
        context: u32,
        count: uint32,
        blocks: *mut DataExchangeBlock,
        background: TBool,
    ) {
        assert_eq!(background, 0);
        if let Some(id) = *self.closes.lock().unwrap() {
            assert_eq!(HostApp::get().exchange().close(id), kResultFalse);
        }
        for at in 0..count as usize {
            // SAFETY: the host passes that many blocks, each with that many bytes.
            let bytes = unsafe {
                let block = &*blocks.add(at);
                std::slice::from_raw_parts(block.data.cast::<u8>(), block.size as usize)
            };
            self.heard.lock().unwrap().push((context, Some(bytes.to_vec())));
        }
    }
}

#[rustfmt::skip]
impl IPluginBaseTrait for Receiver {
    unsafe fn initialize(&self, _: *mut FUnknown) -> tresult { kResultOk }
    unsafe fn terminate(&self) -> tresult { kResultOk }
}

#[rustfmt::skip]
impl IEditControllerTrait for Receiver {
    unsafe fn setComponentState(&self, _: *mut IBStream) -> tresult { kNotImplemented }
    unsafe fn setState(&self, _: *mut IBStream) -> tresult { kNotImplemented }
    unsafe fn getState(&self, _: *mut IBStream) -> tresult { kNotImplemented }
    unsafe fn getParameterCount(&self) -> int32 { 0 }
    unsafe fn getParameterInfo(&self, _: int32, _: *mut ParameterInfo) -> tresult { kNotImplemented }
    unsafe fn getParamStringByValue(&self, _: ParamID, _: ParamValue, _: *mut String128) -> tresult { kNotImplemented }
    unsafe fn getParamValueByString(&self, _: ParamID, _: *mut TChar, _: *mut ParamValue) -> tresult { kNotImplemented }
    unsafe fn normalizedParamToPlain(&self, _: ParamID, value: ParamValue) -> ParamValue { value }
    unsafe fn plainParamToNormalized(&self, _: ParamID, value: ParamValue) -> ParamValue { value }
    unsafe fn getParamNormalized(&self, _: ParamID) -> ParamValue { 0.0 }
    unsafe fn setParamNormalized(&self, _: ParamID, _: ParamValue) -> tresult { kResultOk }
    unsafe fn setComponentHandler(&self, _: *mut IComponentHandler) -> tresult { kResultOk }
    unsafe fn createView(&self, _: FIDString) -> *mut IPlugView { null_mut() }
}

struct Plugin {
    processor: ComPtr<IAudioProcessor>,
    receiver: ComWrapper<Receiver>,
    /// As a plugin finds it: by asking the host context.
    host: ComPtr<IDataExchangeHandler>,
}

impl Plugin {
    fn new() -> Self {
        let processor = ComWrapper::new(Half).to_com_ptr::<IAudioProcessor>().unwrap();
        let receiver = ComWrapper::new(Receiver::default());
        assert!(HostApp::get().exchange().register(&processor, &receiver.to_com_ptr().unwrap()));
        // SAFETY: lent for ever.
        let host = unsafe { ComRef::from_raw(HostApp::context()) }.unwrap().cast().unwrap();
        Self { processor, receiver, host }
    }

    fn open(&self, size: u32, blocks: u32, alignment: u32) -> Result<u32, tresult> {
        let mut id = INVALID_QUEUE;
        // SAFETY: live objects, memory for the result.
        let answer = unsafe { self.host.openQueue(self.processor.as_ptr(), size, blocks, alignment, 9, &mut id) };
        if answer == kResultOk { Ok(id) } else { Err(answer) }
    }

    fn heard(&self) -> Vec<Option<Vec<u8>>> {
        std::mem::take(&mut *self.receiver.heard.lock().unwrap()).into_iter().map(|(_, heard)| heard).collect()
    }

    fn exchange() -> &'static DataExchange {
        HostApp::get().exchange()
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        Self::exchange().unregister(&self.processor);
    }
}

/// What a processor does: lock, fill, free.
fn send(host: &ComPtr<IDataExchangeHandler>, id: u32, byte: u8, keep: bool) -> tresult {
    let mut block = NO_BLOCK;
    // SAFETY: live object, memory for the result; a locked block has `size` bytes.
    unsafe {
        let answer = host.lockBlock(id, &mut block);
        if answer != kResultOk {
            assert!(block.data.is_null() && block.blockID == INVALID_BLOCK);
            return answer;
        }
        block.data.cast::<u8>().write_bytes(byte, block.size as usize);
        host.freeBlock(id, block.blockID, TBool::from(keep))
    }
}

#[test]
fn blocks_arrive_in_order_and_unsent_ones_do_not() {
    let plugin = Plugin::new();
    let id = plugin.open(4, 3, 16).unwrap();
    Plugin::exchange().set_active(&plugin.processor, true);
    let host = plugin.host.clone();
    std::thread::spawn(move || {
        assert_eq!(send(&host, id, 1, true), kResultOk);
        assert_eq!(send(&host, id, 2, false), kResultOk);
        assert_eq!(send(&host, id, 3, true), kResultOk);
        assert_eq!(send(&host, id, 4, true), kResultOk);
        assert_eq!(send(&host, id, 5, true), kOutOfMemory, "all three are waiting");
    })
    .join()
    .unwrap();
    assert_eq!(Plugin::exchange().deliver(&plugin.processor), 3);
    assert_eq!(plugin.heard(), [None, Some(vec![1; 4]), Some(vec![3; 4]), Some(vec![4; 4])]);
    assert_eq!(send(&plugin.host, id, 6, true), kResultOk, "delivered blocks are free again");
    Plugin::exchange().set_active(&plugin.processor, false);
    assert_eq!(plugin.heard(), [Some(vec![6; 4])], "delivered before it becomes inactive");
    // SAFETY: a live object.
    assert_eq!(unsafe { plugin.host.closeQueue(id) }, kResultOk);
    assert_eq!(plugin.heard(), [None]);
}

#[test]
fn queues_open_and_close_only_on_the_main_thread_and_while_inactive() {
    let plugin = Plugin::new();
    let id = plugin.open(4, 1, 1).unwrap();
    Plugin::exchange().set_active(&plugin.processor, true);
    assert_eq!(plugin.open(4, 1, 1), Err(kResultFalse));
    // SAFETY: a live object.
    assert_eq!(unsafe { plugin.host.closeQueue(id) }, kResultFalse);
    Plugin::exchange().set_active(&plugin.processor, false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(plugin.open(4, 1, 1), Err(kResultFalse));
            // SAFETY: a live object.
            assert_eq!(unsafe { plugin.host.closeQueue(id) }, kResultFalse);
        });
    });
}

#[test]
fn nonsense_is_refused() {
    let plugin = Plugin::new();
    for (size, blocks, alignment) in [(0, 1, 1), (4, 0, 1), (4, MAX_BLOCKS + 1, 1), (4, 1, 3)] {
        assert_eq!(plugin.open(size, blocks, alignment), Err(kInvalidArgument), "{size} {blocks} {alignment}");
    }
    assert_eq!(plugin.open(u32::MAX, MAX_BLOCKS, 1), Err(kOutOfMemory));
    let id = plugin.open(4, 1, 1).unwrap();
    let mut block = NO_BLOCK;
    // SAFETY: live object, memory for the results.
    unsafe {
        assert_eq!(plugin.host.freeBlock(id, 0, 1), kInvalidArgument, "not locked");
        assert_eq!(plugin.host.freeBlock(id, 77, 1), kInvalidArgument);
        assert_eq!(plugin.host.lockBlock(id, &mut block), kResultOk);
        assert_eq!(plugin.host.freeBlock(id, block.blockID, 0), kResultOk);
        assert_eq!(plugin.host.freeBlock(id, block.blockID, 0), kInvalidArgument, "freed twice");
        assert_eq!(plugin.host.lockBlock(id + QUEUES as u32, &mut block), kInvalidArgument, "another generation");
        assert_eq!(plugin.host.lockBlock(INVALID_QUEUE, &mut block), kInvalidArgument);
        assert_eq!(plugin.host.closeQueue(id), kResultOk);
        assert_eq!(plugin.host.lockBlock(id, &mut block), kInvalidArgument, "closed");
        assert_eq!(plugin.host.closeQueue(id), kInvalidArgument);
    }
}

#[test]
fn a_stranger_opens_nothing() {
    let plugin = Plugin::new();
    Plugin::exchange().unregister(&plugin.processor);
    assert_eq!(plugin.open(4, 1, 1), Err(kResultFalse));
}

#[test]
fn closing_from_inside_a_delivery_is_refused_and_does_not_hang() {
    let plugin = Plugin::new();
    let id = plugin.open(4, 2, 1).unwrap();
    *plugin.receiver.closes.lock().unwrap() = Some(id);
    assert_eq!(send(&plugin.host, id, 1, true), kResultOk);
    assert_eq!(Plugin::exchange().deliver(&plugin.processor), 1);
}

#[test]
fn a_thread_that_uses_a_queue_while_it_is_closed_is_turned_away() {
    for _ in 0..50 {
        let plugin = Plugin::new();
        let id = plugin.open(64, 4, 64).unwrap();
        std::thread::scope(|scope| {
            let host = &plugin.host;
            let busy = scope.spawn(move || while send(host, id, 1, true) != kInvalidArgument {});
            std::thread::yield_now();
            // SAFETY: a live object.
            assert_eq!(unsafe { host.closeQueue(id) }, kResultOk);
            busy.join().unwrap();
        });
    }
}
