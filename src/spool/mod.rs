//! Records that survive the process.
//!
//! A [`Spool`] takes records from any number of threads and keeps them until a [`Reader`] has
//! delivered them: over SIGKILL, fork, exit, outages and full disks, within the configured space.
//! What cannot be kept is counted by reason, so that at every moment
//!
//! ```text
//! accepted + adopted == delivered + held + dropped (memory, disk, expired, corrupt) + purged + quarantined
//! ```
//!
//! An append costs a short lock, a copy and a checksum; it allocates nothing and calls nothing. Threads that
//! append at the same time do so in lanes of their own ([`lanes`]); records leave in the order in which
//! their appends returned, over all threads. It becomes slow only where there is no prepared segment: when
//! the memory cap is reached (the next segment is then made in the spool directory), for a record larger
//! than a segment (it gets one of its own), and while the overflow policy evicts or waits. A spool never
//! fails to open, never fails because of what it finds in a file, and never lets an error of the file system
//! through to the caller: it falls back to the next place, in the end to plain memory.
//!
//! It does not know what a record means, does not talk to a network, does not retry, and does not
//! sync: after a power loss, what the kernel had not written yet is gone.
//!
//! What could not be read is not damaged: an error of the file system says nothing about the records behind it.
//! They stay held, the error is told, and it is tried again. Counted as corrupt is what was read and failed
//! its checksum, and what is known to have been removed; nothing is removed that could not be read.
//!
//! # On disk
//!
//! ```text
//! <hot dir>/<identity>/<instance>/lock                         flock'ed by the living owner, who notes in it
//!                                                              how delivery stands, as a line of JSON
//! <hot dir>/<identity>/<instance>/<maker>.<file>.seg           on tmpfs, mapped while in use
//! <spool dir>/<identity>/<instance>/lock
//! <spool dir>/<identity>/<instance>/<maker>.<file>.seg         what had to wait: the file fallback
//! <spool dir>/<identity>/quarantine/                           records and files set aside, capped
//! <spool dir>/<identity>/*.ages                                since when such files are there (age.rs)
//! <spool dir>/<identity>/attachments/<maker>.<sequence>        content of one record (sidefile.rs)
//! ```
//!
//! *identity* is a hash over whose records these are ([`Identity`]): 32 hexadecimal digits. Directories of 16
//! digits, which earlier versions made, are adopted from and never made. *instance* and *maker* are
//! `<unix time in ns>-<pid>-<random>` of a logger instance: the one that owns the directory, and the one
//! that made the file. They differ once an owner has died and another instance of the same identity
//! has taken its files over, by renaming them into its own directory while it holds the dead
//! owner's locks. Which records a file holds is told by its header alone: the origin (the instance
//! that accepted them) and the number of the segment. Directories are 0700, files 0600.
//!
//! A segment, all numbers little-endian:
//!
//! ```text
//!    0  header     magic "maximspl", version u32, salt u32, origin (ns u64, pid u32, 0 u32,
//!                  random u64), segment number u64, base sequence u64, created u64, size u64, crc u32
//!  128  header     again, so that one flipped bit cannot cost the segment
//!  256  seal       records u32, tail offset u32, sealed u64, crc u32; zeros while written to
//!  320  cursor     offset/8 in 24 bits, records in 24 bits, check in 16 bits: how much has left
//!  328  heartbeat  Unix seconds u64, every minute: until when a segment without a seal took records
//!  336  stamp      boot id, seconds since boot u64, age in seconds u32, crc u32: how old the youngest
//!                  record is (age.rs), set when put into use, every minute, when sealed and when adopted
//! 4096  records    each 8-aligned: length u32, crc u32, tag u64 (sequence << 8 | kind), payload
//! ```
//!
//! *length* counts itself, crc, tag and payload, so it is at least 16; 0 means that no record has
//! been published here yet. It is stored last, and before that the length behind the record is set
//! to 0, so that a segment can be used again without being wiped. A record's crc (see `checksum.rs`)
//! covers payload, tag, length and the salt of the segment's present use: old records never
//! pass for new ones.
//!
//! Version 2 is a segment of a spool with one lane. In version 3, of a spool with several, each payload begins with
//! a stamp (u64): a clock that all threads share, read while the lane's lock was held, so that records of several
//! lanes can be put in order. It means nothing beyond one boot of the machine, nor between two origins. The upper
//! 4 of the 56 bits of a sequence are the lane, the others count its records. Segments of version 3 that follow
//! each other by number, with none of version 2 between them, are merged by stamp; all that are before and behind
//! them come before and after. Each has a cursor of its own.
//!
//! Within a segment sequences have no gaps, so that what is damaged can be counted. A segment that
//! was never sealed, because its owner was killed, ends where its records end.
//!
//! A hot file holds one segment after another; between two of them its headers have no magic and no
//! record is first, which says that it holds nothing. A file that is no segment, of another version, or without a single
//! sound header is moved to `quarantine/` and counted.
//!
//! # The files of this room
//!
//! `format`, `checksum`, `scan`, `secure_fs` and `claim` stand by themselves. The others are
//! one object: the [`Spool`] with its state, whose work is written down by what it is about (`rotate`,
//! `reader`, `spill`, `adopt`, `upkeep`, `purge` …) instead of in one file of 3,000 lines. These use each other,
//! in a circle; what holds them together is the order of their locks (`lanes.rs`).

