//! What a logger or client could not do: refused calls, counted by reason, and what is told where nobody else is.
//!
//! A program that looks at no status and gives no error callback would not hear of anything. So the first refusal or
//! report of each kind is written to standard error, and further ones of that kind at most once in [`QUIET_MS`]. It is
//! done for refused calls only, never waits (a reader that does not read loses the line), raises no signal, and takes
//! no lock. `MAXIM_WARNINGS=0` switches it off.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::process::{self, Undisturbed};
use crate::status::Status;

/// How long further warnings of a kind are kept back, in milliseconds.
const QUIET_MS: u64 = 10_000;
/// The longest line: what a pipe that has room at all takes without waiting.
const LINE_BYTES: usize = 1024;

/// Refused calls by reason. Those for want of space are counted by the spool.
#[derive(Default)]
pub(super) struct Refusals {
    invalid: AtomicU64,
    too_large: AtomicU64,
    closed: AtomicU64,
    other: AtomicU64,
}

/// The numbers of [`Refusals`].
#[derive(Default)]
pub(super) struct Refused {
    pub(super) invalid: u64,
    pub(super) too_large: u64,
    pub(super) closed: u64,
    pub(super) other: u64,
}

impl Refusals {
    /// Counts a refused call; false for an answer that is none, as that of a service that was asked.
    pub(super) fn count(&self, status: Status) -> bool {
        let reason = match status {
            Status::NullPointer
            | Status::InvalidArgument
            | Status::InvalidUtf8
            | Status::InvalidJson
            | Status::InvalidId
            | Status::InvalidResult => &self.invalid,
            Status::TooLarge => &self.too_large,
            Status::Closed => &self.closed,
            Status::SpoolFull => return true,
            Status::Ok | Status::Timeout | Status::Network | Status::Rejected | Status::Unauthorized => {
                return false;
            }
            _ => &self.other,
        };
        reason.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub(super) fn numbers(&self) -> Refused {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Refused {
            invalid: read(&self.invalid),
            too_large: read(&self.too_large),
            closed: read(&self.closed),
            other: read(&self.other),
        }
    }
}

/// What was said of one kind of trouble, in this process.
struct Warned {
    /// When, in milliseconds of [`now_ms`]; 0: never.
    said: AtomicU64,
    kept_back: AtomicU64,
}

static KINDS: [Warned; Status::ALL.len()] =
    [const { Warned { said: AtomicU64::new(0), kept_back: AtomicU64::new(0) } }; Status::ALL.len()];

/// Warns of something that nobody else hears of.
#[cold]
pub(super) fn warn(status: Status, message: &str) {
    if !may_say(status) {
        return;
    }
    let more = match KINDS[status as usize].kept_back.swap(0, Ordering::Relaxed) {
        0 => String::new(),
        count => format!("; {count} more of this kind since the last warning"),
    };
    let advice = "an error callback hears of this, MAXIM_WARNINGS=0 silences it";
    let rest = format!("{more} ({}; {advice})\n", status.name().to_string_lossy());
    let mut end = message.len().min(LINE_BYTES - rest.len() - "maxim: ".len());
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    write_line(&format!("maxim: {}{rest}", message[..end].replace(['\n', '\r'], " ")));
}

/// Warns of a call that was left for want of memory, and takes none.
#[cold]
pub(super) fn warn_of_no_memory() {
    if may_say(Status::NoResources) {
        write_line(
            "maxim: a call was refused, as there is no memory for it (MAXIM_ERR_NO_RESOURCES; an error callback hears of \
             other trouble, MAXIM_WARNINGS=0 silences this)\n",
        );
    }
}

/// Whether the next warning of a kind may be written, or is only counted.
fn may_say(status: Status) -> bool {
    if !is_on() {
        return false;
    }
    let kind = &KINDS[status as usize];
    let (now, said) = (now_ms(), kind.said.load(Ordering::Relaxed));
    let is_quiet = said != 0 && now.saturating_sub(said) < QUIET_MS;
    let may_say =
        !is_quiet && kind.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if !may_say {
        kind.kept_back.fetch_add(1, Ordering::Relaxed);
    }
    may_say
}

/// Whether warnings are written. To be asked first where there is memory.
pub(super) fn is_on() -> bool {
    static IS_ON: OnceLock<bool> = OnceLock::new();
    *IS_ON.get_or_init(|| {
        !matches!(std::env::var("MAXIM_WARNINGS").as_deref(), Ok("0" | "off" | "no" | "false"))
    })
}

/// Milliseconds since this was asked first, from 1 on.
fn now_ms() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(passed).unwrap_or(u64::MAX - 1) + 1
}

/// Writes a line to standard error if that can take it at once.
fn write_line(line: &str) {
    let _undisturbed = Undisturbed::by_ourselves();
    if process::stderr_is_ready() {
        process::write_to_stderr(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_counted_under_one_reason_or_is_no_refusal() {
        let refusals = Refusals::default();
        let counted = Status::ALL.into_iter().filter(|status| refusals.count(*status)).count() as u64;
        let Refused { invalid, too_large, closed, other } = refusals.numbers();
        assert_eq!((invalid, too_large, closed), (6, 1, 1));
        assert_eq!(invalid + too_large + closed + other + 1, counted);
    }
}
