//! What dead owners of other identities left behind, once it is too old for anybody.
//!
//! Only a logger of the same identity may send records. When it never comes back (a key was changed, a
//! repository given up), they would take memory until the next boot and disk space for ever. Whoever lives
//! removes them when they are older than the usual maximum age, and than its own, at which their own logger would drop
//! them too, and counts them as adopted and expired. The files beside them go once no instance is left whose
//! records could name them. Quarantined records stay.

use super::adopt::instances_in;
use super::claim::Claim;
use super::held::{Dropped, Held, Place};
use super::place::{At, Base};
use super::store::{PARTIAL, SEGMENT, Side};
use super::{Spool, candidates, sidefile};
use std::time::Duration;

/// How often they are looked for.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);

impl Spool {
    /// Removes what other identities' dead owners left too long ago.
    pub(super) fn sweep_strangers(&self) {
        for side in [&self.store.hot, &self.store.cold].into_iter().flatten() {
            for root in At::new(&side.base, "").entries().unwrap_or_default() {
                if side.roots().iter().all(|own| own.name() != root.name()) && is_identity(&root) {
                    self.sweep_identity(side, &root);
                    if self.is_given_up(&root) {
                        sidefile::sweep_given_up(&root, self.given_up_after());
                    }
                }
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

    fn sweep_identity(&self, side: &Side, root: &At) {
        for instance in instances_in(root) {
            let directory = root.join(instance.name());
            // What changed lately is not worth taking its lock.
            if !directory.is_older(self.given_up_after()) {
                continue;
            }
            let Ok(Some(claim)) = Claim::seize(directory, &self.store.locks) else { continue };
            if let Some(segments) = self.expired_segments(side, claim.directory()) {
                let records = segments.iter().map(|(_, records)| records).sum();
                segments.iter().for_each(|(at, _)| drop(at.remove_file()));
                let mut state = self.state.lock();
                state.tally.adopted += records;
                state.count_dropped(Dropped::Expired, records, false);
            }
            claim.release();
        }
    }

    /// The segments of a directory and their records, if all are too old and nothing else is in it that
    /// cannot be told.
    fn expired_segments(&self, side: &Side, directory: &At) -> Option<Vec<(At, u64)>> {
        let is_cold = self.store.cold.as_ref().is_some_and(|cold| std::ptr::eq(cold, side));
        let mut segments = Vec::new();
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
            let place = if is_cold { Place::Cold(name) } else { Place::Hot(name) };
            match self.examine(&at, &place) {
                Ok(Some(held)) if held.newest.elapsed() <= self.given_up_after() => return None,
                Ok(held) => segments.push((at, held.as_ref().map_or(0, Held::unsettled))),
                Err(_) => return None,
            }
        }
        Some(segments)
    }
}

/// Whether a directory has the name of an identity.
fn is_identity(root: &At) -> bool {
    let name = root.name().to_str().unwrap_or_default();
    matches!(name.len(), 16 | 32) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
