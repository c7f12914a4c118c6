//! Memory where there is none: the allocator of a library that must not end its host's process.
//!
//! It is the system's. Where that has nothing left (a limit on address space, on data, on locked memory), the standard
//! library ends the process, over 16 bytes as well. So:
//!
//! - What is large is asked for first ([`has_memory`], [`without_waiting`]), and not begun without.
//! - What has been begun ends with the reserve: 1 MiB in small pieces, which costs address space and nothing else until it
//!   is used.
//! - Beyond that, a thread of the library's own waits until there is memory again. Its records are in files and segments
//!   meanwhile, and nobody waits for it without a limit.
//! - A call of the host's that has none for its text is left by unwinding ([`reserve_or_leave`]), which the boundary makes
//!   a status of. For other large pieces it waits for a second, as an allocator can do nothing else.
//!
//! `docs/decisions/memory.md` says why.

use super::{Undisturbed, hold_cancellation};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The reserve: 1 MiB in blocks.
const BLOCK_BYTES: usize = 1024;
const BLOCKS: usize = 1024;
const RESERVE_BYTES: usize = BLOCKS * BLOCK_BYTES;
const BLOCKS_PER_WORD: usize = u64::BITS as usize;
/// The largest piece of it: what one word of the map can say.
const LARGEST: usize = BLOCKS_PER_WORD * BLOCK_BYTES;
/// What is kept for the smallest, since those are asked for under locks too: so many words of the map.
const WORDS_FOR_SMALL: usize = 4;
/// How often a thread that waits looks again, and how often one of the host's does.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: usize = 50;

/// The system's allocator and the reserve behind it.
pub struct Allocator {
    reserve: Reserve,
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator { reserve: Reserve::new() };

static SHORTAGES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    // Without a destructor, so that it can be asked at any time of a thread's life.
    static MOST_LOOKS: Cell<usize> = const { Cell::new(LOOKS) };
}

/// How long a thread waits for memory.
#[derive(Clone, Copy)]
pub struct Patience(usize);

impl Patience {
    /// Of one of the library's own threads, for which nobody waits without a limit.
    pub const ENDLESS: Patience = Patience(usize::MAX);

    /// This thread's.
    pub fn of_this_thread() -> Patience {
        Patience(MOST_LOOKS.get())
    }

    /// Makes it this thread's.
    pub fn set_here(self) {
        MOST_LOOKS.set(self.0);
    }
}

/// How often there was no memory so far, in this process.
pub fn memory_shortages() -> usize {
    SHORTAGES.load(Ordering::Relaxed)
}

/// Whether there are so many bytes to be had at present.
pub fn has_memory(bytes: usize) -> bool {
    // The allocator may have some left for which it need not ask the system.
    can_map(bytes) || system_has(bytes)
}

/// Whether the system gives so many bytes of address space.
pub fn can_map(bytes: usize) -> bool {
    memmap2::MmapMut::map_anon(bytes).is_ok()
}

/// From so many bytes on it is looked first whether a call of the host's can have them: less is had from the reserve.
const LOOKED_FOR: usize = LARGEST;
/// And from so many on always, not only where there was a shortage before: such a call takes far longer than the look.
const ALWAYS_LOOKED_FOR: usize = 3 << 19;

/// Whether a call of the host's would lack memory halfway, if it takes so many bytes.
pub fn is_short_of(bytes: usize) -> bool {
    let is_looked_for = bytes > ALWAYS_LOOKED_FOR || bytes > LOOKED_FOR && memory_shortages() > 0;
    is_looked_for && has_not(bytes)
}

fn has_not(bytes: usize) -> bool {
    // A handler that jumps out would leave the allocator's lock held.
    let _undisturbed = Undisturbed::by_handlers();
    !has_memory(bytes)
}

/// Leaves a call of the host's that would lack memory halfway. One that needs `many` pieces is always looked after: so many
/// are not in the reserve.
pub fn leave_if_short_of(bytes: usize, many: bool) {
    let is_short = || if many { has_not(bytes) } else { is_short_of(bytes) };
    if MOST_LOOKS.get() != usize::MAX && is_short() {
        std::panic::resume_unwind(Box::new(NoMemory));
    }
}

/// What a call of the host's is left with for which there is no memory. Nothing is changed by then.
pub struct NoMemory;

