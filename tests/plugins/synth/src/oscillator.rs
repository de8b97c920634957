//! Waves without audible aliases. Thread: audio.
//!
//! Invariant: steps (saw, square) and corners (triangle) are rounded over one sample to each side by a polynomial, which
//! takes most of what would fold back.

/// Names, in the order of [`Wave`].
pub const WAVES: &[&str] = &["Sine", "Triangle", "Saw", "Square"];

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// No overtones.
    Sine,
    /// Few odd overtones.
    Triangle,
    /// All overtones.
    Saw,
    /// Odd overtones.
    Square,
}

impl Wave {
    /// `[any]` By its place in [`WAVES`].
    pub fn at(place: usize) -> Self {
        [Wave::Sine, Wave::Triangle, Wave::Saw, Wave::Square][place.min(3)]
    }

    /// `[audio]` The wave at a phase (0…1), which moves on by `step` per sample.
    #[inline]
    pub fn sample(self, phase: f64, step: f64) -> f64 {
        let half = wrap(phase + 0.5);
        match self {
            Wave::Sine => (std::f64::consts::TAU * phase).sin(),
            Wave::Triangle => {
                // Starts at zero and rises, like the sine; corners at ¼ and ¾.
                let (top, bottom) = (wrap(phase + 0.75), wrap(phase + 0.25));
                1.0 - 4.0 * (wrap(phase + 0.25) - 0.5).abs() + 4.0 * step * (corner(bottom, step) - corner(top, step))
            }
            Wave::Saw => 2.0 * half - 1.0 - edge(half, step),
            Wave::Square => (if phase < 0.5 { 1.0 } else { -1.0 }) + edge(phase, step) - edge(half, step),
        }
    }
}

#[inline]
fn wrap(phase: f64) -> f64 {
    phase - phase.floor()
}

/// Rounds a step from −1 to 1 at phase 0.
#[inline]
fn edge(phase: f64, step: f64) -> f64 {
    if phase < step {
        let t = phase / step - 1.0;
        -t * t
    } else if phase > 1.0 - step {
        let t = (phase - 1.0) / step + 1.0;
        t * t
    } else {
        0.0
    }
}

/// Rounds a corner at phase 0: the integral of [`edge`].
#[inline]
fn corner(phase: f64, step: f64) -> f64 {
    if phase < step {
        let t = phase / step - 1.0;
        -t * t * t / 3.0
    } else if phase > 1.0 - step {
        let t = (phase - 1.0) / step + 1.0;
        t * t * t / 3.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amplitude of a wave's part at a frequency, both as shares of the sample rate.
    fn part(wave: impl Fn(f64) -> f64, step: f64, frequency: f64) -> f64 {
        let frames = 9600;
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..frames {
            let sample = wave(wrap(n as f64 * step));
            let angle = std::f64::consts::TAU * frequency * n as f64;
            re += sample * angle.cos();
            im += sample * angle.sin();
        }
        2.0 * f64::hypot(re, im) / f64::from(frames)
    }

    #[test]
    fn aliases_are_kept_down() {
        // 5 kHz at 48 kHz: the sixth overtone of the saw folds to 18 kHz, the seventh of the odd waves to 13 kHz.
        let step = 5.0 / 48.0;
        let naive_saw = |phase: f64| 2.0 * wrap(phase + 0.5) - 1.0;
        let naive_square = |phase: f64| if phase < 0.5 { 1.0 } else { -1.0 };
        let naive_triangle = |phase: f64| 1.0 - 4.0 * (wrap(phase + 0.25) - 0.5).abs();
        type Naive = fn(f64) -> f64;
        let cases = [
            (Wave::Saw, naive_saw as Naive, 18.0 / 48.0),
            (Wave::Square, naive_square as Naive, 13.0 / 48.0),
            (Wave::Triangle, naive_triangle as Naive, 13.0 / 48.0),
        ];
        for (wave, naive, alias) in cases {
            let (ours, theirs) = (part(|p| wave.sample(p, step), step, alias), part(naive, step, alias));
            assert!(ours < 0.35 * theirs, "{wave:?}: {ours} against {theirs}");
            let (ours, theirs) = (part(|p| wave.sample(p, step), step, step), part(naive, step, step));
            assert!((ours / theirs - 1.0).abs() < 0.1, "{wave:?}: the tone itself stays, {ours} against {theirs}");
        }
    }

    #[test]
    fn all_waves_start_together_and_stay_in_range() {
        for place in 0..WAVES.len() {
            let wave = Wave::at(place);
            for n in 0..1000 {
                let sample = wave.sample(f64::from(n) / 1000.0, 0.01);
                assert!(sample.abs() <= 1.0 + 1e-9, "{wave:?}: {sample}");
            }
            assert!(wave.sample(0.2, 0.01) > 0.0 && wave.sample(0.8, 0.01) < 0.0);
        }
    }
}
