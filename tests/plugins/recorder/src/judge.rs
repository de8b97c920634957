//! The rules of a block but for its events: sizes, pointers, silence, parameters, context. Thread: audio.
//! Invariant: reads no sample before the pointers to it were judged.

use crate::{
    behaviour::REQUIREMENTS,
    block::{Memory, Rules, Sample},
    buses::Buses,
    life::Call,
    params::Param,
};
use std::sync::atomic::Ordering::Relaxed;
use vst3::{
    ComRef,
    Steinberg::{
        Vst::{
            AudioBusBuffers, IParamValueQueueTrait, IParameterChangesTrait,
            IProcessContextRequirements_::Flags_ as Need, ParameterInfo_::ParameterFlags_ as Flag, ProcessContext,
            ProcessContext_::StatesAndFlags as ValidKind, ProcessContext_::StatesAndFlags_ as Valid, ProcessData,
        },
        kResultOk,
    },
};

/// Points of one queue that are written down.
const POINTS_SHOWN: i32 = 6;
/// Parameters per block whose double queues are noticed.
const QUEUES: usize = 64;

impl Rules<'_> {
    /// `[audio]` Judges sizes and pointers; whether the samples may be touched.
    pub fn judge_shape(&self, call: &mut Call, data: &ProcessData) -> bool {
        let frames = data.numSamples;
        call.rule(frames >= 0, (27, "a negative number of samples"));
        let Some(setup) = &self.setup else { return false };
        call.rule(frames <= setup.maxSamplesPerBlock, (27, "the block is longer than set up"));
        call.rule(data.symbolicSampleSize == setup.symbolicSampleSize, (18, "another sample size than set up"));
        let offline = |mode: i32| mode == 2;
        call.rule(
            (0..=2).contains(&data.processMode) && offline(data.processMode) == offline(setup.processMode),
            (20, "to or from offline without a new setup"),
        );
        let flush = data.numInputs == 0 && data.numOutputs == 0;
        if frames == 0 {
            call.habit(flush, (30, "a flush with buses"));
        }
        call.arg("inputs", data.numInputs).arg("outputs", data.numOutputs);
        if flush && frames == 0 {
            return true;
        }
        let mut usable = frames >= 0 && frames <= setup.maxSamplesPerBlock;
        for (direction, count, list, key) in
            [(0, data.numInputs, data.inputs, "in"), (1, data.numOutputs, data.outputs, "out")]
        {
            let right = count == Buses::count(0, direction);
            call.rule(right, (28, "not an entry for every bus"));
            call.rule(count == 0 || !list.is_null(), (28, "no bus array"));
            if list.is_null() || count < 0 || count as usize > crate::buses::MOST {
                usable &= count == 0;
                continue;
            }
            usable &= right;
            let buses = unsafe { std::slice::from_raw_parts(list, count as usize) };
            call.args().nested(Some(key), '[', |line| {
                for bus in buses {
                    line.nested(None, '[', |line| {
                        line.item(bus.numChannels);
                        line.item(bus.silenceFlags);
                    });
                }
            });
            for (index, bus) in buses.iter().enumerate() {
                usable &= self.judge_bus(call, direction, index as i32, bus);
            }
        }
        usable
    }

    fn judge_bus(&self, call: &mut Call, direction: i32, index: i32, bus: &AudioBusBuffers) -> bool {
        let active = self.buses.is_active(0, direction, index);
        let wanted = self.buses.channels(direction, index);
        call.rule(
            bus.numChannels == wanted || (!active && bus.numChannels == 0),
            (28, "another number of channels than the arrangement has"),
        );
        if direction == 1 {
            call.rule(bus.silenceFlags == 0, (33, "output silence flags are set beforehand"));
        }
        let beyond = bus.silenceFlags.checked_shr(bus.numChannels.clamp(0, 64) as u32).unwrap_or(0);
        call.rule(beyond == 0, (33, "silence flags of channels that do not exist"));
        let list = unsafe { bus.__field0.channelBuffers32 };
        if list.is_null() {
            call.rule(bus.numChannels == 0, (28, "no channel array"));
            return bus.numChannels == 0;
        }
        let mut complete = bus.numChannels == wanted;
        for channel in 0..bus.numChannels.clamp(0, 64) as usize {
            complete &= !unsafe { *list.add(channel) }.is_null();
        }
        call.rule(complete || !active, (28, "an active bus lacks sample pointers"));
        complete || !active
    }

    /// `[audio]` Judges silence flags of the inputs.
    ///
    /// # Safety
    /// The block was found usable.
    pub unsafe fn judge_silence<S: Sample>(&self, call: &mut Call, data: &ProcessData) {
        let frames = data.numSamples as usize;
        for index in 0..data.numInputs.max(0) as usize {
            let bus = unsafe { &*data.inputs.add(index) };
            for channel in 0..bus.numChannels.clamp(0, 64) as usize {
                let from = unsafe { *S::channels(bus).add(channel) };
                if bus.silenceFlags & (1 << channel) != 0 && !from.is_null() {
                    let loud = (0..frames).any(|frame| unsafe { *from.add(frame) }.size() != 0.0);
                    call.rule(!loud, (33, "an input flagged silent is not zero"));
                }
            }
        }
    }

    /// `[audio]` Judges parameter queues.
    ///
    /// # Safety
    /// The block is what a host passed.
    pub unsafe fn judge_params(&self, call: &mut Call, data: &ProcessData) {
        let Some(changes) = (unsafe { ComRef::from_raw(data.inputParameterChanges) }) else { return };
        let count = unsafe { changes.getParameterCount() };
        call.rule(count >= 0, (31, "a negative number of queues"));
        if count <= 0 {
            return;
        }
        let mut seen = [None; QUEUES];
        // Two passes, as writing down borrows the call: first judged, then shown.
        for index in 0..count {
            let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else {
                call.rule(false, (31, "a queue is missing"));
                continue;
            };
            let id = unsafe { queue.getParameterId() };
            call.rule(!seen.contains(&Some(id)), (31, "two queues for one parameter"));
            if let Some(place) = seen.get_mut(index as usize) {
                *place = Some(id);
            }
            match Param::with_id(id) {
                None => {
                    call.rule(false, (41, "an unknown parameter"));
                }
                Some(param) => {
                    call.rule(param.flags & Flag::kIsReadOnly == 0, (45, "a read-only parameter is written"));
                    call.rule(param.flags & Flag::kIsHidden == 0, (45, "a hidden parameter is written"));
                }
            }
            let points = unsafe { queue.getPointCount() };
            call.habit(points > 0, (31, "a queue without points"));
            let mut before = 0;
            for point in 0..points {
                let (mut offset, mut value) = (i32::MIN, f64::NAN);
                let result = unsafe { queue.getPoint(point, &mut offset, &mut value) };
                call.rule(result == kResultOk, (31, "a point that cannot be read"));
                call.rule((0.0..=1.0).contains(&value), (31, "a value outside 0…1"));
                let end = data.numSamples.max(1);
                call.rule((0..end).contains(&offset), (31, "a point outside the block"));
                call.rule(offset >= before, (31, "points out of order"));
                before = offset;
            }
        }
        call.args().nested(Some("params"), '[', |line| {
            for index in 0..count {
                let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else { continue };
                line.nested(None, '{', |line| {
                    let points = unsafe { queue.getPointCount() };
                    line.member("id", unsafe { queue.getParameterId() });
                    line.member("count", points);
                    line.nested(Some("points"), '[', |line| {
                        for point in 0..points.min(POINTS_SHOWN) {
                            let (mut offset, mut value) = (i32::MIN, f64::NAN);
                            unsafe { queue.getPoint(point, &mut offset, &mut value) };
                            line.nested(None, '[', |line| {
                                line.item(offset);
                                line.item(value);
                            });
                        }
                    });
                });
            }
        });
    }

    /// `[audio]` Judges the process context.
    pub fn judge_context(&self, memory: &mut Memory, call: &mut Call, data: &ProcessData) {
        let needs = REQUIREMENTS.load(Relaxed);
        // A flush has no duration: nothing about time can be asked of it.
        let flush = data.numSamples == 0;
        let Some(context) = (unsafe { data.processContext.as_ref() }) else {
            call.rule(flush || needs == 0, (26, "no process context, though one was asked for"));
            return;
        };
        let state = context.state;
        for (need, valid, complaint) in [
            (Need::kNeedSystemTime, Valid::kSystemTimeValid, "the system time was asked for and is not valid"),
            (Need::kNeedContinousTimeSamples, Valid::kContTimeValid, "continuous time was asked for and is not valid"),
            (Need::kNeedProjectTimeMusic, Valid::kProjectTimeMusicValid, "musical time was asked for and is not valid"),
            (Need::kNeedBarPositionMusic, Valid::kBarPositionValid, "the bar was asked for and is not valid"),
            (Need::kNeedSamplesToNextClock, Valid::kClockValid, "the clock was asked for and is not valid"),
            (Need::kNeedTempo, Valid::kTempoValid, "the tempo was asked for and is not valid"),
            (Need::kNeedTimeSignature, Valid::kTimeSigValid, "the time signature was asked for and is not valid"),
        ] {
            let given = flush || needs & (need as u32) == 0 || state & (valid as u32) != 0;
            // A host that knows no tempo says so by the bit; the two clocks it always knows.
            let clock = matches!(valid, Valid::kSystemTimeValid | Valid::kContTimeValid);
            call.rule(given || !clock, (26, complaint));
            call.habit(given || clock, (26, complaint));
        }
        // A host without a loop has no cycle to be true about.
        let cycle = !flush && needs & (Need::kNeedCycleMusic as u32) != 0;
        call.habit(
            !cycle || state & (Valid::kCycleValid as u32) != 0,
            (26, "the cycle was asked for and is not valid"),
        );
        let has = |valid: ValidKind| state & (valid as u32) != 0;
        let rate = self.setup.as_ref().map_or(context.sampleRate, |setup| setup.sampleRate);
        call.rule(context.sampleRate == rate, (26, "the context has another sample rate"));
        call.rule(
            !has(Valid::kTempoValid) || (context.tempo.is_finite() && context.tempo > 0.0),
            (26, "an impossible tempo"),
        );
        let signature = context.timeSigNumerator > 0 && context.timeSigDenominator > 0;
        call.rule(!has(Valid::kTimeSigValid) || signature, (26, "an impossible time signature"));
        call.rule(
            !has(Valid::kProjectTimeMusicValid) || context.projectTimeMusic.is_finite(),
            (26, "an impossible musical time"),
        );
        call.rule(
            !has(Valid::kBarPositionValid)
                || !has(Valid::kProjectTimeMusicValid)
                || context.barPositionMusic <= context.projectTimeMusic + 1e-9,
            (26, "the bar begins after now"),
        );
        call.rule(
            !has(Valid::kCycleActive) || context.cycleStartMusic < context.cycleEndMusic,
            (26, "an active cycle without length"),
        );
        if has(Valid::kPlaying) && data.numSamples > 0 {
            let steady = memory.next_sample.is_none_or(|next| next == context.projectTimeSamples);
            call.habit(steady || has(Valid::kCycleActive), (26, "the playing position jumps"));
            memory.next_sample = Some(context.projectTimeSamples + i64::from(data.numSamples));
        } else if !has(Valid::kPlaying) {
            memory.next_sample = None;
        }
        show_context(call, context);
    }
}

fn show_context(call: &mut Call, context: &ProcessContext) {
    call.args().nested(Some("context"), '{', |line| {
        line.member("state", context.state);
        line.member("samples", context.projectTimeSamples);
        line.member("music", context.projectTimeMusic);
        line.member("tempo", context.tempo);
        line.member("bar", context.barPositionMusic);
    });
}
