//! L2 · the interfaces of plugins that we know, and those we really call.
//!
//! Invariant: `called` is true only where the host makes use of the interface; plugins switch behaviour on it.

use vst3::{Interface, com_scrape_types::Guid};

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
    true Vst::IAudioPresentationLatency;
    true Vst::IAudioProcessor;
    false Vst::IAutomationState;
    true Vst::IComponent;
    true Vst::IConnectionPoint;
    true Vst::IDataExchangeReceiver;
    true Vst::IEditController;
    false Vst::IEditController2;
    true Vst::IEditControllerHostEditing;
    false Vst::ChannelContext::IInfoListener;
    false Vst::IInterAppAudioConnectionNotification;
    false Vst::IInterAppAudioPresetManager;
    false Vst::IKeyswitchController;
    true Vst::IMidiLearn;
    false Vst::IMidiLearn2;
    true Vst::IMidiMapping;
    true Vst::IMidiMapping2;
    false Vst::INoteExpressionController;
    false Vst::INoteExpressionPhysicalUIMapping;
    false Vst::IParameterFunctionName;
    true IPluginBase;
    true Vst::IPrefetchableSupport;
    true Vst::IProcessContextRequirements;
    false Vst::IProgramListData;
    false Vst::IRemapParamID;
    false Vst::IUnitData;
    true Vst::IUnitInfo;
    false Vst::IXmlRepresentationController;
};

/// `[any]` Whether the host calls this interface.
pub fn is_called(iid: &Guid) -> bool {
    KNOWN.iter().any(|known| known.called && known.iid == *iid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table is what plugins are told; this is what the code does.
    #[test]
    fn called_means_that_its_methods_are_in_use() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/formats/vst3");
        let files = std::fs::read_dir(folder).expect("the source of this module").map(|entry| entry.unwrap().path());
        let code: String = files
            .filter(|file| file.is_file())
            .map(|file| std::fs::read_to_string(file).expect("a source file"))
            .map(|text| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned())
            .collect();
        let words: std::collections::HashSet<&str> =
            code.split(|character: char| !character.is_alphanumeric()).collect();
        for known in KNOWN {
            let used = words.contains(format!("{}Trait", known.name).as_str());
            assert_eq!(known.called, used, "{}: flip the word in the table", known.name);
        }
    }

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
