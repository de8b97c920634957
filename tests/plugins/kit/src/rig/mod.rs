//! A small host for tests: drives a plugin through its COM interfaces in this process. Thread: the test's.
//!
//! `process` runs under an allocator that aborts the test at the first allocation or free.
//! Invariant: only what a real host may do. Feature `rig`; no plugin is shipped with it. Panics are the answers of a test.
#![allow(unsafe_code)]

mod buffers;
mod checks;
mod events;
mod objects;

pub use checks::{check_blocks, check_edges, check_in_place, check_precision, check_state, check_texts, noise};
pub use events::{expression, note_off, note_on};

use crate::{factory, param::Param, plugin::Plugin};
use buffers::Buffers;
use objects::{Changes, Events, Host, Stream};
use std::sync::atomic::Ordering;
use vst3::{
    ComPtr, ComWrapper, Interface,
    Steinberg::{
        FUnknown, IPluginBaseTrait, IPluginFactory, IPluginFactoryTrait, TUID,
        Vst::{
            Event, IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentHandler, IComponentTrait,
            IConnectionPoint, IConnectionPointTrait, IEditController, IEditControllerTrait, ProcessContext,
            ProcessContext_::StatesAndFlags_, ProcessData, ProcessSetup,
        },
        kResultOk, tresult,
    },
};

#[cfg(debug_assertions)]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

/// Speakers of a mono bus.
pub const MONO: u64 = 1 << 19;
/// Speakers of a stereo bus.
pub const STEREO: u64 = 3;

/// What to play: whole channels, and changes at absolute samples. Cut into blocks by [`Rig::play`].
#[derive(Clone, Default)]
pub struct Piece {
    /// Samples per channel.
    pub frames: usize,
    /// Input buses × channels.
    pub inputs: Vec<Vec<Vec<f64>>>,
    /// (parameter id, sample, normalized value).
    pub points: Vec<(u32, usize, f64)>,
    /// (sample, event with any offset).
    pub events: Vec<(usize, Event)>,
    /// Beats per minute, if the host knows.
    pub tempo: Option<f64>,
}

/// A loaded plugin.
pub struct Rig {
    plugin: &'static Plugin,
    host: ComWrapper<Host>,
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    apart: bool,
    wide: bool,
    outputs: usize,
    /// Meters the plugin wrote, latest value.
    pub meters: Vec<(u32, f64)>,
    /// Silence flags of the last block's main output.
    pub silence: u64,
    /// Give the main input's memory as output; crosswise if it says so.
    pub in_place: Option<bool>,
}

fn make<I: Interface>(factory: &ComPtr<IPluginFactory>, class: &TUID) -> ComPtr<I> {
    let mut object = std::ptr::null_mut();
    // SAFETY: a live factory; both ids are 16 bytes; the new reference belongs to us.
    unsafe {
        let made = factory.createInstance(class.as_ptr(), I::IID.as_ptr().cast(), &mut object);
        assert_eq!(made, kResultOk, "the factory refuses its own class");
        ComPtr::from_raw(object.cast()).expect("an object")
    }
}

impl Rig {
    /// Creates, initializes and connects a plugin.
    pub fn new(plugin: fn() -> &'static Plugin) -> Self {
        // SAFETY: the factory is new and its reference ours.
        let made = unsafe { ComPtr::from_raw(factory(plugin)) }.expect("a factory");
        let plugin = plugin();
        let host = ComWrapper::new(Host::default());
        let context = host.to_com_ptr::<FUnknown>().expect("a host");
        let component: ComPtr<IComponent> = make(&made, &plugin.class.tuid());
        // SAFETY: live objects, in the order a host has to call them.
        let controller = unsafe {
            assert_eq!(component.initialize(context.as_ptr()), kResultOk);
            assert_ne!(component.initialize(context.as_ptr()), kResultOk, "initialized twice");
            let mut class = [0; 16];
            if component.getControllerClassId(&mut class) == kResultOk {
                let controller: ComPtr<IEditController> = make(&made, &class);
                assert_eq!(controller.initialize(context.as_ptr()), kResultOk);
                controller
            } else {
                component.cast::<IEditController>().expect("a single object is its own controller")
            }
        };
        let apart = plugin.controller.is_some();
        let rig = Self {
            plugin,
            processor: component.cast().expect("a component processes audio"),
            component,
            controller,
            host,
            apart,
            wide: false,
            outputs: 0,
            meters: Vec::new(),
            silence: 0,
            in_place: None,
        };
        let handler = rig.host.to_com_ptr::<IComponentHandler>().expect("a handler");
        // SAFETY: live objects.
        unsafe { assert_eq!(rig.controller.setComponentHandler(handler.as_ptr()), kResultOk) };
        if let Some((one, other)) = rig.points() {
            // SAFETY: live objects.
            unsafe {
                assert_eq!(one.connect(other.as_ptr()), kResultOk);
                assert_eq!(other.connect(one.as_ptr()), kResultOk);
            }
        }
        rig
    }

