//! Memory that outlives the process: every access to mapped memory is in this file.
//!
//! A [`Mapping`] is one segment as it lies in memory. Its first page is written through word-wise
//! atomics and small copies by whoever holds the lock of its lane, or the spool's; its records are written once, in
//! order, by [`Room::write_record`], and only what has been published is ever read. The file
//! behind it is fully allocated before it is mapped: a hole on a full disk would kill the host.

use super::age::{AgeStamp, STAMP_LEN};
use super::checksum;
use super::format::{self, Cursor, HEADER_LEN, HEADER_SIZE, Header, RECORD_HEADER, SEAL_LEN, STAMP, Seal};
use crate::sync::{AtomicU32, AtomicU64};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::Ordering;

/// A page, for faulting pages in by hand. A larger page only makes some stores superfluous.
const PAGE: usize = 4096;

/// The length that a record's header tells: its own and the payload's.
#[inline(always)]
fn header_length(payload: usize) -> u32 {
    (RECORD_HEADER + payload) as u32
}

/// A segment in memory.
pub(super) struct Mapping {
    raw: MmapRaw,
}

impl Mapping {
    /// Maps a file of `size` bytes, all of them allocated and zero.
    pub fn of_file(file: &File, size: usize) -> io::Result<Mapping> {
        if (file.metadata()?.len() as usize) < size || size < HEADER_SIZE + RECORD_HEADER {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mapping = Mapping { raw: MmapOptions::new().len(size).map_raw(file)? };
        mapping.prefault();
        Ok(mapping)
    }

    /// Memory without a file, for hosts without a usable file system.
    pub fn anonymous(size: usize) -> io::Result<Mapping> {
        if size < HEADER_SIZE + RECORD_HEADER {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        Ok(Mapping { raw: MmapOptions::new().len(size).map_anon()?.into() })
    }

    /// Faults every page in, so that no append has to.
    fn prefault(&self) {
        #[cfg(target_os = "linux")]
        if self.raw.advise(memmap2::Advice::PopulateWrite).is_ok() {
            return;
        }
        for at in (0..self.len()).step_by(PAGE) {
            self.word(at).fetch_or(0, Ordering::Relaxed);
        }
    }

    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// The room for the next record, at `at`, if there is so much: with a payload of `length` bytes, a stamp included.
    #[inline(always)]
    pub fn room(&self, at: u32, length: usize) -> Option<Room<'_>> {
        let size = format::record_size(length);
        let behind = self.len().checked_sub(at as usize)?.checked_sub(size)?;
        debug_assert!(at >= HEADER_SIZE as u32);
        assert!(at % 8 == 0);
        let start = self.raw.as_mut_ptr().wrapping_add(at as usize);
        Some(Room { start, length, behind, next: at + size as u32, of: PhantomData })
    }

    /// Published bytes: records before the tail that the reader was told of under a lock.
    pub fn published(&self, range: Range<usize>) -> &[u8] {
        assert!(HEADER_SIZE <= range.start && range.start <= range.end && range.end <= self.len());
        let start = self.raw.as_ptr().wrapping_add(range.start);
        // SAFETY: inside the mapping by the assertion; published records are not written again while
        // this mapping is shared (a segment is recycled only when its `Arc` has a single owner).
        unsafe { std::slice::from_raw_parts(start, range.len()) }
    }

    /// Puts a blank segment into use. In each copy the magic comes last, so that at every moment it
    /// is either blank or has a copy that is whole.
    pub fn begin(&self, header: &Header) {
        let bytes = header.encode();
        for at in format::HEADER_AT {
            self.write_words::<HEADER_LEN>(at, &bytes);
        }
    }

    /// Makes a segment whose records have all left ready for its next use.
    pub fn recycle(&self) {
        self.half(HEADER_SIZE).store(0, Ordering::Release);
        for at in format::HEADER_AT {
            self.word(at).store(0, Ordering::Release);
        }
        self.write_words::<SEAL_LEN>(format::SEAL_AT, &[0; SEAL_LEN]);
        self.word(format::CURSOR_AT).store(0, Ordering::Release);
        self.set_heartbeat(0);
    }

    /// Notes how the segment ended.
    pub fn seal(&self, seal: &Seal, salt: u32) {
        self.write_words::<SEAL_LEN>(format::SEAL_AT, &seal.encode(salt));
    }

    /// Moves the acknowledgement cursor.
    pub fn set_cursor(&self, cursor: Cursor, salt: u32) {
        self.word(format::CURSOR_AT).store(cursor.pack(salt).to_le(), Ordering::Release);
    }

    /// Notes how old the youngest record is.
    pub fn set_stamp(&self, stamp: &AgeStamp, salt: u32) {
        self.write_words::<STAMP_LEN>(format::STAMP_AT, &stamp.encode(salt));
    }

    /// Notes that the owner is alive.
    pub fn set_heartbeat(&self, unix_time: u64) {
        self.word(format::HEARTBEAT_AT).store(unix_time.to_le(), Ordering::Relaxed);
    }

    /// Writes whole words, the first one last.
    fn write_words<const N: usize>(&self, at: usize, bytes: &[u8; N]) {
        for (index, word) in bytes.chunks_exact(8).enumerate().rev() {
            let word = u64::from_ne_bytes(word.try_into().expect("eight bytes"));
            self.word(at + 8 * index).store(word, Ordering::Release);
        }
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at % 8 == 0 && at + 8 <= self.len());
        // SAFETY: inside the mapping and aligned by the assertion; only used as an atomic.
        unsafe { &*self.raw.as_ptr().wrapping_add(at).cast::<AtomicU64>() }
    }

