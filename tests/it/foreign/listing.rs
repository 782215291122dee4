//! What grpcurl does: list, describe, call by JSON, knowing nothing but an address; by both versions of reflection.

use serde_json::{Value, json};

use crate::support::codes;
use crate::support::gateway::Start;
use crate::support::interpose::{Field, Interposer};
use crate::support::ledger;
use crate::support::partner::PDA;
use crate::support::python;
use crate::support::wait::eventually;
use crate::support::world::{DEPARTMENT, World};

fn curl(world: &World, more: Value) -> Value {
    let mut given = json!({ "server": world.gateway.url() });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    python::run("curl.py", &given)
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_listed_and_described_and_called_by_json_with_both_versions_of_reflection() {
    let world = World::start().await;
    let post = &world.province.post;
    for version in ["v1", "v1alpha"] {
        let listed = curl(&world, json!({ "version": version, "list": true }));
        assert_eq!(
            listed,
            json!([
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
                "trao.v1.CaptureService",
                "trao.v1.DirectoryService",
                "trao.v1.DossierService",
                "trao.v1.FeedService",
                "trao.v1.HandoverService",
                "trao.v1.LegService",
                "trao.v1.ReportService",
            ])
        );
        let method = "trao.v1.CaptureService.SyncEvents";
        let described = curl(&world, json!({ "version": version, "describe": method }));
        assert_eq!(
            described["text"],
            "rpc SyncEvents(stream .trao.v1.SyncEventsRequest) returns (stream .trao.v1.SyncEventsResponse);"
        );
        assert!(described["comment"].as_str().unwrap().starts_with("Drains an outbox"), "{described}");
        let described = curl(&world, json!({ "version": version, "describe": "trao.v1.Code" }));
        assert_eq!(described["text"], "message Code { kind = 1; value = 2; agency = 3; }");
        assert!(described["comment"].as_str().unwrap().starts_with("One code as it was scanned"));

        let classify = "trao.v1.CaptureService/ClassifyScan";
        let scanned = json!({ "text": "Ê990002055VN" });
        let call = json!({ "version": version, "call": classify, "request": scanned, "key": post.key });
        let code = json!({ "kind": "CODE_KIND_ITEM", "code": "EE990002055VN", "repaired": true });
        assert_eq!(curl(&world, call), code);
        let call = json!({ "version": version, "call": classify, "request": scanned });
        assert_eq!(curl(&world, call)["code"], "UNAUTHENTICATED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ran_out_of_time_while_it_was_written_is_one_record_with_its_retry() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Interposer::new(folder.path());
    let world = World::start_with(Start { environment: disk.environment(), ..Start::default() }).await;
    let post = &world.province.post;
    let event = json!({
        "type": "EVENT_TYPE_PICKED_UP", "code": { "value": codes::item(1) },
        "occurred_at": "2026-11-20T01:00:00Z", "agency": DEPARTMENT,
    });
    let line = json!({ "source": PDA, "client_event_id": "out-of-time-1", "event": event });
    let call = |timeout: f64| {
        json!({
            "call": "trao.v1.CaptureService/CaptureEvent", "key": post.key, "timeout": timeout,
            "request": { "line": line },
        })
    };
    let begun = disk.get(Field::SyncsBegun);
    disk.set(Field::HoldSync, 1);
    assert_eq!(curl(&world, call(0.5))["code"], "DEADLINE_EXCEEDED");
    // It was not forgotten with its caller: the writer waits for the disk with it.
    eventually("the sync is begun", || async { (disk.get(Field::SyncsBegun) > begun).then_some(()) }).await;
    disk.set(Field::HoldSync, 0);

    let recorded = curl(&world, call(20.0))["recorded"].clone();
    assert_eq!((&recorded["replayed"], &recorded["position"]["pos"]), (&json!(true), &json!("1")));
    assert_eq!(world.log(post).await.len(), 1);
    assert_eq!(ledger::check(&world.gateway.database()).entries, 1);
}
