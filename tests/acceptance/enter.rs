//! The province is entered into a new gateway's directory, and everybody gets a key.

use std::collections::BTreeMap;

use anyhow::Context;
use futures_util::future::try_join_all;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::directory_service_client::DirectoryServiceClient;

use super::support::gateway::Gateway;
use super::support::partner::Partner;
use super::support::wait::eventually;
use super::town::{self, CARRIER, OLD_CODE, OLD_CODE_UNTIL, PROVINCE, Town};

/// Entries on their way at once: they share commits.
const AT_ONCE: usize = 100;

/// Who calls.
pub struct Callers {
    /// The supervisor of the province: registers, orders, and reads all of it.
    pub province: Partner,
    /// The keys of sources.
    sources: BTreeMap<String, Partner>,
}

impl Callers {
    /// Whose source it is.
    pub fn of(&self, source: &str) -> anyhow::Result<&Partner> {
        self.sources.get(source).with_context(|| format!("{source} has no key"))
    }
}

/// Enters everything.
pub async fn enter(gateway: &Gateway, town: &Town<'_>) -> anyhow::Result<Callers> {
    let store = gateway.store();
    let admin = Partner::create_in(&store, "", "admin", &[]);
    let directory = DirectoryServiceClient::new(gateway.channel().await);
    let ask = |mut directory: DirectoryServiceClient<_>| {
        let admin = admin.clone();
        async move |agency: v1::Agency| {
            directory.create_agency(admin.ask(v1::CreateAgencyRequest { agency: Some(agency) })).await
        }
    };
    // Parents first: each level waits for the one above it.
    let mut levels: BTreeMap<usize, Vec<v1::Agency>> = BTreeMap::new();
    for agency in town.agencies() {
        levels.entry(agency.code.matches('.').count()).or_default().push(agency);
    }
    for agencies in levels.into_values() {
        for some in agencies.chunks(AT_ONCE) {
            let calls = some.iter().map(|agency| {
                let mut create = ask(directory.clone());
                let agency = agency.clone();
                async move { create(agency).await }
            });
            try_join_all(calls).await?;
        }
    }
    let alias = v1::AgencyAlias {
        code: OLD_CODE.to_owned(),
        valid_to: OLD_CODE_UNTIL.to_owned(),
        ..v1::AgencyAlias::default()
    };
    let renamed = v1::CreateAgencyAliasRequest { agency: town.renamed(), alias: Some(alias) };
    directory.clone().create_agency_alias(admin.ask(renamed)).await?;
    let carrier =
        v1::Carrier { id: "p".to_owned(), title: "Bưu chính".to_owned(), ..v1::Carrier::default() };
    directory.clone().create_carrier(admin.ask(v1::CreateCarrierRequest { carrier: Some(carrier) })).await?;
    for some in town.offices().chunks(AT_ONCE) {
        try_join_all(some.iter().map(|office| {
            let (mut directory, admin) = (directory.clone(), &admin);
            let request = v1::CreateOfficeRequest { office: Some(office.clone()) };
            async move { directory.create_office(admin.ask(request)).await }
        }))
        .await?;
    }
    for some in town.procedures().chunks(AT_ONCE) {
        try_join_all(some.iter().map(|procedure| {
            let (mut directory, admin) = (directory.clone(), &admin);
            let request = v1::CreateProcedureRequest { procedure: Some(procedure.clone()) };
            async move { directory.create_procedure(admin.ask(request)).await }
        }))
        .await?;
    }
    give_keys(gateway, town).await
}

async fn give_keys(gateway: &Gateway, town: &Town<'_>) -> anyhow::Result<Callers> {
    let store = gateway.store();
    let mut sources = BTreeMap::new();
    let regions = (0..town::REGIONS).map(town::region).chain((0..town::PHONES).map(town::phone));
    let carried: Vec<String> = regions.collect();
    let more: Vec<&str> = carried.iter().flat_map(|source| ["--source", source.as_str()]).collect();
    let post = Partner::create_in(&store, CARRIER, "post-system", &more);
    sources.extend(carried.into_iter().map(|source| (source, post.clone())));
    let desk = town::supervisors();
    let supervisor = Partner::create_in(&store, CARRIER, "supervisor", &["--source", &desk]);
    sources.insert(desk, supervisor);
    for counter in town.counters() {
        let source = town::system_of(&counter);
        let system = Partner::create_in(&store, &counter, "agency-system", &["--source", &source]);
        sources.insert(source, system);
    }
    let province = Partner::create_in(&store, PROVINCE, "supervisor", &[]);
    // Another process enrolled the sources; the gateway sees them within two seconds, the last one last.
    let captures = CaptureServiceClient::new(gateway.channel().await);
    for (source, partner) in sources.iter().rev() {
        let request = v1::GetDeviceStateRequest { source: source.clone() };
        eventually(source, || async {
            captures.clone().get_device_state(partner.ask(request.clone())).await.ok()
        })
        .await;
    }
    Ok(Callers { province, sources })
}
