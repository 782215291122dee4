//! Who may command what. What is not seen is NOT_FOUND; what is seen and may not be done is ROLE_NOT_ALLOWED.

use crate::access::{Caller, Role};
use crate::dossier::directory::Directory;
use crate::dossier::leg::Birth;
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};

/// Whether the caller speaks for an agency: with one of its own keys, or as the supervisor of an agency above it.
pub(super) fn speaks_for(caller: &Caller, directory: &Directory, agency: &PartyName) -> bool {
    let Some(own) = &caller.party else { return false };
    match caller.role {
        Role::AgencyOfficer | Role::AgencySystem => own == agency,
        Role::Supervisor => own.is_agency() && directory.is_within(agency, own),
        Role::PostOperator | Role::PostSystem | Role::Admin => false,
    }
}

/// Whether the caller speaks for a carrier.
pub(super) fn carries_for(caller: &Caller, carrier: Option<&PartyName>) -> bool {
    let post = matches!(caller.role, Role::PostOperator | Role::PostSystem);
    post && caller.party.is_some() && caller.party.as_ref() == carrier
}

/// Orders: by the agency, or by the carrier that a citizen called.
pub(super) fn may_order(
    caller: &Caller,
    directory: &Directory,
    agency: &PartyName,
    carrier: Option<&PartyName>,
) -> Result<(), Refusal> {
    let may = speaks_for(caller, directory, agency) || carries_for(caller, carrier);
    allow(may, "agency", "only the agency, or the carrier named, orders")
}

/// Cancellations: by the agency or the carrier of the leg, in their own name. The supervisor of an agency above sees the
/// leg and has no part in its custody.
pub(super) fn may_cancel(caller: &Caller, birth: &Birth) -> Result<(), Refusal> {
    let by_agency = caller.party.as_ref() == Some(&birth.agency) && is_agency_role(caller.role);
    let may = by_agency || carries_for(caller, birth.carrier.as_ref());
    allow(may, "name", "only the agency or the carrier of the leg cancels")
}

/// Registrations: by the agency. A counter takes a dossier on by accepting what it holds; if it could register under any
/// agency that it names, the answers would tell it which codes that agency has.
pub(super) fn may_register(
    caller: &Caller,
    directory: &Directory,
    agency: &PartyName,
) -> Result<(), Refusal> {
    allow(speaks_for(caller, directory, agency), "agency", "only the agency registers")
}

/// Acceptances: by agencies; of a leg that is seen, by its agency or counter in their own name.
pub(super) fn may_accept(caller: &Caller, birth: Option<&Birth>, field: &str) -> Result<(), Refusal> {
    let own = caller.party.as_ref();
    let concerned = birth.is_none_or(|birth| own == Some(&birth.agency) || own == Some(&birth.counter));
    let may = concerned && own.is_some_and(PartyName::is_agency) && is_agency_role(caller.role);
    allow(may, field, "only the agency or the counter of the leg accepts")
}

/// Decisions on a dossier that is known: by agencies. Whose it is the journal judges, which answers what is another's like
/// what never was.
pub(super) fn may_decide(caller: &Caller) -> Result<(), Refusal> {
    let may = caller.party.as_ref().is_some_and(PartyName::is_agency) && is_agency_role(caller.role);
    allow(may, "dossier", "only the agency of a dossier, or its counter, decides")
}

fn is_agency_role(role: Role) -> bool {
    matches!(role, Role::AgencyOfficer | Role::AgencySystem | Role::Supervisor)
}

fn allow(may: bool, field: &str, why: &str) -> Result<(), Refusal> {
    if may { Ok(()) } else { Err(Refusal::field(Reason::RoleNotAllowed, field, why)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::directory::{Agency, AgencyKind, Enrolment, Party};
    use crate::dossier::leg::LegKind;
    use crate::dossier::names::Lane;

    fn directory() -> Directory {
        let mut directory = Directory::default();
        for (name, parent) in
            [("agencies/P", None), ("agencies/P.1", Some("agencies/P")), ("agencies/P.2", Some("agencies/P"))]
        {
            let name = PartyName::new(name);
            let agency = Agency {
                name: name.clone(),
                title: String::new(),
                parent: parent.map(PartyName::new),
                kind: AgencyKind::Both,
                valid_from: None,
                valid_to: None,
                level: None,
                ended: None,
            };
            directory.parties.insert(name, (Enrolment { id: 1, lane: Lane(0) }, Party::Agency(agency)));
        }
        directory
    }

    fn caller(party: &str, role: Role) -> Caller {
        Caller {
            key_id: "k".to_owned(),
            party: (!party.is_empty()).then(|| PartyName::new(party)),
            role,
            principal: "1".into(),
            sources: Vec::new(),
        }
    }

    #[test]
    fn commands_are_for_those_they_concern() {
        let directory = directory();
        let agency = PartyName::new("agencies/P.1");
        let counter = PartyName::new("agencies/P.2");
        let carrier = PartyName::new("carriers/p");
        let birth = Birth {
            kind: LegKind::Inbound,
            agency: agency.clone(),
            counter: counter.clone(),
            carrier: Some(carrier.clone()),
            office: None,
            procedure: None,
        };
        for (party, role, order, cancel, register, accept) in [
            ("agencies/P.1", Role::AgencyOfficer, true, true, true, true),
            ("agencies/P.1", Role::Supervisor, true, true, true, true),
            ("agencies/P.2", Role::AgencySystem, false, false, false, true),
            ("agencies/P", Role::Supervisor, true, false, true, false),
            ("agencies/P", Role::AgencyOfficer, false, false, false, false),
            ("carriers/p", Role::PostOperator, true, true, false, false),
            ("carriers/p", Role::Supervisor, false, false, false, false),
            ("carriers/q", Role::PostSystem, false, false, false, false),
            ("agencies/X", Role::AgencyOfficer, false, false, false, false),
            ("", Role::Admin, false, false, false, false),
        ] {
            let caller = caller(party, role);
            let may = (
                may_order(&caller, &directory, &agency, Some(&carrier)).is_ok(),
                may_cancel(&caller, &birth).is_ok(),
                may_register(&caller, &directory, &agency).is_ok(),
                may_accept(&caller, Some(&birth), "leg").is_ok(),
            );
            assert_eq!(may, (order, cancel, register, accept), "{party} {role:?}");
        }
    }
}