mod adopt;
mod age;
mod batch;
mod candidates;
mod checksum;
mod claim;
mod file_facts;
mod foreign;
mod format;
mod group;
#[cfg_attr(unix, path = "held_lock/unix.rs")]
#[cfg_attr(windows, path = "held_lock/windows.rs")]
mod held_lock;
mod lanes;
mod purge;
mod quarantine;
mod quarantine_age;
mod reader;
mod rotate;
mod scan;
mod secure_fs;
mod segment;
mod sidefile;
mod spill;
#[allow(clippy::module_inception)] // the room and the thing it is about
mod spool;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod upkeep;
mod wakeup;

pub use batch::{Batch, Record, RecordId};
pub use candidates::Unusable;
pub use format::record_size;
pub use lanes::Counts;
pub use reader::{BatchLimits, READ_AGAIN, Reader};
pub use sidefile::has_orphans;
pub use spool::{Missed, Spool};
pub use wakeup::Wakeup;

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What sort of record: opaque to the spool. 0 is a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct RecordKind(pub u8);

/// Whose records: only a spool of the same identity may deliver them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which protocol delivers them.
    pub protocol: &'static str,
    /// Where they go.
    pub base_url: String,
    /// The repository or source they belong to.
    pub repository: String,
    /// A one-way hash of the credential; never the credential.
    pub key_fingerprint: String,
}

impl Identity {
    fn parts(&self) -> [&str; 4] {
        [self.protocol, &self.base_url, &self.repository, &self.key_fingerprint]
    }

    /// The name of the identity's directory: 32 hexadecimal digits, the head of SHA-256 over the parts, each
    /// behind its length, so that no two identities share one.
    fn name(&self) -> String {
        let mut hash = Sha256::new();
        for part in self.parts() {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The name that it had before: 16 digits of FNV-1a.
    fn former_name(&self) -> String {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for part in self.parts() {
            for byte in part.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        format!("{hash:016x}")
    }
}

/// What happens to a record when there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest segment goes, with all its records.
    DropOldest,
    /// The record is refused.
    DropNewest,
    /// The caller waits for room, at most so long; then the record is refused.
    Block(Duration),
}

/// How a spool is to be opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose records.
    pub identity: Identity,
    /// The spool directory; `None`: the user's state directory, or `/var/tmp/maxim-<uid>`.
    /// A named one that cannot be used ([`check_directory`]) is replaced by one of these if there is to be a fallback.
    pub dir: Option<PathBuf>,
    /// Whether another one is used and told of where the named one cannot be.
    pub dir_fallback: bool,
    /// Where hot segments live; `None`: `/dev/shm/maxim-<uid>`.
    pub hot_dir: Option<PathBuf>,
    /// Cap on hot segments and memory, in bytes; at least four small segments are taken.
    pub max_memory_bytes: u64,
    /// Cap on files in the spool directory, in bytes; 0 uses no disk.
    pub max_disk_bytes: u64,
    /// What happens when both are full.
    pub overflow: Overflow,
    /// Older records are dropped.
    pub max_age: Duration,
    /// What dead owners of other identities left is given up when it is older than this, and than `max_age`: theirs
    /// may have been longer.
    pub given_up_after: Duration,
    /// Unread bytes that wake the writer up; 0: half a segment.
    pub wake_bytes: u64,
    /// Unread records that wake the writer up; 0: off.
    pub wake_records: u64,
    /// Touch no file system at all.
    pub memory_only: bool,
    /// What has been in quarantine for longer is removed; `None`: nothing is for its age.
    pub quarantine_max_age: Option<Duration>,
    /// This process may be gone soon, as forked children often are: it begins with a small segment, and
    /// does not look after what others left before it has lived for a second.
    pub short_lived: bool,
    /// It begins with a small segment, as a caller waits for it.
    pub begins_small: bool,
    /// How many threads can log at the same time at most; 0: as many as there are processors.
    pub lanes: usize,
}

impl Options {
    /// The defaults: 64 MiB of memory, 1 GiB of disk, drop the oldest, 72 hours.
    pub fn new(identity: Identity) -> Options {
        Options {
            identity,
            dir: None,
            dir_fallback: true,
            hot_dir: None,
            max_memory_bytes: 64 << 20,
            max_disk_bytes: 1 << 30,
            overflow: Overflow::DropOldest,
            max_age: Duration::from_secs(72 * 3600),
            given_up_after: Duration::from_secs(72 * 3600),
            wake_bytes: 0,
            wake_records: 0,
            memory_only: false,
            quarantine_max_age: None,
            short_lived: false,
            begins_small: false,
            lanes: 0,
        }
    }
}

/// Whether the spool directory that was named, if any, can be used.
pub fn check_directory(named: Option<&Path>) -> Result<(), Unusable> {
    candidates::check_named(named)
}

/// Why a record was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room, and the overflow policy does not make any.
    Full,
    /// The record can never fit; the longest payload that could.
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// The spool has been closed.
    Closed,
    /// A thread was stopped in the middle of an append and has not come back; nobody else can append.
    Stuck,
}

