//! The `grpc.testing.TestService` that gRPC's interoperability cases speak to, behind the gateway's own layers. Names and
//! field numbers are the published ones; the client states them a second time, for itself.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use prost::Message;
use tokio_stream::StreamExt;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, BoxStream, Service};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, NamedService};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, Message)]
struct Empty {}

#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(bytes = "bytes", tag = "2")]
    body: bytes::Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct EchoStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

#[derive(Clone, PartialEq, Message)]
struct SimpleRequest {
    #[prost(int32, tag = "2")]
    response_size: i32,
    #[prost(message, optional, tag = "3")]
    payload: Option<Payload>,
    #[prost(message, optional, tag = "7")]
    response_status: Option<EchoStatus>,
}

#[derive(Clone, PartialEq, Message)]
struct SimpleResponse {
    #[prost(message, optional, tag = "1")]
    payload: Option<Payload>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamingInputCallRequest {
    #[prost(message, optional, tag = "1")]
    payload: Option<Payload>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamingInputCallResponse {
    #[prost(int32, tag = "1")]
    aggregated_payload_size: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ResponseParameters {
    #[prost(int32, tag = "1")]
    size: i32,
    #[prost(int32, tag = "2")]
    interval_us: i32,
}

#[derive(Clone, PartialEq, Message)]
struct StreamingOutputCallRequest {
    #[prost(message, repeated, tag = "2")]
    response_parameters: Vec<ResponseParameters>,
    #[prost(message, optional, tag = "3")]
    payload: Option<Payload>,
    #[prost(message, optional, tag = "7")]
    response_status: Option<EchoStatus>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamingOutputCallResponse {
    #[prost(message, optional, tag = "1")]
    payload: Option<Payload>,
}

/// Metadata that comes back before the answer.
const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";
/// Not of the standard: the details that the asked-for status carries.
const ECHO_DETAILS: &str = "x-echo-details-bin";

/// The service. Clones share the count of calls.
#[derive(Clone, Default)]
pub struct TestService {
    open: Arc<AtomicUsize>,
}

/// One call at work; gone when the gateway has let go of it.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TestService {
    /// Calls whose handlers have not been let go of.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    fn begin(&self) -> Open {
        self.open.fetch_add(1, Ordering::SeqCst);
        Open(Arc::clone(&self.open))
    }
}

impl NamedService for TestService {
    const NAME: &'static str = "grpc.testing.TestService";
}

impl Service<http::Request<Body>> for TestService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let open = Arc::new(self.begin());
        Box::pin(async move {
            let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            Ok(match method.as_str() {
                "EmptyCall" => codec().unary(Handler(empty_call), request).await,
                "UnaryCall" => codec().unary(Handler(unary_call), request).await,
                "StreamingInputCall" => {
                    codec().client_streaming(Handler(streaming_input_call), request).await
                }
                "StreamingOutputCall" => {
                    let call = move |asked| streaming_output_call(asked, Arc::clone(&open));
                    codec().server_streaming(Handler(call), request).await
                }
                "FullDuplexCall" => {
                    let call = move |asked| full_duplex_call(asked, Arc::clone(&open));
                    codec().streaming(Handler(call), request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// With the bound that every service of the gateway has.
fn codec<Answer, Asked>() -> Grpc<ProstCodec<Answer, Asked>>
where
    Answer: Message + Send + 'static,
    Asked: Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::default()).max_decoding_message_size(trao::limits::MESSAGE_BYTES)
}

/// A function as tonic wants a method.
struct Handler<F>(F);

impl<F, Fut, Asked, Answer> Service<Request<Asked>> for Handler<F>
where
    F: FnMut(Request<Asked>) -> Fut,
    Fut: Future<Output = Result<Response<Answer>, Status>> + Send + 'static,
{
    type Response = Response<Answer>;
    type Error = Status;
    type Future = BoxFuture<Response<Answer>, Status>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        Box::pin((self.0)(request))
    }
}

/// So many zeros: the cases look at sizes alone.
fn payload(size: i32) -> Option<Payload> {
    Some(Payload { body: vec![0; usize::try_from(size).unwrap_or(0)].into() })
}

/// The status that the caller wants to see, if it wants one.
fn wanted(status: Option<EchoStatus>, metadata: &MetadataMap) -> Result<(), Status> {
    let Some(EchoStatus { code, message }) = status.filter(|status| status.code != 0) else { return Ok(()) };
    let details = metadata.get_bin(ECHO_DETAILS).and_then(|value| value.to_bytes().ok());
    Err(Status::with_details(Code::from(code), message, details.unwrap_or_default()))
}

/// An answer under the metadata that the caller wants back.
fn answer<T>(body: T, metadata: &MetadataMap) -> Response<T> {
    let mut response = Response::new(body);
    if let Some(echoed) = metadata.get(ECHO_INITIAL) {
        response.metadata_mut().insert(ECHO_INITIAL, echoed.clone());
    }
    response
}

async fn empty_call(request: Request<Empty>) -> Result<Response<Empty>, Status> {
    Ok(answer(Empty {}, request.metadata()))
}

async fn unary_call(request: Request<SimpleRequest>) -> Result<Response<SimpleResponse>, Status> {
    let (metadata, _, asked) = request.into_parts();
    wanted(asked.response_status, &metadata)?;
    Ok(answer(SimpleResponse { payload: payload(asked.response_size) }, &metadata))
}

async fn streaming_input_call(
    request: Request<Streaming<StreamingInputCallRequest>>,
) -> Result<Response<StreamingInputCallResponse>, Status> {
    let mut messages = request.into_inner();
    let mut sum = 0;
    while let Some(message) = messages.message().await? {
        sum += message.payload.unwrap_or_default().body.len();
    }
    let aggregated_payload_size = i32::try_from(sum).map_err(|_| Status::out_of_range("too much"))?;
    Ok(Response::new(StreamingInputCallResponse { aggregated_payload_size }))
}

type Outputs = BoxStream<StreamingOutputCallResponse>;

async fn streaming_output_call(
    request: Request<StreamingOutputCallRequest>,
    open: Arc<Open>,
) -> Result<Response<Outputs>, Status> {
    let one = tokio_stream::iter([Ok(request.into_inner())]);
    Ok(Response::new(outputs(one, MetadataMap::new(), open)))
}

async fn full_duplex_call(
    request: Request<Streaming<StreamingOutputCallRequest>>,
    open: Arc<Open>,
) -> Result<Response<Outputs>, Status> {
    let (metadata, _, messages) = request.into_parts();
    Ok(answer(outputs(messages, metadata.clone(), open), &metadata))
}

/// Every message is answered by as many as it asks for, each after its pause.
fn outputs(
    messages: impl tokio_stream::Stream<Item = Result<StreamingOutputCallRequest, Status>> + Send + 'static,
    metadata: MetadataMap,
    open: Arc<Open>,
) -> Outputs {
    let (sent, answers) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let _open = open;
        let mut messages = std::pin::pin!(messages);
        while let Some(message) = messages.next().await {
            let asked = match message
                .and_then(|asked| wanted(asked.response_status.clone(), &metadata).map(|()| asked))
            {
                Ok(asked) => asked,
                Err(status) => return drop(sent.send(Err(status)).await),
            };
            for one in asked.response_parameters {
                tokio::time::sleep(Duration::from_micros(u64::try_from(one.interval_us).unwrap_or(0))).await;
                if sent.send(Ok(StreamingOutputCallResponse { payload: payload(one.size) })).await.is_err() {
                    return;
                }
            }
        }
    });
    Box::pin(tokio_stream::wrappers::ReceiverStream::new(answers))
}
