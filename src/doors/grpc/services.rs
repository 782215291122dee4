//! All services of one port: ours, health, and reflection in both its versions.

use std::sync::Arc;

use http::Request;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

use super::{Gateway, layer};
use crate::doors::accept::{Answer, Answered, Arriving};
use crate::doors::wire::{DESCRIPTOR, v1};
use crate::limits;
use crate::metrics::Metrics;
use v1::capture_service_server::CaptureServiceServer;
use v1::directory_service_server::DirectoryServiceServer;
use v1::dossier_service_server::DossierServiceServer;
use v1::feed_service_server::FeedServiceServer;
use v1::handover_service_server::HandoverServiceServer;
use v1::leg_service_server::LegServiceServer;
use v1::report_service_server::ReportServiceServer;

/// The services whose health is told, beside the gateway's own (the empty name).
pub const SERVICES: &[&str] = &[
    CaptureServiceServer::<Gateway>::NAME,
    LegServiceServer::<Gateway>::NAME,
    DossierServiceServer::<Gateway>::NAME,
    HandoverServiceServer::<Gateway>::NAME,
    FeedServiceServer::<Gateway>::NAME,
    DirectoryServiceServer::<Gateway>::NAME,
    ReportServiceServer::<Gateway>::NAME,
];

/// What answers calls, and the reporter by which the gateway's health is told; not serving until it says so.
pub fn services(gateway: Gateway) -> Result<(HealthReporter, Answer), tonic_reflection::server::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let metrics = Arc::clone(&gateway.metrics);
    let mut others = Routes::builder();
    others
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    let gateway = Arc::new(gateway);
    let captures = CaptureServiceServer::from_arc(Arc::clone(&gateway));
    let legs = LegServiceServer::from_arc(Arc::clone(&gateway));
    let dossiers = DossierServiceServer::from_arc(Arc::clone(&gateway));
    let handovers = HandoverServiceServer::from_arc(Arc::clone(&gateway));
    let feeds = FeedServiceServer::from_arc(Arc::clone(&gateway));
    let directories = DirectoryServiceServer::from_arc(Arc::clone(&gateway));
    let reports = ReportServiceServer::from_arc(gateway);
    let captures = captures.max_decoding_message_size(limits::MESSAGE_BYTES);
    let legs = legs.max_decoding_message_size(limits::MESSAGE_BYTES);
    let dossiers = dossiers.max_decoding_message_size(limits::MESSAGE_BYTES);
    let handovers = handovers.max_decoding_message_size(limits::MESSAGE_BYTES);
    let feeds = feeds.max_decoding_message_size(limits::MESSAGE_BYTES);
    let directories = directories.max_decoding_message_size(limits::MESSAGE_BYTES);
    let reports = reports.max_decoding_message_size(limits::MESSAGE_BYTES);
    let others = routed(others.routes());
    // By hand: a router keeps services behind boxes, and clones and boxes them anew for every call.
    let services = move |request: Request<Arriving>| match service_of(request.uri().path()) {
        CaptureServiceServer::<Gateway>::NAME => captures.clone().call(request),
        LegServiceServer::<Gateway>::NAME => legs.clone().call(request),
        DossierServiceServer::<Gateway>::NAME => dossiers.clone().call(request),
        HandoverServiceServer::<Gateway>::NAME => handovers.clone().call(request),
        FeedServiceServer::<Gateway>::NAME => feeds.clone().call(request),
        DirectoryServiceServer::<Gateway>::NAME => directories.clone().call(request),
        ReportServiceServer::<Gateway>::NAME => reports.clone().call(request),
        _ => others(request),
    };
    Ok((reporter, layered(services, metrics)))
}

/// Services with what every call passes around them, whichever services they are.
pub fn layered(
    services: impl Fn(Request<Arriving>) -> Answered + Send + Sync + 'static,
    metrics: Arc<Metrics>,
) -> Answer {
    Arc::new(move |request| Box::pin(layer::around(Arc::clone(&metrics), request, &services)))
}

/// Services that a router finds.
pub fn routed(routes: Routes) -> impl Fn(Request<Arriving>) -> Answered + Send + Sync + 'static {
    move |request| Box::pin(routes.clone().call(request))
}

/// The service that a path names: `/{service}/{method}`.
fn service_of(path: &str) -> &str {
    path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("", |(service, _)| service)
}

/// What a client without the protos learns: our services, health, reflection in both its versions whichever it asks, and
/// the errors' details.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    use tonic_reflection::pb::{v1, v1alpha};
    tonic_reflection::server::Builder::configure()
        // By itself each version would tell of itself only.
        .include_reflection_service(false)
        .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(v1alpha::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
