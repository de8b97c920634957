//! L2 · musical time as `ProcessContext`.
//!
//! Thread: audio. Invariant: a field is flagged valid exactly when the transport knows it.
#![allow(unsafe_code)]

use super::{consts, handler::system_time_ns};
use crate::model::Transport;
use vst3::Steinberg::Vst::ProcessContext;

/// `[main]` A context in which nothing is known but the sample rate.
pub fn empty(sample_rate: f64) -> ProcessContext {
    // SAFETY: plain numbers; all zeros is a value.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.sampleRate = sample_rate;
    // The count of samples since the start is always known.
    context.state = consts::CTX_CONTINUOUS_VALID;
    context
}

/// `[audio]` Time stands still.
pub fn halt(context: &mut ProcessContext) {
    context.state &= !(consts::CTX_PLAYING | consts::CTX_RECORDING);
}

/// MIDI clocks per quarter note.
const CLOCKS: f64 = 24.0;

/// `[audio]` Writes the transport into the context. `needs` are the bits the plugin asked for; what costs something is
/// given only to those who want it.
#[inline]
pub fn fill(context: &mut ProcessContext, transport: &Transport, needs: u32) {
    let mut state = consts::CTX_CONTINUOUS_VALID;
    if transport.playing {
        state |= consts::CTX_PLAYING;
    }
    if transport.recording {
        state |= consts::CTX_RECORDING;
    }
    if transport.cycling {
        state |= consts::CTX_CYCLE_ACTIVE;
    }
    context.projectTimeSamples = transport.position;
    context.continousTimeSamples = transport.continuous;
    if let Some(tempo) = transport.tempo {
        state |= consts::CTX_TEMPO_VALID;
        context.tempo = tempo;
    }
    if let Some((numerator, denominator)) = transport.signature {
        state |= consts::CTX_SIGNATURE_VALID;
        context.timeSigNumerator = i32::from(numerator);
        context.timeSigDenominator = i32::from(denominator);
    }
    if let Some(quarters) = transport.quarters {
        state |= consts::CTX_MUSIC_VALID;
        context.projectTimeMusic = quarters;
    }
    if let Some(bar_start) = transport.bar_start {
        state |= consts::CTX_BAR_VALID;
        context.barPositionMusic = bar_start;
    }
    if let Some((start, end)) = transport.cycle {
        state |= consts::CTX_CYCLE_VALID;
        context.cycleStartMusic = start;
        context.cycleEndMusic = end;
    }
    if needs & consts::NEED_SYSTEM_TIME != 0 {
        state |= consts::CTX_SYSTEM_TIME_VALID;
        context.systemTime = system_time_ns();
    }
    if needs & consts::NEED_CLOCK != 0
        && let Some((tempo, quarters)) = transport.tempo.zip(transport.quarters)
        && tempo > 0.0
    {
        state |= consts::CTX_CLOCK_VALID;
        context.samplesToNextClock = samples_to_clock(quarters, tempo, context.sampleRate);
    }
    context.state = state;
}

/// Samples from a musical position to the nearest MIDI clock, which may be the one before.
fn samples_to_clock(quarters: f64, tempo: f64, sample_rate: f64) -> i32 {
    let clocks = quarters * CLOCKS;
    let samples_per_clock = 60.0 * sample_rate / (tempo * CLOCKS);
    ((clocks.round() - clocks) * samples_per_clock).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_flagged() {
        let mut context = empty(48_000.0);
        fill(&mut context, &Transport { position: 7, continuous: 9, ..Transport::default() }, 0);
        assert_eq!(context.state, consts::CTX_CONTINUOUS_VALID);
        assert_eq!((context.projectTimeSamples, context.continousTimeSamples), (7, 9));
        fill(
            &mut context,
            &Transport {
                playing: true,
                recording: true,
                tempo: Some(93.0),
                signature: Some((7, 8)),
                quarters: Some(3.5),
                bar_start: Some(3.0),
                cycle: Some((1.0, 5.0)),
                cycling: true,
                ..Transport::default()
            },
            consts::NEED_SYSTEM_TIME | consts::NEED_CLOCK,
        );
        let all = consts::CTX_CONTINUOUS_VALID
            | consts::CTX_PLAYING
            | consts::CTX_RECORDING
            | consts::CTX_CYCLE_ACTIVE
            | consts::CTX_TEMPO_VALID
            | consts::CTX_SIGNATURE_VALID
            | consts::CTX_MUSIC_VALID
            | consts::CTX_BAR_VALID
            | consts::CTX_CYCLE_VALID
            | consts::CTX_SYSTEM_TIME_VALID
            | consts::CTX_CLOCK_VALID;
        assert_eq!(context.state, all);
        assert_eq!((context.tempo, context.timeSigNumerator, context.timeSigDenominator), (93.0, 7, 8));
        assert_eq!((context.projectTimeMusic, context.barPositionMusic), (3.5, 3.0));
        assert_eq!((context.cycleStartMusic, context.cycleEndMusic), (1.0, 5.0));
    }

    #[test]
    fn the_nearest_clock_may_lie_on_either_side() {
        // 120 quarters a minute at 48 kHz: a clock every 1000 samples.
        assert_eq!(samples_to_clock(0.0, 120.0, 48_000.0), 0);
        assert_eq!(samples_to_clock(0.25 / 24.0, 120.0, 48_000.0), -250);
        assert_eq!(samples_to_clock(0.75 / 24.0, 120.0, 48_000.0), 250);
    }
}