    #[inline(always)]
    fn half(&self, at: usize) -> &AtomicU32 {
        assert!(at % 4 == 0 && at + 4 <= self.len());
        // SAFETY: inside the mapping and aligned by the assertion; only used as an atomic.
        unsafe { &*self.raw.as_ptr().wrapping_add(at).cast::<AtomicU32>() }
    }
}

/// Where the next record goes: room in a mapping that is not published yet. The lock of a lane admits one writer.
pub(super) struct Room<'a> {
    /// 8-aligned, as mappings are page-aligned. So many bytes from here are the record's: [`format::record_size`] of ...
    start: *mut u8,
    /// ... a payload that is so long, with its stamp.
    length: usize,
    /// So much of the mapping is behind it.
    behind: usize,
    /// Where the record after it goes.
    pub next: u32,
    of: PhantomData<&'a Mapping>,
}

impl Room<'_> {
    /// Writes the record and publishes it: from the last store on it survives the process.
    ///
    /// The checksum is that of the payload as it was given: there it is in the nearest cache, and is not just
    /// being written. It is taken before the payload is copied, as hardly anything has to be kept over that call then.
    #[inline(always)]
    pub fn write_record(self, tag: u64, salt: u32, stamp: Option<u64>, payload: &[u8]) {
        let head = if stamp.is_some() { STAMP } else { 0 };
        assert_eq!(head + payload.len(), self.length, "{OTHER_LENGTH}");
        let Room { start, behind, .. } = self;
        #[cfg(target_arch = "x86_64")]
        if checksum::has_instruction() {
            // SAFETY: the processor has the instruction, and there is room for the record at `start`.
            return unsafe {
                match stamp {
                    None => write_by_instruction(start, behind, tag, salt, || None, payload),
                    Some(stamp) => write_by_instruction(start, behind, tag, salt, || Some(stamp), payload),
                }
            };
        }
        // SAFETY: there is room for the record at `start`.
        unsafe { write_checked_by(checksum::by_library, start, behind, tag, salt, stamp, payload) };
    }

    /// [`Room::write_record`] for a payload in parts; its checksum is taken where it is put together.
    pub fn write_parts(self, tag: u64, salt: u32, stamp: Option<u64>, parts: &[&[u8]]) {
        let stamp = stamp.map(u64::to_le_bytes);
        let parts = || stamp.iter().map(|stamp| &stamp[..]).chain(parts.iter().copied());
        assert_eq!(parts().map(<[u8]>::len).sum::<usize>(), self.length, "{OTHER_LENGTH}");
        let first = self.start.wrapping_add(RECORD_HEADER);
        let mut to = first;
        for part in parts() {
            // SAFETY: there is room for all parts together, which nobody else looks at yet.
            unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), to, part.len()) };
            to = to.wrapping_add(part.len());
        }
        // SAFETY: these bytes have just been written.
        let payload = unsafe { std::slice::from_raw_parts(first, self.length) };
        let checksum = checksum::checksum(payload, tag, header_length(self.length), salt);
        // SAFETY: there is room for the record at `start`.
        unsafe {
            write_header(self.start, self.behind, tag, checksum, self.length);
            publish(self.start, self.length);
        }
    }
}

