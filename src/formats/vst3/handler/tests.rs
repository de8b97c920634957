//! The handler as plugins call it: through its COM interfaces, and from other threads.

use super::*;
use vst3::{
    ComPtr, ComRef,
    Steinberg::Vst::{IContextMenuItem, IContextMenuTrait},
};

fn events(handler: &ComponentHandler) -> Vec<HandlerEvent> {
    handler.drain().into_iter().map(|received| received.event).collect()
}

/// The handler as a plugin holds it.
fn plugin_side(handler: &ComWrapper<ComponentHandler>) -> ComPtr<IComponentHandler> {
    // SAFETY: lent by the wrapper, which lives on.
    unsafe { ComRef::from_raw(ComponentHandler::raw(handler)) }.unwrap().to_com_ptr()
}

#[test]
fn edits_arrive_in_order_and_in_range() {
    let handler = ComponentHandler::new();
    let com = plugin_side(&handler);
    // SAFETY: a live object.
    unsafe {
        assert_eq!(com.beginEdit(7), kResultOk);
        assert_eq!(com.performEdit(7, 0.25), kResultOk);
        assert_eq!(com.performEdit(7, 1.5), kResultOk);
        assert_eq!(com.performEdit(7, f64::NAN), kInvalidArgument);
        assert_eq!(com.performEdit(7, f64::INFINITY), kInvalidArgument);
        assert_eq!(com.endEdit(7), kResultOk);
        assert_eq!(com.restartComponent(-1), kResultOk);
    }
    let refused = HandlerEvent::Refused("performEdit with a value that is not a number");
    assert_eq!(
        events(&handler),
        [
            HandlerEvent::BeginEdit(7),
            HandlerEvent::PerformEdit(7, 0.25),
            HandlerEvent::PerformEdit(7, 1.0),
            refused.clone(),
            refused,
            HandlerEvent::EndEdit(7),
            HandlerEvent::Restart(-1),
        ]
    );
    assert_eq!(handler.drain(), []);
}

#[test]
fn every_interface_is_there_and_speaks() {
    let handler = ComponentHandler::new();
    let com = plugin_side(&handler);
    let mut time = [0; 2];
    // SAFETY: live objects, terminated text, memory for the results.
    unsafe {
        let second = com.cast::<IComponentHandler2>().unwrap();
        assert_eq!(second.setDirty(1), kResultOk);
        assert_eq!(second.requestOpenEditor(c"editor".as_ptr()), kResultOk);
        assert_eq!(second.startGroupEdit(), kResultOk);
        assert_eq!(second.finishGroupEdit(), kResultOk);
        let buses = com.cast::<IComponentHandlerBusActivation>().unwrap();
        assert_eq!(buses.requestBusActivation(0, 1, 2, 1), kResultOk);
        let units = com.cast::<IUnitHandler>().unwrap();
        assert_eq!(units.notifyUnitSelection(3), kResultOk);
        assert_eq!(units.notifyProgramListChange(4, -1), kResultOk);
        assert_eq!(com.cast::<IUnitHandler2>().unwrap().notifyUnitByBusChange(), kResultOk);
        let clock = com.cast::<IComponentHandlerSystemTime>().unwrap();
        assert_eq!(clock.getSystemTime(&mut time[0]), kResultOk);
        assert_eq!(clock.getSystemTime(&mut time[1]), kResultOk);
        assert_eq!(clock.getSystemTime(null_mut()), kInvalidArgument);
    }
    assert!(time[0] <= time[1]);
    assert_eq!(
        events(&handler),
        [
            HandlerEvent::Dirty(true),
            HandlerEvent::OpenEditor("editor".into()),
            HandlerEvent::GroupBegan,
            HandlerEvent::GroupEnded,
            HandlerEvent::BusActivation { media: 0, direction: 1, index: 2, active: true },
            HandlerEvent::UnitSelected(3),
            HandlerEvent::ProgramListChanged { list: 4, program: -1 },
            HandlerEvent::UnitByBusChanged,
        ]
    );
}

#[test]
fn calls_from_another_thread_are_queued_and_marked() {
    let handler = ComponentHandler::new();
    let com = plugin_side(&handler);
    // SAFETY: a live object.
    std::thread::spawn(move || unsafe { com.performEdit(1, 0.5) }).join().unwrap();
    assert_eq!(handler.drain(), [Received { event: HandlerEvent::PerformEdit(1, 0.5), off_main: true }]);
    assert_eq!(handler.off_main(), 1);
}

#[test]
fn a_flood_is_bounded() {
    let handler = ComponentHandler::new();
    let com = plugin_side(&handler);
    for _ in 0..MAX_EVENTS + 5 {
        // SAFETY: a live object.
        unsafe { com.beginEdit(0) };
    }
    assert_eq!(handler.drain().len(), MAX_EVENTS);
    assert_eq!(handler.dropped(), 5);
}

#[test]
fn work_begins_goes_on_and_ends() {
    let handler = ComponentHandler::new();
    let com = plugin_side(&handler).cast::<IProgress>().unwrap();
    let text = strings::utf16z("Loading samples");
    let mut id = 0;
    // SAFETY: a live object, terminated text, memory for the result.
    unsafe {
        assert_eq!(com.start(0, text.as_ptr().cast(), &mut id), kResultOk);
        assert_eq!(com.update(id, 0.5), kResultOk);
        assert_eq!(com.update(id + 1_000_000, 0.5), kInvalidArgument);
        assert_eq!(com.finish(id), kResultOk);
        assert_eq!(com.update(id, 0.6), kInvalidArgument);
        assert_eq!(com.finish(id), kInvalidArgument);
    }
    let step = |share| HandlerEvent::Progress { id, share, text: "Loading samples".into() };
    assert_eq!(events(&handler), [step(Some(0.0)), step(Some(0.5)), step(None)]);
}

#[test]
fn a_context_menu_keeps_its_items() {
    let handler = ComponentHandler::new();
    let com = plugin_side(&handler).cast::<IComponentHandler3>().unwrap();
    let item = IContextMenuItem { name: strings::string128("Reset"), tag: 5, flags: 0 };
    let mut found = IContextMenuItem { name: [0; 128], tag: 0, flags: 0 };
    let mut target = null_mut();
    // SAFETY: live objects, memory for the results; the menu is handed over with one reference.
    unsafe {
        let menu = ComPtr::from_raw(com.createContextMenu(null_mut(), &1)).unwrap();
        assert_eq!(menu.addItem(&item, null_mut()), kResultOk);
        assert_eq!(menu.getItemCount(), 1);
        assert_eq!(menu.getItem(0, &mut found, &mut target), kResultOk);
        assert_eq!(menu.getItem(-1, &mut found, &mut target), kInvalidArgument);
        assert_eq!(menu.removeItem(&item, null_mut()), kResultOk);
        assert_eq!(menu.getItemCount(), 0);
        assert_ne!(menu.popup(0, 0), kResultOk);
    }
    assert_eq!((found.tag, strings::from_utf16(&found.name)), (5, "Reset".to_owned()));
}
