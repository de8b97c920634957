//! L2 · the parameter queues of one block, as `IParameterChanges`.
//!
//! Thread: owned by the processor; read and written on the audio thread only, by us before and after `process()` and by
//! the plugin during it. Everything is preallocated: when there is no room a change is counted and refused.
//! Invariant: one queue per parameter, points sorted by offset, one point per offset (the later one wins).
#![allow(unsafe_code)]

use super::{
    com::door,
    room::{Zeroed, room},
};
use crate::model::{ParamId, ParamPoint};
use std::{cell::Cell, sync::Arc};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        Vst::{
            IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
        },
        int32, kInvalidArgument, kOutOfMemory, kResultOk, tresult,
    },
};

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Default)]
struct Point {
    offset: i32,
    next: u32,
    value: f64,
}

// SAFETY: three numbers.
unsafe impl Zeroed for Point {}

#[derive(Default)]
struct Queue {
    id: Cell<u32>,
    first: Cell<u32>,
    last: Cell<u32>,
    count: Cell<u32>,
    /// The last point read, as (index, position in the arena): reading in order is then O(1) a point.
    cursor: Cell<(u32, u32)>,
}

/// Queues and the arena their points live in. Cells, because plugin and host write through shared references.
struct Table {
    queues: Box<[Queue]>,
    used: Cell<u32>,
    points: Box<[Cell<Point>]>,
    points_used: Cell<u32>,
    /// Open addressing, id → queue; an entry counts only when its epoch is the present one, so clearing is one addition.
    index: Box<[Cell<(u32, u32)>]>,
    epoch: Cell<u32>,
    dropped: Cell<u64>,
}

impl Table {
    fn new(queues: usize, points: usize, ready: bool) -> Self {
        Self {
            queues: (0..queues).map(|_| Queue::default()).collect(),
            used: Cell::new(0),
            points: room(points, ready),
            points_used: Cell::new(0),
            index: vec![Cell::new((0, 0)); (queues * 2).next_power_of_two().max(2)].into_boxed_slice(),
            epoch: Cell::new(1),
            dropped: Cell::new(0),
        }
    }

    #[inline]
    fn clear(&self) {
        if self.used.get() == 0 {
            return;
        }
        self.used.set(0);
        self.points_used.set(0);
        self.epoch.set(self.epoch.get().wrapping_add(1));
        if self.epoch.get() == 0 {
            // Once in four thousand million blocks: entries of the first epoch must not come back to life.
            self.index.iter().for_each(|entry| entry.set((0, 0)));
            self.epoch.set(1);
        }
    }

    fn drop_one(&self) {
        self.dropped.set(self.dropped.get() + 1);
    }

    /// Where a parameter stands in the index, with its queue, or where it would stand.
    #[inline]
    fn look_up(&self, id: u32) -> (usize, Option<u32>) {
        let mask = self.index.len() - 1;
        let mut at = (id.wrapping_mul(0x9e37_79b1) >> 7) as usize & mask;
        loop {
            let (epoch, queue) = self.index[at].get();
            if epoch != self.epoch.get() {
                return (at, None);
            }
            if self.queues[queue as usize].id.get() == id {
                return (at, Some(queue));
            }
            at = (at + 1) & mask;
        }
    }

    /// The queue of a parameter, made when there is none.
    fn queue_of(&self, id: u32) -> Option<u32> {
        let (at, found) = self.look_up(id);
        if found.is_some() {
            return found;
        }
        let queue = self.used.get();
        let Some(fresh) = self.queues.get(queue as usize) else {
            self.drop_one();
            return None;
        };
        fresh.id.set(id);
        fresh.first.set(NONE);
        fresh.last.set(NONE);
        fresh.count.set(0);
        fresh.cursor.set((0, NONE));
        self.index[at].set((self.epoch.get(), queue));
        self.used.set(queue + 1);
        Some(queue)
    }

    fn new_point(&self, offset: i32, value: f64, next: u32) -> Option<u32> {
        let at = self.points_used.get();
        let Some(cell) = self.points.get(at as usize) else {
            self.drop_one();
            return None;
        };
        cell.set(Point { offset, next, value });
        self.points_used.set(at + 1);
        Some(at)
    }

