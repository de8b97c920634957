//! The least that plays a VST3 plugin: open, create, prepare, and a loop around `process()`. No guards, no queues, no graph.
//! What the bridge does is compared with this, in sound and in cost.
//!
//! Everything is unsafe underneath and nothing is checked twice: for well-behaved plugins only.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks, clippy::missing_panics_doc)]

use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;
use vst3::{Class, ComPtr, ComWrapper, Interface};

struct Host;

impl Class for Host {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for Host {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        let mut text = [0_u16; 128];
        for (to, from) in text.iter_mut().zip("bare loop".encode_utf16()) {
            *to = from;
        }
        unsafe { name.write(text) };
        kResultOk
    }

    unsafe fn createInstance(&self, _: *mut TUID, _: *mut TUID, object: *mut *mut c_void) -> tresult {
        unsafe { object.write(std::ptr::null_mut()) };
        kNotImplemented
    }
}

/// Takes whatever a plugin puts out and forgets it. A host has to offer this: DPF logs an error in every block without.
pub struct Bin {
    changes: ComPtr<IParameterChanges>,
}

struct BinChanges(ComPtr<IParamValueQueue>);

struct BinQueue;

impl Class for BinChanges {
    type Interfaces = (IParameterChanges,);
}

impl Class for BinQueue {
    type Interfaces = (IParamValueQueue,);
}

impl IParameterChangesTrait for BinChanges {
    unsafe fn getParameterCount(&self) -> int32 {
        0
    }

    unsafe fn getParameterData(&self, _: int32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }

    unsafe fn addParameterData(&self, _: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        if !index.is_null() {
            unsafe { index.write(0) };
        }
        self.0.as_ptr()
    }
}

impl IParamValueQueueTrait for BinQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        0
    }

    unsafe fn getPointCount(&self) -> int32 {
        0
    }

    unsafe fn getPoint(&self, _: int32, _: *mut int32, _: *mut ParamValue) -> tresult {
        kResultFalse
    }

    unsafe fn addPoint(&self, _: int32, _: ParamValue, index: *mut int32) -> tresult {
        if !index.is_null() {
            unsafe { index.write(0) };
        }
        kResultOk
    }
}

impl Bin {
    /// One.
    pub fn new() -> Self {
        let queue = ComWrapper::new(BinQueue).to_com_ptr::<IParamValueQueue>().unwrap();
        Self { changes: ComWrapper::new(BinChanges(queue)).to_com_ptr::<IParameterChanges>().unwrap() }
    }

    /// What goes into `ProcessData`.
    pub fn pointer(&self) -> *mut IParameterChanges {
        self.changes.as_ptr()
    }
}

/// A plugin in its bare loop, active and processing, with 32-bit main buses only.
pub struct Bare {
    /// The processor, for benchmarks that want to call it themselves.
    pub processor: ComPtr<IAudioProcessor>,
    component: ComPtr<IComponent>,
    controller: Option<ComPtr<IEditController>>,
    _host: ComWrapper<Host>,
    inputs: Vec<AudioBusBuffers>,
    outputs: Vec<AudioBusBuffers>,
    _pointers: Vec<Vec<*mut f32>>,
    memory: Vec<Vec<f32>>,
    main_in: usize,
    main_out: usize,
    first_out: usize,
    context: Box<ProcessContext>,
    bin: Bin,
    max_block: usize,
}

/// Opens a module for good and returns its factory.
pub fn factory(bundle: &Path) -> ComPtr<IPluginFactory> {
    let binary = sonic_bridge::plugin::bundle::vst3_binary(bundle).expect("a bundle");
    unsafe {
        let handle = libc::dlopen(
            CString::new(binary.as_os_str().as_encoded_bytes()).unwrap().as_ptr(),
            libc::RTLD_NOW | libc::RTLD_LOCAL,
        );
        assert!(!handle.is_null(), "{} cannot be opened", binary.display());
        let symbol = |name: &str| {
            let name = CString::new(name).unwrap();
            let address = libc::dlsym(handle, name.as_ptr());
            assert!(!address.is_null());
            address
        };
        let entry: unsafe extern "system" fn(*mut c_void) -> bool = std::mem::transmute(symbol("ModuleEntry"));
        assert!(entry(handle));
        let get: unsafe extern "system" fn() -> *mut IPluginFactory = std::mem::transmute(symbol("GetPluginFactory"));
        ComPtr::from_raw(get()).expect("a factory")
    }
}

