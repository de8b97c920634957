//! L2 · the connection between a plugin's component and its controller, which goes through us.
//!
//! Thread: main; `notify` any. Invariant: a plugin hears of a message on the main thread only; one sent from elsewhere waits
//! in a queue until [`Connection::deliver`]. Deliberately absent: reading messages.
#![allow(unsafe_code)]

use super::{
    com::{door, lend, lock, query, result_name},
    main_cell::MainCell,
    run_loop::Waker,
};
use crate::plugin::PluginError;
use std::{
    cell::RefCell,
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use vst3::{
    Class, ComPtr, ComRef, ComWrapper,
    Steinberg::{
        Vst::{IComponent, IConnectionPoint, IConnectionPointTrait, IEditController, IMessage},
        kInternalError, kInvalidArgument, kNotImplemented, kOutOfMemory, kResultFalse, kResultOk, tresult,
    },
};

/// Messages waiting for the main thread; more than this and the main thread is not there any more.
const MAX_WAITING: usize = 4096;

/// Component and controller, connected.
pub struct Connection {
    component: ComPtr<IConnectionPoint>,
    controller: ComPtr<IConnectionPoint>,
    /// What the component sees as its peer; leads to the controller.
    to_controller: ComWrapper<Proxy>,
    /// What the controller sees as its peer; leads to the component.
    to_component: ComWrapper<Proxy>,
    connected: bool,
}

impl Connection {
    /// `[main]` Connects both; `Ok(None)` when one of them has no connection point. `plugin` names it in errors.
    pub fn connect(
        component: &ComPtr<IComponent>,
        controller: &ComPtr<IEditController>,
        plugin: &str,
    ) -> Result<Option<Self>, PluginError> {
        let (Some(component), Some(controller)) = (query(component), query(controller)) else { return Ok(None) };
        Self::between(component, controller).map(Some).map_err(|(step, answer)| PluginError::Load {
            plugin: plugin.to_owned(),
            step,
            result: result_name(answer),
        })
    }

    fn between(
        component: ComPtr<IConnectionPoint>,
        controller: ComPtr<IConnectionPoint>,
    ) -> Result<Self, (&'static str, tresult)> {
        let mut connection = Self {
            to_controller: Proxy::leading_to(controller.clone()),
            to_component: Proxy::leading_to(component.clone()),
            component,
            controller,
            connected: true,
        };
        // SAFETY: live objects; the proxy outlives the connection.
        let first = unsafe { connection.component.connect(lend(&connection.to_controller)) };
        // SAFETY: as above.
        let second = unsafe { connection.controller.connect(lend(&connection.to_component)) };
        for (step, answer) in [("connect (component)", first), ("connect (controller)", second)] {
            // Some plugins have a connection point and no use for it.
            if answer != kResultOk && answer != kNotImplemented && answer != kResultFalse {
                connection.disconnect();
                return Err((step, answer));
            }
        }
        // Said while only one half was connected: the other hears it now.
        connection.to_controller.open.store(true, Ordering::Relaxed);
        connection.to_component.open.store(true, Ordering::Relaxed);
        connection.deliver();
        Ok(connection)
    }

    /// `[main]` Delivers messages that were sent off the main thread. Returns how many.
    pub fn deliver(&self) -> usize {
        self.to_controller.deliver() + self.to_component.deliver()
    }

    /// `[any]` Messages sent off the main thread so far (delivered later).
    pub fn off_main(&self) -> u64 {
        self.to_controller.off_main.load(Ordering::Relaxed) + self.to_component.off_main.load(Ordering::Relaxed)
    }

    /// `[any]` Messages that could not be delivered so far.
    pub fn dropped(&self) -> u64 {
        self.to_controller.dropped.load(Ordering::Relaxed) + self.to_component.dropped.load(Ordering::Relaxed)
    }

    /// `[main]` Disconnects, before `terminate` of either; safe to repeat. Dropping does it too.
    pub fn disconnect(&mut self) {
        if !std::mem::take(&mut self.connected) {
            return;
        }
        // They lead nowhere from now on: one half may talk while the other is disconnected already, or keep its proxy.
        self.to_controller.close();
        self.to_component.close();
        // SAFETY: live objects, the pointer that was given to `connect`.
        unsafe { self.component.disconnect(lend(&self.to_controller)) };
        // SAFETY: as above.
        unsafe { self.controller.disconnect(lend(&self.to_component)) };
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.disconnect();
    }
}

/// One direction.
struct Proxy {
    target: MainCell<RefCell<Option<ComPtr<IConnectionPoint>>>>,
    waiting: Mutex<VecDeque<ComPtr<IMessage>>>,
    /// Both halves are connected.
    open: AtomicBool,
    waker: Waker,
    off_main: AtomicU64,
    dropped: AtomicU64,
}

impl Proxy {
    fn leading_to(target: ComPtr<IConnectionPoint>) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            target: MainCell::new(RefCell::new(Some(target))),
            waiting: Mutex::default(),
            open: AtomicBool::new(false),
            waker: Waker::for_this_thread(),
            off_main: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    fn deliver(&self) -> usize {
        // Those that are sent while we deliver wait for the next round.
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        let count = waiting.len();
        for message in waiting {
            self.forward(message.as_ptr());
        }
        count
    }

    fn forward(&self, message: *mut IMessage) -> tresult {
        // The borrow ends before the call: the plugin may answer, or have itself disconnected.
        let target = self.target.get().and_then(|target| target.borrow().clone());
        let Some(target) = target else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return kResultFalse;
        };
        // SAFETY: a live object; the message is alive for the length of the call.
        unsafe { target.notify(message) }
    }

    fn close(&self) {
        self.open.store(true, Ordering::Relaxed);
        if let Some(target) = self.target.get() {
            let gone = target.take();
            drop(gone);
        }
        let gone = std::mem::take(&mut *lock(&self.waiting));
        self.dropped.fetch_add(gone.len() as u64, Ordering::Relaxed);
    }
}