/// Makes room for `more`. A thread of the library's own waits for it; a call of the host's that cannot have it is left, up to
/// the boundary.
pub fn reserve_or_leave(bytes: &mut Vec<u8>, more: usize) {
    let is_waiting = MOST_LOOKS.get() == usize::MAX;
    let mut reserve = || bytes.try_reserve_exact(more);
    if if is_waiting { reserve() } else { without_waiting(reserve) }.is_err() {
        std::panic::resume_unwind(Box::new(NoMemory));
    }
}

/// Whether the system's allocator has a piece of this size, as those need who ask it themselves.
pub fn system_has(bytes: usize) -> bool {
    let Ok(layout) = Layout::array::<u8>(bytes.max(1)) else { return false };
    // SAFETY: the layout has a size, and what is given goes back as it came.
    unsafe {
        // The compiler may leave out what is given back unused, and say that there was memory.
        let given = std::hint::black_box(System.alloc(layout));
        if !given.is_null() {
            System.dealloc(given, layout);
        }
        !given.is_null()
    }
}

/// Runs `work`, which can do without the memory that it asks for: it is told at once that there is none.
pub fn without_waiting<T>(work: impl FnOnce() -> T) -> T {
    let patience = MOST_LOOKS.replace(0);
    let result = work();
    MOST_LOOKS.set(patience);
    result
}

