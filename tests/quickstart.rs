//! The first example a newcomer runs: everything it logs arrives, with the right parents.

mod common;

use common::{Scratch, Server, compile, run};

#[test]
fn the_quickstart_arrives_whole() {
    let scratch = Scratch::new("quickstart");
    let program = compile("examples/c/quickstart.c", &scratch);
    let server = Server::start(&[]);
    let said = run(std::process::Command::new(&program)
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool")));
    let stats = server.stats();
    assert_eq!(said.trim(), "logged 26 records, delivered 26, held 0");
    assert_eq!(stats["lines"], 26, "{stats}");
    assert_eq!(stats["malformed_lines"], 0, "{stats}");
    let actions = [
        ("session.create", 1),
        ("session.end", 1),
        ("trace.create", 2),
        ("trace.end", 2),
        ("trace.add-span", 1),
        ("span.add-generation", 1),
        ("trace.add-generation", 1),
        ("generation.result", 2),
        ("generation.end", 2),
        ("span.add-tool-call", 1),
        ("tool_call.result", 1),
        ("tool_call.end", 1),
        ("trace.add-retrieval", 1),
        ("retrieval.update", 2),
        ("retrieval.end", 1),
        ("trace.add-error", 1),
        ("trace.add-event", 1),
        ("trace.update", 2),
        ("trace.add-feedback", 1),
        ("span.end", 1),
    ];
    for (action, count) in actions {
        assert_eq!(stats["by_action"][action], count, "{action} in {stats}");
    }
}
