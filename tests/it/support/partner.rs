//! Callers: keys made by the command line, calls with them, and the invented province H99.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use trao::dossier::names::Lane;
use v1::directory_service_client::DirectoryServiceClient;

use super::gateway::{Gateway, trao};
use super::wait::eventually;

/// A caller with a key.
#[derive(Clone)]
pub struct Partner {
    /// The key as its holder has it.
    pub key: String,
}

impl Partner {
    /// A key made by `trao keys create`, as an operator makes it.
    pub fn create(folder: &Path, party: &str, role: &str, more: &[&str]) -> Partner {
        let store = ["--data".to_owned(), folder.display().to_string()];
        Partner::create_in(&store, party, role, more)
    }

    /// A key made in a store, however that is named.
    pub fn create_in(store: &[String], party: &str, role: &str, more: &[&str]) -> Partner {
        let mut command = trao();
        command.args(["keys", "create", "--json", "--name", "test", "--role", role]).args(store);
        if !party.is_empty() {
            command.args(["--party", party]);
        }
        let output = command.args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        Partner { key: json["key"].as_str().unwrap().to_owned() }
    }

    /// A key with no record anywhere: what a stranger makes up.
    pub fn stranger(key: &str) -> Partner {
        Partner { key: key.to_owned() }
    }

    /// A request with this caller's key, an id of its own and a language.
    pub fn ask_as<T>(&self, message: T, request_id: &str, language: &str) -> Request<T> {
        let mut request = self.ask(message);
        request.metadata_mut().insert("x-request-id", MetadataValue::try_from(request_id).unwrap());
        request.metadata_mut().insert("accept-language", MetadataValue::try_from(language).unwrap());
        request
    }

    /// A request with this caller's key.
    pub fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let bearer = MetadataValue::try_from(format!("Bearer {}", self.key)).unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }
}

/// The reason of a refused call; empty when the status carries none.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// The field of a refused call.
pub fn field(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.and_then(|info| info.metadata.get("field").cloned()).unwrap_or_default()
}

/// Now, as a device's clock says it.
pub fn now() -> prost_types::Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    prost_types::Timestamp { seconds: since.as_secs() as i64, nanos: since.subsec_nanos() as i32 }
}

/// An item or other code whose kind the gateway finds out.
pub fn code(value: &str) -> Option<v1::Code> {
    Some(v1::Code { value: value.to_owned(), ..v1::Code::default() })
}

/// An event of a type on a code, happening now.
pub fn event(kind: v1::EventType, value: &str) -> v1::Event {
    v1::Event {
        r#type: kind.into(),
        code: if value.is_empty() { None } else { code(value) },
        occurred_at: Some(now()),
        ..v1::Event::default()
    }
}

/// A line of a source.
pub fn capture(source: &str, id: &str, event: &v1::Event) -> v1::Capture {
    v1::Capture {
        source: source.to_owned(),
        client_event_id: id.to_owned(),
        event: event.encode_to_vec().into(),
        ..v1::Capture::default()
    }
}

/// The invented province: two agencies under a parent, a stranger, two carriers, each with its keys.
pub struct Province {
    /// Keeps the directory.
    pub admin: Partner,
    /// `agencies/H99.14`.
    pub department: Partner,
    /// `agencies/H99.17`, a sibling.
    pub sibling: Partner,
    /// `agencies/H99.01`, the counter.
    pub centre: Partner,
    /// Supervisor of `agencies/H99`, the parent of all.
    pub supervisor: Partner,
    /// `carriers/p`, devices `pda-1` and `pc-1`.
    pub post: Partner,
    /// Supervisor of `carriers/p`.
    pub post_supervisor: Partner,
    /// `carriers/q`, a second carrier.
    pub other_post: Partner,
}

/// A device of the first carrier.
pub const PDA: &str = "carriers/p/devices/pda-1";
/// An office computer of the first carrier.
pub const PC: &str = "carriers/p/devices/pc-1";
/// A system of the first carrier.
pub const SYSTEM: &str = "carriers/p/systems/central";
/// A device of the second carrier.
pub const OTHER_PDA: &str = "carriers/q/devices/pda-1";
/// A reader at the centre.
pub const READER: &str = "agencies/H99.01/devices/reader-1";
/// A reader at the department.
pub const DEPARTMENT_READER: &str = "agencies/H99.14/devices/reader-1";

impl Province {
    /// Enters the province into a gateway's directory and makes its keys.
    pub async fn enter(gateway: &Gateway) -> Province {
        let admin = Partner::create_in(&gateway.store(), "", "admin", &[]);
        enter_agencies(gateway, &admin).await;
        enter_carriers(gateway, &admin).await;
        Province::make_keys(gateway, admin).await
    }