impl Class for Proxy {
    type Interfaces = (IConnectionPoint,);
}

impl IConnectionPointTrait for Proxy {
    /// The host makes the connections, nobody else.
    unsafe fn connect(&self, _other: *mut IConnectionPoint) -> tresult {
        kResultFalse
    }

    unsafe fn disconnect(&self, _other: *mut IConnectionPoint) -> tresult {
        kResultFalse
    }

    unsafe fn notify(&self, message: *mut IMessage) -> tresult {
        door("IConnectionPoint::notify", kInternalError, || {
            // SAFETY: null, or a live message that lends itself, as the interface obliges the plugin.
            let Some(lent) = (unsafe { ComRef::from_raw(message) }) else { return kInvalidArgument };
            let home = self.target.is_home();
            if home && self.open.load(Ordering::Relaxed) {
                return self.forward(message);
            }
            self.off_main.fetch_add(u64::from(!home), Ordering::Relaxed);
            let mut waiting = lock(&self.waiting);
            if waiting.len() >= MAX_WAITING {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return kOutOfMemory;
            }
            waiting.push_back(lent.to_com_ptr());
            drop(waiting);
            self.waker.wake();
            kResultOk
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::vst3::message::Message;
    use std::ffi::CStr;
    use vst3::Steinberg::Vst::IMessageTrait;

    /// A plugin's connection point: keeps its peer, notes what it hears and where, and may answer.
    #[derive(Default)]
    struct Half {
        peer: Mutex<Option<ComPtr<IConnectionPoint>>>,
        heard: Mutex<Vec<(String, bool)>>,
        answers: bool,
        refuses: bool,
        greets: bool,
        home: Option<std::thread::ThreadId>,
    }

    impl Half {
        fn new(answers: bool, refuses: bool) -> ComWrapper<Self> {
            ComWrapper::new(Self { answers, refuses, home: Some(std::thread::current().id()), ..Self::default() })
        }

        fn heard(&self) -> Vec<(String, bool)> {
            std::mem::take(&mut lock(&self.heard))
        }

        fn say(&self, text: &CStr) -> tresult {
            let message = Message::new().to_com_ptr::<IMessage>().unwrap();
            let peer = lock(&self.peer).clone().expect("connected");
            // SAFETY: live objects, terminated text.
            unsafe {
                message.setMessageID(text.as_ptr());
                peer.notify(message.as_ptr())
            }
        }
    }

    impl Class for Half {
        type Interfaces = (IConnectionPoint,);
    }

    impl IConnectionPointTrait for Half {
        unsafe fn connect(&self, other: *mut IConnectionPoint) -> tresult {
            if self.refuses {
                return kInternalError;
            }
            // SAFETY: the host lends a live object.
            *lock(&self.peer) = unsafe { ComRef::from_raw(other) }.map(|other| other.to_com_ptr());
            if self.greets {
                self.say(c"greeting");
                assert_eq!(self.heard(), []);
            }
            kResultOk
        }

        unsafe fn disconnect(&self, _other: *mut IConnectionPoint) -> tresult {
            kResultOk
        }

        unsafe fn notify(&self, message: *mut IMessage) -> tresult {
            // SAFETY: the host lends a live message with an id.
            let text = unsafe { CStr::from_ptr(ComRef::from_raw(message).unwrap().getMessageID()) };
            let here = Some(std::thread::current().id()) == self.home;
            lock(&self.heard).push((text.to_string_lossy().into_owned(), here));
            if self.answers && text == c"question" { self.say(c"answer") } else { kResultOk }
        }
    }

    fn connected(answers: bool) -> (ComWrapper<Half>, ComWrapper<Half>, Connection) {
        let (component, controller) = (Half::new(false, false), Half::new(answers, false));
        let connection =
            Connection::between(component.to_com_ptr().unwrap(), controller.to_com_ptr().unwrap()).ok().unwrap();
        (component, controller, connection)
    }

    #[test]
    fn a_message_on_the_main_thread_is_heard_at_once_and_may_be_answered_inside() {
        let (component, controller, connection) = connected(true);
        assert_eq!(component.say(c"question"), kResultOk);
        assert_eq!(controller.heard(), [("question".to_owned(), true)]);
        assert_eq!(component.heard(), [("answer".to_owned(), true)]);
        assert_eq!((connection.off_main(), connection.dropped()), (0, 0));
    }

    #[test]
    fn a_message_from_another_thread_is_heard_later_on_the_main_thread() {
        let (component, controller, connection) = connected(true);
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(component.say(c"question"), kResultOk));
        });
        assert_eq!(controller.heard(), []);
        assert_eq!(connection.deliver(), 1);
        assert_eq!(controller.heard(), [("question".to_owned(), true)]);
        assert_eq!(component.heard(), [("answer".to_owned(), true)]);
        assert_eq!((connection.off_main(), connection.dropped(), connection.deliver()), (1, 0, 0));
    }

