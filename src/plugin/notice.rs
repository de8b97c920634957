//! What a plugin tells its host outside of sound.

use crate::model::ParamId;

/// Something that happened on the plugin's side.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The plugin's own knob was grasped.
    EditBegan(ParamId),
    /// The plugin turned a parameter itself. The value must reach the audio half: queue it for the next block.
    Edited(ParamId, f64),
    /// The knob was let go.
    EditEnded(ParamId),
    /// The edits from here to [`Self::GroupEnded`] belong together: they must reach the audio half in one block, and be
    /// undone in one step.
    GroupBegan,
    /// End of the group.
    GroupEnded,
    /// The audio half moved a parameter (a meter, an output); the controller has been told already.
    Output(ParamId, f64),
    /// Values changed behind our back and were re-read.
    ValuesChanged,
    /// Names, units, flags or the list of parameters changed and were re-read.
    InfoChanged,
    /// Programs, units or note expressions changed and were re-read.
    ProgramsChanged,
    /// Bus names changed and were re-read.
    BusNamesChanged,
    /// The plugin must be restarted through [`super::Controller::restart`].
    Restart(RestartNeed),
    /// The plugin asks for a bus to be switched on or off.
    BusActivation {
        /// Input or output.
        input: bool,
        /// Which audio bus.
        index: u32,
        /// On or off.
        active: bool,
    },
    /// Unsaved changes.
    Dirty,
    /// Long work: id, share done 0…1 and text; `None` when finished.
    Progress {
        /// Names the work.
        id: u64,
        /// Share done, or `None` at the end.
        share: Option<f64>,
        /// What is being done.
        text: String,
    },
    /// The plugin wants its editor shown.
    EditorWanted,
    /// A rule of the format was broken; the host coped. For the log.
    Misbehaved(String),
}

/// How much has to be done again; larger includes smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RestartNeed {
    /// Latency changed: deactivate, activate.
    Reactivate,
    /// Buses changed: renegotiate as well.
    Reconfigure,
    /// Everything: save state, create anew, restore.
    Reload,
}
