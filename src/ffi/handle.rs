//! Handles that survive misuse: what C holds as a pointer is a table index with a generation, never
//! an address.
//!
//! A handle that was freed, freed twice, freed while another thread was using it, or made up, finds
//! no entry or an entry of another generation, and the call is refused; memory is never touched
//! through it. Handles of different kinds can't be mixed up: the lowest bits name the kind, and they
//! are odd, so that no address of a real object passes for a handle.
//!
//! A call costs no atomic read-modify-write in the steady state: each thread keeps the entry that
//! it used last, and asks only whether it is still live. It stays where it is while it is used: a call within that
//! call (from a callback, or from a signal handler at any of its instructions) finds that noted, and has to
//! ask the table. So has each later call of a thread once a handler has jumped out of a call: that its frame is
//! gone cannot be told for certain from where it lay, as coroutines may have their stacks within the thread's, and what a
//! suspended one uses must not be freed. The table itself is lock-free to look up, so
//! that a forked child never waits for a lock that a thread of its parent held; the free list is only
//! ever tried, because a lost slot costs a few bytes and a deadlock costs the host.

use std::cell::{Cell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, compiler_fence};
use std::thread::LocalKey;

use crate::process::Undisturbed;
use crate::sync::Mutex;

use crate::status::{Error, Result, Status};

/// What a table entry points to: the object, and whether its handle is still good.
#[repr(C)]
pub struct LiveObject<T> {
    live: AtomicBool,
    value: ManuallyDrop<T>,
}

impl<T> Drop for LiveObject<T> {
    /// By whoever was the last to use it: that may be a log call, or the end of a thread.
    fn drop(&mut self) {
        let _undisturbed = Undisturbed::by_ourselves();
        // SAFETY: dropped here and nowhere else, and not used after it.
        unsafe { ManuallyDrop::drop(&mut self.value) };
    }
}

/// The entry that a thread used last.
pub struct Cached<T> {
    /// Whether a call is using it: then no other call changes anything here.
    is_used: Cell<bool>,
    /// Its handle, or 0.
    handle: Cell<usize>,
    entry: UnsafeCell<Option<Arc<LiveObject<T>>>>,
}

impl<T> Cached<T> {
    /// None yet.
    pub const fn new() -> Cached<T> {
        Cached { is_used: Cell::new(false), handle: Cell::new(0), entry: UnsafeCell::new(None) }
    }

    /// The object, if it is this one and still live; used until [`Cached::leave`].
    #[inline(always)]
    fn enter(&self, handle: usize) -> Option<&T> {
        if self.is_used.get() {
            return None;
        }
        // From here on a handler's call leaves the entry where it is.
        self.is_used.set(true);
        compiler_fence(Ordering::SeqCst);
        if self.handle.get() == handle {
            // SAFETY: nobody replaces the entry while it is used.
            match unsafe { &*self.entry.get() } {
                Some(entry) if entry.live.load(Ordering::Acquire) => return Some(&entry.value),
                _ => {}
            }
        }
        self.leave();
        None
    }

    #[inline(always)]
    fn leave(&self) {
        compiler_fence(Ordering::SeqCst);
        self.is_used.set(false);
    }

    /// Keeps another entry, which the caller uses from here on; not to be called while it is used.
    fn keep(&self, handle: usize, entry: Option<Arc<LiveObject<T>>>) {
        self.is_used.set(true);
        compiler_fence(Ordering::SeqCst);
        self.handle.set(handle);
        // SAFETY: nobody else uses the entry: other threads do not reach it, and calls within this one see that it is used.
        drop(std::mem::replace(unsafe { &mut *self.entry.get() }, entry));
    }
}

/// While a call uses an object.
enum InUse<'a, T> {
    /// The one that its thread keeps.
    Kept(&'a Cached<T>),
    /// One of which it has a reference of its own.
    Own { _entry: Option<Arc<LiveObject<T>>> },
}

impl<T> Drop for InUse<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if let InUse::Kept(cache) = self {
            cache.leave();
        }
    }
}