    fn points(&self) -> Option<(ComPtr<IConnectionPoint>, ComPtr<IConnectionPoint>)> {
        self.apart.then(|| Some((self.component.cast()?, self.controller.cast()?)))?
    }

    /// The parameter of that name.
    pub fn param(&self, name: &str) -> &'static Param {
        self.plugin.params.iter().find(|param| param.name == name).unwrap_or_else(|| panic!("no parameter “{name}”"))
    }

    /// The normalized value of a text, by the controller.
    pub fn parse(&self, id: u32, text: &str) -> Option<f64> {
        let mut text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut value = f64::NAN;
        // SAFETY: a live object, a zero-terminated text, a variable of our own.
        let result = unsafe { self.controller.getParamValueByString(id, text.as_mut_ptr(), &mut value) };
        (result == kResultOk).then_some(value)
    }

    /// The text of a normalized value, by the controller.
    pub fn format(&self, id: u32, value: f64) -> String {
        let mut text = [0xFFFF; 128];
        // SAFETY: a live object, room for a text.
        assert_eq!(unsafe { self.controller.getParamStringByValue(id, value, &mut text) }, kResultOk);
        let end = text.iter().position(|unit| *unit == 0).expect("a terminated text");
        String::from_utf16(&text[..end]).expect("well-formed text")
    }

    /// The controller's value of a parameter.
    pub fn knob(&self, id: u32) -> f64 {
        // SAFETY: a live object.
        unsafe { self.controller.getParamNormalized(id) }
    }

    /// Sets the controller's value.
    pub fn set_knob(&self, id: u32, value: f64) -> tresult {
        // SAFETY: a live object.
        unsafe { self.controller.setParamNormalized(id, value) }
    }

    /// Flags of all restarts the plugin asked for since the last call.
    pub fn restarts(&self) -> i32 {
        self.host.restarts.swap(0, Ordering::Relaxed)
    }

    /// Asks for these speakers.
    pub fn arrange(&self, inputs: &[u64], outputs: &[u64]) -> bool {
        let (mut ins, mut outs) = (inputs.to_vec(), outputs.to_vec());
        // SAFETY: a live object; lists with their lengths.
        let result = unsafe {
            self.processor.setBusArrangements(ins.as_mut_ptr(), ins.len() as i32, outs.as_mut_ptr(), outs.len() as i32)
        };
        result == kResultOk
    }

    /// Sets up, activates, starts.
    pub fn start(&mut self, rate: f64, max_block: usize, wide: bool) {
        self.wide = wide;
        let mut setup = ProcessSetup {
            processMode: 0,
            symbolicSampleSize: i32::from(wide),
            maxSamplesPerBlock: max_block as i32,
            sampleRate: rate,
        };
        let mut mask = 0;
        // SAFETY: a live object; variables of our own; the order a host has to keep.
        unsafe {
            assert_eq!(self.processor.getBusArrangement(1, 0, &mut mask), kResultOk);
            assert_eq!(self.processor.setupProcessing(&mut setup), kResultOk);
            assert_eq!(self.component.setActive(1), kResultOk);
            assert_eq!(self.processor.setProcessing(1), kResultOk);
        }
        self.outputs = mask.count_ones() as usize;
    }

    /// Stops and deactivates.
    pub fn stop(&self) {
        // SAFETY: a live object.
        unsafe {
            self.processor.setProcessing(0);
            assert_eq!(self.component.setActive(0), kResultOk);
        }
    }

    /// The component's state.
    pub fn save(&self) -> Vec<u8> {
        let stream = Stream::new(Vec::new(), 7);
        let pointer = stream.to_com_ptr().expect("a stream");
        // SAFETY: live objects.
        assert_eq!(unsafe { self.component.getState(pointer.as_ptr()) }, kResultOk);
        stream.bytes.take()
    }

    /// Loads a state into both halves.
    pub fn load(&self, bytes: &[u8]) -> bool {
        let stream = || Stream::new(bytes.to_vec(), 5).to_com_ptr().expect("a stream");
        let (one, other) = (stream(), stream());
        // SAFETY: live objects.
        unsafe {
            self.component.setState(one.as_ptr()) == kResultOk
                && self.controller.setComponentState(other.as_ptr()) == kResultOk
        }
    }

    /// `getTailSamples`.
    pub fn tail(&self) -> u32 {
        // SAFETY: a live object.
        unsafe { self.processor.getTailSamples() }
    }

    /// Plays a piece in blocks of these lengths, over and over. The buffers are 64-bit or 32-bit as set up; outputs start
    /// full of NaN.
    pub fn play(&mut self, piece: &Piece, blocks: &[usize]) -> Vec<Vec<f64>> {
        let mut output = vec![Vec::with_capacity(piece.frames); self.outputs];
        let (mut at, mut lengths) = (0, blocks.iter().cycle());
        while at < piece.frames {
            let length = (*lengths.next().expect("block lengths")).min(piece.frames - at);
            let (result, block) = self.block(piece, at, length);
            assert_eq!(result, kResultOk, "process() at sample {at}");
            for (whole, part) in output.iter_mut().zip(block) {
                whole.extend(part);
            }
            at += length;
        }
        output
    }

    /// Hands changes over without sound.
    pub fn flush(&mut self, points: &[(u32, f64)]) {
        let points = points.iter().map(|&(id, value)| (id, 0, value)).collect();
        let piece = Piece { points, ..Piece::default() };
        assert_eq!(self.block(&piece, 0, 0).0, kResultOk);
    }

    fn block(&mut self, piece: &Piece, at: usize, length: usize) -> (tresult, Vec<Vec<f64>>) {
        let here = |sample: usize| (at..at + length.max(1)).contains(&sample);
        let offset = |sample: usize| (sample - at) as i32;
        let points: Vec<_> =
            piece.points.iter().filter(|p| here(p.1)).map(|&(id, sample, value)| (id, offset(sample), value)).collect();
        let changes = Changes::new(&points);
        let meters = Changes::new(&[]);
        let mut heard = Vec::new();
        for (sample, event) in piece.events.iter().filter(|(sample, _)| here(*sample)) {
            heard.push(Event { sampleOffset: offset(*sample), ..*event });
        }
        let events = ComWrapper::new(Events(heard));
        let cut = |bus: &Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            bus.iter().map(|channel| channel[at..at + length].to_vec()).collect()
        };
        let inputs: Vec<_> = if length == 0 { vec![] } else { piece.inputs.iter().map(cut).collect() };
        let mut inputs: Vec<Buffers> = inputs.into_iter().map(|bus| Buffers::new(bus, self.wide)).collect();
        let mut outputs: Vec<Buffers> = if length == 0 {
            vec![]
        } else {
            vec![Buffers::new(vec![vec![f64::NAN; length]; self.outputs], self.wide)]
        };
        let mut ins: Vec<_> = inputs.iter_mut().map(Buffers::bus).collect();
        let mut outs: Vec<_> = outputs.iter_mut().map(Buffers::bus).collect();
        if let (Some(crossed), Some(from), Some(out)) = (self.in_place, ins.first(), outputs.first_mut()) {
            outs = vec![out.share(from, crossed)];
        }
        // SAFETY: plain numbers.
        let mut context: ProcessContext = unsafe { std::mem::zeroed() };
        if let Some(tempo) = piece.tempo {
            context.tempo = tempo;
            #[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
            {
                context.state = StatesAndFlags_::kTempoValid as u32;
            }
        }
        let changes_pointer = changes.to_com_ptr().expect("queues");
        let meters_pointer = meters.to_com_ptr().expect("queues");
        let events_pointer = events.to_com_ptr().expect("events");
        let mut data = ProcessData {
            processMode: 0,
            symbolicSampleSize: i32::from(self.wide),
            numSamples: length as i32,
            numInputs: ins.len() as i32,
            numOutputs: outs.len() as i32,
            inputs: ins.as_mut_ptr(),
            outputs: outs.as_mut_ptr(),
            inputParameterChanges: changes_pointer.as_ptr(),
            outputParameterChanges: meters_pointer.as_ptr(),
            inputEvents: events_pointer.as_ptr(),
            outputEvents: std::ptr::null_mut(),
            processContext: &mut context,
        };
        // SAFETY: a live object; everything the block points to lives until the end of this function.
        let result = assert_no_alloc::assert_no_alloc(|| unsafe { self.processor.process(&mut data) });
        for (id, value) in meters.last() {
            self.meters.retain(|(known, _)| *known != id);
            self.meters.push((id, value));
        }
        self.silence = outs.first().map_or(0, |bus| bus.silenceFlags);
        let mut heard = match (self.in_place, inputs.first()) {
            (Some(_), Some(shared)) => shared.samples(),
            _ => outputs.first().map_or_else(Vec::new, Buffers::samples),
        };
        if self.in_place == Some(true) {
            heard.reverse();
        }
        (result, heard)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // SAFETY: live objects, in the order a host has to call them.
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
            if let Some((one, other)) = self.points() {
                one.disconnect(other.as_ptr());
                other.disconnect(one.as_ptr());
            }
            self.controller.setComponentHandler(std::ptr::null_mut());
            if self.apart {
                self.controller.terminate();
            }
            self.component.terminate();
        }
    }
}