const OTHER_LENGTH: &str = "a payload is as long as was said when there was room for it";

/// [`Room::write_record`] with the checksum's instruction among the code around it: as a call of its own the
/// checksum of a short record costs half as much again. `stamp` is constant in each copy that the compiler makes of this,
/// so that a record without one does not ask.
///
/// # Safety
/// As for [`write_header`]; the room is that of stamp and payload too; the processor has the instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
unsafe fn write_by_instruction(
    start: *mut u8,
    behind: usize,
    tag: u64,
    salt: u32,
    stamp: impl FnOnce() -> Option<u64>,
    payload: &[u8],
) {
    // SAFETY: the processor has the instruction, as this function was called.
    let step = |crc, word| unsafe { checksum::step(crc, word) };
    let checksum = |stamp, payload: &[u8], tag, length, salt| {
        checksum::by_steps(step, stamp, payload, tag, length, salt)
    };
    // SAFETY: the caller's.
    unsafe { write_checked_by(checksum, start, behind, tag, salt, stamp(), payload) };
}

/// # Safety
/// As for [`write_header`]; the room is that of stamp and payload too.
#[inline(always)]
unsafe fn write_checked_by(
    checksum: impl FnOnce(Option<u64>, &[u8], u64, u32, u32) -> u32,
    start: *mut u8,
    behind: usize,
    tag: u64,
    salt: u32,
    stamp: Option<u64>,
    payload: &[u8],
) {
    let head = if stamp.is_some() { STAMP } else { 0 };
    let length = head + payload.len();
    let checksum = checksum(stamp, payload, tag, header_length(length), salt);
    // SAFETY: there is room for all of this, which nobody else looks at yet, and 8-aligned.
    unsafe {
        write_header(start, behind, tag, checksum, length);
        let first = start.add(RECORD_HEADER);
        if let Some(stamp) = stamp {
            first.cast::<u64>().write(stamp.to_le());
        }
        std::ptr::copy_nonoverlapping(payload.as_ptr(), first.add(head), payload.len());
        publish(start, length);
    }
}

/// Writes all of a record's header but its length, and ends the chain of records behind it.
///
/// # Safety
/// At `start`, which is 8-aligned, there is room for a record with a payload of `length` bytes that is not published
/// yet, and behind that are `behind` bytes of the same mapping.
#[inline(always)]
unsafe fn write_header(start: *mut u8, behind: usize, tag: u64, checksum: u32, length: usize) {
    // SAFETY: the caller's. The length behind the record is stored only if there is room for a header.
    unsafe {
        start.add(8).cast::<u64>().write(tag.to_le());
        start.add(4).cast::<u32>().write(checksum.to_le());
        // A segment in its second use still has old records behind this one: end the chain first.
        if behind >= RECORD_HEADER {
            let size = format::record_size(length);
            (*start.add(size).cast::<AtomicU32>()).store(0, Ordering::Relaxed);
        }
    }
}

/// Publishes a record: it is there from this store on.
///
/// # Safety
/// At `start`, which is 8-aligned, is a record that is written but for its length.
#[inline(always)]
unsafe fn publish(start: *mut u8, length: usize) {
    // SAFETY: the caller's.
    unsafe { (*start.cast::<AtomicU32>()).store(header_length(length).to_le(), Ordering::Release) };
}
