//! Where this process runs: in AWS Lambda, with or without a file system to write to.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whether the process runs in AWS Lambda, whose environment freezes between two invocations: a
/// background thread there may sleep for minutes, so work is done while a call waits for it.
pub fn is_running_on_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some_and(|name| !name.is_empty())
}

/// Whether a file can be made in `directory` (tried by making one and removing it).
pub fn can_access_filesystem(directory: &Path) -> bool {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.subsec_nanos());
    let probe = directory.join(format!(".maxim-probe-{}-{nanos}", std::process::id()));
    let made = OpenOptions::new().write(true).create_new(true).open(&probe).is_ok();
    if made {
        // A probe that can't be removed again is still proof of access.
        let _ = fs::remove_file(&probe);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_cannot_be_written_and_a_temporary_one_can() {
        let directory = std::env::temp_dir();
        assert!(can_access_filesystem(&directory));
        assert!(!can_access_filesystem(&directory.join("maxim-no-such-directory")));
    }
}
