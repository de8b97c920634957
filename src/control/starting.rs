//! L3 · from a loaded instance to a node of a graph.
//!
//! Thread: main. Invariant: a plugin that asks to be restarted while it starts gets its way, but not for ever.

use crate::{
    engine::LoadedNode,
    plugin::{Controller, Notice, PluginError, Processor, Setup},
};

/// A plugin that wants to be restarted more often than this while it starts is played as it is.
const START_RESTARTS: usize = 8;

/// `[main]` Activates an instance and lets it restart as it asks.
pub fn start(controller: &mut dyn Controller, setup: &Setup) -> Result<LoadedNode, PluginError> {
    let mut processor = controller.activate(setup)?;
    for _ in 0..START_RESTARTS {
        let notices = controller.poll();
        if !notices.iter().any(|notice| matches!(notice, Notice::Restart(_))) {
            break;
        }
        processor = controller.restart(processor)?;
    }
    Ok(node_of(controller, processor))
}

/// `[main]` What the compiler takes of an active instance.
pub fn node_of(controller: &dyn Controller, processor: Box<dyn Processor>) -> LoadedNode {
    LoadedNode {
        processor,
        name: controller.plugin().name.clone(),
        inputs: controller.layout().input_channels(),
        outputs: controller.layout().output_channels(),
        latency: controller.latency(),
        tail: controller.tail(),
        sleeps: false,
    }
}