// SAFETY: every piece comes from the system's allocator or from the reserve, and goes back to where it came from, which its
// address tells.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let given = unsafe { System.alloc(layout) };
        // SAFETY: as before.
        if given.is_null() { self.last_resort(layout, || unsafe { System.alloc(layout) }) } else { given }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let given = unsafe { System.alloc_zeroed(layout) };
        if !given.is_null() {
            return given;
        }
        // SAFETY: as before.
        let given = self.last_resort(layout, || unsafe { System.alloc_zeroed(layout) });
        if self.reserve.has(given) {
            // SAFETY: the piece is ours alone, and so large at least.
            unsafe { ptr::write_bytes(given, 0, layout.size()) };
        }
        given
    }

    #[inline]
    unsafe fn dealloc(&self, given: *mut u8, layout: Layout) {
        if self.reserve.has(given) {
            return self.reserve.take_back(given, layout.size());
        }
        // SAFETY: it is the system's; otherwise as the caller promises.
        unsafe { System.dealloc(given, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, given: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.reserve.has(given) {
            // SAFETY: it is the system's; otherwise as the caller promises.
            let moved = unsafe { System.realloc(given, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: as the caller promises.
        unsafe { self.moved(given, layout, size) }
    }
}

impl Allocator {
    /// The system has nothing.
    #[cold]
    #[inline(never)]
    fn last_resort(&self, layout: Layout, again: impl Fn() -> *mut u8) -> *mut u8 {
        SHORTAGES.fetch_add(1, Ordering::Relaxed);
        let mut given = self.reserve.give(layout);
        if !given.is_null() {
            return given;
        }
        // A thread that is cancelled while it sleeps would unwind from here, which ends the process.
        let cancellation = hold_cancellation();
        let mut looks = 0;
        while given.is_null() && looks < MOST_LOOKS.get() {
            looks += 1;
            std::thread::sleep(LOOK);
            given = again();
            if given.is_null() {
                given = self.reserve.give(layout);
            }
        }
        cancellation.put_back();
        given
    }

    /// # Safety
    ///
    /// As that of `GlobalAlloc::realloc`.
    #[cold]
    #[inline(never)]
    unsafe fn moved(&self, given: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that this size is good with this alignment; both pieces are so large at least.
        unsafe {
            let larger = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !larger.is_null() {
                ptr::copy_nonoverlapping(given, larger, layout.size().min(size));
                self.dealloc(given, layout);
            }
            larger
        }
    }
}

/// Memory that is there from the start.
#[repr(C, align(4096))]
struct Room(UnsafeCell<[u8; RESERVE_BYTES]>);

/// Blocks of it, one bit for each that is in use. Without a lock, so that neither a fork nor a handler that jumps out can leave
/// one held.
struct Reserve {
    room: Room,
    used: [AtomicU64; BLOCKS / BLOCKS_PER_WORD],
}

// SAFETY: a piece of the room is reached by whoever was given it only.
unsafe impl Sync for Reserve {}

impl Reserve {
    const fn new() -> Reserve {
        Reserve {
            room: Room(UnsafeCell::new([0; RESERVE_BYTES])),
            used: [const { AtomicU64::new(0) }; BLOCKS / BLOCKS_PER_WORD],
        }
    }

    #[inline(always)]
    fn has(&self, given: *const u8) -> bool {
        given.addr().wrapping_sub(self.room.0.get().addr()) < RESERVE_BYTES
    }

    /// So many blocks, as bits from the lowest.
    fn bits(size: usize) -> u64 {
        u64::MAX >> (BLOCKS_PER_WORD - size.div_ceil(BLOCK_BYTES).clamp(1, BLOCKS_PER_WORD))
    }

    fn give(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST || layout.align() > BLOCK_BYTES {
            return ptr::null_mut();
        }
        let bits = Reserve::bits(layout.size());
        let last = BLOCKS_PER_WORD - bits.count_ones() as usize;
        let is_small = bits.count_ones() == 1;
        let words = if is_small { 0 } else { WORDS_FOR_SMALL }..self.used.len();
        for number in words {
            let word = &self.used[number];
            let mut used = word.load(Ordering::Relaxed);
            while let Some(at) = (0..=last).find(|at| used & (bits << at) == 0) {
                // Acquire: what was done with the blocks before is done.
                match word.compare_exchange(used, used | bits << at, Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        let offset = (number * BLOCKS_PER_WORD + at) * BLOCK_BYTES;
                        // SAFETY: within the room, as both numbers are within theirs.
                        return unsafe { self.room.0.get().cast::<u8>().add(offset) };
                    }
                    Err(now) => used = now,
                }
            }
        }
        ptr::null_mut()
    }

    #[cold]
    fn take_back(&self, given: *mut u8, size: usize) {
        let block = given.addr().wrapping_sub(self.room.0.get().addr()) / BLOCK_BYTES;
        let bits = Reserve::bits(size) << (block % BLOCKS_PER_WORD);
        self.used[block / BLOCKS_PER_WORD].fetch_and(!bits, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 16).unwrap()
    }

    #[test]
    fn pieces_of_the_reserve_never_overlap_and_can_be_had_again() {
        static RESERVE: Reserve = Reserve::new();
        for _ in 0..3 {
            let mut pieces = Vec::new();
            for size in (0..).map(|n| [1, 1024, 1025, 4096, 0, LARGEST, 700][n % 7]) {
                let piece = RESERVE.give(layout(size));
                if piece.is_null() {
                    break;
                }
                assert!(RESERVE.has(piece) && piece.addr() % 16 == 0);
                pieces.push((piece, size));
            }
            assert!(pieces.len() > 7, "{}", pieces.len());
            let mut sorted: Vec<_> =
                pieces.iter().map(|(piece, size)| (piece.addr(), (*size).max(1))).collect();
            sorted.sort_unstable();
            assert!(sorted.windows(2).all(|two| two[0].0 + two[0].1 <= two[1].0));
            pieces.into_iter().for_each(|(piece, size)| RESERVE.take_back(piece, size));
            assert!(RESERVE.used.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        }
        assert!(RESERVE.give(layout(LARGEST + 1)).is_null());
    }

    #[test]
    fn threads_share_the_reserve() {
        static RESERVE: Reserve = Reserve::new();
        std::thread::scope(|scope| {
            for mark in 1..=4_u8 {
                scope.spawn(move || {
                    for size in (0..2_000).map(|n| n * 37 % 9_000 + 1) {
                        let piece = RESERVE.give(layout(size));
                        if piece.is_null() {
                            continue;
                        }
                        // SAFETY: the piece is this thread's, and so large.
                        unsafe {
                            ptr::write_bytes(piece, mark, size);
                            std::thread::yield_now();
                            assert!(std::slice::from_raw_parts(piece, size).iter().all(|byte| *byte == mark));
                        }
                        RESERVE.take_back(piece, size);
                    }
                });
            }
        });
        assert!(RESERVE.used.iter().all(|word| word.load(Ordering::Relaxed) == 0));
    }

    #[test]
    fn a_piece_of_the_reserve_grows_into_the_systems_memory_and_keeps_what_it_holds() {
        let piece = ALLOCATOR.reserve.give(layout(64));
        // SAFETY: the piece is ours, and goes back as what it became.
        unsafe {
            ptr::write_bytes(piece, 7, 64);
            let larger = ALLOCATOR.realloc(piece, layout(64), 100_000);
            assert!(!ALLOCATOR.reserve.has(larger));
            assert!(std::slice::from_raw_parts(larger, 64).iter().all(|byte| *byte == 7));
            ALLOCATOR.dealloc(larger, layout(100_000));
        }
    }
}
