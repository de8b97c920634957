//! `IConnectionPoint`: what component and controller of a separated plugin tell each other. Thread: main.
//!
//! One message, "prepared" with "rate": the component says its sample rate when it becomes active, the controller shows it
//! in the parameter with that role.
#![allow(unsafe_code)]

use crate::{
    door::door,
    dsp::Config,
    object::{Object, ok},
    param::Role,
};
use std::ffi::CStr;
use vst3::{
    ComPtr, ComRef,
    Steinberg::{
        TUID,
        Vst::{
            IAttributeListTrait, IConnectionPoint, IConnectionPointTrait, IHostApplication, IHostApplicationTrait,
            IMessage, IMessage_iid, IMessageTrait,
        },
        kInternalError, kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

const PREPARED: &CStr = c"prepared";
const RATE: &CStr = c"rate";

impl<K> Object<K> {
    fn message(&self) -> Option<ComPtr<IMessage>> {
        let host = self.main().host.clone()?.cast::<IHostApplication>()?;
        let (mut class, mut interface): (TUID, TUID) = (IMessage_iid, IMessage_iid);
        let mut object = std::ptr::null_mut();
        // SAFETY: a live object; ids and answer are our own variables. The new object belongs to us.
        unsafe {
            let made = host.createInstance(&mut class, &mut interface, &mut object);
            if made == kResultOk { ComPtr::from_raw(object.cast::<IMessage>()) } else { None }
        }
    }

    /// `[main]` Tells the controller, where there is one apart.
    pub(crate) fn say_prepared(&self, config: Config) {
        let Some(peer) = self.main().peer.clone() else { return };
        let Some(message) = self.message() else { return };
        // SAFETY: live objects; the names are zero-terminated and outlive the calls. No lock of ours is held.
        unsafe {
            message.setMessageID(PREPARED.as_ptr());
            if let Some(attributes) = ComRef::from_raw(message.getAttributes()) {
                attributes.setFloat(RATE.as_ptr(), config.rate);
                peer.notify(message.as_ptr());
            }
        }
    }

    fn hear(&self, message: ComRef<'_, IMessage>) -> bool {
        // SAFETY: a live object; its name is zero-terminated or null, and stays while we look.
        let known = unsafe {
            let name = message.getMessageID();
            !name.is_null() && CStr::from_ptr(name) == PREPARED
        };
        let Some(index) = self.plugin.params.iter().position(|param| param.role == Role::SampleRate) else {
            return false;
        };
        let mut rate = 0.0;
        // SAFETY: live objects; the answer is our own variable.
        let told = known
            && unsafe { ComRef::from_raw(message.getAttributes()) }
                // SAFETY: as above.
                .is_some_and(|attributes| unsafe { attributes.getFloat(RATE.as_ptr(), &mut rate) } == kResultOk);
        if !told || !rate.is_finite() {
            return false;
        }
        let value = self.plugin.params[index].normalized(rate);
        if value != self.knob(index) {
            self.set_knob(index, value);
            self.values_changed();
        }
        true
    }
}

impl<K> IConnectionPointTrait for Object<K> {
    unsafe fn connect(&self, other: *mut IConnectionPoint) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live object or null.
            let Some(other) = (unsafe { ComRef::from_raw(other) }) else { return kInvalidArgument };
            let mut main = self.main();
            if main.peer.is_some() {
                return kResultFalse;
            }
            main.peer = Some(other.to_com_ptr());
            kResultOk
        })
    }

    unsafe fn disconnect(&self, other: *mut IConnectionPoint) -> tresult {
        door(kInternalError, || {
            let mut main = self.main();
            if main.peer.as_ref().is_none_or(|peer| peer.as_ptr() != other) {
                return kResultFalse;
            }
            let peer = main.peer.take();
            drop(main);
            drop(peer);
            kResultOk
        })
    }

    unsafe fn notify(&self, message: *mut IMessage) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live object or null.
            match unsafe { ComRef::from_raw(message) } {
                Some(message) => ok(self.hear(message)),
                None => kInvalidArgument,
            }
        })
    }
}
