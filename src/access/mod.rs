//! Owns: who is calling: API keys, roles, and what a caller may do and read.
//! Never: knows protobuf; tells whether something exists that the caller may not see.

pub mod api_key;
mod keys;

pub use api_key::{ApiKey, KeyText};
pub use keys::Keys;

use smol_str::SmolStr;

use crate::dossier::directory::Directory;
use crate::dossier::names::{PartyName, SourceName};
use crate::dossier::numbered::numbered;
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::Speaker;

numbered! {
    /// What a key is for. The command line spells them in lower case with dashes.
    Role {
        /// A clerk or postman with a device.
        PostOperator = 1 "POST_OPERATOR",
        /// A carrier's system.
        PostSystem = 2 "POST_SYSTEM",
        /// An officer at an agency.
        AgencyOfficer = 3 "AGENCY_OFFICER",
        /// An agency's back-office.
        AgencySystem = 4 "AGENCY_SYSTEM",
        /// Reads everything under its party; may revoke deliveries.
        Supervisor = 5 "SUPERVISOR",
        /// Keeps the directory; sees no dossier.
        Admin = 6 "ADMIN",
    }
}

impl Role {
    /// The spelling of the command line, e.g. `post-operator`.
    pub fn spelling(self) -> String {
        self.text().to_ascii_lowercase().replace('_', "-")
    }
}

/// Who is calling, from the API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of the key: public, in logs.
    pub key_id: String,
    /// The party; only an administrator has none.
    pub party: Option<PartyName>,
    /// The role.
    pub role: Role,
    /// The person of the key, or the key itself where none is named.
    pub principal: SmolStr,
    /// The sources the key is bound to; empty = every source of the party.
    pub sources: Vec<SourceName>,
}

impl Caller {
    /// The caller as it speaks to the journal: everybody but an administrator, who has no part in custody.
    pub fn speaker(&self) -> Result<Speaker, Refusal> {
        match (&self.party, self.role) {
            (Some(party), role) if role != Role::Admin => Ok(Speaker {
                party: party.clone(),
                principal: self.principal.clone(),
                supervisor: role == Role::Supervisor,
            }),
            _ => Err(Refusal::new(Reason::RoleNotAllowed)),
        }
    }

    /// Whether the key may capture under a source's name: one that it is bound to, or one that had its place, whose outbox it
    /// drains. Enrolment is checked where the line is journaled.
    pub fn may_use(&self, directory: &Directory, source: &SourceName) -> bool {
        let own = &self.sources;
        // As a rule it is one of them; only then the directory is asked.
        own.is_empty() || own.contains(source) || own.iter().any(|heir| directory.relays(heir, source))
    }

    /// The party whose legs, dossiers and log are asked for: the caller's own, or one from which it took over, or for a
    /// supervisor any below them. Empty means the caller's own. What may not be read is answered as if it were not there.
    pub fn reads(&self, directory: &Directory, parent: &str) -> Result<PartyName, Refusal> {
        let own = match (&self.party, self.role) {
            (Some(party), role) if role != Role::Admin => party,
            _ => return Err(Refusal::new(Reason::RoleNotAllowed)),
        };
        if parent.is_empty() {
            return Ok(own.clone());
        }
        let wanted = PartyName::new(parent);
        if self.reaches(directory, own, &wanted) {
            return Ok(wanted);
        }
        Err(Refusal::field(Reason::NotFound, "parent", ""))
    }

    /// Whether the caller may see what concerns any of these parties.
    pub fn sees<'a>(&self, directory: &Directory, mut parties: impl Iterator<Item = &'a PartyName>) -> bool {
        match (&self.party, self.role) {
            (None, _) | (_, Role::Admin) => false,
            (Some(own), _) => parties.any(|party| self.reaches(directory, own, party)),
        }
    }

    /// Whether what a party reads is the caller's to read.
    fn reaches(&self, directory: &Directory, own: &PartyName, party: &PartyName) -> bool {
        match self.role {
            Role::Supervisor => directory.is_overseen(party, own),
            _ => directory.succeeds(own, party),
        }
    }

    /// Refuses everybody but an administrator.
    pub fn must_be_admin(&self) -> Result<(), Refusal> {
        if self.role == Role::Admin { Ok(()) } else { Err(Refusal::new(Reason::RoleNotAllowed)) }
    }
}
