//! Times as the log API has them: `2026-01-02T03:04:05.000006+00:00`.
//!
//! The calendar is chrono's; it is asked once a second for each thread that logs. Times are Unix microseconds in UTC, without leap seconds.

use super::buffer::Buffer;
use chrono::{DateTime, Datelike, Timelike};
use std::cell::Cell;
use std::io::Write;

/// 0001-01-01T00:00:00.000000, the earliest time that is written as itself.
pub const MIN_UNIX_US: i64 = -62_135_596_800_000_000;
/// 9999-12-31T23:59:59.999999, the latest time that is written as itself.
pub const MAX_UNIX_US: i64 = 253_402_300_799_999_999;

const US_PER_SECOND: i64 = 1_000_000;

/// A time as it is written, all but the microseconds right for its whole second.
type TimeText = [u8; 32];

thread_local! {
    /// The second that a thread wrote last: most calls of a second need only the microseconds anew.
    static SECOND: Cell<(i64, TimeText)> = const { Cell::new((0, *b"1970-01-01T00:00:00.000000+00:00")) };
}

/// A time as it is written in JSON.
const QUOTED: usize = 1 + size_of::<TimeText>() + 1;

/// Appends `unix_us` as RFC 3339 in UTC with microseconds, between quotes; a time outside the years 1 to 9999
/// becomes the nearest one inside.
#[inline(always)]
pub fn push_rfc3339_us(out: &mut Buffer, unix_us: i64) {
    let micros = SECOND.with(|last| {
        let room: &mut [u8; QUOTED] = out.room();
        // Within the second that was written last, nothing else can be wrong with it.
        let mut micros = unix_us.wrapping_sub(last.get().0.wrapping_mul(US_PER_SECOND));
        if !(0..US_PER_SECOND).contains(&micros) {
            micros = another_second(last, unix_us);
        }
        room[1..QUOTED - 1].copy_from_slice(&last.get().1);
        micros as u64
    });
    let room: &mut [u8; QUOTED] = out.room();
    room[21..27].copy_from_slice(&six_digits(micros as u32));
    room[27..QUOTED].copy_from_slice(b"+00:00\"");
    room[0] = b'"';
    out.advance(QUOTED);
}

/// The last six digits of a number, with zeros in front, which itoa does not write: by it, `span` takes 30 instructions
/// more (scripts/instructions.sh).
#[inline(always)]
fn six_digits(number: u32) -> [u8; 6] {
    const PAIRS: [[u8; 2]; 100] = {
        let mut pairs = [[0; 2]; 100];
        let mut at = 0;
        while at < pairs.len() {
            pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
            at += 1;
        }
        pairs
    };
    let pair = |number: u32| PAIRS[(number % 100) as usize];
    let ([a, b], [c, d], [e, f]) = (pair(number / 10_000), pair(number / 100), pair(number));
    [a, b, c, d, e, f]
}

/// Makes the second of a time the one that was written last; gives the microseconds within it.
#[cold]
#[inline(never)]
fn another_second(last: &Cell<(i64, TimeText)>, unix_us: i64) -> i64 {
    let us = unix_us.clamp(MIN_UNIX_US, MAX_UNIX_US);
    let second = us.div_euclid(US_PER_SECOND);
    last.set((second, second_text(second)));
    us.rem_euclid(US_PER_SECOND)
}

/// The text of a whole second within the years 1 to 9999.
#[inline(never)]
fn second_text(unix_second: i64) -> TimeText {
    let time = DateTime::from_timestamp(unix_second, 0).unwrap_or_default();
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let mut text = *b"0000-00-00T00:00:00.000000+00:00";
    // Fits: years have four digits. No formatting of chrono's, which allocates.
    let _ = write!(&mut text[..19], "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    text
}

/// The Unix microseconds of an RFC 3339 text with any offset; digits below microseconds are cut off.
#[cold]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    const US_PER_DAY: i64 = 86_400_000_000;

    fn text(unix_us: i64) -> String {
        let mut out = Buffer::new();
        push_rfc3339_us(&mut out, unix_us);
        serde_json::from_slice(&out).unwrap()
    }

    fn chrono_text(unix_us: i64) -> String {
        DateTime::from_timestamp_micros(unix_us).unwrap().to_rfc3339_opts(SecondsFormat::Micros, false)
    }

    #[test]
    fn the_example_of_the_log_api_is_written_as_it_stands() {
        assert_eq!(text(1_767_323_045_000_006), "2026-01-02T03:04:05.000006+00:00");
    }

    #[test]
    fn every_day_of_ten_thousand_years_has_its_date() {
        let mut day = MIN_UNIX_US;
        let mut date = chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
        let mut out = Buffer::new();
        while day <= MAX_UNIX_US {
            out.clear();
            push_rfc3339_us(&mut out, day);
            let (year, month, rest) = (&out[1..5], &out[6..8], &out[9..]);
            let number = |digits: &[u8]| std::str::from_utf8(digits).unwrap().parse::<u32>().unwrap();
            assert_eq!(number(year) as i32, date.year());
            assert_eq!(number(month), date.month());
            assert_eq!(number(&rest[..2]), date.day());
            assert_eq!(&rest[2..], b"T00:00:00.000000+00:00\"");
            day += US_PER_DAY;
            date = date.succ_opt().unwrap();
        }
    }

    #[test]
    fn edges_of_the_range_and_of_the_calendar_are_exact() {
        for edge in [MIN_UNIX_US, -US_PER_DAY, 0, US_PER_DAY, 951_782_400_000_000, MAX_UNIX_US] {
            for time in [edge - 1, edge, edge + 1] {
                let inside = time.clamp(MIN_UNIX_US, MAX_UNIX_US);
                assert_eq!(text(time), chrono_text(inside));
            }
        }
        assert_eq!(text(i64::MIN), "0001-01-01T00:00:00.000000+00:00");
        assert_eq!(text(i64::MAX), "9999-12-31T23:59:59.999999+00:00");
    }

    #[test]
    fn offsets_and_fractions_are_read() {
        assert_eq!(parse_rfc3339("2026-01-02T03:04:05.000006+00:00"), Some(1_767_323_045_000_006));
        assert_eq!(parse_rfc3339("2026-01-02T05:04:05.000006+02:00"), Some(1_767_323_045_000_006));
        assert_eq!(parse_rfc3339("2026-01-02T03:04:05Z"), Some(1_767_323_045_000_000));
        assert_eq!(parse_rfc3339("1969-12-31T23:59:59.9999999Z"), Some(-1));
        assert_eq!(parse_rfc3339("2026-02-30T03:04:05Z"), None);
        assert_eq!(parse_rfc3339("2026-01-02"), None);
        assert_eq!(parse_rfc3339(""), None);
    }

    proptest! {
        #[test]
        fn every_time_is_written_as_chrono_writes_it_and_reads_back(time in MIN_UNIX_US..=MAX_UNIX_US) {
            let text = text(time);
            prop_assert_eq!(&text, &chrono_text(time));
            prop_assert_eq!(parse_rfc3339(&text), Some(time));
        }
    }
}
