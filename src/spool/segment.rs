//! Memory that outlives the process: every access to mapped memory is in this file.
//!
//! A [`Mapping`] is one segment as it lies in memory. Its first page is written through word-wise
//! atomics and small copies by whoever holds the spool's lock; its records are written once, in
//! order, by [`Mapping::write_record`], and only what has been published is ever read. The file
//! behind it is fully allocated before it is mapped: a hole on a full disk would kill the host.

use super::age::{AgeStamp, STAMP_LEN};
use super::checksum;
use super::format::{self, Cursor, HEADER_LEN, HEADER_SIZE, Header, RECORD_HEADER, SEAL_LEN, Seal};
use crate::sync::{AtomicU32, AtomicU64};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
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

    /// Writes one record behind the last one and publishes it: from the last store on it survives
    /// the process. `at` is a multiple of eight; gives where the next record goes.
    #[inline(always)]
    pub fn write_record(&self, at: usize, tag: u64, salt: u32, payload: &[u8]) -> usize {
        #[cfg(target_arch = "x86_64")]
        if checksum::has_instruction() {
            // SAFETY: the processor has the instruction.
            return unsafe { self.write_by_instruction(at, tag, salt, payload) };
        }
        self.write_checked_by(checksum::by_library, at, tag, salt, payload)
    }

    /// [`Mapping::write_record`] with the checksum's instruction among the code around it: as a call of its
    /// own the checksum of a short record costs half as much again.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "sse4.2")]
    fn write_by_instruction(&self, at: usize, tag: u64, salt: u32, payload: &[u8]) -> usize {
        let step = |crc, word| std::arch::x86_64::_mm_crc32_u64(crc, word);
        let checksum =
            |payload: &[u8], tag, length, salt| checksum::by_steps(step, payload, tag, length, salt);
        self.write_checked_by(checksum, at, tag, salt, payload)
    }

    /// [`Mapping::write_record`] for a payload in parts, behind a stamp or not; its checksum is taken where it is
    /// put together.
    pub fn write_parts(&self, at: usize, tag: u64, salt: u32, stamp: Option<u64>, parts: &[&[u8]]) -> usize {
        let stamp = stamp.map(u64::to_le_bytes);
        let stamp = stamp.as_ref().map(|stamp| &stamp[..]);
        let length = stamp.iter().chain(parts).map(|part| part.len()).sum();
        let copy = |first: *mut u8| {
            let mut to = first;
            for part in stamp.iter().chain(parts) {
                // SAFETY: `write_to` gives room for all parts together, which nobody else looks at yet.
                unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), to, part.len()) };
                to = to.wrapping_add(part.len());
            }
            // SAFETY: these bytes have just been written.
            checksum::checksum(
                unsafe { std::slice::from_raw_parts(first, length) },
                tag,
                header_length(length),
                salt,
            )
        };
        self.write_to(at, tag, length, copy)
    }

    #[inline(always)]
    fn write_checked_by(
        &self,
        checksum: impl FnOnce(&[u8], u64, u32, u32) -> u32,
        at: usize,
        tag: u64,
        salt: u32,
        payload: &[u8],
    ) -> usize {
        let copy = |to: *mut u8| {
            // SAFETY: `write_to` gives room for the payload, which nobody else looks at yet.
            unsafe { std::ptr::copy_nonoverlapping(payload.as_ptr(), to, payload.len()) };
            // Of the payload as it was given: there it is in the nearest cache, and is not just being written.
            checksum(payload, tag, header_length(payload.len()), salt)
        };
        self.write_to(at, tag, payload.len(), copy)
    }

    /// Writes a record whose payload of `length` bytes `copy` puts where it is told to, and gives its checksum.
    #[inline(always)]
    fn write_to(&self, at: usize, tag: u64, length: usize, copy: impl FnOnce(*mut u8) -> u32) -> usize {
        let size = format::record_size(length);
        assert!(at >= HEADER_SIZE && at.is_multiple_of(8) && size <= self.len() && at <= self.len() - size);
        let next = at + size;
        let start = self.raw.as_mut_ptr().wrapping_add(at);
        let checksum = copy(start.wrapping_add(RECORD_HEADER));
        // SAFETY: [at, at + size) lies inside the mapping by the assertion above, is 8-aligned as the
        // mapping is page-aligned, is not published yet, and the spool's lock admits one writer. The length
        // behind the record is stored only if there is room for a header.
        unsafe {
            start.add(8).cast::<u64>().write(tag.to_le());
            start.add(4).cast::<u32>().write(checksum.to_le());
            // A segment in its second use still has old records behind this one: end the chain first.
            if self.len() - next >= RECORD_HEADER {
                (*start.add(size).cast::<AtomicU32>()).store(0, Ordering::Relaxed);
            }
            (*start.cast::<AtomicU32>()).store(header_length(length).to_le(), Ordering::Release);
        }
        next
    }

    /// Published bytes: records before the tail that the spool's lock told the reader of.
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
        for (index, word) in bytes.as_chunks::<8>().0.iter().enumerate().rev() {
            self.word(at + 8 * index).store(u64::from_ne_bytes(*word), Ordering::Release);
        }
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= self.len());
        // SAFETY: inside the mapping and aligned by the assertion; only used as an atomic.
        unsafe { &*self.raw.as_ptr().wrapping_add(at).cast::<AtomicU64>() }
    }

    #[inline(always)]
    fn half(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(4) && at + 4 <= self.len());
        // SAFETY: inside the mapping and aligned by the assertion; only used as an atomic.
        unsafe { &*self.raw.as_ptr().wrapping_add(at).cast::<AtomicU32>() }
    }
}
