//! The host object as plugins call it: through its COM interfaces, from inside callbacks and from other threads.

use super::*;
use vst3::{
    ComPtr,
    Steinberg::Vst::{IComponent, IMessageTrait},
};

fn host() -> ComPtr<IHostApplication> {
    HostApp::get().to_com_ptr().unwrap()
}

fn make(cid: Guid, iid: Guid) -> (tresult, *mut c_void) {
    let mut object = std::ptr::dangling_mut();
    let (mut cid, mut iid) = (cid, iid);
    // SAFETY: a live object, two ids, memory for the result.
    let answer = unsafe { host().createInstance((&raw mut cid).cast(), (&raw mut iid).cast(), &mut object) };
    (answer, object)
}

#[test]
fn the_host_has_a_name() {
    let mut name = [0; 128];
    // SAFETY: a live object, memory for the result.
    assert_eq!(unsafe { host().getName(&mut name) }, kResultOk);
    assert_eq!(strings::from_utf16(&name), "sonic-bridge");
    // SAFETY: a live object; null is what is being tested.
    assert_eq!(unsafe { host().getName(null_mut()) }, kInvalidArgument);
}

#[test]
fn messages_and_lists_are_handed_over_with_one_reference() {
    for (cid, iid) in
        [(IMessage::IID, IMessage::IID), (IMessage::IID, FUnknown::IID), (IAttributeList::IID, IAttributeList::IID)]
    {
        let (answer, object) = make(cid, iid);
        assert_eq!(answer, kResultOk);
        // SAFETY: handed over above.
        let object = unsafe { ComPtr::from_raw(object.cast::<FUnknown>()) }.expect("an object");
        // SAFETY: a live object; the reference taken is given back.
        let count = unsafe {
            vst3::com_scrape_types::Unknown::add_ref(object.as_ptr());
            vst3::com_scrape_types::Unknown::release(object.as_ptr())
        };
        assert_eq!(count, 1);
    }
    let (_, message) = make(IMessage::IID, IMessage::IID);
    // SAFETY: handed over above as an IMessage.
    let message = unsafe { ComPtr::from_raw(message.cast::<IMessage>()) }.unwrap();
    // SAFETY: a live object.
    assert!(!unsafe { message.getAttributes() }.is_null());
}

#[test]
fn what_we_do_not_make_is_null() {
    for (cid, iid) in [(IComponent::IID, IComponent::IID), (IMessage::IID, IComponent::IID)] {
        let (answer, object) = make(cid, iid);
        assert_eq!((answer, object), (kNoInterface, null_mut()));
    }
    // SAFETY: a live object; null is what is being tested.
    assert_eq!(unsafe { host().createInstance(null_mut(), null_mut(), null_mut()) }, kInvalidArgument);
}

#[test]
fn support_is_claimed_for_what_is_called_and_nothing_else() {
    let support = HostApp::get().to_com_ptr::<IPlugInterfaceSupport>().unwrap();
    // SAFETY: a live object, an id.
    let asks = |iid: Guid| unsafe { support.isPlugInterfaceSupported((&raw const iid).cast()) };
    assert_eq!(asks(IComponent::IID), kResultOk);
    assert_eq!(asks([7; 16]), kResultFalse);
    // SAFETY: a live object; null is what is being tested.
    assert_eq!(unsafe { support.isPlugInterfaceSupported(std::ptr::null()) }, kInvalidArgument);
}

#[cfg(target_os = "linux")]
mod run_loop {
    use super::*;
    use crate::formats::vst3::run_loop::pump;
    use std::{
        cell::{Cell, RefCell},
        io::Write,
        os::{fd::AsRawFd, unix::net::UnixStream},
        rc::Rc,
        time::{Duration, Instant},
    };
    use vst3::{
        ComRef,
        Steinberg::Linux::{IEventHandlerTrait, ITimerHandlerTrait},
    };

    type Reaction = Rc<RefCell<Box<dyn Fn(&ComPtr<IRunLoop>)>>>;

    /// A plugin's handler of both kinds; `reaction` runs inside each call.
    struct Handler {
        calls: Rc<Cell<usize>>,
        reaction: Reaction,
    }

    impl Class for Handler {
        type Interfaces = (IEventHandler, ITimerHandler);
    }

    impl Handler {
        fn called(&self) {
            self.calls.set(self.calls.get() + 1);
            (self.reaction.borrow())(&run_loop());
        }
    }

    impl IEventHandlerTrait for Handler {
        unsafe fn onFDIsSet(&self, _fd: FileDescriptor) {
            self.called();
        }
    }

    impl ITimerHandlerTrait for Handler {
        unsafe fn onTimer(&self) {
            self.called();
        }
    }

    /// As a plugin finds it: by asking the host context.
    fn run_loop() -> ComPtr<IRunLoop> {
        // SAFETY: lent for ever.
        unsafe { ComRef::from_raw(HostApp::context()) }.unwrap().cast().unwrap()
    }

