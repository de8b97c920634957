//! L3 · the plugins of this machine, ready to be loaded.
//!
//! Thread: main. Invariant: nothing is loaded that is not on a card, in a usable state, and still the file that was scanned.

use super::{last_words, render_error::RenderError};
use crate::{
    catalog::Catalog,
    formats::vst3::Vst3,
    model::{PluginFormat, PluginInfo},
    plugin::{Controller, Format, PluginError},
};

/// Catalog and formats.
pub struct Host {
    catalog: Catalog,
    vst3: Vst3,
}

impl Host {
    /// `[main]` With a catalog that was opened.
    pub fn new(catalog: Catalog) -> Self {
        last_words::arm();
        Self { catalog, vst3: Vst3 }
    }

    /// `[main]` Everything that was found.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// `[main]` What is there was looked for again.
    pub fn set_catalog(&mut self, catalog: Catalog) {
        self.catalog = catalog;
    }

    /// `[main]` The plugin a person means: by id, exact name, or a unique part of it.
    pub fn find(&self, query: &str) -> Result<PluginInfo, RenderError> {
        let card = self.catalog.find(query)?;
        card.verify_unchanged()?;
        Ok(card.info.clone())
    }

    /// `[main]` Loads a plugin that was found, inactive.
    pub fn load(&self, plugin: &PluginInfo, offline: bool) -> Result<Box<dyn Controller>, PluginError> {
        self.format(plugin.format).load(plugin, offline)
    }

    /// `[main]` The code for a format.
    pub fn format(&self, format: PluginFormat) -> &dyn Format {
        match format {
            PluginFormat::Vst3 => &self.vst3,
        }
    }
}
