//! What a client without the protos learns from a running gateway, and without a key: its services, the published
//! messages with their comments, the details of its errors, and whether it serves.

use std::collections::BTreeMap;

use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorProto};
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use trao::doors::wire::v1;
use v1::directory_service_client::DirectoryServiceClient;

use crate::support::gateway::Gateway;
use crate::support::partner::reason;
use crate::support::raw;
use crate::support::wait::within;

/// What a gateway offers, in the order of their names.
const SERVICES: [&str; 10] = [
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
];
/// The details that refusals carry.
const DETAILS: [&str; 4] = ["ErrorInfo", "BadRequest", "PreconditionFailure", "RetryInfo"];

/// An answer of either version.
#[derive(Debug, PartialEq)]
enum Told {
    Services(Vec<String>),
    Files(Vec<Vec<u8>>),
    Error(i32),
}

/// A question of either version.
#[derive(Clone, Copy)]
enum Ask {
    Services,
    Symbol(&'static str),
    File(&'static str),
}

/// Asks by one version of the protocol; the two differ in nothing but their package.
macro_rules! ask {
    ($version:ident, $channel:expr, $ask:expr) => {{
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        let question = match $ask {
            Ask::Services => MessageRequest::ListServices(String::new()),
            Ask::Symbol(name) => MessageRequest::FileContainingSymbol(name.to_owned()),
            Ask::File(name) => MessageRequest::FileByFilename(name.to_owned()),
        };
        let request = tonic_reflection::pb::$version::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(question),
        };
        let mut client = ServerReflectionClient::new($channel);
        let answers = client.server_reflection_info(tokio_stream::iter([request])).await.unwrap();
        let mut answers = answers.into_inner();
        // What is not there ends the stream.
        match answers.message().await {
            Ok(answer) => match answer.unwrap().message_response.unwrap() {
                MessageResponse::ListServicesResponse(list) => {
                    let mut names: Vec<String> =
                        list.service.into_iter().map(|service| service.name).collect();
                    names.sort();
                    Told::Services(names)
                }
                MessageResponse::FileDescriptorResponse(files) => {
                    Told::Files(files.file_descriptor_proto.into_iter().map(Into::into).collect())
                }
                MessageResponse::ErrorResponse(error) => Told::Error(error.error_code),
                other => panic!("{other:?}"),
            },
            Err(status) => Told::Error(status.code().into()),
        }
    }};
}

/// Asks by both versions, which must agree.
async fn both(channel: &Channel, question: Ask) -> Told {
    let told = ask!(v1, channel.clone(), question);
    assert_eq!(told, ask!(v1alpha, channel.clone(), question), "v1 and v1alpha");
    told
}

async fn file(channel: &Channel, question: Ask) -> FileDescriptorProto {
    match both(channel, question).await {
        Told::Files(files) => FileDescriptorProto::decode(files[0].as_slice()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn message<'a>(file: &'a FileDescriptorProto, name: &str) -> (usize, &'a DescriptorProto) {
    file.message_type.iter().enumerate().find(|(_, message)| message.name() == name).unwrap()
}

/// The comments before the things of a file, by their paths in it.
fn comments(file: &FileDescriptorProto) -> BTreeMap<Vec<i32>, &str> {
    let locations = &file.source_code_info.as_ref().unwrap().location;
    locations.iter().map(|location| (location.path.clone(), location.leading_comments().trim())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_reflection_list_every_service_to_whoever_asks_without_a_key() {
    let gateway = Gateway::start();
    let channel = gateway.channel().await;
    assert_eq!(both(&channel, Ask::Services).await, Told::Services(SERVICES.map(str::to_owned).to_vec()));
    // Whatever is listed can be looked up; what is not there is not found.
    for name in SERVICES {
        let Told::Files(files) = both(&channel, Ask::Symbol(name)).await else { panic!("{name}") };
        assert_eq!(files.len(), 1, "{name}");
    }
    assert_eq!(both(&channel, Ask::Symbol("trao.v1.Secret")).await, Told::Error(Code::NotFound.into()));
    assert_eq!(both(&channel, Ask::File("trao/v1/secret.proto")).await, Told::Error(Code::NotFound.into()));
    // The services themselves want a key.
    let mut directory = DirectoryServiceClient::new(channel);
    let status = directory.list_agencies(v1::ListAgenciesRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "KEY_MISSING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_and_field_is_published_with_its_comment_and_every_import_can_be_fetched() {
    let gateway = Gateway::start();
    let channel = gateway.channel().await;
    let mut files = BTreeMap::new();
    for name in SERVICES.iter().filter(|name| name.starts_with("trao.")) {
        let file = file(&channel, Ask::Symbol(name)).await;
        files.insert(file.name().to_owned(), file);
    }
    // A client fetches what a file imports by its name, until it has everything.
    loop {
        let wanted: Vec<String> = files.values().flat_map(|file| file.dependency.clone()).collect();
        let Some(missing) = wanted.into_iter().find(|name| !files.contains_key(name)) else { break };
        let fetched = file(&channel, Ask::File(missing.clone().leak())).await;
        assert_eq!(fetched.name(), missing);
        files.insert(missing, fetched);
    }
    assert!(files.contains_key("google/protobuf/timestamp.proto"));
    let ours = || files.values().filter(|file| file.package() == "trao.v1");
    assert_eq!(ours().count(), 17, "the files of the module");
    for file in ours() {
        let comments = comments(file);
        let mut told = Vec::new();
        for (n, service) in (0..).zip(&file.service) {
            told.push((vec![6, n], service.name()));
            told.extend((0..).zip(&service.method).map(|(m, method)| (vec![6, n, 2, m], method.name())));
        }
        for (n, message) in (0..).zip(&file.message_type) {
            told.push((vec![4, n], message.name()));
            told.extend((0..).zip(&message.field).map(|(m, field)| (vec![4, n, 2, m], field.name())));
        }
        for (n, values) in (0..).zip(&file.enum_type) {
            told.push((vec![5, n], values.name()));
            told.extend((0..).zip(&values.value).map(|(m, value)| (vec![5, n, 2, m], value.name())));
        }
        for (path, name) in told {
            let comment = comments.get(&path).copied().unwrap_or_default();
            assert!(!comment.is_empty(), "{name} of {} says nothing of itself", file.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_as_received_is_published_as_messages() {
    let gateway = Gateway::start();
    let channel = gateway.channel().await;
    let events = file(&channel, Ask::Symbol("trao.v1.Event")).await;
    assert_eq!(events.name(), "trao/v1/event.proto");
    let (index, event) = message(&events, "Event");
    let names: Vec<&str> = event.field.iter().map(|field| field.name()).collect();
    assert_eq!(names[..5], ["type", "code", "occurred_at", "zone_offset_s", "device_seq"]);
    let comments = comments(&events);
    let said = |field: i32| comments[&vec![4, i32::try_from(index).unwrap(), 2, field]];
    assert_eq!(said(0), "What happened.");
    assert_eq!(said(1), "The code that was scanned.");

    for (holder, field, published) in [
        ("Capture", "event", ".trao.v1.Event"),
        ("Capture", "personal", ".trao.v1.Personal"),
        ("BatchCaptureEventsRequest", "lines", ".trao.v1.Capture"),
        ("SyncEventsRequest", "line", ".trao.v1.Capture"),
        ("FeedEvent", "event", ".trao.v1.Event"),
        ("BatchRegisterDossiersRequest", "requests", ".trao.v1.RegisterDossierRequest"),
        ("OrderLegRequest", "personal", ".trao.v1.Personal"),
        ("RegisterDossierRequest", "personal", ".trao.v1.Personal"),
        ("AcceptDossierRequest", "personal", ".trao.v1.Personal"),
        ("GetLegResponse", "personal", ".trao.v1.Personal"),
    ] {
        let file = file(&channel, Ask::Symbol(format!("trao.v1.{holder}").leak())).await;
        let (_, message) = message(&file, holder);
        let found = message.field.iter().find(|candidate| candidate.name() == field).unwrap();
        assert_eq!((found.r#type(), found.type_name()), (Type::Message, published), "{holder}.{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_details_of_refusals_can_be_read_by_whoever_has_only_reflection() {
    let gateway = Gateway::start();
    let channel = gateway.channel().await;
    for name in DETAILS {
        let file = file(&channel, Ask::Symbol(format!("google.rpc.{name}").leak())).await;
        let (_, message) = message(&file, name);
        assert!(!message.field.is_empty(), "{name}");
    }
    let status = file(&channel, Ask::Symbol("google.rpc.Status")).await;
    let (_, status) = message(&status, "Status");
    let fields: Vec<&str> = status.field.iter().map(|field| field.name()).collect();
    assert_eq!(fields, ["code", "message", "details"]);
}

async fn health(channel: &Channel, service: &str) -> Result<ServingStatus, Code> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel.clone()).check(request).await.map_err(|status| status.code())?;
    Ok(answer.into_inner().status())
}

/// The gateway's own health, and that of each of its services.
fn told_of() -> impl Iterator<Item = &'static str> {
    SERVICES.into_iter().filter(|name| name.starts_with("trao.")).chain([""])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_serves_and_says_that_it_does_not_once_the_gateway_is_told_to_end() {
    let mut gateway = Gateway::start();
    let channel = gateway.channel().await;
    let mut watches = Vec::new();
    for service in told_of() {
        assert_eq!(health(&channel, service).await, Ok(ServingStatus::Serving), "{service:?}");
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut watch = HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner();
        let first = watch.message().await.unwrap().unwrap();
        assert_eq!(first.status(), ServingStatus::Serving, "{service:?}");
        watches.push((service, watch));
    }
    for unknown in ["trao.v1.NoService", "trao.v1", "CaptureService", "grpc.health.v1.Health"] {
        let told = health(&channel, unknown).await;
        if unknown.starts_with("grpc.") {
            // Health answers for what others may lean on; it itself answers by answering.
            assert!(matches!(told, Ok(ServingStatus::Serving) | Err(Code::NotFound)), "{told:?}");
        } else {
            assert_eq!(told, Err(Code::NotFound), "{unknown}");
        }
    }
    let stopping = tokio::task::spawn_blocking(move || gateway.stop());
    for (service, mut watch) in watches {
        let last = within("the last word of health", watch.message()).await.unwrap().unwrap();
        assert_eq!(last.status(), ServingStatus::NotServing, "{service:?}");
    }
    drop(channel);
    let (code, _log) = within("the end", stopping).await.unwrap();
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_no_service_is_unimplemented() {
    let gateway = Gateway::start();
    let request = tonic::Request::new(bytes::Bytes::new());
    let path = "/trao.v1.CaptureService/NoSuchCall";
    let status = raw::unary(gateway.channel().await, path, request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
