//! What the gateway is compared with: a bare tonic server that decodes the same requests, gives the same answers and
//! keeps nothing.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use trao::doors::wire::v1;
use trao::serve;

/// The answers, as the gateway gave them once.
#[derive(Clone)]
pub struct Answers {
    /// To a scan.
    pub captured: v1::CaptureEventResponse,
    /// To a question for a dossier.
    pub dossier: v1::GetDossierResponse,
}

impl Answers {
    /// Keeps them for the sink.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let mut bytes = self.captured.encode_length_delimited_to_vec();
        bytes.extend(self.dossier.encode_length_delimited_to_vec());
        std::fs::write(file, bytes).context("keep the sink's answers")
    }

    fn read(file: &Path) -> anyhow::Result<Answers> {
        let bytes = std::fs::read(file).context("read the sink's answers")?;
        let mut rest = &bytes[..];
        let captured = v1::CaptureEventResponse::decode_length_delimited(&mut rest)?;
        Ok(Answers { captured, dossier: v1::GetDossierResponse::decode_length_delimited(&mut rest)? })
    }
}

/// Serves on the gateway's own kind of runtime until it is killed.
pub fn serve(answers: &Path) -> anyhow::Result<()> {
    let answers = Answers::read(answers)?;
    serve::runtime()?.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening {}", listener.local_addr()?);
        std::io::stdout().flush()?;
        tonic::transport::Server::builder()
            .add_service(v1::capture_service_server::CaptureServiceServer::new(answers.clone()))
            .add_service(v1::dossier_service_server::DossierServiceServer::new(answers))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
            .await?;
        Ok(())
    })
}

/// What the sink does not answer.
fn not_asked<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("the bench does not ask this"))
}

#[tonic::async_trait]
impl v1::capture_service_server::CaptureService for Answers {
    async fn capture_event(
        &self,
        _request: Request<v1::CaptureEventRequest>,
    ) -> Result<Response<v1::CaptureEventResponse>, Status> {
        Ok(Response::new(self.captured.clone()))
    }

    async fn batch_capture_events(
        &self,
        _request: Request<v1::BatchCaptureEventsRequest>,
    ) -> Result<Response<v1::BatchCaptureEventsResponse>, Status> {
        not_asked()
    }

    type SyncEventsStream = tokio_stream::Empty<Result<v1::SyncEventsResponse, Status>>;

    async fn sync_events(
        &self,
        _request: Request<tonic::Streaming<v1::SyncEventsRequest>>,
    ) -> Result<Response<Self::SyncEventsStream>, Status> {
        not_asked()
    }

    async fn get_device_state(
        &self,
        _request: Request<v1::GetDeviceStateRequest>,
    ) -> Result<Response<v1::GetDeviceStateResponse>, Status> {
        not_asked()
    }

    async fn classify_scan(
        &self,
        _request: Request<v1::ClassifyScanRequest>,
    ) -> Result<Response<v1::ClassifyScanResponse>, Status> {
        not_asked()
    }
}

/// Answers one call of a service and none of the others, which are named so that the compiler sees them all.
macro_rules! answers_only {
    ($service:path: $asked:item $($call:ident $request:ident $response:ident,)*) => {
        #[tonic::async_trait]
        impl $service for Answers {
            $asked

            $(async fn $call(
                &self,
                _request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                not_asked()
            })*
        }
    };
}

answers_only! {
    v1::dossier_service_server::DossierService:
    async fn get_dossier(
        &self,
        _request: Request<v1::GetDossierRequest>,
    ) -> Result<Response<v1::GetDossierResponse>, Status> {
        Ok(Response::new(self.dossier.clone()))
    }
    register_dossier RegisterDossierRequest RegisterDossierResponse,
    batch_register_dossiers BatchRegisterDossiersRequest BatchRegisterDossiersResponse,
    accept_dossier AcceptDossierRequest AcceptDossierResponse,
    request_supplement RequestSupplementRequest RequestSupplementResponse,
    refuse_dossier RefuseDossierRequest RefuseDossierResponse,
    withdraw_dossier WithdrawDossierRequest WithdrawDossierResponse,
    stop_dossier StopDossierRequest StopDossierResponse,
    set_due_date SetDueDateRequest SetDueDateResponse,
    announce_result AnnounceResultRequest AnnounceResultResponse,
    batch_announce_results BatchAnnounceResultsRequest BatchAnnounceResultsResponse,
    close_dossier CloseDossierRequest CloseDossierResponse,
    link_dossiers LinkDossiersRequest LinkDossiersResponse,
    batch_decide_dossiers BatchDecideDossiersRequest BatchDecideDossiersResponse,
    list_dossiers ListDossiersRequest ListDossiersResponse,
    search_dossiers SearchDossiersRequest SearchDossiersResponse,
    list_dossier_events ListDossierEventsRequest ListDossierEventsResponse,
}
