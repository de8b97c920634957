//! One class, brought up and torn down in the order the interfaces ask for. Thread: main; `process` may be called elsewhere.

use super::{
    Block, Module, Queue,
    buffers::{Changes, Events},
    objects::{Context, Handler, unknown},
};
use std::ffi::c_void;
use vst3::{
    ComPtr, ComWrapper, Interface,
    Steinberg::{
        IBStream, IPluginBaseTrait, IPluginFactoryTrait, TUID,
        Vst::{
            AudioBusBuffers, AudioBusBuffers__type0, Event, IAudioProcessor, IAudioProcessorTrait, IComponent,
            IComponentHandler, IComponentTrait, IConnectionPoint, IConnectionPointTrait, IEditController,
            IEditControllerTrait, ProcessContext, ProcessData, ProcessSetup, SpeakerArrangement,
        },
        kResultOk,
    },
};

/// A class at work.
pub struct Instance {
    // Fields are released in this order: the controller before its component.
    /// Its controller: the component itself or an object of its own.
    pub controller: ComPtr<IEditController>,
    /// Its audio side.
    pub processor: ComPtr<IAudioProcessor>,
    /// Its component.
    pub component: ComPtr<IComponent>,
    /// What it calls back.
    pub handler: ComWrapper<Handler>,
    /// What it was initialized with.
    pub context: ComWrapper<Context>,
    /// What it answered in the last block.
    pub answers: Vec<Queue>,
    /// Events it sent in the last block.
    pub sent: Vec<Event>,
    separate: bool,
    channels: [Vec<usize>; 2],
    sample_rate: f64,
    position: i64,
}

impl Instance {
    /// `[main]` Creates and initializes the `index`th class, connects nothing but hands over the handler and the state.
    pub fn create(module: &Module, index: usize) -> Result<Self, String> {
        let factory = module.factory().ok_or("there is no factory")?;
        let class = module.classes().get(index).copied().ok_or("there is no such class")?;
        let (context, handler) = (Context::new(), Handler::new());
        let component: ComPtr<IComponent> = create(factory, &class.cid)?;
        check("initialize", unsafe { component.initialize(unknown(&context)) })?;
        let processor: ComPtr<IAudioProcessor> = component.cast().ok_or("the component does not process")?;
        let own: Option<ComPtr<IEditController>> = component.cast();
        let separate = own.is_none();
        let controller = match own {
            Some(controller) => controller,
            None => {
                let mut cid: TUID = [0; 16];
                check("getControllerClassId", unsafe { component.getControllerClassId(&mut cid) })?;
                let controller: ComPtr<IEditController> = create(factory, &cid)?;
                check("controller initialize", unsafe { controller.initialize(unknown(&context)) })?;
                controller
            }
        };
        let pointer = handler.as_com_ref::<IComponentHandler>().expect("a handler is a handler").as_ptr();
        unsafe { controller.setComponentHandler(pointer) };
        let instance = Self {
            component,
            processor,
            controller,
            handler,
            context,
            answers: Vec::new(),
            sent: Vec::new(),
            separate,
            channels: Default::default(),
            sample_rate: 0.0,
            position: 0,
        };
        Ok(instance)
    }

    /// `[main]` Passes the component's state to the controller, as a host does once at the start.
    pub fn share_state(&self) -> Result<(), String> {
        let stream = super::Stream::new(Vec::new(), usize::MAX, usize::MAX);
        let pointer: *mut IBStream = super::Stream::pointer(&stream);
        check("getState", unsafe { self.component.getState(pointer) })?;
        let copy = super::Stream::new(stream.bytes(), usize::MAX, usize::MAX);
        check("setComponentState", unsafe { self.controller.setComponentState(super::Stream::pointer(&copy)) })
    }

    /// `[main]` Connects component and controller directly. Only for tests that want exactly that.
    pub fn connect_directly(&self) {
        let ends = (self.component.cast::<IConnectionPoint>(), self.controller.cast::<IConnectionPoint>());
        if let (Some(component), Some(controller)) = ends {
            unsafe { component.connect(controller.as_ptr()) };
            unsafe { controller.connect(component.as_ptr()) };
        }
    }

    /// `[main]` Sets up, activates every bus and starts.
    pub fn start(&mut self, sample_rate: f64, max_block: i32) -> Result<(), String> {
        let mut setup = ProcessSetup {
            processMode: 0,
            symbolicSampleSize: 0,
            maxSamplesPerBlock: max_block,
            sampleRate: sample_rate,
        };
        self.sample_rate = sample_rate;
        check("setupProcessing", unsafe { self.processor.setupProcessing(&mut setup) })?;
        for media in 0..2 {
            for direction in 0..2 {
                for index in 0..unsafe { self.component.getBusCount(media, direction) }.min(16) {
                    unsafe { self.component.activateBus(media, direction, index, 1) };
                }
            }
        }
        self.channels = [self.channels(0), self.channels(1)];
        check("setActive", unsafe { self.component.setActive(1) })?;
        unsafe { self.processor.getLatencySamples() };
        unsafe { self.processor.setProcessing(1) };
        Ok(())
    }

