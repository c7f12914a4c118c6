//! How much memory a container leaves the process: the limit of its control group (cgroup), version 1 or 2.
//!
//! What is in shared memory counts towards that limit, and whoever goes over it is killed by the kernel.

use std::path::{Path, PathBuf};

use super::files::read_small;

/// Where the kernel's lists are mounted.
const MOUNT: &str = "/sys/fs/cgroup";
/// The groups that the process is in.
const GROUPS: &str = "/proc/self/cgroup";
/// More than any of these files has.
const LONGEST: u64 = 64 << 10;

/// The least of the limits of the process's groups, in bytes; `None` where there is none, or none can be read.
pub fn memory_limit() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    limit_in(&text_of(Path::new(GROUPS))?, Path::new(MOUNT))
}

/// `groups` has a line for each hierarchy: its number, its controllers (none: version 2) and the group's path. A container
/// sees its own group at the mount itself, and may be told of a path that it does not see.
fn limit_in(groups: &str, mount: &Path) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let (_, named) = line.split_once(':')?;
        let (controllers, path) = named.split_once(':')?;
        let (root, file) = if controllers.is_empty() {
            (mount.to_owned(), "memory.max")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            (mount.join("memory"), "memory.limit_in_bytes")
        } else {
            return None;
        };
        let below: PathBuf = Path::new(path.trim_start_matches('/')).to_owned();
        below.ancestors().filter_map(|group| number_in(&root.join(group).join(file))).min()
    });
    limits.min()
}

/// The number in a file; "max" is none.
fn number_in(path: &Path) -> Option<u64> {
    text_of(path)?.trim().parse().ok()
}

fn text_of(path: &Path) -> Option<String> {
    String::from_utf8(read_small(path, LONGEST).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_files(files: &[(&str, &str)], groups: &str) -> Option<u64> {
        let mount = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = mount.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        limit_in(groups, mount.path())
    }

    #[test]
    fn the_least_limit_of_a_group_and_those_around_it_counts() {
        let v2 = [("a/memory.max", "1000\n"), ("a/b/memory.max", "max\n"), ("a/b/c/memory.max", "2000\n")];
        assert_eq!(with_files(&v2, "0::/a/b/c\n"), Some(1000));
        assert_eq!(with_files(&v2, "0::/\n"), None);
        let v1 = [
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/pod/memory.limit_in_bytes", "500\n"),
        ];
        assert_eq!(with_files(&v1, "5:cpu:/pod\n4:hugetlb,memory:/pod\n0::/\n"), Some(500));
    }

    #[test]
    fn a_container_that_does_not_see_its_groups_path_has_the_limit_at_the_mount() {
        let files = [("memory/memory.limit_in_bytes", "700\n"), ("memory.max", "900\n")];
        assert_eq!(with_files(&files, "4:memory:/docker/0123\n"), Some(700));
        assert_eq!(with_files(&files, "0::/kubepods/x\n"), Some(900));
        assert_eq!(with_files(&files, "4:cpu:/x\nodd\n"), None);
    }
}
