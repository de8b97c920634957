//! L3 · what is done for each ask.
//!
//! Thread: main. Invariant: what nobody waits for any more is not begun, and what belongs to somebody else does not exist.

use super::{
    CoreError, InstanceId, InstanceRecord, LoadRequest, Owner, Stream, StreamId, StreamRequest, What,
    ask::{Ask, Reply},
    assembly::Shape,
    instance::Instance,
    line::Command,
    main_loop::MainLoop,
    playable::Playable,
    presets,
};
use crate::{
    model::PluginFormat,
    plugin::{Precision, Setup},
};
use std::sync::Arc;

/// Plugins in one chain: their place has a byte in the frames, and 255 is taken.
const MOST_PLUGINS: usize = 64;
/// Channels of a stream.
const MOST_CHANNELS: usize = 64;
/// Frames of a block.
const MOST_FRAMES: u32 = 65_536;

/// Does it, unless nobody waits.
fn reply<T>(to: Reply<T>, work: impl FnOnce() -> Result<T, CoreError>) {
    if !to.is_closed() {
        // Who has gone meanwhile does not hear it.
        let _ = to.send(work());
    }
}

fn within<T: PartialOrd + std::fmt::Display + Copy>(
    what: &'static str,
    value: T,
    low: T,
    high: T,
) -> Result<(), CoreError> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(CoreError::Range { what, expected: format!("{low} to {high}"), found: value.to_string() })
}

