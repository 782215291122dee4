//! Who takes part: an invented province, its post, their keys and devices.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use super::Telling;
use super::child::Child;
use super::hands::{Hand, at};
use crate::doors::wire::v1;
use v1::directory_service_client::DirectoryServiceClient;

/// The carrier.
pub(super) const POST: &str = "carriers/post99";
/// The commune whose counter is in the story.
pub(super) const COMMUNE: &str = "agencies/H99.60.05";
/// The department that returns results.
pub(super) const DEPARTMENT: &str = "agencies/H99.14";
/// The provincial centre, counter of the department.
pub(super) const CENTRE: &str = "agencies/H99.01";

/// Name of the key, party, role, sources.
const KEYS: &[(&str, &str, &str, &[&str])] = &[
    ("postman-1", POST, "post-operator", &["carriers/post99/devices/pda-1"]),
    ("postman-2", POST, "post-operator", &["carriers/post99/devices/pda-2"]),
    ("clerk", POST, "post-operator", &["carriers/post99/devices/pc-991230"]),
    ("post-supervisor", POST, "supervisor", &[]),
    ("commune", COMMUNE, "agency-officer", &["agencies/H99.60.05/devices/reader-1"]),
    ("centre", CENTRE, "agency-officer", &["agencies/H99.01/devices/reader-1"]),
    ("department", DEPARTMENT, "agency-system", &["agencies/H99.14/systems/office"]),
    ("neighbour", "agencies/H99.17", "agency-system", &[]),
    ("province", "agencies/H99", "supervisor", &[]),
];

/// Enters the directory and makes the keys.
pub(super) async fn enter(gateway: &Child, data: &Path, telling: &Telling) -> anyhow::Result<()> {
    let folder = data.join("keys");
    fs::create_dir_all(&folder).context("make the folder of keys")?;
    make_key(data, "admin", "", "admin", &[])?;
    let admin = Hand::of(gateway, data, "admin", "").await?;
    let now = at("06:00", 0);
    let mut directory = DirectoryServiceClient::new(admin.channel());
    let carrier =
        v1::Carrier {
            id: "post99".to_owned(), title: "Bưu chính H99".to_owned(), ..v1::Carrier::default()
        };
    directory.create_carrier(admin.ask(v1::CreateCarrierRequest { carrier: Some(carrier) }, now)?).await?;
    for (code, title, parent) in [
        ("H99", "Tỉnh H99", ""),
        ("H99.01", "Trung tâm Phục vụ hành chính công H99", "agencies/H99"),
        ("H99.14", "Sở số 14", "agencies/H99"),
        ("H99.17", "Sở số 17", "agencies/H99"),
        ("H99.60.05", "Xã số 05", "agencies/H99"),
    ] {
        let agency = v1::Agency {
            code: code.to_owned(),
            title: title.to_owned(),
            parent: parent.to_owned(),
            kind: v1::AgencyKind::Both.into(),
            ..v1::Agency::default()
        };
        directory.create_agency(admin.ask(v1::CreateAgencyRequest { agency: Some(agency) }, now)?).await?;
    }
    for (code, title) in
        [("990100", "Khai thác H99"), ("991230", "Bưu cục 991230"), ("992340", "Bưu cục 992340")]
    {
        let office = v1::Office {
            code: code.to_owned(),
            title: title.to_owned(),
            carrier: POST.to_owned(),
            province: "99".to_owned(),
            ..v1::Office::default()
        };
        directory.create_office(admin.ask(v1::CreateOfficeRequest { office: Some(office) }, now)?).await?;
    }
    for (code, title, by_post) in [
        ("1.009901", "Đăng ký khai sinh", true),
        ("1.009902", "Cấp phiếu lý lịch", true),
        ("1.009903", "Thủ tục phải đến tận nơi", false),
    ] {
        let procedure = v1::Procedure {
            code: code.to_owned(),
            title: title.to_owned(),
            level: "commune".to_owned(),
            postal_pickup: by_post,
            postal_return: by_post,
            ..v1::Procedure::default()
        };
        directory
            .create_procedure(admin.ask(v1::CreateProcedureRequest { procedure: Some(procedure) }, now)?)
            .await?;
    }
    for (name, party, role, sources) in KEYS {
        make_key(data, name, party, role, sources)?;
    }
    telling.plain(
        "1 carrier, 3 offices, 2 postmen, 1 clerk │ 1 centre, 2 departments, 1 commune │ 3 procedures, 2 by post",
        "1 doanh nghiệp bưu chính, 3 bưu cục, 2 bưu tá, 1 giao dịch viên │ 1 trung tâm, 2 sở, 1 xã │ 3 thủ tục, 2 qua bưu chính",
    );
    Ok(())
}

/// Makes a key as an operator does, by the command line, and keeps it in a file that only its owner reads.
fn make_key(data: &Path, name: &str, party: &str, role: &str, sources: &[&str]) -> anyhow::Result<()> {
    let binary = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(binary);
    command.args(["keys", "create", "--json", "--name", name, "--role", role, "--data"]).arg(data);
    if !party.is_empty() {
        command.args(["--party", party]);
    }
    for source in sources {
        command.args(["--source", source]);
    }
    let output = command.output().context("make a key")?;
    if !output.status.success() {
        bail!("no key for {name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).context("read the new key")?;
    let key = answer.get("key").and_then(serde_json::Value::as_str).context("read the new key")?;
    let path = data.join("keys").join(name);
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    writeln!(file.context("keep a key")?, "{key}").context("keep a key")
}