    /// `[main]` Stops.
    pub fn stop(&mut self) {
        unsafe { self.processor.setProcessing(0) };
        unsafe { self.component.setActive(0) };
    }

    /// `[main]` Channels of each bus of a direction (0 in, 1 out), as the plugin tells them.
    pub fn channels(&self, direction: i32) -> Vec<usize> {
        let count = unsafe { self.component.getBusCount(0, direction) }.clamp(0, 16);
        (0..count)
            .map(|index| {
                let mut arrangement: SpeakerArrangement = 0;
                unsafe { self.processor.getBusArrangement(direction, index, &mut arrangement) };
                arrangement.count_ones() as usize
            })
            .collect()
    }

    /// `[audio]` One block with the channels there were at the start: inputs filled by `sample`, outputs marked beforehand. Returns inputs and outputs as they are
    /// afterwards, or the plugin's refusal.
    pub fn process(
        &mut self,
        frames: usize,
        sample: impl FnMut(usize) -> f32,
        params: &[Queue],
        events: &[Event],
    ) -> Result<(Block, Block), String> {
        let mut input = Block::new(&self.channels[0], frames);
        let mut output = Block::new(&self.channels[1], frames);
        input.fill(sample);
        let (mut in_pointers, mut out_pointers) = (pointers(&mut input), pointers(&mut output));
        let (mut inputs, mut outputs) = (bus_buffers(&mut in_pointers), bus_buffers(&mut out_pointers));
        let (changes, answers) = (Changes::new(params, false), Changes::new(&[], true));
        let (incoming, outgoing) = (Events::new(events), Events::new(&[]));
        let mut context = self.context_at(frames);
        let mut data = ProcessData {
            processMode: 0,
            symbolicSampleSize: 0,
            numSamples: frames as i32,
            numInputs: inputs.len() as i32,
            numOutputs: outputs.len() as i32,
            inputs: inputs.as_mut_ptr(),
            outputs: outputs.as_mut_ptr(),
            inputParameterChanges: changes.as_com_ref().expect("changes").as_ptr(),
            outputParameterChanges: answers.as_com_ref().expect("changes").as_ptr(),
            inputEvents: incoming.as_com_ref().expect("events").as_ptr(),
            outputEvents: outgoing.as_com_ref().expect("events").as_ptr(),
            processContext: &mut context,
        };
        let result = unsafe { self.processor.process(&mut data) };
        self.answers = answers.queues();
        self.sent = outgoing.events();
        check("process", result)?;
        Ok((input, output))
    }

    fn context_at(&mut self, frames: usize) -> ProcessContext {
        let mut context: ProcessContext = unsafe { std::mem::zeroed() };
        let quarters = self.position as f64 / self.sample_rate * 2.0;
        // Playing, and valid: musical time, tempo, bar, cycle, time signature, continuous time.
        context.state = 2 | 512 | 1024 | 2048 | 4096 | 8192 | 131_072;
        context.sampleRate = self.sample_rate;
        context.projectTimeSamples = self.position;
        context.continousTimeSamples = self.position;
        context.projectTimeMusic = quarters;
        context.barPositionMusic = (quarters / 4.0).floor() * 4.0;
        context.cycleEndMusic = 4.0;
        context.tempo = 120.0;
        context.timeSigNumerator = 4;
        context.timeSigDenominator = 4;
        self.position += frames as i64;
        context
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        unsafe { self.controller.setComponentHandler(std::ptr::null_mut()) };
        if self.separate {
            unsafe { self.controller.terminate() };
        }
        unsafe { self.component.terminate() };
    }
}

fn pointers(block: &mut Block) -> Vec<Vec<*mut f32>> {
    block.buses.iter_mut().map(|bus| bus.iter_mut().map(|channel| channel.as_mut_ptr()).collect()).collect()
}

fn bus_buffers(pointers: &mut [Vec<*mut f32>]) -> Vec<AudioBusBuffers> {
    pointers
        .iter_mut()
        .map(|bus| AudioBusBuffers {
            numChannels: bus.len() as i32,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 { channelBuffers32: bus.as_mut_ptr() },
        })
        .collect()
}

fn create<I: Interface>(factory: &ComPtr<vst3::Steinberg::IPluginFactory>, cid: &TUID) -> Result<ComPtr<I>, String> {
    let mut object: *mut c_void = std::ptr::null_mut();
    check("createInstance", unsafe { factory.createInstance(cid.as_ptr(), I::IID.as_ptr().cast(), &mut object) })?;
    unsafe { ComPtr::from_raw(object.cast::<I>()) }.ok_or_else(|| "createInstance gave nothing".into())
}

fn check(step: &str, result: i32) -> Result<(), String> {
    if result == kResultOk { Ok(()) } else { Err(format!("{step}: {result}")) }
}