    /// Adds a point and returns its position in the queue.
    fn add_point(&self, queue: u32, offset: i32, value: f64) -> Option<u32> {
        let queue = &self.queues[queue as usize];
        let last = queue.last.get();
        if last == NONE {
            let at = self.new_point(offset, value, NONE)?;
            queue.first.set(at);
            queue.last.set(at);
            queue.count.set(1);
            return Some(0);
        }
        let tail = self.points[last as usize].get();
        if offset == tail.offset {
            self.points[last as usize].set(Point { value, ..tail });
            return Some(queue.count.get() - 1);
        }
        queue.cursor.set((0, NONE));
        if offset > tail.offset {
            let at = self.new_point(offset, value, NONE)?;
            self.points[last as usize].set(Point { next: at, ..tail });
            queue.last.set(at);
            queue.count.set(queue.count.get() + 1);
            return Some(queue.count.get() - 1);
        }
        // Out of order: only a plugin does that. The tail is later, so the walk ends before it.
        let (mut before, mut here, mut position) = (NONE, queue.first.get(), 0);
        loop {
            let point = self.points[here as usize].get();
            if point.offset == offset {
                self.points[here as usize].set(Point { value, ..point });
                return Some(position);
            }
            if point.offset > offset {
                break;
            }
            (before, here, position) = (here, point.next, position + 1);
        }
        let at = self.new_point(offset, value, here)?;
        if before == NONE {
            queue.first.set(at);
        } else {
            let point = self.points[before as usize].get();
            self.points[before as usize].set(Point { next: at, ..point });
        }
        queue.count.set(queue.count.get() + 1);
        Some(position)
    }

    /// The queue of a parameter that has a point.
    fn find(&self, id: u32) -> Option<u32> {
        self.look_up(id).1.filter(|queue| self.queues[*queue as usize].last.get() != NONE)
    }

    /// The latest point of a queue that has one.
    fn latest(&self, queue: u32) -> (u32, f64) {
        let point = self.points[self.queues[queue as usize].last.get() as usize].get();
        (point.offset.max(0) as u32, point.value)
    }

    fn point(&self, queue: u32, index: u32) -> Option<Point> {
        let queue = &self.queues[queue as usize];
        if index >= queue.count.get() {
            return None;
        }
        let (mut at, mut here) = queue.cursor.get();
        if here == NONE || at > index {
            (at, here) = (0, queue.first.get());
        }
        while at < index {
            here = self.points[here as usize].get().next;
            at += 1;
        }
        queue.cursor.set((at, here));
        Some(self.points[here as usize].get())
    }
}

/// One queue as the plugin sees it. A plugin that keeps a reference for too long reads old or foreign points, never
/// freed memory.
struct QueueObject {
    table: Arc<Table>,
    queue: u32,
}

impl Class for QueueObject {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for QueueObject {
    unsafe fn getParameterId(&self) -> ParamID {
        self.table.queues[self.queue as usize].id.get()
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.table.queues[self.queue as usize].count.get() as int32
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        door("IParamValueQueue::getPoint", kInvalidArgument, || {
            let Some(point) = u32::try_from(index).ok().and_then(|index| self.table.point(self.queue, index)) else {
                return kInvalidArgument;
            };
            if offset.is_null() || value.is_null() {
                return kInvalidArgument;
            }
            // SAFETY: not null (checked above); the caller lends one int32 for the length of the call.
            unsafe { offset.write(point.offset) };
            // SAFETY: as above, one double.
            unsafe { value.write(point.value) };
            kResultOk
        })
    }

    unsafe fn addPoint(&self, offset: int32, value: ParamValue, index: *mut int32) -> tresult {
        door("IParamValueQueue::addPoint", kInvalidArgument, || {
            if !value.is_finite() || offset < 0 {
                return kInvalidArgument;
            }
            match self.table.add_point(self.queue, offset, value.clamp(0.0, 1.0)) {
                Some(position) => {
                    if !index.is_null() {
                        // SAFETY: not null; the caller lends one int32 for the length of the call.
                        unsafe { index.write(position as int32) };
                    }
                    kResultOk
                }
                None => kOutOfMemory,
            }
        })
    }
}

struct ChangesObject {
    table: Arc<Table>,
    queues: Box<[ComWrapper<QueueObject>]>,
}

impl Class for ChangesObject {
    type Interfaces = (IParameterChanges,);
}

impl ChangesObject {
    fn queue_pointer(&self, queue: u32) -> *mut IParamValueQueue {
        self.queues
            .get(queue as usize)
            .and_then(ComWrapper::as_com_ref::<IParamValueQueue>)
            .map_or(std::ptr::null_mut(), |queue| queue.as_ptr())
    }
}

impl IParameterChangesTrait for ChangesObject {
    unsafe fn getParameterCount(&self) -> int32 {
        self.table.used.get() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        door("IParameterChanges::getParameterData", std::ptr::null_mut(), || match u32::try_from(index) {
            Ok(index) if index < self.table.used.get() => self.queue_pointer(index),
            _ => std::ptr::null_mut(),
        })
    }