impl MainLoop {
    /// `[main]` One ask.
    pub(super) fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::StopStreams { owner } => self.stop_streams(owner),
            Ask::Release { owner } => self.release(owner),
            // Taken out by the loop.
            Ask::ShutDown => {}
            Ask::Scan { rescan, only, reply } => self.scans.ask(rescan, only, reply),
            Ask::SetBlocked { query, blocked, reason, reply } => {
                if !reply.is_closed() {
                    self.scans.set_blocked(&self.host, &query, blocked, reason.as_deref(), reply);
                }
            }
            Ask::Load { request, reply: to } => reply(to, || self.load(request)),
            Ask::Unload { owner, instance, reply: to } => reply(to, || self.unload(owner, instance)),
            Ask::Instances { owner, reply: to } => {
                reply(to, || Ok(self.of(owner).map(|instance| instance.record()).collect()));
            }
            Ask::Instance { owner, instance, reply: to } => {
                reply(to, || Ok(self.instance(owner, instance)?.record()));
            }
            Ask::Restart { owner, instance, reply: to } => reply(to, || self.restart(owner, instance)),
            Ask::Reset { owner, instance, reply: to } => reply(to, || self.instance(owner, instance)?.hush()),
            Ask::SetBypass { owner, instance, bypassed, reply: to } => {
                reply(to, || self.instance(owner, instance)?.set_bypass(bypassed));
            }
            Ask::States { owner, instance, reply: to } => reply(to, || self.instance(owner, instance)?.states()),
            Ask::SetStates { owner, instance, states, reply: to } => {
                reply(to, || self.instance(owner, instance)?.set_states(&states));
            }
            Ask::OpenStream { request, reply: to } => reply(to, || self.open_stream(&request)),
            Ask::CloseStream { owner, stream, reply: to } => reply(to, || self.close_stream(owner, stream)),
            Ask::Panic { owner, reply: to } => reply(to, || {
                // One that does not come back keeps the others from nothing.
                self.of(owner).map(Instance::calm).fold(Ok(()), Result::and)
            }),
            of_parameters => self.answer_about_parameters(of_parameters),
        }
    }

    fn answer_about_parameters(&mut self, ask: Ask) {
        match ask {
            Ask::Params { owner, instance, member, from, count, reply: to } => {
                reply(to, || self.instance(owner, instance)?.params(member, from, count));
            }
            Ask::ParamValue { owner, instance, member, param, input, reply: to } => {
                reply(to, || self.instance(owner, instance)?.param_value(member, &param, input.as_ref()));
            }
            Ask::SetParam { owner, instance, member, param, input, reply: to } => {
                reply(to, || self.instance(owner, instance)?.set_param(member, &param, &input));
            }
            Ask::Presets { owner, instance, member, reply: to } => {
                reply(to, || self.instance(owner, instance)?.presets(member));
            }
            Ask::LoadPreset { owner, instance, member, name, reply: to } => {
                reply(to, || self.instance(owner, instance)?.load_preset(member, &name));
            }
            Ask::SavePreset { owner, instance, member, name, overwrite, reply: to } => {
                reply(to, || self.instance(owner, instance)?.save_preset(member, &name, overwrite));
            }
            Ask::Programs { owner, instance, member, reply: to } => {
                reply(to, || self.instance(owner, instance)?.programs(member));
            }
            Ask::SetProgram { owner, instance, member, list, program, reply: to } => {
                reply(to, || self.instance(owner, instance)?.set_program(member, list, program));
            }
            _ => {}
        }
    }

    fn load(&mut self, request: LoadRequest) -> Result<InstanceRecord, CoreError> {
        let LoadRequest { owner, plugins: wanted, sample_rate, max_block, channels, mode } = request;
        check(sample_rate, max_block, channels)?;
        within("the number of plugins in a chain", wanted.len(), 1, MOST_PLUGINS)?;
        if self.of(owner).count() >= self.limits.instances {
            return Err(CoreError::Limit { what: "instances", limit: self.limits.instances });
        }
        let plugins = wanted.iter().map(|wanted| self.host.find(&wanted.query)).collect::<Result<_, _>>()?;
        let setup = Setup { sample_rate, max_block, mode, precision: Precision::F32 };
        let shape = Shape { plugins, channels, setup };
        let id = InstanceId(self.last_instance + 1);
        let mut settle = |position: usize, controller: &mut dyn crate::plugin::Controller| {
            let wanted = &wanted[position];
            presets::apply(controller, wanted.state.as_ref(), wanted.preset.as_deref())
        };
        let format = self.host.format(PluginFormat::Vst3);
        let wake = Arc::clone(&self.wake);
        let instance = Instance::open((id, owner), format, shape, &mut settle, &self.shared, wake)?;
        self.last_instance = id.0;
        self.shared.tables_mut().lives.insert(id, Arc::new(instance.line.live()));
        let record = instance.record();
        instance.tell(What::Loaded);
        self.instances.insert(id, instance);
        Ok(record)
    }

    fn unload(&mut self, owner: Owner, id: InstanceId) -> Result<(), CoreError> {
        self.instance(owner, id)?;
        if let Some(instance) = self.instances.remove(&id) {
            let streams = instance.stream.is_some();
            instance.unload();
            if streams {
                self.streams_changed();
            }
        }
        Ok(())
    }

    fn release(&mut self, owner: Owner) {
        let ids: Vec<InstanceId> = self.of(owner).map(|instance| instance.id).collect();
        for id in ids.into_iter().rev() {
            // It is there: it was listed just now.
            let _ = self.unload(owner, id);
        }
    }

    fn stop_streams(&mut self, owner: Owner) {
        self.of(owner).for_each(Instance::close_stream);
        self.streams_changed();
    }

    fn restart(&mut self, owner: Owner, id: InstanceId) -> Result<InstanceRecord, CoreError> {
        let format = self.host.format(PluginFormat::Vst3);
        let found = self.instances.get_mut(&id).filter(|instance| instance.owner == owner);
        let instance = found.ok_or(CoreError::NoInstance(id))?;
        let shape = instance.shape.clone();
        instance.changing(|instance| instance.rebuild(format, shape))?;
        Ok(instance.record())
    }

    fn open_stream(&mut self, request: &StreamRequest) -> Result<(Stream, InstanceRecord), CoreError> {
        let StreamRequest { owner, instance: id, sample_rate, block, channels, mode } = *request;
        check(sample_rate, block, channels)?;
        if self.instance(owner, id)?.stream.is_some() {
            return Err(CoreError::AlreadyOpen(id));
        }
        if self.of(owner).filter(|instance| instance.stream.is_some()).count() >= self.limits.streams {
            return Err(CoreError::Limit { what: "streams", limit: self.limits.streams });
        }
        let stream = StreamId(self.last_stream + 1);
        let format = self.host.format(PluginFormat::Vst3);
        let found = self.instances.get_mut(&id).filter(|instance| instance.owner == owner);
        let instance = found.ok_or(CoreError::NoInstance(id))?;
        let before = instance.shape.setup;
        let setup = Setup { sample_rate, max_block: before.max_block.max(block), mode, ..before };
        if channels != instance.shape.channels {
            let shape = Shape { channels, setup, ..instance.shape.clone() };
            instance.changing(|instance| instance.rebuild(format, shape))?;
        } else if setup != before {
            instance.changing(|instance| instance.prepare(format, setup))?;
        }
        instance.follow();
        instance.between_frames(Playable::begin)?;
        let way = Stream::new(stream, Arc::clone(&instance.line), channels, sample_rate);
        instance.line.set_stream(Some(stream));
        instance.stream = Some(way.clone());
        let record = instance.record();
        self.last_stream = stream.0;
        self.shared.tables_mut().streams.insert(stream, way.clone());
        self.streams_changed();
        Ok((way, record))
    }

    fn close_stream(&mut self, owner: Owner, id: StreamId) -> Result<(), CoreError> {
        let open = |instance: &&mut Instance| instance.stream.as_ref().is_some_and(|stream| stream.id() == id);
        let instance = self.of(owner).find(open).ok_or(CoreError::NoStream(id))?;
        instance.close_stream();
        self.streams_changed();
        Ok(())
    }
}

