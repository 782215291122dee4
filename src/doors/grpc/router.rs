//! All services on one router: ours, health, and reflection in both its versions.

use std::sync::Arc;

use axum::Router;
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

use super::{Gateway, layer};
use crate::doors::wire::{DESCRIPTOR, v1};
use crate::limits;
use crate::metrics::Metrics;
use v1::capture_service_server::CaptureServiceServer;
use v1::directory_service_server::DirectoryServiceServer;
use v1::dossier_service_server::DossierServiceServer;
use v1::feed_service_server::FeedServiceServer;
use v1::leg_service_server::LegServiceServer;

/// The services whose health is told, beside the gateway's own (the empty name).
pub const SERVICES: &[&str] = &[
    "trao.v1.CaptureService",
    "trao.v1.LegService",
    "trao.v1.DossierService",
    "trao.v1.FeedService",
    "trao.v1.DirectoryService",
];

/// The router, and the reporter by which the gateway's health is told; not serving until it says so.
pub fn router(gateway: Gateway) -> Result<(HealthReporter, Router), tonic_reflection::server::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let metrics = Arc::clone(&gateway.metrics);
    let mut routes = Routes::builder();
    routes
        .add_service(
            CaptureServiceServer::new(gateway.clone()).max_decoding_message_size(limits::MESSAGE_BYTES),
        )
        .add_service(LegServiceServer::new(gateway.clone()).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(
            DossierServiceServer::new(gateway.clone()).max_decoding_message_size(limits::MESSAGE_BYTES),
        )
        .add_service(FeedServiceServer::new(gateway.clone()).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(DirectoryServiceServer::new(gateway).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    Ok((reporter, layered(routes.routes(), metrics)))
}

/// Services with what every call passes around them, whichever services they are.
pub fn layered(routes: Routes, metrics: Arc<Metrics>) -> Router {
    routes.into_axum_router().layer(axum::middleware::from_fn_with_state(metrics, layer::around))
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
