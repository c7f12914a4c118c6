//! Hosts that do to their process what few do (daemons, `vfork`, `clone`, an empty root, namespaces, a signal every
//! millisecond, programs started meanwhile): nothing is lost, nothing of ours is found elsewhere, and nothing hangs.

use std::os::unix::fs::PermissionsExt;

use crate::bench::{Row, json_lines};
use crate::common::{Scratch, Server, compile_into, library};

/// What is done, how many processes print their numbers, and how many records are of processes that do not.
const STRANGE: [(&str, usize, u64); 11] = [
    ("daemon", 1, 1),
    ("vfork", 1, 0),
    ("clone-memory", 1, 0),
    ("no-root", 1, 0),
    ("own-table", 1, 0),
    ("namespaces", 2, 0),
    ("interrupted", 1, 0),
    ("undumpable", 1, 0),
    ("few-processes", 1, 0),
    ("programs", 1, 0),
    ("odd-files", 1, 0),
];

#[test]
fn what_a_strange_host_logs_arrives() {
    let mut row = Row::new("hosts that do what few do, in 11 ways");
    for (what, processes, unprinted) in STRANGE {
        let scratch = Scratch::new("strange");
        let server = Server::start(&[]);
        let program = compile_into("tests/c/strange_host.c", scratch.path(), &library("lib/libmaxim.so"));
        // Some become another user, who is to find their library and make a spool here.
        let open = std::fs::Permissions::from_mode(0o1777);
        std::fs::set_permissions(scratch.path(), open).unwrap();
        let mut command = std::process::Command::new(program);
        command.arg(what).current_dir(scratch.path());
        command.env("MAXIM_BASE_URL", server.url()).env("MAXIM_API_KEY", "key-of-a-strange-host");
        command.env("MAXIM_LOG_REPO_ID", scratch.path().file_name().unwrap());
        command.env("MAXIM_SPOOL_DIR", scratch.path().join("spool"));
        let lines = json_lines(&mut command);
        assert_eq!(lines.len(), processes, "{what}: {lines:?}");
        let accepted: u64 = lines.iter().map(|line| line["accepted"].as_u64().unwrap()).sum();
        let delivered: u64 = lines.iter().map(|line| line["delivered"].as_u64().unwrap()).sum();
        assert!(accepted > 1_000 && delivered == accepted, "{what}: {lines:?}");
        // An attachment is two records, and one line.
        let uploads = server.count("uploads");
        assert_eq!(server.count("lines"), accepted + unprinted - uploads, "{what}");
        row.accepted += accepted + unprinted;
        row.delivered += delivered + unprinted;
    }
}
