//! L0 · plain data shared by every layer: what a plugin, a parameter, a bus, an event *is*.
//!
//! Invariant: values only – no I/O, no threads, no clocks, nothing of any plugin format.
//! Deliberately absent: serde derives (the edges convert), behaviour beyond small pure helpers.

pub mod arrangement;
pub mod bus;
pub mod error_code;
pub mod event;
pub mod graph_spec;
pub mod nearest;
pub mod param;
pub mod plugin_info;
pub mod transport;

pub use arrangement::Arrangement;
pub use bus::{BusInfo, BusKind, Direction, Media};
pub use error_code::ErrorCode;
pub use event::{Event, EventBody, ParamPoint};
pub use graph_spec::{Edge, GraphSpec, NodeKind, NodeSpec, Port};
pub use nearest::nearest;
pub use param::{ParamFlags, ParamId, ParamInfo, ParamKind};
pub use plugin_info::{PluginFormat, PluginId, PluginInfo, PluginKind};
pub use transport::Transport;
