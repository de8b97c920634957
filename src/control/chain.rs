//! L3 · a line of plugins, loaded and wired: what `render` plays.
//!
//! Thread: main. Invariant: the graph that comes out has exactly the channels the plugins settled on; a plugin that
//! refuses the channels that reach it is loaded once per channel, and that is said.

use super::{
    fit::{Fit, wanted},
    param_text,
    param_text::ParamError,
    render_error::RenderError,
    render_job::PluginUse,
    settings, starting,
};
use crate::{
    engine::LoadedNode,
    model::{Arrangement, Edge, GraphSpec, NodeKind, NodeSpec, ParamId, PluginInfo, Port},
    plugin::{Controller, Format, LayoutRequest, ProcessMode, Setup},
};
use std::ops::Range;

/// What a line of plugins is fed with.
#[derive(Clone, Debug)]
pub struct ChainRequest {
    /// Channels of the file; 0 for an instrument that is played from notes only.
    pub input_channels: usize,
    /// Channels of the side-chain file, if there is one.
    pub sidechain_channels: Option<usize>,
    /// How every plugin is prepared.
    pub setup: Setup,
}

/// One loaded instance.
pub struct Member {
    /// Position in the line.
    pub plugin: usize,
    /// Node it plays in.
    pub node: usize,
    /// Samples by which sound reaches it late, because of the plugins before it.
    pub delay: u32,
    /// Its main-thread half.
    pub controller: Box<dyn Controller>,
}

/// A loaded line of plugins and the graph that describes it.
pub struct Chain {
    /// The description; nodes are input, side-chain (if any), instances in order, output.
    pub graph: GraphSpec,
    /// What the compiler takes, by node.
    pub nodes: Vec<Option<LoadedNode>>,
    /// Instances in order.
    pub members: Vec<Member>,
    /// Number of instances of each plugin in the line: 1, or one per channel.
    pub lanes: Vec<usize>,
    /// The node the file goes into.
    pub input: Option<usize>,
    /// The node the side-chain goes into.
    pub sidechain: Option<usize>,
    /// The node the result comes out of.
    pub output: usize,
    /// Channels of the result.
    pub output_channels: usize,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Where the sound is after the plugins so far: channels of nodes.
type Taps = Vec<(usize, u16)>;

/// Gives a fresh instance its settings: position in the line, and the instance. The answer is what the user should know.
pub type Settle<'a> = dyn FnMut(usize, &mut dyn Controller) -> Result<Option<String>, RenderError> + 'a;

struct Builder<'a> {
    format: &'a dyn Format,
    request: &'a ChainRequest,
    settle: &'a mut Settle<'a>,
    chain: Chain,
    taps: Taps,
    sidechain_used: bool,
}

/// `[main]` Loads, sets and activates every plugin of the line. On an error everything that was loaded is gone again.
pub fn open(
    format: &dyn Format,
    plugins: &[(PluginInfo, &PluginUse)],
    request: &ChainRequest,
) -> Result<Chain, RenderError> {
    let infos: Vec<PluginInfo> = plugins.iter().map(|(info, _)| info.clone()).collect();
    open_with(format, &infos, request, &mut |position, controller| settings::apply(controller, plugins[position].1))
}

/// `[main]` The same, with settings from elsewhere.
pub fn open_with<'a>(
    format: &'a dyn Format,
    plugins: &[PluginInfo],
    request: &'a ChainRequest,
    settle: &'a mut Settle<'a>,
) -> Result<Chain, RenderError> {
    let mut builder = Builder {
        format,
        request,
        settle,
        chain: Chain {
            graph: GraphSpec { name: "render".to_owned(), ..GraphSpec::default() },
            nodes: Vec::new(),
            members: Vec::new(),
            lanes: Vec::new(),
            input: None,
            sidechain: None,
            output: 0,
            output_channels: 0,
            warnings: Vec::new(),
        },
        taps: Taps::new(),
        sidechain_used: false,
    };
    builder.sources();
    for (position, info) in plugins.iter().enumerate() {
        builder.plugin(position, info)?;
    }
    builder.finish()
}

