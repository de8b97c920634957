//! L2 · the interfaces of plugins that we know, and those we really call.
//!
//! Invariant: `called` is true only where the host makes use of the interface; plugins switch behaviour on it.

use super::com;
use vst3::{ComPtr, Interface, Steinberg::FUnknown, com_scrape_types::Guid};

/// One interface a plugin may implement.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its standard name.
    pub name: &'static str,
    /// Its id.
    pub iid: Guid,
    /// The host calls it.
    pub called: bool,
}

macro_rules! known {
    ($($called:literal $($path:ident)::+;)*) => {
        &[$(Known { name: last!($($path)+), iid: vst3::Steinberg::$($path)::+::IID, called: $called }),*]
    };
}

macro_rules! last {
    ($name:ident) => { stringify!($name) };
    ($skip:ident $($rest:ident)+) => { last!($($rest)+) };
}

/// Sorted by name. Flip the word when the host starts (or stops) calling an interface.
pub const KNOWN: &[Known] = known! {
    false Vst::IAudioPresentationLatency;
    true Vst::IAudioProcessor;
    false Vst::IAutomationState;
    true Vst::IComponent;
    true Vst::IConnectionPoint;
    true Vst::IDataExchangeReceiver;
    true Vst::IEditController;
    false Vst::IEditController2;
    false Vst::IEditControllerHostEditing;
    false Vst::ChannelContext::IInfoListener;
    false Vst::IInterAppAudioConnectionNotification;
    false Vst::IInterAppAudioPresetManager;
    false Vst::IKeyswitchController;
    false Vst::IMidiLearn;
    false Vst::IMidiLearn2;
    true Vst::IMidiMapping;
    false Vst::IMidiMapping2;
    false Vst::INoteExpressionController;
    false Vst::INoteExpressionPhysicalUIMapping;
    false Vst::IParameterFunctionName;
    true IPluginBase;
    false Vst::IPrefetchableSupport;
    true Vst::IProcessContextRequirements;
    true Vst::IProgramListData;
    false Vst::IRemapParamID;
    true Vst::IUnitData;
    true Vst::IUnitInfo;
    false Vst::IXmlRepresentationController;
};

/// `[any]` Whether the host calls this interface.
pub fn is_called(iid: &Guid) -> bool {
    KNOWN.iter().any(|known| known.called && known.iid == *iid)
}

/// `[main]` Names of the known interfaces that any of the objects implements, sorted.
pub fn implemented(objects: &[ComPtr<FUnknown>]) -> Vec<&'static str> {
    let has = |known: &&Known| objects.iter().any(|object| com::has(object, &known.iid));
    KNOWN.iter().filter(has).map(|known| known.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_ids_unique() {
        for pair in KNOWN.windows(2) {
            let plain = |known: &Known| known.name.to_lowercase();
            assert!(plain(&pair[0]) < plain(&pair[1]), "{} before {}", pair[0].name, pair[1].name);
        }
        let mut ids: Vec<_> = KNOWN.iter().map(|known| known.iid).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), KNOWN.len());
    }
}