    fn handler() -> (ComWrapper<Handler>, Rc<Cell<usize>>, Reaction) {
        let calls = Rc::new(Cell::new(0));
        let reaction: Reaction = Rc::new(RefCell::new(Box::new(|_| {})));
        (ComWrapper::new(Handler { calls: calls.clone(), reaction: reaction.clone() }), calls, reaction)
    }

    fn pump_for(time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            pump(Duration::from_millis(2));
        }
    }

    #[test]
    fn a_timer_runs_until_it_is_unregistered_even_from_inside() {
        let (object, calls, reaction) = handler();
        let timer = lend::<ITimerHandler, _>(&object);
        let counted = calls.clone();
        *reaction.borrow_mut() = Box::new(move |run_loop| {
            if counted.get() == 3 {
                // SAFETY: live objects.
                assert_eq!(unsafe { run_loop.unregisterTimer(timer) }, kResultOk);
            }
        });
        // SAFETY: live objects.
        assert_eq!(unsafe { run_loop().registerTimer(timer, 5) }, kResultOk);
        pump_for(Duration::from_millis(200));
        assert_eq!(calls.get(), 3);
        // SAFETY: live objects.
        assert_eq!(unsafe { run_loop().unregisterTimer(timer) }, kInvalidArgument);
    }

    #[test]
    fn a_ready_descriptor_is_served_and_one_removed_in_the_same_round_is_not() {
        let (mut near, far) = UnixStream::pair().unwrap();
        near.write_all(b"x").unwrap();
        let (first, first_calls, first_reaction) = handler();
        let (second, second_calls, _) = handler();
        let second_handler = lend::<IEventHandler, _>(&second);
        *first_reaction.borrow_mut() = Box::new(move |run_loop| {
            // SAFETY: live objects.
            unsafe { run_loop.unregisterEventHandler(second_handler) };
        });
        // SAFETY: live objects, an open descriptor.
        unsafe {
            assert_eq!(run_loop().registerEventHandler(lend(&first), far.as_raw_fd()), kResultOk);
            assert_eq!(run_loop().registerEventHandler(second_handler, far.as_raw_fd()), kResultOk);
        }
        assert_eq!(pump(Duration::from_secs(10)), 1);
        assert_eq!((first_calls.get(), second_calls.get()), (1, 0));
        // SAFETY: live objects.
        assert_eq!(unsafe { run_loop().unregisterEventHandler(lend(&first)) }, kResultOk);
        assert_eq!(pump(Duration::ZERO), 0);
    }

    #[test]
    fn handlers_may_be_added_from_inside() {
        let (outer, _, reaction) = handler();
        let (inner, inner_calls, _) = handler();
        let (outer_timer, inner_timer) = (lend::<ITimerHandler, _>(&outer), lend::<ITimerHandler, _>(&inner));
        *reaction.borrow_mut() = Box::new(move |run_loop| {
            // SAFETY: live objects.
            unsafe {
                run_loop.unregisterTimer(outer_timer);
                run_loop.registerTimer(inner_timer, 1);
            }
        });
        // SAFETY: live objects.
        unsafe { run_loop().registerTimer(outer_timer, 1) };
        pump_for(Duration::from_millis(100));
        assert!(inner_calls.get() > 0);
        // SAFETY: live objects.
        assert_eq!(unsafe { run_loop().unregisterTimer(inner_timer) }, kResultOk);
    }

    #[test]
    fn a_closed_descriptor_does_not_spin_the_loop() {
        let (near, far) = UnixStream::pair().unwrap();
        let (object, calls, _) = handler();
        // SAFETY: live objects, an open descriptor.
        unsafe { run_loop().registerEventHandler(lend(&object), i32::MAX) };
        drop((near, far));
        pump_for(Duration::from_millis(20));
        assert_eq!(calls.get(), 0);
        // SAFETY: live objects. It has been dropped from the loop already.
        assert_eq!(unsafe { run_loop().unregisterEventHandler(lend(&object)) }, kInvalidArgument);
        // SAFETY: live objects; no such descriptor.
        assert_eq!(unsafe { run_loop().registerEventHandler(lend(&object), -1) }, kInvalidArgument);
    }

    #[test]
    fn other_threads_are_refused_and_counted() {
        let (object, calls, _) = handler();
        let run_loop = run_loop();
        let timer = object.to_com_ptr::<ITimerHandler>().unwrap();
        let before = HostApp::get().refused();
        std::thread::scope(|scope| {
            // SAFETY: live objects.
            scope.spawn(|| assert_eq!(unsafe { run_loop.registerTimer(timer.as_ptr(), 1) }, kResultFalse));
        });
        assert_eq!(HostApp::get().refused(), before + 1);
        pump_for(Duration::from_millis(20));
        assert_eq!(calls.get(), 0);
    }
}
