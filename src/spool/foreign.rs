//! What dead owners of other identities left behind, once it is too old for anybody.
//!
//! Only a logger of the same identity may send records. When it never comes back (a key was changed, a
//! repository given up), they would take memory until the next boot and disk space for ever. Whoever lives
//! removes them when they are older than the usual maximum age, and than its own, at which their own logger would drop
//! them too, and counts them as adopted and expired. The files beside them go once no instance is left whose
//! records could name them. Quarantined records stay.

use super::adopt::{instances_in, stamp};
use super::age::AgeStamp;
use super::claim::Claim;
use super::format::{Header, OPENING_SIZE, Opening, STAMP_AT};
use super::secure_fs::{self, At, Base};
use super::state::{Dropped, Location};
use super::store::{self, PARTIAL, SEGMENT};
use super::{Spool, candidates, sidefile};
use crate::process::monotonic;
use std::time::Duration;

/// How often they are looked for.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// How long one look may take.
const SWEEP_TIME: Duration = Duration::from_millis(500);

/// The directory of another identity, in the spool directory or in memory.
pub(super) struct ForeignIdentity {
    is_cold: bool,
    root: At,
}

impl Spool {
    /// The directories of other identities.
    pub(super) fn foreign(&self) -> Vec<ForeignIdentity> {
        let mut all = Vec::new();
        for (is_cold, side) in [(true, &self.store.cold), (false, &self.store.hot)] {
            let Some(side) = side else { continue };
            for root in At::new(&side.base, "").entries().unwrap_or_default() {
                if side.roots().iter().all(|own| own.name() != root.name()) && is_identity(&root) {
                    all.push(ForeignIdentity { is_cold, root });
                }
            }
        }
        all
    }

    /// Removes what the dead owners of other identities left too long ago. Takes those that it
    /// has come to, the last first, and ends after a while, as records of our own wait.
    pub(super) fn sweep_foreign(&self, foreign: &mut Vec<ForeignIdentity>) {
        let until = monotonic::now() + SWEEP_TIME;
        while let Some(ForeignIdentity { is_cold, root }) = foreign.pop() {
            self.sweep_identity(is_cold, &root);
            if self.is_given_up(&root) {
                sidefile::sweep_given_up(&root, self.given_up_after());
            }
            if monotonic::now() >= until {
                return;
            }
        }
    }

    /// How old what others left has to be: never younger for a short maximum age of this logger's own.
    fn given_up_after(&self) -> Duration {
        self.options.max_age.max(self.options.given_up_after)
    }

    /// Whether no instance of an identity has a directory any more, in memory or in the spool directory.
    fn is_given_up(&self, root: &At) -> bool {
        let hot = candidates::hot_candidates(self.options.hot_dir.as_deref()).into_iter();
        let bases = hot.filter_map(|directory| Base::open(&directory).ok());
        let mut roots = bases.map(|base| At::new(&base, root.name())).chain([root.clone()]);
        roots.all(|root| instances_in(&root).is_empty())
    }

    fn sweep_identity(&self, is_cold: bool, root: &At) {
        for instance in instances_in(root) {
            let directory = root.join(instance.name());
            // What is young is not worth taking its lock, which its own next instance may want at this moment.
            if !self.is_worth_a_claim(&directory) {
                continue;
            }
            let Ok(Some(claim)) = Claim::seize(directory, &self.store.locks) else { continue };
            if let Some(segments) = self.expired_segments(is_cold, claim.directory()) {
                let records = segments.iter().map(|(_, records)| records).sum();
                segments.iter().for_each(|(at, _)| drop(at.remove_file()));
                let mut state = self.lock_state();
                state.tally.adopted += records;
                state.count_dropped(Dropped::Expired, records, false);
            }
            claim.release();
        }
    }

    /// Whether the records of a directory may all be too old, or nobody counts how old they are.
    fn is_worth_a_claim(&self, directory: &At) -> bool {
        let mut page = Vec::new();
        for at in directory.entries().unwrap_or_default() {
            if at.extension() != Some(SEGMENT) {
                continue;
            }
            let read = at.open().and_then(|file| store::read_range(&file, 0, OPENING_SIZE, &mut page));
            if read.is_err() {
                continue;
            }
            let Opening::Segment(header) = Header::open(&page) else { continue };
            let is_young = |stamp: AgeStamp| stamp.is_of_this_boot() && stamp.age() <= self.given_up_after();
            if stamp(&page, &header).is_some_and(is_young) {
                return false;
            }
        }
        true
    }

    /// The segments of a directory and their records, if all are too old and nothing else is in it that
    /// cannot be told.
    fn expired_segments(&self, is_cold: bool, directory: &At) -> Option<Vec<(At, u64)>> {
        let (mut segments, mut young) = (Vec::new(), Vec::new());
        for at in directory.entries().ok()? {
            match at.extension() {
                Some(SEGMENT) => {}
                Some(PARTIAL) => {
                    let _ = at.remove_file();
                    continue;
                }
                _ => continue,
            }
            let name = at.name().to_string_lossy().into_owned().into_boxed_str();
            let location = if is_cold { Location::Cold(name) } else { Location::Hot(name) };
            match self.examine(&at, &location) {
                Ok(Some(held)) => {
                    let age = monotonic::now().saturating_duration_since(held.newest);
                    if age <= self.given_up_after() {
                        young.push((at, AgeStamp::of(age).encode(held.header.salt)));
                    } else {
                        segments.push((at, held.unsettled()));
                    }
                }
                Ok(None) => segments.push((at, 0)),
                Err(_) => return None,
            }
        }
        // Whoever comes next is to know how long they have lain here.
        for (at, stamp) in &young {
            let file = at.open_writable();
            let _ = file.and_then(|file| secure_fs::write_all_at(&file, stamp, STAMP_AT));
        }
        young.is_empty().then_some(segments)
    }
}

/// Whether a directory has the name of an identity.
fn is_identity(root: &At) -> bool {
    let name = root.name().to_str().unwrap_or_default();
    matches!(name.len(), 16 | 32) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
