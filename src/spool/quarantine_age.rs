//! Quarantine that expires: what the service has refused, and what was no segment, is not kept for ever by whoever
//! asks for that.

use super::{Spool, age, quarantine};

/// Beside the quarantine: since when its files are there.
const NOTE: &str = "quarantine.ages";

impl Spool {
    /// Removes what has been in this identity's quarantine for longer than it may be.
    pub(super) fn expire_quarantine(&self) {
        let (Some(limit), Some(side)) = (self.options.quarantine_max_age, &self.store.cold) else { return };
        let directory = side.root.join(quarantine::DIRECTORY);
        for file in age::old_entries(&directory, &side.root.join(NOTE), limit) {
            // What cannot be removed now is looked at again.
            let _ = file.remove_file();
        }
    }
}
