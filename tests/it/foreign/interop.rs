//! gRPC's interoperability cases that concern a server, through the gateway's own layers and accept loop: Python's grpcio
//! on one side, `grpc.testing.TestService` in the place of the gateway's services on the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use trao::doors::accept;
use trao::doors::grpc;
use trao::metrics::Metrics;

use super::test_service::TestService;
use crate::support::python;
use crate::support::wait::{eventually, within};

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_cases_pass_through_the_gateways_layers() {
    let service = TestService::default();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let shutdown = CancellationToken::new();
    let metrics = Arc::new(Metrics::new(&[]).unwrap());
    let services = grpc::routed(Routes::new(service.clone()));
    let answer = grpc::layered(services, Arc::clone(&metrics));
    let options = accept::Options { drain: Duration::from_secs(1), ..accept::Options::default() };
    let serving = tokio::spawn(accept::serve(listener, answer, metrics, shutdown.clone(), options).unwrap());

    let told = tokio::task::spawn_blocking(move || {
        python::run("interop.py", &serde_json::json!({ "server": server }))
    });
    let told = told.await.unwrap();
    let cases = told.as_object().unwrap();
    assert_eq!(cases.len(), 19, "{:?}", cases.keys());
    for (case, wrong) in cases {
        assert_eq!(wrong, "", "{case}:\n{}", wrong.as_str().unwrap());
    }
    // What was cancelled or ran out of time is let go of, too.
    eventually("no call is at work", || async { (service.open() == 0).then_some(()) }).await;
    shutdown.cancel();
    within("the end of serving", serving).await.unwrap();
}
