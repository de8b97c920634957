//! Everything that can go wrong with a plugin, in whole sentences.

use crate::model::{ErrorCode, ParamId};
use std::path::PathBuf;

/// Why a plugin did not do what was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The file is not a module this machine can run.
    #[error("{path}: {reason}")]
    Module {
        /// Bundle or file.
        path: PathBuf,
        /// Why, in a clause.
        reason: String,
    },
    /// The plugin's own code refused during loading.
    #[error("{plugin} could not be loaded: {step} failed with {result}")]
    Load {
        /// Its name.
        plugin: String,
        /// Which call.
        step: &'static str,
        /// Result code by name.
        result: String,
    },
    /// A call failed later on.
    #[error("{plugin}: {step} failed with {result}")]
    Call {
        /// Its name.
        plugin: String,
        /// Which call.
        step: &'static str,
        /// Result code by name.
        result: String,
    },
    /// Asked for something in the wrong state.
    #[error("{plugin}: {what} is not possible while the plugin is {state}")]
    WrongState {
        /// Its name.
        plugin: String,
        /// What was asked.
        what: &'static str,
        /// Present state.
        state: &'static str,
    },
    /// No such parameter.
    #[error("{plugin} has no parameter with id {}", param.0)]
    NoSuchParam {
        /// Its name.
        plugin: String,
        /// Asked for.
        param: ParamId,
    },
    /// The parameter cannot be set from outside.
    #[error("{plugin}: the parameter “{param}” cannot be set from outside (it is read-only or hidden)")]
    ReadOnly {
        /// Its name.
        plugin: String,
        /// Its name.
        param: String,
    },
    /// Not a number, or outside the range.
    #[error("{plugin}: {value} is outside the range of “{param}” ({range})")]
    OutOfRange {
        /// Its name.
        plugin: String,
        /// Parameter's name.
        param: String,
        /// What was asked, as text.
        value: String,
        /// What is allowed, as text.
        range: String,
    },
    /// A text no parameter value answers to.
    #[error("{plugin}: “{text}” is no value of “{param}”{hint}")]
    BadText {
        /// Its name.
        plugin: String,
        /// Parameter's name.
        param: String,
        /// What was asked.
        text: String,
        /// Possible values, if there are few; may be empty.
        hint: String,
    },
    /// A state or preset that is damaged or not this plugin's.
    #[error("{plugin} cannot use this state: {reason}")]
    State {
        /// Its name.
        plugin: String,
        /// Why.
        reason: String,
    },
}

impl PluginError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Module { .. } | Self::Load { .. } | Self::Call { .. } => ErrorCode::LOAD_FAILED,
            Self::WrongState { .. } => ErrorCode::NOT_ACTIVE,
            Self::NoSuchParam { .. } => ErrorCode::PARAM_NOT_FOUND,
            Self::ReadOnly { .. } | Self::OutOfRange { .. } => ErrorCode::OUT_OF_RANGE,
            Self::BadText { .. } => ErrorCode::FIELD_TYPE,
            Self::State { .. } => ErrorCode::STATE_REJECTED,
        }
    }
}
