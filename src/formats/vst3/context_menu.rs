//! L2 · a context menu for plugins that insist on one. It keeps what is put in and is never shown.
//!
//! Thread: main by contract; locked. Deliberately absent: showing it – there are no views.
#![allow(unsafe_code)]

use super::com::{answer, door, identity, lock};
use std::{ptr::null_mut, sync::Mutex};
use vst3::{
    Class, ComPtr, ComRef, ComWrapper,
    Steinberg::{
        UCoord,
        Vst::{IContextMenu, IContextMenuItem, IContextMenuTarget, IContextMenuTrait},
        int32, kInternalError, kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult,
    },
};

/// Nobody reads a menu this long.
const MAX_ITEMS: usize = 1000;

/// Items and who is told of them.
#[derive(Default)]
pub struct ContextMenu {
    items: Mutex<Vec<(IContextMenuItem, Option<ComPtr<IContextMenuTarget>>)>>,
}

impl ContextMenu {
    /// `[main]` An empty menu; the plugin gets the reference.
    pub fn hand_over() -> *mut IContextMenu {
        ComWrapper::new(Self::default()).to_com_ptr::<IContextMenu>().map_or(null_mut(), ComPtr::into_raw)
    }
}

impl Class for ContextMenu {
    type Interfaces = (IContextMenu,);
}

fn read(item: *const IContextMenuItem) -> Option<IContextMenuItem> {
    // SAFETY: null, or an item, as the interface obliges the plugin; plain numbers.
    (!item.is_null()).then(|| unsafe { item.read_unaligned() })
}

fn keep(target: *mut IContextMenuTarget) -> Option<ComPtr<IContextMenuTarget>> {
    // SAFETY: null, or a live object that lends itself, as the interface obliges the plugin.
    unsafe { ComRef::from_raw(target) }.map(|target| target.to_com_ptr())
}

impl IContextMenuTrait for ContextMenu {
    unsafe fn getItemCount(&self) -> int32 {
        // At most MAX_ITEMS, so the number fits.
        door("IContextMenu::getItemCount", 0, || lock(&self.items).len() as int32)
    }

    unsafe fn getItem(
        &self,
        index: int32,
        item: *mut IContextMenuItem,
        target: *mut *mut IContextMenuTarget,
    ) -> tresult {
        door("IContextMenu::getItem", kInternalError, || {
            let items = lock(&self.items);
            let Some((found, who)) = usize::try_from(index).ok().and_then(|index| items.get(index)) else {
                return kInvalidArgument;
            };
            // Lent: the menu keeps the target alive for as long as it holds the item.
            let who = who.as_ref().map_or(null_mut(), ComPtr::as_ptr);
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            let told = unsafe { answer(target, who) };
            // SAFETY: as above.
            if told == kResultOk { unsafe { answer(item, *found) } } else { told }
        })
    }

    unsafe fn addItem(&self, item: *const IContextMenuItem, target: *mut IContextMenuTarget) -> tresult {
        door("IContextMenu::addItem", kInternalError, || {
            let Some(item) = read(item) else { return kInvalidArgument };
            let mut items = lock(&self.items);
            if items.len() >= MAX_ITEMS {
                return kOutOfMemory;
            }
            items.push((item, keep(target)));
            kResultOk
        })
    }

    unsafe fn removeItem(&self, item: *const IContextMenuItem, target: *mut IContextMenuTarget) -> tresult {
        door("IContextMenu::removeItem", kInternalError, || {
            let (Some(item), who) = (read(item), keep(target)) else { return kInvalidArgument };
            let same =
                |kept: &Option<ComPtr<IContextMenuTarget>>| kept.as_ref().map(identity) == who.as_ref().map(identity);
            let mut items = lock(&self.items);
            let Some(at) = items.iter().position(|(kept, target)| kept.tag == item.tag && same(target)) else {
                return kResultFalse;
            };
            let gone = items.remove(at);
            drop(items);
            drop(gone);
            kResultOk
        })
    }

    unsafe fn popup(&self, _x: UCoord, _y: UCoord) -> tresult {
        kResultFalse
    }
}
