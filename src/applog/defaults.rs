//! The user and session of entries that name none: changed at any time, read without a lock.
//!
//! Two copies, one in use: a writer fills the other and then switches, so a reader finds a whole pair
//! of ids, and so does a child that was forked in the middle of a change. A reader that was overtaken
//! reads again.
//!
//! A lock in its place would be no slower for one thread (`info` takes 1,846 instructions with an `RwLock` and 1,874
//! so, by `scripts/instructions.sh`). But a child forked while another thread changes an id would inherit it taken, by
//! nobody, and all threads that log would write to its word.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use crate::sync::Mutex;

use crate::text::buffer::Buffer;
use crate::text::escape;
use crate::text::object::{Key, Object, key};

/// 100 code points (the service's limit), of which a control character takes the most as JSON:
/// `\u0001`; and two quotes. In words.
const WORDS: usize = (100 * 6 + 2_usize).div_ceil(8);
const ABSENT: u32 = u32::MAX;

/// An id as a JSON string, or nothing.
struct Text {
    len: AtomicU32,
    words: [AtomicU64; WORDS],
}

impl Text {
    const fn new() -> Text {
        Text { len: AtomicU32::new(ABSENT), words: [const { AtomicU64::new(0) }; WORDS] }
    }

    fn set(&self, text: Option<&str>) {
        let Some(text) = text else { return self.len.store(ABSENT, Ordering::Relaxed) };
        let mut json = Buffer::new();
        escape::push_string(&mut json, text);
        for (word, bytes) in self.words.iter().zip(json.chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_le_bytes(padded), Ordering::Relaxed);
        }
        self.len.store(json.len() as u32, Ordering::Relaxed);
    }

    fn copy(&self, from: &Text) {
        for (to, from) in self.words.iter().zip(&from.words) {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.len.store(from.len.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    // Always: a release is built with -O2, which calls it twice for each entry.
    #[inline(always)]
    fn write(&self, key: Key, line: &mut Object<'_>) {
        let len = self.len.load(Ordering::Relaxed);
        if len == ABSENT {
            return;
        }
        // Torn or not, it stays inside; a torn one is undone.
        let len = (len as usize).min(WORDS * 8);
        line.written(key, |out| {
            let end = out.len() + len;
            for word in &self.words[..len.div_ceil(8)] {
                out.extend_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
            }
            out.truncate(end);
        });
    }
}

/// Which of the two ids.
#[derive(Clone, Copy)]
pub enum DefaultField {
    /// The user's.
    User,
    /// The session's.
    Session,
}

/// The pair of ids.
pub struct Defaults {
    /// How many changes there were; its lowest bit names the copy in use.
    version: AtomicU64,
    copies: [[Text; 2]; 2],
    writer: Mutex<()>,
}

impl Defaults {
    /// The ids to begin with, which are within the service's limit.
    pub fn new(user: Option<&str>, session: Option<&str>) -> Defaults {
        let defaults = Defaults {
            version: AtomicU64::new(0),
            copies: [const { [const { Text::new() }; 2] }; 2],
            writer: Mutex::new(()),
        };
        defaults.copies[0][0].set(user);
        defaults.copies[0][1].set(session);
        defaults
    }

    /// The same ids, for a process of its own.
    pub fn renewed(&self) -> Defaults {
        let fresh = Defaults::new(None, None);
        let current = &self.copies[(self.version.load(Ordering::Acquire) & 1) as usize];
        fresh.copies[0].iter().zip(current).for_each(|(to, from)| to.copy(from));
        fresh
    }

    /// Changes one of the ids, which is within the service's limit; `None` clears it.
    pub fn set(&self, which: DefaultField, text: Option<&str>) {
        let _one_at_a_time = self.writer.lock();
        let version = self.version.load(Ordering::Relaxed);
        let (current, next) = (&self.copies[(version & 1) as usize], &self.copies[(!version & 1) as usize]);
        next.iter().zip(current).for_each(|(to, from)| to.copy(from));
        next[which as usize].set(text);
        self.version.store(version + 1, Ordering::Release);
    }

    /// Writes those of the ids that are wanted and set.
    #[inline]
    pub fn write(&self, line: &mut Object<'_>, user: bool, session: bool) {
        line.until(|line| {
            let version = self.version.load(Ordering::Acquire);
            let copy = &self.copies[(version & 1) as usize];
            if user {
                copy[0].write(key!("userId"), line);
            }
            if session {
                copy[1].write(key!("sessionId"), line);
            }
            fence(Ordering::Acquire);
            // The copy in use is written to only after the other one has been switched to.
            self.version.load(Ordering::Relaxed) == version
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::object::Object;

    fn read(defaults: &Defaults) -> String {
        let mut out = Buffer::new();
        Object::open(&mut out, |line| {
            defaults.write(line, true, true);
            Ok(())
        })
        .unwrap();
        String::from_utf8(out.into_vec()).unwrap()
    }

    #[test]
    fn ids_are_set_kept_and_cleared() {
        let defaults = Defaults::new(Some("ada"), None);
        assert_eq!(read(&defaults), r#"{"userId":"ada"}"#);
        defaults.set(DefaultField::Session, Some("s \"1\""));
        assert_eq!(read(&defaults), r#"{"userId":"ada","sessionId":"s \"1\""}"#);
        defaults.set(DefaultField::User, None);
        assert_eq!(read(&defaults.renewed()), r#"{"sessionId":"s \"1\""}"#);
    }

    #[test]
    fn the_longest_id_fits() {
        let longest = "\u{1}".repeat(100);
        assert_eq!(read(&Defaults::new(Some(&longest), None)).len(), r#"{"userId":}"#.len() + 602);
    }

    #[test]
    fn a_reader_never_sees_half_a_change() {
        let defaults = Defaults::new(Some("a"), None);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..20_000 {
                    let letter = char::from(b'a' + (round % 26) as u8).to_string();
                    defaults.set(DefaultField::User, Some(&letter.repeat(1 + round % 100)));
                }
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let ids = read(&defaults);
                        let id = ids.strip_prefix(r#"{"userId":""#).unwrap().strip_suffix("\"}").unwrap();
                        assert!(id.bytes().all(|byte| byte == id.as_bytes()[0]), "{ids}");
                    }
                });
            }
        });
    }
}
