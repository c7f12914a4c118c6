//! Quarantine that expires: what the service has refused, and what was no segment, is not kept for ever by whoever
//! asks for that.

use super::spool::unix_time;
use super::{Location, Spool};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The directory beside the instances, as in [`super::quarantine`].
const DIRECTORY: &str = "quarantine";
/// Names begin with the time, in so many digits.
const TIME_DIGITS: usize = 10;

impl Spool {
    /// Removes what has been in this identity's quarantine for longer than it may be, by this machine's clock.
    pub(super) fn expire_quarantine(&self) {
        let Some(age) = self.options.quarantine_max_age else { return };
        let cold = match self.location() {
            Location::Hot { cold, .. } => cold,
            Location::DiskOnly(cold) => Some(cold),
            Location::Memory => None,
        };
        if let Some(cold) = cold {
            expire(&cold.join(DIRECTORY), age);
        }
    }
}

fn expire(directory: &Path, age: Duration) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    // A time that was cut to seconds is up to one second too old.
    let oldest = unix_time().saturating_sub(age.as_secs() + 1);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let time = name.to_str().and_then(|name| name.get(..TIME_DIGITS)).and_then(|time| time.parse().ok());
        if time.is_some_and(|time: u64| time < oldest) {
            // What cannot be removed now is looked at again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_goes_and_what_has_another_name_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let now = unix_time();
        let names =
            [format!("{:010}-old.json", now - 100), format!("{now:010}-new.json"), "notes.txt".to_owned()];
        names.iter().for_each(|name| fs::write(scratch.path().join(name), "x").unwrap());
        expire(scratch.path(), Duration::from_secs(50));
        let left = names.iter().map(|name| scratch.path().join(name).exists());
        assert_eq!(left.collect::<Vec<_>>(), [false, true, true]);
    }
}