/// A kind of object that C holds handles of.
pub trait Handled: Send + Sync + Sized + 'static {
    /// How the header calls it, for error messages.
    const NAME: &'static str;
    /// The lowest four bits of its handles: odd, and different for each kind.
    const KIND: usize;
    /// All objects of this kind.
    fn table() -> &'static Table<Self>;
    /// The calling thread's last used entry.
    fn cache() -> &'static LocalKey<Cached<Self>>;
}

/// Makes a type a [`Handled`] one: its table and its per-thread cache.
macro_rules! handled {
    ($type:ty, $name:literal, $kind:literal) => {
        impl $crate::ffi::handle::Handled for $type {
            const NAME: &'static str = $name;
            const KIND: usize = $kind;
            fn table() -> &'static $crate::ffi::handle::Table<Self> {
                static TABLE: $crate::ffi::handle::Table<$type> = $crate::ffi::handle::Table::new();
                &TABLE
            }
            fn cache() -> &'static std::thread::LocalKey<$crate::ffi::handle::Cached<Self>> {
                thread_local! {
                    static CACHE: $crate::ffi::handle::Cached<$type> = const { $crate::ffi::handle::Cached::new() };
                }
                &CACHE
            }
        }
    };
}
pub(super) use handled;

const KIND_BITS: u32 = 4;
const INDEX_BITS: u32 = if usize::BITS >= 64 { 24 } else { 16 };
const GENERATION_BITS: u32 = usize::BITS - KIND_BITS - INDEX_BITS;
const MAX_SLOTS: u32 = 1 << INDEX_BITS;

/// Calls `body` with the object behind a handle.
#[inline]
pub fn with<T: Handled, R>(handle: usize, body: impl FnOnce(&T) -> Result<R>) -> Result<R> {
    let cache = own_cache::<T>();
    let entered = cache.and_then(|cache| Some((cache.enter(handle)?, InUse::Kept(cache))));
    let (object, _in_use) = match entered {
        Some(entered) => entered,
        None => find(cache, handle)?,
    };
    body(object)
}

/// [`with`], where a look at the object often says that nothing is to be done. `is_wanted` looks and calls nothing; it is
/// asked again where something is, which costs less than a second copy of `body`. By [`with`] and a look in its body a
/// filtered call has 81 instructions rather than 73 (`scripts/instructions.sh`).
#[inline]
pub fn with_wanted<T: Handled>(
    handle: usize,
    is_wanted: impl Fn(&T) -> bool,
    body: impl FnOnce(&T) -> Result<()>,
) -> Result<()> {
    let cache = own_cache::<T>();
    let entered = match cache.and_then(|cache| Some((cache.enter(handle)?, cache))) {
        Some((object, cache)) if !is_wanted(object) => {
            cache.leave();
            return Ok(());
        }
        Some((object, cache)) => Some((object, InUse::Kept(cache))),
        None => None,
    };
    let (object, _in_use) = match entered {
        Some(entered) => entered,
        None => find(cache, handle)?,
    };
    if is_wanted(object) { body(object) } else { Ok(()) }
}

/// What the calling thread keeps; `None` only while it is being torn down.
#[inline(always)]
fn own_cache<'a, T: Handled>() -> Option<&'a Cached<T>> {
    let cache: Option<*const Cached<T>> = T::cache().try_with(ptr::from_ref).ok();
    // SAFETY: it is there for as long as its thread, which is in a call of ours.
    cache.map(|cache| unsafe { &*cache })
}

/// The object by the table; kept by the thread from now on, unless another call uses what it has.
#[cold]
#[inline(never)]
fn find<T: Handled>(cache: Option<&Cached<T>>, handle: usize) -> Result<(&T, InUse<'_, T>)> {
    let entry = T::table().get(handle).filter(|entry| entry.live.load(Ordering::Acquire));
    let object = entry.as_deref().map(ptr::from_ref);
    let in_use = match cache {
        Some(cache) if !cache.is_used.get() => {
            cache.keep(handle, entry);
            InUse::Kept(cache)
        }
        _ => InUse::Own { _entry: entry },
    };
    let object = object.ok_or_else(|| invalid::<T>(handle))?;
    // SAFETY: it is kept, or referred to, until the use ends.
    Ok((unsafe { &(*object).value }, in_use))
}