    /// The same, with the agencies in the first lane and the carriers in one that is added between them.
    pub async fn enter_in_two_lanes(gateway: &mut Gateway) -> Province {
        let admin = Partner::create_in(&gateway.store(), "", "admin", &[]);
        enter_agencies(gateway, &admin).await;
        gateway.stop();
        assert_eq!(gateway.add_lane().await, Lane(1));
        gateway.restart();
        enter_carriers(gateway, &admin).await;
        Province::make_keys(gateway, admin).await
    }

    async fn make_keys(gateway: &Gateway, admin: Partner) -> Province {
        let store = gateway.store();
        let key = |party: &str, role: &str, sources: &[&str]| {
            let more: Vec<&str> = sources.iter().flat_map(|source| ["--source", *source]).collect();
            Partner::create_in(&store, party, role, &more)
        };
        let province = Province {
            department: key("agencies/H99.14", "agency-system", &[DEPARTMENT_READER]),
            sibling: key("agencies/H99.17", "agency-system", &[]),
            centre: key("agencies/H99.01", "agency-officer", &[READER]),
            supervisor: key("agencies/H99", "supervisor", &[]),
            post: key("carriers/p", "post-system", &[PDA, PC, SYSTEM]),
            post_supervisor: key("carriers/p", "supervisor", &[]),
            other_post: key("carriers/q", "post-operator", &[OTHER_PDA]),
            admin,
        };
        province.settle(gateway).await;
        province
    }

    /// Waits until the gateway has seen the sources that another process enrolled.
    async fn settle(&self, gateway: &Gateway) {
        use v1::capture_service_client::CaptureServiceClient;
        let captures = CaptureServiceClient::new(gateway.channel().await);
        for (who, source) in [
            (&self.department, DEPARTMENT_READER),
            (&self.centre, READER),
            (&self.post, SYSTEM),
            (&self.other_post, OTHER_PDA),
        ] {
            let request = v1::GetDeviceStateRequest { source: source.to_owned() };
            eventually(source, || async {
                captures.clone().get_device_state(who.ask(request.clone())).await.ok()
            })
            .await;
        }
    }
}

async fn enter_agencies(gateway: &Gateway, admin: &Partner) {
    let mut directory = DirectoryServiceClient::new(gateway.channel().await);
    for (code, parent) in [("H99", ""), ("H99.01", "H99"), ("H99.14", "H99"), ("H99.17", "H99")] {
        let parent = if parent.is_empty() { String::new() } else { format!("agencies/{parent}") };
        let agency = v1::Agency {
            code: code.to_owned(),
            title: format!("Agency {code}"),
            parent,
            kind: v1::AgencyKind::Both.into(),
            ..v1::Agency::default()
        };
        let request = v1::CreateAgencyRequest { agency: Some(agency) };
        directory.create_agency(admin.ask(request)).await.unwrap();
    }
}

async fn enter_carriers(gateway: &Gateway, admin: &Partner) {
    let mut directory = DirectoryServiceClient::new(gateway.channel().await);
    for id in ["p", "q"] {
        let carrier =
            v1::Carrier { id: id.to_owned(), title: format!("Post {id}"), ..v1::Carrier::default() };
        let request = v1::CreateCarrierRequest { carrier: Some(carrier) };
        directory.create_carrier(admin.ask(request)).await.unwrap();
    }
    for (code, by_post) in [("1.004194", true), ("1.004195", false)] {
        let procedure = v1::Procedure {
            code: code.to_owned(),
            title: format!("Procedure {code}"),
            level: "province".to_owned(),
            postal_pickup: by_post,
            postal_return: by_post,
            ..v1::Procedure::default()
        };
        let request = v1::CreateProcedureRequest { procedure: Some(procedure) };
        directory.create_procedure(admin.ask(request)).await.unwrap();
    }
}

/// A minute of a replayed day, Friday 20 November 2026 in UTC.
pub fn minute(minute: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: 1_795_132_800 + minute * 60, nanos: 0 }
}

impl Partner {
    /// A request made at a minute of a replayed day.
    pub fn ask_at<T>(&self, message: T, at: &prost_types::Timestamp) -> Request<T> {
        let time = trao::dossier::names::Micros(at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000);
        let told = MetadataValue::try_from(trao::doors::wire::time::to_rfc3339(time)).unwrap();
        let mut request = self.ask(message);
        request.metadata_mut().insert("trao-now", told);
        request
    }
}

/// A slip's number.
pub fn slip(value: &str) -> v1::Code {
    v1::Code { kind: v1::CodeKind::Slip.into(), value: value.to_owned(), ..v1::Code::default() }
}

/// A personal part that attests the citizen's side.
pub fn attested() -> bytes::Bytes {
    v1::Personal { proof_sha256: vec![7; 32].into(), ..v1::Personal::default() }.encode_to_vec().into()
}
