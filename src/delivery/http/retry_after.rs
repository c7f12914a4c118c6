//! The `Retry-After` header in both of its forms: seconds, or an HTTP date.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime};

use crate::delivery::policy::RETRY_AFTER;

/// The three forms of a date in HTTP (RFC 9110, 5.6.7), the first of which everybody sends.
const DATE_FORMS: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The wait that `value` asks for at the time `now`, clamped; `None` if it makes no sense.
pub fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a very long time.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let date = DATE_FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())?;
        let now: DateTime<chrono::Utc> =
            DateTime::from_timestamp(now.duration_since(UNIX_EPOCH).ok()?.as_secs().try_into().ok()?, 0)?;
        // A date in the past asks for no wait.
        (date.and_utc() - now).to_std().unwrap_or_default()
    };
    Some(wait.clamp(*RETRY_AFTER.start(), *RETRY_AFTER.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    const EXAMPLE: u64 = 784_111_777;

    fn wait(value: &str, seconds_before: u64) -> Option<u64> {
        parse(value, UNIX_EPOCH + Duration::from_secs(EXAMPLE - seconds_before)).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_are_clamped_between_one_and_fifteen_minutes() {
        assert_eq!(wait("7", 0), Some(7));
        assert_eq!(wait(" 120 ", 0), Some(120));
        assert_eq!(wait("0", 0), Some(1));
        assert_eq!(wait("86400", 0), Some(900));
        assert_eq!(wait("99999999999999999999999", 0), Some(900));
    }

    #[test]
    fn a_date_counts_from_now_in_all_three_forms() {
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(wait(date, 30), Some(30), "{date}");
            assert_eq!(wait(date, 0), Some(1), "{date}");
            assert_eq!(wait(date, 100_000), Some(900), "{date}");
        }
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:49:37 GMT", UNIX_EPOCH + Duration::from_secs(EXAMPLE + 60)),
            Some(Duration::from_secs(1))
        );
    }

    #[test]
    fn anything_else_is_no_wish() {
        for value in ["", "soon", "-1", "1.5", "Sun, 31 Feb 1994 08:49:37 GMT", "１２"] {
            assert_eq!(wait(value, 0), None, "{value:?}");
        }
    }
}