/// Puts an object into its table and gives its handle.
pub fn insert<T: Handled>(value: T) -> Result<usize> {
    T::table().insert(value).ok_or_else(|| {
        Error::new(Status::NoResources, format!("more than {MAX_SLOTS} {} are in use at once", T::NAME))
    })
}

/// Takes a handle out of use and gives its object; the object lives on until the last call that is
/// using it returns.
pub fn remove<T: Handled>(handle: usize) -> Result<Arc<LiveObject<T>>> {
    let entry = T::table().remove(handle).ok_or_else(|| invalid::<T>(handle))?;
    entry.live.store(false, Ordering::Release);
    // The thread that frees should not keep the object alive until its next call.
    let _ = T::cache().try_with(|cache| {
        if !cache.is_used.get() {
            cache.keep(0, None);
            cache.leave();
        }
    });
    Ok(entry)
}

impl<T> LiveObject<T> {
    /// The object.
    pub fn value(&self) -> &T {
        &self.value
    }
}

/// The refusal of a handle that is none. Where there was never a logger no callback could hear of it, so it is warned
/// of; whether one that was freed is still live may be asked.
#[cold]
fn invalid<T: Handled>(handle: usize) -> Error {
    if handle == 0 {
        let what = format!("{}: must not be NULL; make one first", T::NAME);
        super::refusals::warn(Status::NullPointer, &what);
        return Error::new(Status::NullPointer, what);
    }
    Error::new(
        Status::InvalidHandle,
        format!("{}: not a live handle (already freed, or never made)", T::NAME),
    )
}

/// One place of a table. `state` is the generation (high 32 bits), whether the slot is live (bit 0),
/// and how many look-ups are holding it just now (the bits between).
struct Slot<T> {
    state: AtomicU64,
    object: AtomicPtr<LiveObject<T>>,
}

const LIVE: u64 = 1;
const ONE_USER: u64 = 2;
const USERS: u64 = 0xffff_fffe;
const GENERATION_SHIFT: u32 = 32;

/// Slots are allocated in blocks that double in size and are never freed, so that an index once
/// valid can always be looked at.
const FIRST_BLOCK_BITS: u32 = 6;
const BLOCKS: usize = (INDEX_BITS - FIRST_BLOCK_BITS + 1) as usize;

/// All objects of one kind.
pub struct Table<T> {
    blocks: [AtomicPtr<Slot<T>>; BLOCKS],
    next: AtomicU32,
    free: Mutex<Vec<u32>>,
}

impl<T> Table<T> {
    /// An empty table.
    pub const fn new() -> Table<T> {
        Table {
            blocks: [const { AtomicPtr::new(ptr::null_mut()) }; BLOCKS],
            next: AtomicU32::new(0),
            free: Mutex::new(Vec::new()),
        }
    }

    /// The block of an index, the index within it, and the block's size.
    fn locate(index: u32) -> (usize, usize, usize) {
        let first = 1u32 << FIRST_BLOCK_BITS;
        if index < first {
            return (0, index as usize, first as usize);
        }
        // Block n > 0 holds the indices from 2^(FIRST_BLOCK_BITS+n-1) up to its double.
        let bits = u32::BITS - 1 - index.leading_zeros();
        ((bits - FIRST_BLOCK_BITS + 1) as usize, (index - (1 << bits)) as usize, 1 << bits)
    }

    fn slot(&self, index: u32) -> Option<&Slot<T>> {
        if index >= MAX_SLOTS {
            return None;
        }
        let (block, offset, _) = Self::locate(index);
        let slots = self.blocks[block].load(Ordering::Acquire);
        if slots.is_null() {
            return None;
        }
        // SAFETY: a block, once published, has the size that `locate` gives and is never freed.
        Some(unsafe { &*slots.add(offset) })
    }

