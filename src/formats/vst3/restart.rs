//! L2 · what the plugin called back: edits, restarts, bus wishes, progress.
//!
//! Thread: main, from `poll`. Invariant: of all flags that arrived since the last poll each reaction happens once, in the
//! order of the VST3 documentation; what needs the audio half is asked for by [`Notice::Restart`].

use super::{consts, handler::HandlerEvent, instance::Instance, layout};
use crate::{
    model::ParamId,
    plugin::{Notice, RestartNeed},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// An edit without begin (a mouse wheel) counts as ended after this long without another.
const GESTURE_END: Duration = Duration::from_millis(250);

/// Edits that were begun by us for the plugin, and a restart that waits for the audio half.
#[derive(Default)]
pub(super) struct Gestures {
    /// How often each was begun.
    begun: BTreeMap<ParamId, u32>,
    /// When each was last heard of.
    implied: BTreeMap<ParamId, Instant>,
    /// Groups that were begun and not ended.
    groups: u32,
    need: Option<RestartNeed>,
    /// The log was told of calls from other threads.
    told_off_main: bool,
}

impl Gestures {
    /// The restart that is owed.
    pub fn need(&self) -> Option<RestartNeed> {
        self.need
    }

    /// It was done.
    pub fn need_is_met(&mut self) {
        self.need = None;
    }
}

impl Instance {
    pub(super) fn drain_events(&mut self, notices: &mut Vec<Notice>) {
        let mut flags = 0;
        let mut unknown = None;
        for received in self.objects.handler.drain() {
            match received.event {
                HandlerEvent::BeginEdit(id) | HandlerEvent::PerformEdit(id, _) | HandlerEvent::EndEdit(id)
                    if !self.parameters.has(ParamId(id)) =>
                {
                    unknown = Some(id);
                }
                event => self.take_event(event, &mut flags, notices),
            }
        }
        if let Some(id) = unknown {
            notices.push(Notice::Misbehaved(format!("it edited a parameter that it does not have ({id})")));
        }
        if !self.gestures.told_off_main && self.objects.off_main() > 0 {
            self.gestures.told_off_main = true;
            let what = "it called its host from another thread than the main one; such calls wait for the main thread";
            notices.push(Notice::Misbehaved(what.to_owned()));
        }
        if flags != 0 {
            self.react(flags, notices);
        }
        let now = Instant::now();
        self.gestures.implied.retain(|param, last| {
            let over = now.duration_since(*last) >= GESTURE_END;
            if over {
                notices.push(Notice::EditEnded(*param));
            }
            !over
        });
    }

    fn take_event(&mut self, event: HandlerEvent, flags: &mut i32, notices: &mut Vec<Notice>) {
        match event {
            HandlerEvent::BeginEdit(param) => {
                let param = ParamId(param);
                *self.gestures.begun.entry(param).or_default() += 1;
                // An edit that was begun for the plugin goes on as its own.
                if self.gestures.implied.remove(&param).is_none() {
                    notices.push(Notice::EditBegan(param));
                }
            }
            HandlerEvent::PerformEdit(param, value) => {
                let param = ParamId(param);
                if !self.gestures.begun.contains_key(&param)
                    && self.gestures.implied.insert(param, Instant::now()).is_none()
                {
                    notices.push(Notice::EditBegan(param));
                }
                notices.push(Notice::Edited(param, value));
            }
            HandlerEvent::EndEdit(param) => {
                let param = ParamId(param);
                if let Some(times) = self.gestures.begun.get_mut(&param) {
                    *times -= 1;
                    if *times == 0 {
                        self.gestures.begun.remove(&param);
                    }
                    notices.push(Notice::EditEnded(param));
                } else if self.gestures.implied.remove(&param).is_some() {
                    notices.push(Notice::EditEnded(param));
                }
            }
            HandlerEvent::Restart(more) => *flags |= more,
            HandlerEvent::Dirty(true) => notices.push(Notice::Dirty),
            HandlerEvent::Dirty(false) => {}
            HandlerEvent::OpenEditor(_) => notices.push(Notice::EditorWanted),
            // Groups inside groups are one.
            HandlerEvent::GroupBegan => {
                self.gestures.groups += 1;
                if self.gestures.groups == 1 {
                    notices.push(Notice::GroupBegan);
                }
            }
            HandlerEvent::GroupEnded if self.gestures.groups > 0 => {
                self.gestures.groups -= 1;
                if self.gestures.groups == 0 {
                    notices.push(Notice::GroupEnded);
                }
            }
            HandlerEvent::GroupEnded => {}
            HandlerEvent::BusActivation { media, direction, index, active } => {
                if let (consts::MEDIA_AUDIO, Ok(index)) = (media, u32::try_from(index)) {
                    let input = direction == consts::INPUT;
                    notices.push(Notice::BusActivation { input, index, active });
                }
            }
            HandlerEvent::UnitSelected(_) => {}
            HandlerEvent::ProgramListChanged { .. } | HandlerEvent::UnitByBusChanged => {
                self.reread_units();
                notices.push(Notice::ProgramsChanged);
            }
            HandlerEvent::Progress { id, share, text } => notices.push(Notice::Progress { id, share, text }),
            HandlerEvent::Refused(what) => notices.push(Notice::Misbehaved(what.to_owned())),
        }
    }

    fn reread_units(&mut self) {
        self.units = self.objects.units();
        self.parameters.refresh(&self.units);
    }

    fn react(&mut self, flags: i32, notices: &mut Vec<Notice>) {
        let has = |bits| flags & bits != 0;
        let need = if has(consts::RESTART_RELOAD) {
            Some(RestartNeed::Reload)
        } else if has(consts::RESTART_IO) {
            Some(RestartNeed::Reconfigure)
        } else if has(consts::RESTART_LATENCY | consts::RESTART_PREFETCHABLE) {
            Some(RestartNeed::Reactivate)
        } else {
            None
        };
        if let Some(need) = need {
            self.ask_restart(need, notices);
        }
        if has(consts::RESTART_TITLES) || has(consts::RESTART_ID_MAPPING) {
            self.reread_units();
            notices.push(Notice::InfoChanged);
        }
        if has(consts::RESTART_VALUES) {
            // Values are asked for when they are wanted, so there is nothing to drop but what others remember.
            self.midi.mark_stale();
            notices.push(Notice::ValuesChanged);
        }
        if has(consts::RESTART_MIDI) {
            self.rebuild_midi();
        }
        if has(consts::RESTART_NOTE_EXPRESSION) || has(consts::RESTART_KEYSWITCH) {
            self.reread_units();
            notices.push(Notice::ProgramsChanged);
        }
        if has(consts::RESTART_IO_TITLES) || has(consts::RESTART_ROUTING) {
            self.reread_bus_names();
            notices.push(Notice::BusNamesChanged);
        }
    }

    fn ask_restart(&mut self, need: RestartNeed, notices: &mut Vec<Notice>) {
        if self.active.is_some() {
            let need = self.gestures.need.map_or(need, |before| before.max(need));
            self.gestures.need = Some(need);
            notices.push(Notice::Restart(need));
            return;
        }
        // Nothing runs: what must be re-read is re-read at once; latency is asked at the next activation anyway.
        if let Err(error) = self.redo(Some(need)) {
            notices.push(Notice::Misbehaved(format!("it asked to be loaded anew, but: {error}")));
        }
        notices.append(&mut self.late);
    }

    /// Ends what was begun, because whoever began it is gone.
    pub(super) fn close_gestures(&mut self, notices: &mut Vec<Notice>) {
        let begun = std::mem::take(&mut self.gestures.begun).into_iter();
        let begun = begun.flat_map(|(param, times)| std::iter::repeat_n(param, times as usize));
        let implied = std::mem::take(&mut self.gestures.implied).into_keys();
        notices.extend(begun.chain(implied).map(Notice::EditEnded));
        if std::mem::take(&mut self.gestures.groups) > 0 {
            notices.push(Notice::GroupEnded);
        }
        for (id, text) in self.objects.handler.end_progress() {
            notices.push(Notice::Progress { id, share: None, text });
        }
    }

    fn reread_bus_names(&mut self) {
        let fresh = layout::read(&self.objects);
        self.routing = layout::routing(&self.objects, &fresh);
        let pairs = [
            (&mut self.layout.inputs, fresh.inputs),
            (&mut self.layout.outputs, fresh.outputs),
            (&mut self.layout.event_inputs, fresh.event_inputs),
            (&mut self.layout.event_outputs, fresh.event_outputs),
        ];
        for (known, fresh) in pairs {
            for (bus, fresh) in known.iter_mut().zip(fresh) {
                bus.name = fresh.name;
            }
        }
    }
}