fn check(sample_rate: f64, block: u32, channels: usize) -> Result<(), CoreError> {
    within("the sample rate", sample_rate, 8000.0, 768_000.0)?;
    within("the block", block, 1, MOST_FRAMES)?;
    within("the number of channels", channels, 1, MOST_CHANNELS)
}

impl Instance {
    /// `[main]` Notes end, nothing rings; guarded plugins get another chance.
    fn hush(&mut self) -> Result<(), CoreError> {
        self.command(Command::Hush)?;
        if self.stands() { self.settle() } else { Ok(()) }
    }

    /// `[main]` Notes end where no stream does it at its next frame.
    fn calm(&mut self) -> Result<(), CoreError> {
        if self.chain.is_none() || !self.stands() {
            return Ok(());
        }
        self.between_frames(|playable| {
            if self.line.take_hush() {
                playable.end();
            }
        })
    }

    /// `[main]` The plugins' own bypass where all have one; else sound runs past the chain.
    fn set_bypass(&mut self, bypassed: bool) -> Result<(), CoreError> {
        let members = self.line.members();
        let own: Option<Vec<_>> = members
            .iter()
            .map(|plugin| plugin.params.iter().find(|info| info.flags.bypass && super::live::is_free(info)))
            .collect();
        match own {
            Some(own) => {
                let live = self.line.live();
                for (member, info) in own.into_iter().enumerate() {
                    live.set_normalized(member, info.id, f64::from(u8::from(bypassed)))?;
                }
                self.follow();
            }
            None => self.command(Command::Bypass(bypassed))?,
        }
        self.bypassed = bypassed;
        Ok(())
    }

    /// Does something after which latency and buses may be others, and tells.
    fn changing(&mut self, work: impl FnOnce(&mut Self) -> Result<(), CoreError>) -> Result<(), CoreError> {
        let before = self.record();
        let result = work(self);
        let after = self.record();
        for (member, (old, new)) in before.members.iter().zip(&after.members).enumerate() {
            if old.layout != new.layout {
                self.tell(What::BusesChanged { member });
            }
        }
        if (before.latency, before.tail) != (after.latency, after.tail) {
            self.tell(What::LatencyChanged { latency: after.latency, tail: after.tail });
        }
        result
    }
}