    fn slot_or_allocate(&self, index: u32) -> Option<&Slot<T>> {
        let (block, _, size) = Self::locate(index);
        if index < MAX_SLOTS && self.blocks[block].load(Ordering::Acquire).is_null() {
            let slots: Box<[Slot<T>]> = (0..size)
                .map(|_| Slot {
                    state: AtomicU64::new(1 << GENERATION_SHIFT),
                    object: AtomicPtr::new(ptr::null_mut()),
                })
                .collect();
            let slots = Box::into_raw(slots);
            if self.blocks[block]
                .compare_exchange(ptr::null_mut(), slots.cast(), Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                // SAFETY: another thread published its block first, so this one is still ours alone.
                drop(unsafe { Box::from_raw(slots) });
            }
        }
        self.slot(index)
    }

    fn insert(&self, value: T) -> Option<usize>
    where
        T: Handled,
    {
        let reused = self.free.try_lock().and_then(|mut free| free.pop());
        let index = match reused {
            Some(index) => index,
            None => self
                .next
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                    (next < MAX_SLOTS).then_some(next + 1)
                })
                .ok()?,
        };
        let slot = self.slot_or_allocate(index)?;
        let entry = Arc::new(LiveObject { live: AtomicBool::new(true), value: ManuallyDrop::new(value) });
        slot.object.store(Arc::into_raw(entry).cast_mut(), Ordering::Release);
        let state = slot.state.fetch_or(LIVE, Ordering::AcqRel);
        Some(encode::<T>(index, state >> GENERATION_SHIFT))
    }

    fn get(&self, handle: usize) -> Option<Arc<LiveObject<T>>>
    where
        T: Handled,
    {
        self.object_of(handle, |state| state + ONE_USER)
    }

    fn remove(&self, handle: usize) -> Option<Arc<LiveObject<T>>>
    where
        T: Handled,
    {
        // Only one remover can turn the live bit off; it stays a user until it has the object.
        self.object_of(handle, |state| (state & !LIVE) + ONE_USER)
    }

    /// The object of a live handle, for who becomes a user of its slot by this change of the slot's state.
    #[inline]
    fn object_of(&self, handle: usize, joined: impl Fn(u64) -> u64) -> Option<Arc<LiveObject<T>>>
    where
        T: Handled,
    {
        let (index, generation) = decode::<T>(handle)?;
        let slot = self.slot(index)?;
        slot.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                is_live(state, generation).then(|| joined(state))
            })
            .ok()?;
        // SAFETY: the slot was live when we became its user, so `object` came from `Arc::into_raw`,
        // and it is not given up before its last user has left.
        let entry = unsafe {
            let object = slot.object.load(Ordering::Acquire);
            Arc::increment_strong_count(object);
            Arc::from_raw(object)
        };
        self.leave(index, slot);
        Some(entry)
    }

    /// Ends a use; the last user of a removed slot empties it for the next generation.
    fn leave(&self, index: u32, slot: &Slot<T>) {
        let left = slot.state.fetch_sub(ONE_USER, Ordering::AcqRel) - ONE_USER;
        if left & (LIVE | USERS) != 0 {
            return;
        }
        let next = (left >> GENERATION_SHIFT) + 1;
        let object = slot.object.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: the slot is dead and has no user, so this is the table's own reference, and only
        // the one that saw both come true gets here.
        drop(unsafe { Arc::from_raw(object) });
        // A slot whose generations are used up is retired rather than repeated.
        if next < 1 << GENERATION_BITS.min(32) {
            slot.state.store(next << GENERATION_SHIFT, Ordering::Release);
            if let Some(mut free) = self.free.try_lock() {
                free.push(index);
            }
        }
    }
}

fn is_live(state: u64, generation: u64) -> bool {
    state & LIVE != 0 && state >> GENERATION_SHIFT == generation
}

fn encode<T: Handled>(index: u32, generation: u64) -> usize {
    (generation as usize) << (KIND_BITS + INDEX_BITS) | (index as usize) << KIND_BITS | T::KIND
}

fn decode<T: Handled>(handle: usize) -> Option<(u32, u64)> {
    let kind = handle & ((1 << KIND_BITS) - 1);
    let index = (handle >> KIND_BITS) & ((1 << INDEX_BITS) - 1);
    let generation = handle >> (KIND_BITS + INDEX_BITS);
    (kind == T::KIND).then_some((index as u32, generation as u64))
}

#[cfg(test)]
mod tests;
