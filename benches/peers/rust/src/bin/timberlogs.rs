//! The crate `timberlogs`, with a key, in its default settings: each tenth call sends and waits.

use std::collections::HashMap;

use serde_json::{Value, json};
use timberlogs::{Environment, LogLevel, TimberlogsClient, TimberlogsConfig};

fn data() -> HashMap<String, Value> {
    let members =
        [("order", json!("A-1001")), ("items", json!(3)), ("total", json!(59.9)), ("express", json!(true))];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn main() {
    let arguments = peers::arguments();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let client = TimberlogsClient::new(TimberlogsConfig {
        source: "bench".into(),
        environment: Environment::Production,
        api_key: "bench-key".into(),
        min_level: Some(LogLevel::Info),
        base_url: Some(arguments.url.clone()),
        ..Default::default()
    });
    if arguments.is_throughput {
        let log = |number: usize| {
            let mark = HashMap::from([("mark".to_owned(), Value::from(format!("seq-w-{number}")))]);
            runtime.block_on(client.info("order placed", Some(mark))).unwrap();
        };
        peers::throughput("entries", arguments.count, log, || runtime.block_on(client.flush()).unwrap());
        return;
    }
    peers::latency("empty", arguments.count, || {});
    let info = || runtime.block_on(client.info("order placed", Some(data()))).unwrap();
    peers::latency("info", arguments.count, info);
    let bytes = || HashMap::from([("bytes".to_owned(), Value::from(512))]);
    let debug = || runtime.block_on(client.debug("gateway payload", Some(bytes()))).unwrap();
    peers::latency("debug", arguments.count, debug);
    runtime.block_on(client.flush()).unwrap();
}
