//! Files beside the segments: content too large to be a record, which a record names and whoever
//! delivers that record removes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::spool::Spool;
use super::{Location, Options, place};

/// Its name within the identity's directory.
const DIRECTORY: &str = "attachments";

/// Whether an earlier spool of the same identity may have left something behind.
pub fn has_leftovers(options: &Options) -> bool {
    let name = options.identity.name();
    let hot = place::hot_candidates(options.hot_dir.clone());
    place::spool_candidates(options.dir.clone()).into_iter().chain(hot).any(|root| {
        fs::read_dir(root.join(&name)).is_ok_and(|mut entries| entries.any(|entry| entry.is_ok()))
    })
}

impl Spool {
    /// Writes a file of this user's own in the spool directory, and gives its path.
    pub fn write_side_file(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let directory = self.side_directory().ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        place::private_directory(&directory)?;
        let path = directory.join(uuid::Uuid::new_v4().to_string());
        let written = place::create(&path).and_then(|mut file| file.write_all(bytes));
        if let Err(error) = written {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(path)
    }

    /// Removes side files that no record can name any more, because they are older than records get.
    pub fn sweep_side_files(&self, max_age: Duration) {
        let Some(entries) = self.side_directory().and_then(|directory| fs::read_dir(directory).ok()) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if is_older(&path, max_age) {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn side_directory(&self) -> Option<PathBuf> {
        match self.location() {
            Location::Hot { cold, .. } => cold,
            Location::DiskOnly(cold) => Some(cold),
            Location::Memory => None,
        }
        .map(|cold| cold.join(DIRECTORY))
    }
}

fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|found| found.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|since| since > age))
}
