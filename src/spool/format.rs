//! The bytes of a segment: headers, seals, cursors and what stands before each record.
//!
//! Pure functions over byte slices. Every length and offset that comes from a file is bounded
//! before it is used, so that no content whatsoever can cause a panic. The layout is described in
//! the opening comment of `src/spool/mod.rs`. `maxim-dev` reads the spool by this file too.

/// Where the records begin: the first page belongs to the header.
pub(super) const HEADER_SIZE: usize = 4096;
/// Length, checksum and tag before each payload.
pub(super) const RECORD_HEADER: usize = 16;
/// Before the payload of a record in a segment with stamps.
pub(super) const STAMP: usize = 8;
/// The longest payload: 64 MiB, and some slack for what the caller wraps around it.
pub(super) const RECORD_MAX: usize = (64 << 20) + (64 << 10);
/// The largest segment there can be: one record of the longest payload.
pub(super) const SEGMENT_MAX: usize =
    HEADER_SIZE + record_size(STAMP + RECORD_MAX).next_multiple_of(HEADER_SIZE);
/// The first sequence that does not fit a record's tag.
const SEQUENCE_END: u64 = 1 << SEQUENCE_BITS;
/// The bits of a sequence.
pub(super) const SEQUENCE_BITS: u32 = 56;
/// The two places of the header, equal in content: a flipped bit in one leaves the other.
pub(super) const HEADER_AT: [usize; 2] = [0, 128];
/// Where the seal is.
pub(super) const SEAL_AT: usize = 256;
/// Where the acknowledgement cursor is.
pub(super) const CURSOR_AT: usize = 320;
/// Where the heartbeat is.
pub(super) const HEARTBEAT_AT: usize = 328;

/// Where the stamp is (age.rs).
pub(super) const STAMP_AT: usize = 336;

/// What tells whether a file holds a segment: the first page and the length of the first record.
pub(super) const OPENING_SIZE: usize = HEADER_SIZE + 4;

const MAGIC: [u8; 8] = *b"maximspl";
/// Of a segment without stamps, and of one with them.
const VERSIONS: [u32; 2] = [2, 3];
pub(super) const HEADER_LEN: usize = 80;
pub(super) const SEAL_LEN: usize = 24;

/// The room a payload takes in a segment.
pub const fn record_size(payload: usize) -> usize {
    (RECORD_HEADER + payload + 7) & !7
}

/// Which logger instance, of all that ever ran on this machine, made a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Origin {
    /// Unix time in nanoseconds at which the instance was opened: the order of adoption.
    pub time: u64,
    pub pid: u32,
    pub random: u64,
}

/// What makes a segment unique, and orders segments by age.
pub(super) type SegmentKey = (Origin, u64);

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Header {
    /// Mixed into every checksum, so that records of an earlier use of the same memory never pass.
    pub salt: u32,
    /// Whether each payload begins with a stamp.
    pub stamped: bool,
    pub origin: Origin,
    pub number: u64,
    /// The sequence of the first record.
    pub base: u64,
    /// Unix time in seconds at which the segment was put into use.
    pub created: u64,
    /// The size of the segment while it was written to.
    pub size: u64,
}

/// What the first page of a file turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Segment(Header),
    /// Prepared for its next use: it holds no records.
    Blank,
    /// Not one of ours, of another version, or damaged beyond use.
    Foreign,
}

impl Header {
    pub fn key(&self) -> SegmentKey {
        (self.origin, self.number)
    }

    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&VERSIONS[usize::from(self.stamped)].to_le_bytes());
        out[12..16].copy_from_slice(&self.salt.to_le_bytes());
        out[16..24].copy_from_slice(&self.origin.time.to_le_bytes());
        out[24..28].copy_from_slice(&self.origin.pid.to_le_bytes());
        out[32..40].copy_from_slice(&self.origin.random.to_le_bytes());
        out[40..48].copy_from_slice(&self.number.to_le_bytes());
        out[48..56].copy_from_slice(&self.base.to_le_bytes());
        out[56..64].copy_from_slice(&self.created.to_le_bytes());
        out[64..72].copy_from_slice(&self.size.to_le_bytes());
        let check = crc32c::crc32c(&out[..72]);
        out[72..76].copy_from_slice(&check.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..HEADER_LEN)?;
        let version = VERSIONS.iter().position(|version| Some(*version) == u32_at(bytes, 8))?;
        if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..72]) != u32_at(bytes, 72)? {
            return None;
        }
        let header = Header {
            salt: u32_at(bytes, 12)?,
            origin: Origin { time: u64_at(bytes, 16)?, pid: u32_at(bytes, 24)?, random: u64_at(bytes, 32)? },
            number: u64_at(bytes, 40)?,
            base: u64_at(bytes, 48)?,
            created: u64_at(bytes, 56)?,
            size: u64_at(bytes, 64)?,
            stamped: version > 0,
        };
        // Below the end by more than a segment can hold, so that no sum of the two overflows.
        (header.base > 0 && header.base < SEQUENCE_END - (1 << 32)).then_some(header)
    }

    /// Reads the first [`OPENING_SIZE`] bytes of a file, or as many of them as there are.
    pub fn open(page: &[u8]) -> Opening {
        let copies = HEADER_AT.map(|at| page.get(at..).and_then(Header::decode));
        if let Some(header) = copies.into_iter().flatten().next() {
            return Opening::Segment(header);
        }
        let is_zero = |from: usize, count: usize| page.iter().skip(from).take(count).all(|byte| *byte == 0);
        let is_blank = HEADER_AT.into_iter().all(|at| is_zero(at, MAGIC.len()));
        // A wiped header before records is damage.
        if is_blank && is_zero(HEADER_SIZE, OPENING_SIZE - HEADER_SIZE) {
            Opening::Blank
        } else {
            Opening::Foreign
        }
    }
}

