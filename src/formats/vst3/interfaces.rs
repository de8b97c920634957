//! L2 · which optional interfaces a plugin implements, for `info`.
//!
//! Thread: main.

use super::objects::Objects;
use vst3::Steinberg::{
    IPlugViewContentScaleSupport,
    Vst::{
        ChannelContext::IInfoListener, IAudioPresentationLatency, IAudioProcessor, IAutomationState, IComponent,
        IConnectionPoint, IDataExchangeReceiver, IEditController, IEditController2, IEditControllerHostEditing,
        IKeyswitchController, IMidiLearn, IMidiLearn2, IMidiMapping, IMidiMapping2, INoteExpressionController,
        INoteExpressionPhysicalUIMapping, IParameterFunctionName, IPrefetchableSupport, IProcessContextRequirements,
        IProgramListData, IRemapParamID, IUnitData, IUnitInfo, IXmlRepresentationController,
    },
};

/// `[main]` Names of the interfaces that the component or the controller answers to, sorted.
pub(super) fn list(objects: &Objects) -> Vec<&'static str> {
    let mut found = Vec::new();
    macro_rules! ask {
        ($($interface:ident)*) => {
            $(
                let controller = objects.controller.as_ref();
                if objects.component.cast::<$interface>().is_some()
                    || controller.is_some_and(|controller| controller.cast::<$interface>().is_some())
                {
                    found.push(stringify!($interface));
                }
            )*
        };
    }
    ask!(IAudioPresentationLatency IAudioProcessor IAutomationState IComponent IConnectionPoint IDataExchangeReceiver
        IEditController IEditController2 IEditControllerHostEditing IInfoListener IKeyswitchController IMidiLearn
        IMidiLearn2 IMidiMapping IMidiMapping2 INoteExpressionController INoteExpressionPhysicalUIMapping
        IParameterFunctionName IPlugViewContentScaleSupport IPrefetchableSupport IProcessContextRequirements
        IProgramListData IRemapParamID IUnitData IUnitInfo IXmlRepresentationController);
    found.sort_unstable();
    found
}
