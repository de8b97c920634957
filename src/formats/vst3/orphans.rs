//! L2 · plugins whose controller is gone while their audio half is still somewhere.
//!
//! Thread: main, each its own list. Invariant: a plugin is stopped and unmade only after its audio half has been dropped, so
//! in whatever order the halves go, nobody pulls a plugin away from under `process()`, and nothing is left over.

use super::objects::Objects;
use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Acquire},
    },
};

struct Orphan {
    objects: Rc<Objects>,
    /// The audio half was dropped.
    gone: Arc<AtomicBool>,
}

thread_local! {
    // Never dropped: plugins must not be unmade while the process dies around them.
    static ORPHANS: &'static RefCell<Vec<Orphan>> = Box::leak(Box::default());
}

/// `[main]` Takes over an active plugin.
pub(super) fn keep(objects: Rc<Objects>, gone: Arc<AtomicBool>) {
    ORPHANS.with(|orphans| orphans.borrow_mut().push(Orphan { objects, gone }));
}

/// `[main]` Stops and unmakes those whose audio half is gone by now. Costs next to nothing when there are none.
pub(super) fn bury() {
    // A thread that ends has no list any more.
    let _ = ORPHANS.try_with(|orphans| {
        // Unmade after the borrow has ended: plugins call back.
        let Ok(mut all) = orphans.try_borrow_mut() else { return };
        let dead: Vec<Orphan> = all.extract_if(.., |orphan| orphan.gone.load(Acquire)).collect();
        drop(all);
        for orphan in dead {
            orphan.objects.stop();
        }
    });
}
