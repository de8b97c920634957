//! The main-thread half of a loaded plugin.

use super::{Layout, LayoutRequest, Notice, PluginError, PresetFile, Processor, Setup, State, Tail};
use crate::model::{ParamId, ParamInfo, PluginInfo};

/// The main-thread half: everything but sound. Not `Send`: it lives and dies on the thread that loaded it.
///
/// Order of use: (`configure` `activate` … `deactivate`)*, in any state parameters and state. Dropping it tears the
/// plugin down from whatever state it is in, except that a handed-out [`Processor`] must come home first.
pub trait Controller {
    /// What the catalog calls it.
    fn plugin(&self) -> &PluginInfo;

    /// Interfaces the plugin implements, by their standard names, sorted.
    fn interfaces(&self) -> Vec<&'static str>;

    // --- buses -----------------------------------------------------------------------------------------------------

    /// Buses as they stand.
    fn layout(&self) -> &Layout;

    /// Which audio output bus each event input bus plays to, where the plugin says so: pairs of bus indices.
    fn event_routing(&self) -> &[(u32, u32)];

    /// Negotiates arrangements and switches buses on or off. Inactive only. Returns what the plugin settled on, which may
    /// differ from the request: comparing is the caller's business.
    fn configure(&mut self, request: &LayoutRequest) -> Result<&Layout, PluginError>;

    // --- life ------------------------------------------------------------------------------------------------------

    /// Prepares and starts the plugin, and hands out its audio half.
    fn activate(&mut self, setup: &Setup) -> Result<Box<dyn Processor>, PluginError>;

    /// Takes the audio half back and stops the plugin.
    fn deactivate(&mut self, processor: Box<dyn Processor>) -> Result<(), PluginError>;

    /// Does what [`Notice::Restart`] asked for: takes the audio half, stops, re-reads, starts, hands out a new half.
    /// Afterwards layout, latency and parameters may be different.
    fn restart(&mut self, processor: Box<dyn Processor>) -> Result<Box<dyn Processor>, PluginError>;

    /// Latency in samples; meaningful while active.
    fn latency(&self) -> u32;

    /// Tail; meaningful while active.
    fn tail(&self) -> Tail;

    /// The tail with the values of now, asked of the plugin. While active, and while nobody is in process().
    fn ask_tail(&mut self) -> Tail {
        self.tail()
    }

    /// Whether 64-bit processing is offered.
    fn offers_f64(&self) -> bool;

    /// Lets the plugin's main-thread work run (timers, file descriptors, queued callbacks) and collects what happened.
    /// To be called often; returns quickly.
    fn poll(&mut self) -> Vec<Notice>;

    // --- parameters ------------------------------------------------------------------------------------------------

    /// All parameters, in the plugin's order.
    fn params(&self) -> &[ParamInfo];

    /// Present normalized value.
    fn normalized(&self, param: ParamId) -> Result<f64, PluginError>;

    /// Tells the controller half. The audio half hears of it through a block or a flush, which is the caller's business.
    /// Refuses read-only and unknown parameters and values outside 0…1.
    fn set_normalized(&mut self, param: ParamId, value: f64) -> Result<(), PluginError>;

    /// Plain value of a normalized one.
    fn to_plain(&self, param: ParamId, normalized: f64) -> Result<f64, PluginError>;

    /// Normalized value of a plain one.
    fn normalized_from_plain(&self, param: ParamId, plain: f64) -> Result<f64, PluginError>;

    /// The plugin's own text for a value, without the unit.
    fn to_text(&self, param: ParamId, normalized: f64) -> Result<String, PluginError>;

    /// What the plugin makes of a text.
    fn normalized_from_text(&self, param: ParamId, text: &str) -> Result<f64, PluginError>;

    // --- state and programs ----------------------------------------------------------------------------------------

    /// Saves everything.
    fn state(&mut self) -> Result<State, PluginError>;

    /// Restores everything; afterwards all values are re-read. Legal in any state, also while processing.
    fn set_state(&mut self, state: &State) -> Result<(), PluginError>;

    /// Loads a preset file of this format. Refuses one that belongs to another plugin.
    fn load_preset(&mut self, preset: &PresetFile) -> Result<(), PluginError>;

    /// The present state as a preset file of this format.
    fn save_preset(&mut self) -> Result<PresetFile, PluginError>;

    /// Program lists: for each the list's name, and the names of its programs.
    fn program_lists(&self) -> Vec<ProgramList>;

    /// Units as "parent/child" paths, root excluded.
    fn units(&self) -> Vec<String>;

    /// A person moved a hardware controller; the plugin may want to learn it. Whether it did.
    fn controller_moved(&mut self, bus: u16, channel: i16, number: u16) -> bool;
}

/// A list of factory programs and the parameter that chooses among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramList {
    /// The plugin's number of the list.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Program names in order.
    pub programs: Vec<String>,
    /// The parameter whose value selects a program, if there is one.
    pub selector: Option<ParamId>,
}