impl Chain {
    /// `[main]` Names of the plugins in the line.
    pub fn names(&self) -> String {
        let names: Vec<&str> = (0..self.lanes.len()).map(|at| self.first_of(at).plugin().name.as_str()).collect();
        names.join(", ")
    }

    /// `[main]` Nodes of the instances, with the names of their plugins.
    pub fn nodes_by_name(&self) -> Vec<(usize, String)> {
        self.members.iter().map(|member| (member.node, member.controller.plugin().name.clone())).collect()
    }

    /// `[main]` Stops the plugins whose audio halves come back, each at its own controller.
    pub fn take_back(&mut self, nodes: Vec<Option<LoadedNode>>) {
        for (node, loaded) in nodes.into_iter().enumerate() {
            let Some(loaded) = loaded else { continue };
            if let Some(member) = self.members.iter_mut().find(|member| member.node == node)
                && let Err(error) = member.controller.deactivate(loaded.processor)
            {
                tracing::warn!(%error, "a plugin could not be stopped");
            }
        }
    }

    /// `[main]` Works out anew how late sound reaches each instance.
    pub fn measure(&mut self) {
        let (mut late, mut next) = (0, 0);
        for position in 0..self.lanes.len() {
            for member in self.members.iter_mut().filter(|member| member.plugin == position) {
                member.delay = late;
                next = next.max(late + member.controller.latency());
            }
            late = next;
        }
    }

    /// `[main]` Finds what an automation names: "Parameter", or "Plugin.Parameter", or "2.Parameter" for the second plugin.
    /// The answer is the plugin's position in the line and the parameter.
    pub fn find_param(&self, written: &str) -> Result<(usize, ParamId), RenderError> {
        let candidates: Vec<usize> = (0..self.lanes.len()).collect();
        if let Some((plugin, param)) = written.split_once('.') {
            let named = candidates.iter().copied().find(|position| {
                plugin.trim().parse::<usize>().is_ok_and(|number| number == position + 1)
                    || self.first_of(*position).plugin().name.eq_ignore_ascii_case(plugin.trim())
            });
            if let Some(position) = named {
                let info = param_text::find(self.first_of(position), param)?;
                return Ok((position, info.id));
            }
        }
        // A whole name anywhere in the line is meant before a part of one.
        for exactly in [true, false] {
            let mut last = None;
            for position in &candidates {
                match param_text::find_as(self.first_of(*position), written, exactly) {
                    Ok(info) => return Ok((*position, info.id)),
                    Err(error @ ParamError::Ambiguous { .. }) => return Err(error.into()),
                    Err(error) => last = Some(error),
                }
            }
            if let Some(error) = last.filter(|_| !exactly) {
                return Err(error.into());
            }
        }
        Err(RenderError::NothingToDo)
    }

    /// `[main]` The controller that answers questions about the plugin at a position.
    pub fn first_of(&self, position: usize) -> &dyn Controller {
        let member = self.members.iter().find(|member| member.plugin == position);
        &*member.expect("every position of the line has an instance").controller
    }
}

