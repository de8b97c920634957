//! A plugin as it is written into the cache and into a child's report.
//!
//! Thread: any. Invariant: a record that went through [`Record::cleaned`] has a well-formed id, a name, and only texts
//! that can be shown.
//! Deliberately absent: the path, which only the parent knows.

use super::{
    moduleinfo::canonical_id,
    text::{MAX_NAME, clean},
};
use crate::model::{PluginFormat, PluginId, PluginInfo, PluginKind};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// More categories than this are noise.
const MAX_CATEGORIES: usize = 16;

/// One plugin class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub id: String,
    pub name: String,
    pub vendor: String,
    pub version: String,
    kind: String,
    categories: Vec<String>,
    sdk: String,
    distributable: bool,
}

impl Record {
    /// `[any]` From what the format found.
    pub fn of(info: &PluginInfo) -> Self {
        Self {
            id: info.id.0.clone(),
            name: info.name.clone(),
            vendor: info.vendor.clone(),
            version: info.version.clone(),
            kind: info.kind.name().to_owned(),
            categories: info.categories.clone(),
            sdk: info.sdk.clone(),
            distributable: info.distributable,
        }
    }

    /// `[any]` Fit to be kept and shown, or `None` when it has no usable id. A plugin without a name gets `fallback`.
    pub fn cleaned(self, fallback: &str) -> Option<Self> {
        let text = |text: &str| clean(text, MAX_NAME);
        let name = Some(text(&self.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| text(fallback));
        Some(Self {
            id: canonical_id(&self.id)?.0,
            name,
            vendor: text(&self.vendor),
            version: clean(&self.version, 64),
            kind: self.kind,
            categories: self.categories.iter().take(MAX_CATEGORIES).map(|word| clean(word, 64)).collect(),
            sdk: clean(&self.sdk, 64),
            distributable: self.distributable,
        })
    }

    /// `[any]` As the rest of the program knows plugins.
    pub fn info(&self, path: &Path) -> PluginInfo {
        let kinds = [PluginKind::Effect, PluginKind::Instrument, PluginKind::Analyzer, PluginKind::Generator];
        PluginInfo {
            id: PluginId(self.id.clone()),
            name: self.name.clone(),
            vendor: self.vendor.clone(),
            version: self.version.clone(),
            format: PluginFormat::Vst3,
            kind: kinds.into_iter().find(|kind| kind.name() == self.kind).unwrap_or(PluginKind::Other),
            categories: self.categories.clone(),
            sdk: self.sdk.clone(),
            path: path.to_path_buf(),
            distributable: self.distributable,
        }
    }
}
