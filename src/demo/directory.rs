//! The directory of the demonstration, entered as an administrator does, and counted as the gateway then answers it.

use std::path::Path;

use super::cast::POST;
use super::child::Child;
use super::hands::Hand;
use super::telling::Telling;
use super::words::at;
use crate::doors::wire::v1;
use v1::directory_service_client::DirectoryServiceClient;

/// Code, name, the agency above, what it does.
const AGENCIES: &[(&str, &str, &str, v1::AgencyKind)] = &[
    ("H99", "Tỉnh H99", "", v1::AgencyKind::Owner),
    ("H99.01", "Trung tâm Phục vụ hành chính công H99", "agencies/H99", v1::AgencyKind::Counter),
    ("H99.14", "Sở số 14", "agencies/H99", v1::AgencyKind::Owner),
    ("H99.17", "Sở số 17", "agencies/H99", v1::AgencyKind::Owner),
    ("H99.60.05", "Xã số 05", "agencies/H99", v1::AgencyKind::Both),
    ("H99.60.12", "Xã số 12", "agencies/H99", v1::AgencyKind::Both),
    ("H99.60.31", "Xã số 31", "agencies/H99", v1::AgencyKind::Both),
    ("G99", "Bộ G99", "", v1::AgencyKind::Owner),
    ("G99.07", "Cục số 07", "agencies/G99", v1::AgencyKind::Both),
];

const OFFICES: &[(&str, &str)] = &[
    ("990100", "Khai thác H99"),
    ("991230", "Bưu cục 991230"),
    ("992340", "Bưu cục 992340"),
    ("993450", "Bưu cục 993450"),
];

/// What a citizen of the commune asks for.
pub(super) const BIRTH: &str = "procedures/1.009901";
/// What the departments' citizens ask for.
pub(super) const RECORD: &str = "procedures/1.009902";
/// What goes from a commune up to the ministry.
pub(super) const INTERLINKED: &str = "procedures/1.009903";
/// What one has to come for.
pub(super) const IN_PERSON: &str = "procedures/1.009911";

/// Code, name, who decides, whether it may go by post.
const PROCEDURES: &[(&str, &str, &str, bool)] = &[
    ("1.009901", "Đăng ký khai sinh", "commune", true),
    ("1.009902", "Cấp phiếu lý lịch", "province", true),
    ("1.009903", "Xác nhận liên thông", "central", true),
    ("1.009904", "Cấp bản sao trích lục", "commune", true),
    ("1.009905", "Cấp đổi giấy phép", "province", true),
    ("1.009906", "Đăng ký kinh doanh hộ", "commune", true),
    ("1.009907", "Cấp lại chứng chỉ", "province", true),
    ("1.009908", "Gia hạn giấy phép", "province", true),
    ("1.009909", "Xác nhận cư trú", "commune", true),
    ("1.009910", "Cấp mã số", "province", true),
    ("1.009911", "Đăng ký kết hôn", "commune", false),
    ("1.009912", "Sát hạch tại chỗ", "province", false),
];

/// Enters everything.
pub(super) async fn enter(gateway: &Child, data: &Path) -> anyhow::Result<()> {
    let admin = Hand::of(gateway, data, "admin", "").await?;
    let now = at("Mon 06:00");
    let mut directory = DirectoryServiceClient::new(admin.channel());
    let title = "Bưu chính H99".to_owned();
    let carrier = v1::Carrier { id: "post99".to_owned(), title, ..v1::Carrier::default() };
    directory.create_carrier(admin.ask(v1::CreateCarrierRequest { carrier: Some(carrier) }, now)?).await?;
    for (code, title, parent, kind) in AGENCIES {
        let agency = v1::Agency {
            code: (*code).to_owned(),
            title: (*title).to_owned(),
            parent: (*parent).to_owned(),
            kind: (*kind).into(),
            ..v1::Agency::default()
        };
        directory.create_agency(admin.ask(v1::CreateAgencyRequest { agency: Some(agency) }, now)?).await?;
    }
    for (code, title) in OFFICES {
        let office = v1::Office {
            code: (*code).to_owned(),
            title: (*title).to_owned(),
            carrier: POST.to_owned(),
            province: "99".to_owned(),
            ..v1::Office::default()
        };
        directory.create_office(admin.ask(v1::CreateOfficeRequest { office: Some(office) }, now)?).await?;
    }
    for (code, title, level, by_post) in PROCEDURES {
        let procedure = v1::Procedure {
            code: (*code).to_owned(),
            title: (*title).to_owned(),
            level: (*level).to_owned(),
            postal_pickup: *by_post,
            postal_return: *by_post,
            ..v1::Procedure::default()
        };
        let request = v1::CreateProcedureRequest { procedure: Some(procedure) };
        directory.create_procedure(admin.ask(request, now)?).await?;
    }
    Ok(())
}

/// Says who takes part, as the directory lists them.
pub(super) async fn tell(gateway: &Child, data: &Path, telling: &Telling) -> anyhow::Result<()> {
    let admin = Hand::of(gateway, data, "admin", "").await?;
    let now = at("Mon 06:00");
    let mut directory = DirectoryServiceClient::new(admin.channel());
    let carriers = directory.list_carriers(admin.ask(v1::ListCarriersRequest::default(), now)?).await?;
    let offices = directory.list_offices(admin.ask(v1::ListOfficesRequest::default(), now)?).await?;
    let agencies = directory.list_agencies(admin.ask(v1::ListAgenciesRequest::default(), now)?).await?;
    let procedures = directory.list_procedures(admin.ask(v1::ListProceduresRequest::default(), now)?).await?;
    let carriers = carriers.into_inner().carriers.len();
    let offices = offices.into_inner().offices.len();
    let agencies = agencies.into_inner().agencies;
    let under =
        |parent: &str| agencies.iter().filter(move |agency| agency.parent == parent).collect::<Vec<_>>();
    let of_kind = |kind: v1::AgencyKind| under("agencies/H99").iter().filter(|a| a.kind() == kind).count();
    let (centres, departments, communes) =
        (of_kind(v1::AgencyKind::Counter), of_kind(v1::AgencyKind::Owner), of_kind(v1::AgencyKind::Both));
    let ministries =
        agencies.iter().filter(|agency| agency.code.starts_with('G') && agency.parent.is_empty());
    let ministries = ministries.count();
    let procedures = procedures.into_inner().procedures;
    let by_post = procedures.iter().filter(|procedure| procedure.postal_pickup).count();
    let procedures = procedures.len();
    telling.plain([
        &format!(
            "{carriers} carrier, {offices} offices │ {centres} centre, {departments} departments, {communes} communes, \
             {ministries} ministry │ {procedures} procedures, {by_post} by post"
        ),
        &format!(
            "{carriers} bưu chính, {offices} bưu cục │ {centres} trung tâm, {departments} sở, {communes} xã, \
             {ministries} bộ │ {procedures} thủ tục, {by_post} qua bưu chính"
        ),
    ]);
    Ok(())
}