    unsafe fn addParameterData(&self, id: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        door("IParameterChanges::addParameterData", std::ptr::null_mut(), || {
            if id.is_null() {
                return std::ptr::null_mut();
            }
            // SAFETY: not null; the caller lends one id for the length of the call.
            let Some(queue) = self.table.queue_of(unsafe { id.read() }) else {
                return std::ptr::null_mut();
            };
            if !index.is_null() {
                // SAFETY: not null; the caller lends one int32 for the length of the call.
                unsafe { index.write(queue as int32) };
            }
            self.queue_pointer(queue)
        })
    }
}

/// The host's end of an `IParameterChanges` object.
pub struct ParamChanges {
    /// Keeps what `pointer` leads to.
    _object: ComWrapper<ChangesObject>,
    table: Arc<Table>,
    pointer: *mut IParameterChanges,
}

impl ParamChanges {
    /// `[main]` Room for `queues` parameters and `points` points a block; `ready` for an audio thread that must not wait.
    pub fn new(queues: usize, points: usize, ready: bool) -> Self {
        // Counted atomically because plugins may release a queue anywhere; used on one thread at a time all the same.
        #[allow(clippy::arc_with_non_send_sync)]
        let table = Arc::new(Table::new(queues, points, ready));
        let queues =
            (0..queues as u32).map(|queue| ComWrapper::new(QueueObject { table: Arc::clone(&table), queue })).collect();
        let object = ComWrapper::new(ChangesObject { table: Arc::clone(&table), queues });
        let pointer = object.as_com_ref::<IParameterChanges>().map_or(std::ptr::null_mut(), |changes| changes.as_ptr());
        Self { _object: object, table, pointer }
    }

    /// `[audio]` What goes into `ProcessData`; valid while `self` lives.
    #[inline]
    pub fn pointer(&self) -> *mut IParameterChanges {
        self.pointer
    }

    /// `[audio]` Forgets all points.
    #[inline]
    pub fn clear(&self) {
        self.table.clear();
    }

    /// `[audio]` Adds a point; no room is counted.
    #[inline]
    pub fn push(&self, point: &ParamPoint) {
        let table = &self.table;
        if let Some(queue) = table.queue_of(point.param.0) {
            table.add_point(queue, point.offset as i32, point.value);
        }
    }

    /// `[audio]` Whether no parameter has a queue.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.used.get() == 0
    }

    /// `[audio]` Every point, queue by queue, in order of offset.
    pub fn for_each(&self, mut visit: impl FnMut(ParamPoint)) {
        let table = &self.table;
        for queue in 0..table.used.get() {
            let mut at = table.queues[queue as usize].first.get();
            while at != NONE {
                let point = table.points[at as usize].get();
                visit(ParamPoint {
                    param: ParamId(table.queues[queue as usize].id.get()),
                    offset: point.offset.max(0) as u32,
                    value: point.value,
                });
                at = point.next;
            }
        }
    }

    /// `[audio]` The latest point of a parameter in this block, as offset and value.
    pub fn latest(&self, param: ParamId) -> Option<(u32, f64)> {
        let table = &self.table;
        let queue = table.find(param.0)?;
        Some(table.latest(queue))
    }

    /// `[audio]` The latest value of every parameter that has a queue.
    pub fn for_latest(&self, mut visit: impl FnMut(ParamId, f64)) {
        for queue in 0..self.table.used.get() {
            let id = self.table.queues[queue as usize].id.get();
            // A queue without a point is one that found no room for it.
            if self.table.queues[queue as usize].last.get() != NONE {
                visit(ParamId(id), self.table.latest(queue).1);
            }
        }
    }