/// Class ids of the audio plugins of a factory, in order.
pub fn audio_classes(factory: &ComPtr<IPluginFactory>) -> Vec<TUID> {
    unsafe {
        (0..factory.countClasses())
            .filter_map(|index| {
                let mut info: PClassInfo = std::mem::zeroed();
                (factory.getClassInfo(index, &mut info) == kResultOk).then_some(info)
            })
            .filter(|info| {
                let category: Vec<u8> = info.category.iter().map(|c| *c as u8).take_while(|byte| *byte != 0).collect();
                category == b"Audio Module Class"
            })
            .map(|info| info.cid)
            .collect()
    }
}

fn create<I: Interface>(factory: &ComPtr<IPluginFactory>, class: &TUID) -> Option<ComPtr<I>> {
    let mut object = std::ptr::null_mut();
    let iid = I::IID;
    unsafe {
        let result = factory.createInstance(class.as_ptr(), iid.as_ptr().cast::<c_char>(), &mut object);
        (result == kResultOk && !object.is_null()).then(|| ComPtr::from_raw(object.cast())).flatten()
    }
}

impl Bare {
    /// Loads the first plugin of a bundle, offline mode, with `channels` on main input and output if it likes that.
    pub fn open(bundle: &Path, channels: usize, sample_rate: f64, max_block: usize) -> Self {
        let factory = factory(bundle);
        let class = audio_classes(&factory)[0];
        Self::create(&factory, &class, channels, sample_rate, max_block)
    }

    /// The same for a class of an opened module.
    pub fn create(
        factory: &ComPtr<IPluginFactory>,
        class: &TUID,
        channels: usize,
        sample_rate: f64,
        max_block: usize,
    ) -> Self {
        let host = ComWrapper::new(Host);
        let context = host.as_com_ref::<IHostApplication>().unwrap().as_ptr().cast::<FUnknown>();
        unsafe {
            let component: ComPtr<IComponent> = create(factory, class).expect("a component");
            component.setIoMode(IoModes_::kOfflineProcessing as IoMode);
            assert_eq!(component.initialize(context), kResultOk);
            let processor: ComPtr<IAudioProcessor> = component.cast().expect("a processor");
            let mut controller = None;
            if component.cast::<IEditController>().is_none() {
                let mut other: TUID = [0; 16];
                if component.getControllerClassId(&mut other) == kResultOk
                    && let Some(made) = create::<IEditController>(factory, &other)
                {
                    made.initialize(context);
                    controller = Some(made);
                }
            }
            let kinds = [BusDirections_::kInput as BusDirection, BusDirections_::kOutput as BusDirection];
            let audio = MediaTypes_::kAudio as MediaType;
            let counts = kinds.map(|kind| component.getBusCount(audio, kind));
            let mut wishes = kinds.map(|kind| {
                let count = component.getBusCount(audio, kind);
                (0..count)
                    .map(|index| {
                        let mut now = 0;
                        processor.getBusArrangement(kind, index, &mut now);
                        match (index, channels) {
                            (0, 1) => 1 << 19,
                            (0, 2) => 3,
                            _ => now,
                        }
                    })
                    .collect::<Vec<u64>>()
            });
            let [ins, outs] = &mut wishes;
            processor.setBusArrangements(ins.as_mut_ptr(), counts[0], outs.as_mut_ptr(), counts[1]);
            let mut setup = ProcessSetup {
                processMode: ProcessModes_::kOffline as i32,
                symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
                maxSamplesPerBlock: max_block as i32,
                sampleRate: sample_rate,
            };
            processor.setupProcessing(&mut setup);
            let (mut memory, mut pointers, mut sides) = (Vec::new(), Vec::new(), Vec::new());
            let mut mains = [0, 0];
            let mut first_out = 0;
            for (side, kind) in kinds.iter().enumerate() {
                if side == 1 {
                    first_out = memory.len();
                }
                let mut buses = Vec::new();
                for index in 0..counts[side] {
                    let mut info: BusInfo = std::mem::zeroed();
                    component.getBusInfo(audio, *kind, index, &mut info);
                    component.activateBus(audio, *kind, index, u8::from(index == 0));
                    let mut channels: Vec<*mut f32> = Vec::new();
                    for _ in 0..info.channelCount {
                        memory.push(vec![0.0_f32; max_block]);
                        channels.push(memory.last_mut().unwrap().as_mut_ptr());
                    }
                    if index == 0 {
                        mains[side] = info.channelCount as usize;
                    }
                    buses.push(AudioBusBuffers {
                        numChannels: info.channelCount,
                        silenceFlags: 0,
                        __field0: AudioBusBuffers__type0 { channelBuffers32: channels.as_mut_ptr() },
                    });
                    pointers.push(channels);
                }
                sides.push(buses);
            }
            let event = MediaTypes_::kEvent as MediaType;
            for kind in kinds {
                for index in 0..component.getBusCount(event, kind) {
                    component.activateBus(event, kind, index, 1);
                }
            }
            assert_eq!(component.setActive(1), kResultOk);
            processor.setProcessing(1);
            let mut context: Box<ProcessContext> = Box::new(std::mem::zeroed());
            context.sampleRate = sample_rate;
            let outputs = sides.pop().unwrap();
            let inputs = sides.pop().unwrap();
            Self {
                processor,
                component,
                controller,
                _host: host,
                inputs,
                outputs,
                _pointers: pointers,
                memory,
                main_in: mains[0],
                main_out: mains[1],
                first_out,
                context,
                bin: Bin::new(),
                max_block,
            }
        }
    }

