//! L3 · from a wish to a chain that can play: loads, compiles, and tells where everything is.
//!
//! Thread: main. Invariant: the same builder and compiler as `render`; on an error nothing stays loaded.

use super::{
    CoreError, LiveMember,
    playable::{Route, Wiring},
};
use crate::{
    control::{
        RenderError,
        chain::{self, Chain, ChainRequest},
        last_words,
    },
    engine::{CompileSetup, LoadedNode, Schedule, compile},
    model::PluginInfo,
    plugin::{Controller, Format, Setup},
};
use std::sync::Arc;

/// What a chain is made of and prepared for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub plugins: Vec<PluginInfo>,
    pub channels: usize,
    pub setup: Setup,
}

impl Shape {
    /// `[main]` Names, for messages.
    pub fn names(&self) -> String {
        self.plugins.iter().map(|plugin| plugin.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Gives a fresh instance its settings.
pub(super) type Settle<'a> = dyn FnMut(usize, &mut dyn Controller) -> Result<(), CoreError> + 'a;

/// `[main]` Loads and compiles.
pub(super) fn build(
    format: &dyn Format,
    shape: &Shape,
    settle: &mut Settle<'_>,
) -> Result<(Chain, Schedule), CoreError> {
    let _words = last_words::during(&format!("{}: a plugin crashed while it was loaded", shape.names()));
    let request = ChainRequest { input_channels: shape.channels, sidechain_channels: None, setup: shape.setup };
    let mut failure = None;
    let opened = chain::open_with(format, &shape.plugins, &request, &mut |position, controller| {
        settle(position, controller).map(|()| None).map_err(|error| {
            failure = Some(error);
            RenderError::Internal
        })
    });
    let mut chain = match (opened, failure) {
        (Ok(chain), _) => chain,
        (Err(_), Some(error)) => return Err(error),
        (Err(error), None) => return Err(error.into()),
    };
    // An instrument at the head of a chain has nothing before it that could be missed.
    if chain.first_of(0).layout().main_input_channels() == 0 {
        let missed = format!("{} has no audio input: what comes before it is not heard", shape.plugins[0].name);
        if let Some(at) = chain.warnings.iter().position(|warning| *warning == missed) {
            chain.warnings.remove(at);
        }
    }
    let nodes = std::mem::take(&mut chain.nodes);
    let schedule = schedule(&mut chain, nodes, &shape.setup)?;
    Ok((chain, schedule))
}

/// `[main]` Compiles. On an error the plugins are stopped.
pub(super) fn schedule(
    chain: &mut Chain,
    nodes: Vec<Option<LoadedNode>>,
    setup: &Setup,
) -> Result<Schedule, CoreError> {
    chain.measure();
    let setup = CompileSetup { sample_rate: setup.sample_rate, max_block: setup.max_block as usize };
    compile(&chain.graph, nodes, &setup).map_err(|error| {
        let text = error.to_string();
        chain.take_back(error.into_nodes());
        RenderError::Graph(text).into()
    })
}

/// `[main]` Where the nodes are.
pub(super) fn wiring(chain: &Chain, channels: usize) -> Wiring {
    let route = |position: usize| {
        let lanes = || chain.members.iter().filter(move |member| member.plugin == position);
        Route {
            nodes: lanes().map(|member| member.node).collect(),
            delay: lanes().map(|member| member.delay).max().unwrap_or(0),
            notes: lanes().any(|member| !member.controller.layout().event_inputs.is_empty()),
        }
    };
    Wiring {
        routes: (0..chain.lanes.len()).map(route).collect(),
        input: chain.input,
        inputs: channels,
        output: chain.output,
        outputs: chain.output_channels,
    }
}

/// `[main]` Parameters and values of one plugin of the chain.
pub(super) fn member(chain: &Chain, position: usize) -> LiveMember {
    let controller = chain.first_of(position);
    let params = controller.params().to_vec();
    let values: Vec<f64> = params.iter().map(|info| controller.normalized(info.id).unwrap_or(info.default)).collect();
    LiveMember::new(controller.plugin().clone(), params, values.into_iter())
}

/// `[main]` Of all.
pub(super) fn members(chain: &Chain) -> Arc<Vec<LiveMember>> {
    Arc::new((0..chain.lanes.len()).map(|position| member(chain, position)).collect())
}
