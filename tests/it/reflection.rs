//! A stranger with nothing but the address learns the services and their messages; and each service's health.

use prost::Message;
use prost_types::{FieldDescriptorProto, FileDescriptorProto};
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::gateway::Gateway;

const SERVICES: [&str; 5] = [
    "trao.v1.CaptureService",
    "trao.v1.DirectoryService",
    "trao.v1.DossierService",
    "trao.v1.FeedService",
    "trao.v1.LegService",
];

/// Asks one version of reflection for its services and for the files of some symbols.
macro_rules! reflect {
    ($version:ident, $gateway:expr, $symbols:expr) => {{
        use tonic_reflection::pb::$version::ServerReflectionRequest;
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        let mut client = ServerReflectionClient::new($gateway.channel().await);
        let mut asked = vec![MessageRequest::ListServices(String::new())];
        asked.extend($symbols.iter().map(|symbol| MessageRequest::FileContainingSymbol(symbol.to_string())));
        let asked = asked
            .into_iter()
            .map(|message| ServerReflectionRequest { host: String::new(), message_request: Some(message) });
        let mut answers = client
            .server_reflection_info(tokio_stream::iter(asked.collect::<Vec<_>>()))
            .await
            .unwrap()
            .into_inner();
        let (mut services, mut files) = (Vec::new(), Vec::new());
        while let Some(answer) = answers.next().await {
            match answer.unwrap().message_response.unwrap() {
                MessageResponse::ListServicesResponse(list) => {
                    services.extend(list.service.into_iter().map(|service| service.name));
                }
                MessageResponse::FileDescriptorResponse(response) => {
                    let read = |bytes: &Vec<u8>| FileDescriptorProto::decode(bytes.as_slice()).unwrap();
                    files.push(response.file_descriptor_proto.iter().map(read).collect::<Vec<_>>());
                }
                other => panic!("{other:?}"),
            }
        }
        services.sort();
        (services, files)
    }};
}

fn field<'a>(files: &'a [FileDescriptorProto], message: &str, field: &str) -> &'a FieldDescriptorProto {
    let messages = files.iter().flat_map(|file| &file.message_type);
    let message = messages.into_iter().find(|found| found.name() == message).unwrap();
    message.field.iter().find(|found| found.name() == field).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_reflection_tell_every_service_and_what_it_says() {
    let gateway = Gateway::start();
    let symbols = ["trao.v1.CaptureService", "trao.v1.FeedEvent", "google.rpc.ErrorInfo"];
    let told = [reflect!(v1, gateway, symbols), reflect!(v1alpha, gateway, symbols)];
    for (services, files) in told {
        for service in SERVICES.iter().chain(&["grpc.health.v1.Health"]) {
            assert!(services.iter().any(|told| told == service), "{service} is not in {services:?}");
        }
        assert_eq!(files.len(), 3);
        // Partners see messages where the code keeps bytes.
        let capture = field(&files[0], "Capture", "event");
        assert_eq!(capture.type_name(), ".trao.v1.Event");
        let line = field(&files[0], "BatchCaptureEventsRequest", "lines");
        assert_eq!(line.type_name(), ".trao.v1.Capture");
        let event = field(&files[1], "FeedEvent", "event");
        assert_eq!(event.type_name(), ".trao.v1.Event");
        assert!(!files[2].is_empty(), "the details of errors can be read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_per_service_without_a_key() {
    let gateway = Gateway::start();
    let health = HealthClient::new(gateway.channel().await);
    for service in SERVICES.iter().chain(&[""]) {
        let request = HealthCheckRequest { service: service.to_string() };
        let answer = health.clone().check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest { service: "trao.v1.NoService".to_owned() };
    assert_eq!(health.clone().check(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_no_service_is_unimplemented() {
    let gateway = Gateway::start();
    let request = tonic::Request::new(bytes::Bytes::new());
    let path = "/trao.v1.CaptureService/NoSuchCall";
    let status = crate::support::raw::unary(gateway.channel().await, path, request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