    /// Channels of main input and output.
    pub fn channels(&self) -> (usize, usize) {
        (self.main_in, self.main_out)
    }

    /// A main input channel, to be filled.
    pub fn input(&mut self, channel: usize) -> &mut [f32] {
        &mut self.memory[channel]
    }

    /// A main output channel.
    pub fn output(&self, channel: usize) -> &[f32] {
        &self.memory[self.first_out + channel]
    }

    /// The bare call.
    #[inline]
    pub fn process(&mut self, frames: usize) -> tresult {
        let mut data = ProcessData {
            processMode: ProcessModes_::kOffline as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            numSamples: frames as i32,
            numInputs: self.inputs.len() as i32,
            numOutputs: self.outputs.len() as i32,
            inputs: self.inputs.as_mut_ptr(),
            outputs: self.outputs.as_mut_ptr(),
            inputParameterChanges: std::ptr::null_mut(),
            outputParameterChanges: self.bin.pointer(),
            inputEvents: std::ptr::null_mut(),
            outputEvents: std::ptr::null_mut(),
            processContext: &raw mut *self.context,
        };
        unsafe { self.processor.process(&mut data) }
    }

    /// Plays planar sound in blocks of a length; the output has the input's length.
    pub fn play(&mut self, input: &[Vec<f32>], block: usize) -> Vec<Vec<f32>> {
        assert!(block <= self.max_block);
        let total = input.first().map_or(0, Vec::len);
        let mut output = vec![Vec::with_capacity(total); self.main_out];
        let mut at = 0;
        while at < total {
            let frames = block.min(total - at);
            for channel in 0..self.main_in {
                let source = &input[channel.min(input.len() - 1)][at..at + frames];
                self.input(channel)[..frames].copy_from_slice(source);
            }
            assert_eq!(self.process(frames), kResultOk);
            for (channel, output) in output.iter_mut().enumerate() {
                output.extend_from_slice(&self.memory[self.first_out + channel][..frames]);
            }
            self.context.projectTimeSamples += frames as i64;
            self.context.continousTimeSamples += frames as i64;
            at += frames;
        }
        output
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
            if let Some(controller) = &self.controller {
                controller.terminate();
            }
            self.component.terminate();
        }
    }
}
