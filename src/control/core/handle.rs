//! L3 · the handle by which everybody above reaches the core.
//!
//! Thread: any. Invariant: a method that is `async` is answered by the main thread, in order, and can be cancelled by
//! dropping its future as long as it has not begun; all others answer at once, whatever a plugin is doing.

use super::{
    CoreError, CoreEvent, EventBatch, InstanceId, InstanceRecord, Live, LoadRequest, Owner, ParamInput, ParamRecord,
    ParamRef, ParamValue, PluginList, PresetRecord, ProgramListRecord, Stream, StreamId, StreamRequest, Timings,
    TransportChange,
    ask::{Ask, Mailbox},
    line::Command,
    shared::Shared,
};
use crate::plugin::State;
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// The core. Clones are the same core.
#[derive(Clone, Debug)]
pub struct Core {
    pub(super) mailbox: Mailbox,
    pub(super) shared: Arc<Shared>,
}

impl Core {
    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<Result<T, CoreError>>) -> Ask) -> Result<T, CoreError> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.send(make(reply))?;
        answer.await.unwrap_or(Err(CoreError::ShuttingDown))
    }

    // --- at once ---------------------------------------------------------------------------------------------------

    /// `[any]` All plugins as last scanned.
    pub fn plugins(&self) -> Arc<PluginList> {
        self.shared.plugins()
    }

    /// `[any]` The live side of an instance of this owner.
    pub fn live(&self, owner: Owner, instance: InstanceId) -> Result<Arc<Live>, CoreError> {
        let tables = self.shared.tables();
        let live = tables.lives.get(&instance).filter(|live| live.owner == owner);
        live.cloned().ok_or(CoreError::NoInstance(instance))
    }

    /// `[any]` A stream of this owner.
    pub fn stream(&self, owner: Owner, stream: StreamId) -> Result<Stream, CoreError> {
        let tables = self.shared.tables();
        let found = tables.streams.get(&stream).filter(|stream| stream.owner() == owner);
        found.cloned().ok_or(CoreError::NoStream(stream))
    }

    /// `[any]` How long the main thread has been busy with one thing; zero when it is free.
    pub fn main_busy(&self) -> Duration {
        self.shared.busy_for()
    }

    /// `[any]` From now on what happens comes here, in order. Replaces an earlier one. Parameter changes are coalesced
    /// before they are sent, so a slow reader is not buried.
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<CoreEvent> {
        self.shared.subscribe()
    }

    /// `[any]` Events for the next block of the instance's stream, all or none. Refused while no stream is open.
    pub fn send_events(&self, owner: Owner, instance: InstanceId, batch: EventBatch) -> Result<(), CoreError> {
        let live = self.live(owner, instance)?;
        let plugins = live.members().len();
        if let Some(member) = batch.member.filter(|member| *member >= plugins) {
            return Err(CoreError::NoMember { member, plugins });
        }
        if live.line().stream().is_none() {
            return Err(CoreError::NoStreamOpen(instance));
        }
        let member = batch.member.map(|member| member as u8);
        live.line().send(batch.events.iter().map(|event| Command::Event { member, event: *event }), || {})
    }

    /// `[any]` Musical time of the instance from the next block on.
    pub fn set_transport(&self, owner: Owner, instance: InstanceId, change: TransportChange) -> Result<(), CoreError> {
        let live = self.live(owner, instance)?;
        change.check()?;
        live.line().send([Command::Time(change)].into_iter(), || {})
    }

    /// `[any]` What each stream of this owner measured.
    pub fn timings(&self, owner: Owner) -> Vec<(StreamId, Timings)> {
        let tables = self.shared.tables();
        let streams = tables.streams.values().filter(|stream| stream.owner() == owner);
        streams.map(|stream| (stream.id(), stream.timings())).collect()
    }

    /// `[any]` No more of an owner: streams stop at once, notes end; instances stay until [`Self::release`].
    pub fn stop_streams(&self, owner: Owner) {
        self.shared.close_streams(owner);
        let _ = self.mailbox.send(Ask::StopStreams { owner });
    }

    /// `[any]` Everything of an owner goes.
    pub fn release(&self, owner: Owner) {
        self.shared.close_streams(owner);
        let _ = self.mailbox.send(Ask::Release { owner });
    }

    /// `[any]` Ends the main loop after everything was unloaded.
    pub fn shut_down(&self) {
        let _ = self.mailbox.send(Ask::ShutDown);
    }

    // --- plugins ---------------------------------------------------------------------------------------------------

    /// `[any]` Looks for plugins again, on a thread of its own; `rescan` examines everything anew, `only` one module.
    pub async fn scan(&self, rescan: bool, only: Option<std::path::PathBuf>) -> Result<Arc<PluginList>, CoreError> {
        self.ask(|reply| Ask::Scan { rescan, only, reply }).await
    }

    /// `[any]` Blocks a plugin (or gives it free), by id or name.
    pub async fn set_blocked(&self, query: String, blocked: bool, reason: Option<String>) -> Result<(), CoreError> {
        self.ask(|reply| Ask::SetBlocked { query, blocked, reason, reply }).await
    }

    // --- instances -------------------------------------------------------------------------------------------------

    /// `[any]` Loads and activates a chain.
    pub async fn load(&self, request: LoadRequest) -> Result<InstanceRecord, CoreError> {
        self.ask(|reply| Ask::Load { request, reply }).await
    }

    /// `[any]` Unloads one; its stream ends.
    pub async fn unload(&self, owner: Owner, instance: InstanceId) -> Result<(), CoreError> {
        self.ask(|reply| Ask::Unload { owner, instance, reply }).await
    }

    /// `[any]` All of an owner.
    pub async fn instances(&self, owner: Owner) -> Result<Vec<InstanceRecord>, CoreError> {
        self.ask(|reply| Ask::Instances { owner, reply }).await
    }

    /// `[any]` One.
    pub async fn instance(&self, owner: Owner, instance: InstanceId) -> Result<InstanceRecord, CoreError> {
        self.ask(|reply| Ask::Instance { owner, instance, reply }).await
    }

    /// `[any]` Saves state, creates anew, restores.
    pub async fn restart(&self, owner: Owner, instance: InstanceId) -> Result<InstanceRecord, CoreError> {
        self.ask(|reply| Ask::Restart { owner, instance, reply }).await
    }

    /// `[any]` Forgets everything that rings, ends all notes, gives guarded plugins another chance.
    pub async fn reset(&self, owner: Owner, instance: InstanceId) -> Result<(), CoreError> {
        self.ask(|reply| Ask::Reset { owner, instance, reply }).await
    }

    /// `[any]` Sound runs past the chain, as late as through it; the plugin's own bypass parameter is used where it has one.
    pub async fn set_bypass(&self, owner: Owner, instance: InstanceId, bypassed: bool) -> Result<(), CoreError> {
        self.ask(|reply| Ask::SetBypass { owner, instance, bypassed, reply }).await
    }

    // --- parameters ------------------------------------------------------------------------------------------------

    /// `[any]` Parameters `from…from+count` of a plugin, hidden ones left out, and how many there are.
    pub async fn params(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
        from: usize,
        count: usize,
    ) -> Result<(Vec<ParamRecord>, usize), CoreError> {
        self.ask(|reply| Ask::Params { owner, instance, member, from, count, reply }).await
    }

    /// `[any]` A value in all ways; of `input` if given, else the present one.
    pub async fn param_value(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
        param: ParamRef,
        input: Option<ParamInput>,
    ) -> Result<ParamValue, CoreError> {
        self.ask(|reply| Ask::ParamValue { owner, instance, member, param, input, reply }).await
    }

    /// `[any]` Sets a value that only the plugin can read (plain, text), and answers what was applied.
    pub async fn set_param(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
        param: ParamRef,
        input: ParamInput,
    ) -> Result<(ParamValue, bool), CoreError> {
        self.ask(|reply| Ask::SetParam { owner, instance, member, param, input, reply }).await
    }

    // --- state -----------------------------------------------------------------------------------------------------

    /// `[any]` State of every plugin of the chain, in order.
    pub async fn states(&self, owner: Owner, instance: InstanceId) -> Result<Vec<State>, CoreError> {
        self.ask(|reply| Ask::States { owner, instance, reply }).await
    }

    /// `[any]` Restores them: as many as the chain has plugins, each of the plugin in that place.
    pub async fn set_states(&self, owner: Owner, instance: InstanceId, states: Vec<State>) -> Result<(), CoreError> {
        self.ask(|reply| Ask::SetStates { owner, instance, states, reply }).await
    }

    /// `[any]` Preset files of a plugin, from the standard folders.
    pub async fn presets(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
    ) -> Result<Vec<PresetRecord>, CoreError> {
        self.ask(|reply| Ask::Presets { owner, instance, member, reply }).await
    }

    /// `[any]` Loads one by name.
    pub async fn load_preset(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
        name: String,
    ) -> Result<(), CoreError> {
        self.ask(|reply| Ask::LoadPreset { owner, instance, member, name, reply }).await
    }

    /// `[any]` Saves the present state into the user's preset folder. Names are names, never paths (S45).
    pub async fn save_preset(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
        name: String,
        overwrite: bool,
    ) -> Result<PresetRecord, CoreError> {
        self.ask(|reply| Ask::SavePreset { owner, instance, member, name, overwrite, reply }).await
    }

    /// `[any]` Program lists of a plugin.
    pub async fn programs(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
    ) -> Result<Vec<ProgramListRecord>, CoreError> {
        self.ask(|reply| Ask::Programs { owner, instance, member, reply }).await
    }

    /// `[any]` Chooses a program.
    pub async fn set_program(
        &self,
        owner: Owner,
        instance: InstanceId,
        member: usize,
        list: i32,
        program: usize,
    ) -> Result<(), CoreError> {
        self.ask(|reply| Ask::SetProgram { owner, instance, member, list, program, reply }).await
    }

    // --- streams ---------------------------------------------------------------------------------------------------

    /// `[any]` Opens a stream through an instance, preparing its plugins anew if rate, block, channels or mode differ.
    pub async fn open_stream(&self, request: StreamRequest) -> Result<(Stream, InstanceRecord), CoreError> {
        self.ask(|reply| Ask::OpenStream { request, reply }).await
    }

    /// `[any]` Closes one; notes end, nothing rings on.
    pub async fn close_stream(&self, owner: Owner, stream: StreamId) -> Result<(), CoreError> {
        self.ask(|reply| Ask::CloseStream { owner, stream, reply }).await
    }

    /// `[any]` Ends all notes and all that rings in every instance of the owner. Streams that run do so at their next frame,
    /// even while the main thread is busy.
    pub async fn panic(&self, owner: Owner) -> Result<(), CoreError> {
        self.shared.tables().lives.values().filter(|live| live.owner == owner).for_each(|live| live.line().ask_hush());
        self.ask(|reply| Ask::Panic { owner, reply }).await
    }
}
