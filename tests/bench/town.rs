//! The invented town whose post is driven: a carrier with its devices, agencies, a procedure, and the carrier's key.

use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, ensure};
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use trao::doors::wire::v1;

use super::process::Server;
use super::store::Store;

/// Agencies that receive.
pub const AGENCIES: usize = 20;
/// Where everything is scanned.
pub const OFFICE: &str = "carriers/p/offices/990100";
/// What the dossiers ask for.
pub const PROCEDURE: &str = "procedures/1.004194";

/// A store with the town in its directory, and the key of its carrier.
#[derive(Clone)]
pub struct Town {
    /// Devices enrolled.
    pub devices: usize,
    key: String,
    bearer: MetadataValue<Ascii>,
}

impl Town {
    /// Makes a store with the town in it; its gateway has ended when this returns.
    pub async fn build(store: &Store, devices: usize) -> anyhow::Result<Town> {
        let admin = bearer(&key(store, &["--role", "admin"])?)?;
        let server = Server::gateway(store)?;
        enter(&server, &admin, devices).await?;
        let key = key(store, &["--party", "carriers/p", "--role", "post-system"])?;
        server.stop()?;
        Ok(Town { devices, bearer: bearer(&key)?, key })
    }

    /// The carrier's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A call of the carrier's system.
    pub fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }
}

/// The device of a number.
pub fn device(number: usize) -> String {
    format!("carriers/p/devices/pda-{number}")
}

/// The agency of a number.
pub fn agency(number: usize) -> String {
    format!("agencies/H99.{}", 10 + number)
}

/// A valid item number (UPU S10), a different one for each serial.
pub fn item(serial: u64) -> String {
    const WEIGHTS: [u64; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    let letter = char::from(b'A' + (serial / 100_000_000 % 26) as u8);
    let digits = format!("{:08}", serial % 100_000_000);
    let weighted: u64 =
        digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    let check = match 11 - weighted % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("R{letter}{digits}{check}VN")
}

/// Now, as a device's clock says it.
pub fn now() -> prost_types::Timestamp {
    prost_types::Timestamp::from(SystemTime::now())
}

fn key(store: &Store, flags: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trao"));
    store.kept_by(command.args(["keys", "create", "--json", "--name", "bench"]).args(flags));
    let output = command.output()?;
    ensure!(output.status.success(), "keys create: {}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    Ok(json["key"].as_str().context("keys create prints the key")?.to_owned())
}

fn bearer(key: &str) -> anyhow::Result<MetadataValue<Ascii>> {
    Ok(MetadataValue::try_from(format!("Bearer {key}"))?)
}

async fn enter(server: &Server, admin: &MetadataValue<Ascii>, devices: usize) -> anyhow::Result<()> {
    let channel = server.connect().await?.pop().context("a connection")?;
    let mut directory = v1::directory_service_client::DirectoryServiceClient::with_interceptor(
        channel,
        |mut request: Request<()>| {
            request.metadata_mut().insert("authorization", admin.clone());
            Ok(request)
        },
    );
    let carrier = v1::Carrier { id: "p".to_owned(), title: "Post".to_owned(), ..v1::Carrier::default() };
    directory.create_carrier(v1::CreateCarrierRequest { carrier: Some(carrier) }).await?;
    let office = v1::Office {
        name: OFFICE.to_owned(),
        code: "990100".to_owned(),
        title: "Sorting".to_owned(),
        carrier: "carriers/p".to_owned(),
        ..v1::Office::default()
    };
    directory.create_office(v1::CreateOfficeRequest { office: Some(office) }).await?;
    for number in 0..AGENCIES {
        let code = agency(number).trim_start_matches("agencies/").to_owned();
        let agency = v1::Agency {
            title: format!("Agency {code}"),
            code,
            kind: v1::AgencyKind::Both.into(),
            ..v1::Agency::default()
        };
        directory.create_agency(v1::CreateAgencyRequest { agency: Some(agency) }).await?;
    }
    let procedure = v1::Procedure {
        code: PROCEDURE.trim_start_matches("procedures/").to_owned(),
        title: "A paper".to_owned(),
        level: "province".to_owned(),
        postal_pickup: true,
        postal_return: true,
        ..v1::Procedure::default()
    };
    directory.create_procedure(v1::CreateProcedureRequest { procedure: Some(procedure) }).await?;
    for number in 0..devices {
        let source = v1::Source {
            name: device(number),
            party: "carriers/p".to_owned(),
            kind: v1::SourceKind::Device.into(),
            id: format!("pda-{number}"),
            ..v1::Source::default()
        };
        directory.create_source(v1::CreateSourceRequest { source: Some(source) }).await?;
    }
    Ok(())
}