    /// `[any]` Points that found no room so far.
    pub fn dropped(&self) -> u64 {
        self.table.dropped.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use vst3::ComRef;

    /// Reads everything through the COM interface, as a plugin does.
    fn read(changes: &ParamChanges) -> BTreeMap<u32, Vec<(i32, f64)>> {
        // SAFETY: the pointer is valid while `changes` lives.
        let plugin_side = unsafe { ComRef::from_raw(changes.pointer()) }.unwrap();
        let mut all = BTreeMap::new();
        // SAFETY: plain calls on a live object.
        for index in 0..unsafe { plugin_side.getParameterCount() } {
            // SAFETY: the queue lives as long as `changes`.
            let queue = unsafe { ComRef::from_raw(plugin_side.getParameterData(index)) }.unwrap();
            // SAFETY: plain call on a live object.
            let count = unsafe { queue.getPointCount() };
            let points = (0..count)
                .map(|index| {
                    let (mut offset, mut value) = (0, 0.0);
                    // SAFETY: both pointers are to live locals.
                    assert_eq!(unsafe { queue.getPoint(index, &mut offset, &mut value) }, kResultOk);
                    (offset, value)
                })
                .collect();
            // SAFETY: plain call on a live object.
            assert!(all.insert(unsafe { queue.getParameterId() }, points).is_none(), "one queue per parameter");
        }
        all
    }

    proptest! {
        #[test]
        fn queues_are_unique_and_sorted_whatever_the_order(
            points in prop::collection::vec((0_u32..6, 0_u32..40, 0.0_f64..=1.0), 0..60),
            blocks in 1_usize..4,
        ) {
            let changes = ParamChanges::new(6, 64, false);
            for _ in 0..blocks {
                changes.clear();
                let mut expected: BTreeMap<u32, BTreeMap<i32, f64>> = BTreeMap::new();
                for (id, offset, value) in &points {
                    changes.push(&ParamPoint { param: ParamId(*id), offset: *offset, value: *value });
                    expected.entry(*id).or_default().insert(*offset as i32, *value);
                }
                let expected: BTreeMap<u32, Vec<(i32, f64)>> =
                    expected.into_iter().map(|(id, points)| (id, points.into_iter().collect())).collect();
                prop_assert_eq!(read(&changes), expected);
            }
            prop_assert_eq!(changes.dropped(), 0);
        }
    }

    #[test]
    fn what_finds_no_room_is_counted_and_refused() {
        let changes = ParamChanges::new(2, 3, false);
        for id in 0..4 {
            changes.push(&ParamPoint { param: ParamId(id), offset: 0, value: 0.5 });
        }
        assert_eq!(changes.dropped(), 2);
        changes.push(&ParamPoint { param: ParamId(0), offset: 1, value: 0.5 });
        changes.push(&ParamPoint { param: ParamId(0), offset: 2, value: 0.5 });
        assert_eq!(changes.dropped(), 3);
        assert_eq!(read(&changes), BTreeMap::from([(0, vec![(0, 0.5), (1, 0.5)]), (1, vec![(0, 0.5)])]));
    }

    #[test]
    fn a_plugin_cannot_add_nonsense() {
        let changes = ParamChanges::new(2, 8, false);
        // SAFETY: the pointer is valid while `changes` lives.
        let plugin_side = unsafe { ComRef::from_raw(changes.pointer()) }.unwrap();
        let mut index = -1;
        // SAFETY: live object, pointers to live locals.
        let queue = unsafe { ComRef::from_raw(plugin_side.addParameterData(&7, &mut index)) }.unwrap();
        assert_eq!(index, 0);
        // SAFETY: a null index is allowed by the interface; so in the next lines.
        assert_eq!(unsafe { queue.addPoint(0, f64::NAN, std::ptr::null_mut()) }, kInvalidArgument);
        // SAFETY: as above.
        assert_eq!(unsafe { queue.addPoint(-1, 0.0, std::ptr::null_mut()) }, kInvalidArgument);
        // SAFETY: as above.
        assert_eq!(unsafe { queue.addPoint(3, 7.0, std::ptr::null_mut()) }, kResultOk);
        assert_eq!(read(&changes), BTreeMap::from([(7, vec![(3, 1.0)])]));
        // SAFETY: live object.
        assert!(unsafe { plugin_side.getParameterData(1) }.is_null());
        // SAFETY: live object; null is what is tested.
        assert!(unsafe { plugin_side.addParameterData(std::ptr::null(), &mut index) }.is_null());
    }
}