/// Where records are kept, from best to worst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageKind {
    /// Hot segments on tmpfs; what has to wait in the spool directory, if there is one.
    Hot {
        /// The hot directory of this identity.
        hot: PathBuf,
        /// The spool directory of this identity.
        cold: Option<PathBuf>,
    },
    /// Everything in the spool directory of this identity.
    DiskOnly(PathBuf),
    /// Memory: records survive neither a crash nor an exit.
    Memory,
}

/// What became of the records, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpoolStats {
    /// Records accepted by [`Spool::append`].
    pub accepted: u64,
    /// Records taken over from dead owners, damaged ones among them.
    pub adopted: u64,
    /// Records acknowledged.
    pub delivered: u64,
    /// Records waiting.
    pub held: u64,
    /// Records evicted from memory because the space was full.
    pub dropped_memory: u64,
    /// Records evicted from disk because the space was full.
    pub dropped_disk: u64,
    /// Records older than `max_age`.
    pub dropped_expired: u64,
    /// Records that could not be read back: damaged, truncated, or removed by somebody else.
    pub dropped_corrupt: u64,
    /// Records removed by [`Spool::purge`].
    pub purged: u64,
    /// Records put into quarantine.
    pub quarantined: u64,
    /// Appends refused for want of room or of the lock (not accepted, so in no sum).
    pub refused: u64,
    /// Files set aside because they are no segments of ours.
    pub files_set_aside: u64,
    /// Bytes the waiting records take up.
    pub bytes_held: u64,
    /// Payload bytes acknowledged.
    pub bytes_delivered: u64,
    /// Age of the oldest waiting record in milliseconds (0 when none waits); never too low.
    pub oldest_held_ms: u64,
}

impl SpoolStats {
    /// Adds the numbers of another spool; the age is that of the older.
    pub fn add(&mut self, other: &SpoolStats) {
        let SpoolStats {
            accepted,
            adopted,
            delivered,
            held,
            dropped_memory,
            dropped_disk,
            dropped_expired,
            dropped_corrupt,
            purged,
            quarantined,
            refused,
            files_set_aside,
            bytes_held,
            bytes_delivered,
            oldest_held_ms,
        } = other;
        self.accepted += accepted;
        self.adopted += adopted;
        self.delivered += delivered;
        self.held += held;
        self.dropped_memory += dropped_memory;
        self.dropped_disk += dropped_disk;
        self.dropped_expired += dropped_expired;
        self.dropped_corrupt += dropped_corrupt;
        self.purged += purged;
        self.quarantined += quarantined;
        self.refused += refused;
        self.files_set_aside += files_set_aside;
        self.bytes_held += bytes_held;
        self.bytes_delivered += bytes_delivered;
        self.oldest_held_ms = self.oldest_held_ms.max(*oldest_held_ms);
    }
}
