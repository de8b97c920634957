//! L0 · what people are told before native plugins may run.

/// The text. Its number grows when it says something new, and people are asked again.
pub const VERSION: u32 = 1;

/// Shown at the first start, when a page asks to be paired, and sent to pages for them to show.
pub const NATIVE_PLUGINS: &str = "Native plugins are programs. They run outside the browser's sandbox, with the same rights \
as you: a plugin can read and change your files and use the network. Load only plugins whose makers you trust, and let in \
only pages that you trust to choose among them.";
