//! L3 · sound that runs past a chain, as late as it would come out of it.
//!
//! Thread: audio. Invariant: the way past is always filled, so that switching it on leaves no hole. Never grows.

/// The way past.
#[derive(Debug)]
pub(super) struct Bypass {
    lanes: Box<[Lane]>,
    on: bool,
}

#[derive(Debug)]
struct Lane {
    /// What is on its way; as long as the latency.
    way: Box<[f32]>,
    at: usize,
    heard: Box<[f32]>,
}

impl Bypass {
    /// `[any, not audio]` For so many channels, samples of latency, and frames of a block.
    pub fn new(channels: usize, latency: usize, max_block: usize, on: bool) -> Self {
        let lane = || Lane { way: vec![0.0; latency].into(), at: 0, heard: vec![0.0; max_block].into() };
        Self { lanes: (0..channels).map(|_| lane()).collect(), on }
    }

    /// `[audio]` Sound runs past.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// `[audio]` From now on.
    pub fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// `[audio]` What comes in.
    pub fn pass(&mut self, channel: usize, samples: &[f32]) {
        let on = self.on;
        let Some(Lane { way, at, heard }) = self.lanes.get_mut(channel) else { return };
        if way.is_empty() {
            if on {
                heard[..samples.len()].copy_from_slice(samples);
            }
            return;
        }
        for (sample, heard) in samples.iter().zip(heard.iter_mut()) {
            *heard = std::mem::replace(&mut way[*at], *sample);
            *at = if *at + 1 == way.len() { 0 } else { *at + 1 };
        }
    }

    /// `[audio]` What comes out.
    pub fn heard(&self, channel: usize, length: usize) -> Option<&[f32]> {
        self.lanes.get(channel).map(|lane| &lane.heard[..length])
    }

    /// `[audio]` Nothing is on its way.
    pub fn clear(&mut self) {
        for lane in &mut self.lanes {
            lane.way.fill(0.0);
            lane.heard.fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_comes_as_late_as_through_the_plugins_from_the_first_sample_on() {
        for latency in [0, 1, 7, 100] {
            let mut bypass = Bypass::new(1, latency, 16, false);
            let input: Vec<f32> = (1..=160).map(|at| at as f32).collect();
            let mut heard = Vec::new();
            for (block, samples) in input.chunks(16).enumerate() {
                bypass.switch(block >= 5);
                bypass.pass(0, samples);
                heard.extend_from_slice(bypass.heard(0, 16).expect("a channel"));
            }
            for at in 80..160 {
                let expected = if at >= latency { input[at - latency] } else { 0.0 };
                assert_eq!(heard[at], expected, "{latency} at {at}");
            }
        }
    }
}