impl Builder<'_> {
    fn add_node(&mut self, key: String, kind: NodeKind, loaded: Option<LoadedNode>) -> usize {
        self.chain.graph.nodes.push(NodeSpec { key, kind });
        self.chain.nodes.push(loaded);
        self.chain.graph.nodes.len() - 1
    }

    fn connect(&mut self, from: (usize, u16), to: (usize, u16)) {
        let port = |(node, channel): (usize, u16)| Port { node, channels: Range { start: channel, end: channel + 1 } };
        self.chain.graph.edges.push(Edge { from: port(from), to: port(to) });
    }

    fn sources(&mut self) {
        if self.request.input_channels > 0 {
            let channels = self.request.input_channels as u16;
            let node = self.add_node("input".to_owned(), NodeKind::Input { channels }, None);
            self.chain.input = Some(node);
            self.taps = (0..channels).map(|channel| (node, channel)).collect();
        }
        if let Some(channels) = self.request.sidechain_channels {
            // The last channel is the mean of the others, for plugins whose side-chain is mono.
            let kind = NodeKind::Input { channels: channels as u16 + 1 };
            let node = self.add_node("sidechain".to_owned(), kind, None);
            self.chain.sidechain = Some(node);
        }
    }

    fn plugin(&mut self, position: usize, info: &PluginInfo) -> Result<(), RenderError> {
        let mut first = self.load(position, info)?;
        let fit = self.negotiate(&mut *first)?;
        let incoming = std::mem::take(&mut self.taps);
        let refuse = |why: &str| RenderError::Layout { plugin: info.name.clone(), why: why.to_owned() };
        if fit.outputs == 0 {
            return Err(refuse("it has no audio output to render"));
        }
        if incoming.is_empty() && fit.inputs > 0 && first.layout().event_inputs.is_empty() {
            return Err(refuse("it is an effect and needs sound to work on: give an input file"));
        }
        if fit.inputs == 0 && !incoming.is_empty() {
            self.chain.warnings.push(format!("{} has no audio input: what comes before it is not heard", info.name));
        }
        let fits = fit.inputs == 0 || fit.inputs == incoming.len() || incoming.len() <= 1;
        let lanes = if fits { 1 } else { incoming.len() };
        if lanes > 1 {
            let plural = if fit.inputs == 1 { "" } else { "s" };
            self.chain.warnings.push(format!(
                "{} takes {} channel{plural}, not {lanes}: it runs once per channel",
                info.name, fit.inputs
            ));
        }
        let mut waiting = Some(first);
        for lane in 0..lanes {
            let controller = match waiting.take() {
                Some(controller) => controller,
                None => {
                    let mut copy = self.load(position, info)?;
                    self.negotiate(&mut *copy)?;
                    copy
                }
            };
            let node = self.start(position, (lane, lanes), controller)?;
            self.wire(node, (lane, lanes), &fit, &incoming);
        }
        self.chain.lanes.push(lanes);
        Ok(())
    }

    fn load(&mut self, position: usize, info: &PluginInfo) -> Result<Box<dyn Controller>, RenderError> {
        let mut controller = self.format.load(info, self.request.setup.mode == ProcessMode::Offline)?;
        if let Some(warning) = (self.settle)(position, &mut *controller)?
            && !self.chain.warnings.contains(&warning)
        {
            self.chain.warnings.push(warning);
        }
        Ok(controller)
    }

    /// Finds the arrangement that fits best: the channels that come, else whatever the plugin insists on.
    fn negotiate(&mut self, controller: &mut dyn Controller) -> Result<Fit, RenderError> {
        let incoming = self.taps.len();
        let attempts: &[(usize, usize)] = match incoming {
            0 => &[(0, 2), (0, 1)],
            1 => &[(1, 1), (1, 2), (2, 2)],
            2 => &[(2, 2), (1, 1)],
            n => &[(n, n), (1, 1), (2, 2)],
        };
        let has_sidechain = controller.layout().inputs.len() > 1;
        let sidechain = self.request.sidechain_channels.filter(|_| has_sidechain);
        let mut best = None;
        for (inputs, outputs) in attempts {
            let mut wish =
                LayoutRequest::main(wanted(controller.layout(), *inputs), Arrangement::for_channels(*outputs));
            if let Some(channels) = sidechain {
                wish.inputs.resize(1, None);
                wish.inputs.push(Arrangement::for_channels(channels));
            }
            let layout = controller.configure(&wish)?;
            let fit = Fit::of(layout);
            if fit.inputs == *inputs && fit.outputs == *outputs {
                return Ok(self.settle(fit, sidechain, controller));
            }
            let score = usize::from(fit.inputs == incoming) * 2 + usize::from(fit.outputs >= incoming.max(1));
            if best.as_ref().is_none_or(|(_, before)| score > *before) {
                best = Some((wish, score));
            }
        }
        if let Some((wish, _)) = best {
            controller.configure(&wish)?;
        }
        let fit = Fit::of(controller.layout());
        Ok(self.settle(fit, sidechain, controller))
    }

    fn settle(&mut self, fit: Fit, sidechain: Option<usize>, controller: &dyn Controller) -> Fit {
        if let Some(channels) = sidechain.filter(|_| fit.sidechain > 0) {
            self.sidechain_used = true;
            let name = &controller.plugin().name;
            let warning = match fit.sidechain {
                1 if channels > 1 => Some(format!(
                    "the side-chain of {name} is mono and hears the mean of the file's {channels} channels"
                )),
                fewer if fewer < channels => Some(format!(
                    "the side-chain of {name} has {fewer} channels and hears only the first of the file's {channels}"
                )),
                _ => None,
            };
            self.chain.warnings.extend(warning);
        }
        fit
    }

    /// Activates an instance, lets it restart as it asks, and makes it a node.
    fn start(
        &mut self,
        position: usize,
        (lane, lanes): (usize, usize),
        mut controller: Box<dyn Controller>,
    ) -> Result<usize, RenderError> {
        let loaded = starting::start(&mut *controller, &self.request.setup)?;
        let name = loaded.name.clone();
        let key = if lanes > 1 {
            format!("{}.{} {name}", position + 1, lane + 1)
        } else {
            format!("{} {name}", position + 1)
        };
        let node = self.add_node(key, NodeKind::Plugin, Some(loaded));
        let before = self.chain.members.iter().filter(|member| member.plugin + 1 == position);
        let delay = before.map(|member| member.delay + member.controller.latency()).max().unwrap_or(0);
        self.chain.members.push(Member { plugin: position, node, delay, controller });
        Ok(node)
    }

    fn wire(&mut self, node: usize, (lane, lanes): (usize, usize), fit: &Fit, incoming: &Taps) {
        for channel in 0..fit.inputs {
            let source = if lanes > 1 { incoming.get(lane) } else { incoming.get(channel).or(incoming.last()) };
            if let Some(source) = source {
                self.connect(*source, (node, channel as u16));
            }
        }
        if let (Some(sidechain), Some(channels)) = (self.chain.sidechain, self.request.sidechain_channels) {
            for channel in 0..fit.sidechain {
                let mean = fit.sidechain == 1 && channels > 1;
                let from = if mean { channels } else { channel.min(channels.saturating_sub(1)) } as u16;
                self.connect((sidechain, from), (node, (fit.inputs + channel) as u16));
            }
        }
        if lanes > 1 {
            // Left-hand channels take the copy's left output, right-hand channels its right one.
            self.taps.push((node, (lane % fit.outputs) as u16));
        } else {
            self.taps = (0..fit.outputs as u16).map(|channel| (node, channel)).collect();
        }
    }

    fn finish(mut self) -> Result<Chain, RenderError> {
        if self.request.sidechain_channels.is_some() && !self.sidechain_used {
            return Err(RenderError::NoSidechain);
        }
        let channels = self.taps.len();
        let output = self.add_node("output".to_owned(), NodeKind::Output { channels: channels as u16 }, None);
        for (channel, tap) in std::mem::take(&mut self.taps).into_iter().enumerate() {
            self.connect(tap, (output, channel as u16));
        }
        self.chain.output = output;
        self.chain.output_channels = channels;
        Ok(self.chain)
    }
}

impl Drop for Chain {
    /// Audio halves that are still here go back to their plugins first.
    fn drop(&mut self) {
        let nodes = std::mem::take(&mut self.nodes);
        self.take_back(nodes);
    }
}