/// How a segment ended, written once when it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    pub records: u32,
    /// The offset behind the last record.
    pub tail: u32,
    /// Unix time in seconds.
    pub sealed: u64,
}

impl Seal {
    pub fn encode(&self, salt: u32) -> [u8; SEAL_LEN] {
        let mut out = [0; SEAL_LEN];
        out[0..4].copy_from_slice(&self.records.to_le_bytes());
        out[4..8].copy_from_slice(&self.tail.to_le_bytes());
        out[8..16].copy_from_slice(&self.sealed.to_le_bytes());
        let check = crc32c::crc32c_append(salt, &out[..16]);
        out[16..20].copy_from_slice(&check.to_le_bytes());
        out
    }

    pub fn decode(page: &[u8], salt: u32) -> Option<Seal> {
        let bytes = page.get(SEAL_AT..SEAL_AT + SEAL_LEN)?;
        if crc32c::crc32c_append(salt, &bytes[..16]) != u32_at(bytes, 16)? {
            return None;
        }
        let seal = Seal { records: u32_at(bytes, 0)?, tail: u32_at(bytes, 4)?, sealed: u64_at(bytes, 8)? };
        let room = (seal.tail as usize).checked_sub(HEADER_SIZE)?;
        let sound = seal.records as usize <= room / RECORD_HEADER && seal.tail as usize <= SEGMENT_MAX;
        sound.then_some(seal)
    }
}

/// How far the records of a segment have left: delivered, quarantined or dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The offset behind the last record that has left.
    pub offset: u32,
    /// How many records have left.
    pub count: u32,
}

impl Cursor {
    pub const START: Cursor = Cursor { offset: HEADER_SIZE as u32, count: 0 };

    /// 24 bits of offset in steps of eight, 24 bits of count, 16 bits of check: one word, so that
    /// one store moves the cursor and a damaged one is recognised.
    pub fn pack(self, salt: u32) -> u64 {
        let packed = u64::from(self.offset / 8) | u64::from(self.count) << 24;
        packed | u64::from(Cursor::check(packed, salt)) << 48
    }

    /// The cursor, or the start when there is none or it is damaged: records are then delivered
    /// twice rather than never.
    pub fn unpack(word: u64, salt: u32) -> Cursor {
        let packed = word & ((1 << 48) - 1);
        let cursor = Cursor { offset: ((packed & 0xff_ffff) * 8) as u32, count: (packed >> 24) as u32 };
        let sound = Cursor::check(packed, salt) == (word >> 48) as u16
            && cursor.offset as usize >= HEADER_SIZE
            && cursor.count as usize <= (cursor.offset as usize - HEADER_SIZE) / RECORD_HEADER;
        if sound { cursor } else { Cursor::START }
    }

    fn check(packed: u64, salt: u32) -> u16 {
        let crc = crc32c::crc32c_append(salt, &packed.to_le_bytes());
        (crc ^ (crc >> 16)) as u16
    }

    pub fn read(page: &[u8], salt: u32) -> Cursor {
        u64_at(page, CURSOR_AT).map_or(Cursor::START, |word| Cursor::unpack(word, salt))
    }
}

/// When the owner of a segment last looked after it, in Unix seconds; 0 for never.
pub(super) fn heartbeat(page: &[u8]) -> u64 {
    u64_at(page, HEARTBEAT_AT).unwrap_or(0)
}

/// The second word of a record: its sequence, and its kind in the low byte.
pub(super) const fn tag(sequence: u64, kind: u8) -> u64 {
    sequence << 8 | kind as u64
}

/// What stands before each payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordHead {
    /// Of the record: this and its payload.
    pub length: usize,
    pub checksum: u32,
    /// As [`tag`] makes it.
    pub tag: u64,
}

impl RecordHead {
    /// The head at `at`, if a record of that length fits into `bytes` there.
    #[inline]
    pub fn read(bytes: &[u8], at: usize) -> Option<RecordHead> {
        let length = u32_at(bytes, at)? as usize;
        if !(RECORD_HEADER..=bytes.len() - at).contains(&length) {
            return None;
        }
        Some(RecordHead { length, checksum: u32_at(bytes, at + 4)?, tag: u64_at(bytes, at + 8)? })
    }

    pub fn sequence(&self) -> u64 {
        self.tag >> 8
    }

    /// How far behind this one the next record begins.
    pub fn step(&self) -> usize {
        self.length.next_multiple_of(8)
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}
