//! Health as an orchestrator's probe sees it: by name and overall, without a key, until the gateway is told to end.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};
use trao::doors::grpc::SERVICES;

use crate::support::gateway::Gateway;
use crate::support::python;

#[test]
fn a_probe_sees_each_service_serve_and_an_open_watch_sees_the_drain() {
    let mut gateway = Gateway::start();
    let mut services = SERVICES.to_vec();
    services.push("");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/foreign/health.py");
    let mut probe =
        python::python().arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let given = json!({ "server": gateway.url(), "services": services, "unknown": ["trao.v1.NoService"] });
    writeln!(probe.stdin.take().unwrap(), "{given}").unwrap();
    let mut lines = BufReader::new(probe.stdout.take().unwrap()).lines();
    let mut next =
        || -> Option<Value> { lines.next().map(|line| serde_json::from_str(&line.unwrap()).unwrap()) };

    for service in &services {
        assert_eq!(next(), Some(json!({ "check": service, "status": "SERVING" })));
    }
    for asked in ["check", "watch"] {
        assert_eq!(next(), Some(json!({ asked: "trao.v1.NoService", "status": "NOT_FOUND" })));
    }
    let mut watched: Vec<String> = Vec::new();
    for _ in &services {
        let first = next().unwrap();
        assert_eq!(first["status"], "SERVING");
        watched.push(first["watch"].as_str().unwrap().to_owned());
    }
    watched.sort();
    services.sort_unstable();
    assert_eq!(watched, services);

    let (code, _log) = gateway.stop();
    assert_eq!(code, Some(0));
    for _ in &services {
        let last = next().unwrap();
        assert_eq!(last["status"], "NOT_SERVING", "{last}");
    }
    assert_eq!(next(), None);
    assert!(probe.wait().unwrap().success());
}