    #[test]
    fn nothing_is_heard_after_disconnecting_even_by_a_plugin_that_kept_its_peer() {
        let (component, controller, mut connection) = connected(false);
        std::thread::scope(|scope| {
            scope.spawn(|| component.say(c"waiting"));
        });
        connection.disconnect();
        connection.disconnect();
        assert_eq!(component.say(c"late"), kResultFalse);
        assert_eq!(connection.deliver(), 0);
        assert_eq!(connection.dropped(), 2);
        drop(connection);
        assert_eq!(component.say(c"later"), kResultFalse);
        assert_eq!(controller.heard(), []);
    }

    #[test]
    fn what_is_said_inside_connect_is_heard_when_both_are_connected() {
        let half = || {
            let home = Some(std::thread::current().id());
            ComWrapper::new(Half { greets: true, home, ..Half::default() })
        };
        let (component, controller) = (half(), half());
        let connection =
            Connection::between(component.to_com_ptr().unwrap(), controller.to_com_ptr().unwrap()).ok().unwrap();
        assert_eq!(component.heard(), [("greeting".to_owned(), true)]);
        assert_eq!(controller.heard(), [("greeting".to_owned(), true)]);
        assert_eq!(connection.off_main(), 0);
    }

    #[test]
    fn a_half_that_refuses_leaves_the_other_disconnected() {
        let (component, controller) = (Half::new(false, false), Half::new(false, true));
        let refused = Connection::between(component.to_com_ptr().unwrap(), controller.to_com_ptr().unwrap());
        assert_eq!(refused.err(), Some(("connect (controller)", kInternalError)));
        assert_eq!(component.say(c"hello"), kResultFalse);
    }

    #[test]
    fn a_flood_is_bounded() {
        let (component, _controller, connection) = connected(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let refused = (0..MAX_WAITING + 10).filter(|_| component.say(c"flood") != kResultOk).count();
                assert_eq!(refused, 10);
            });
        });
        assert_eq!(connection.deliver(), MAX_WAITING);
        assert_eq!(connection.dropped(), 10);
    }
}
