//! Refusals: what the caller can mend. Each names a stable reason, the field, and what to do; nothing of it was stored.

use std::fmt;

use super::names::{Micros, Position};

/// Declares the reasons; their texts are on the wire and never change meaning.
macro_rules! reasons {
    ($($(#[$meta:meta])* $variant:ident $text:literal,)*) => {
        /// Why something was refused. The gRPC code, whether to retry and the sentences stand in `doors::reasons`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$meta])* $variant,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// The stable text, e.g. `CHECK_DIGIT`.
            pub const fn text(self) -> &'static str {
                match self { $(Reason::$variant => $text,)* }
            }
        }
    };
}

reasons! {
    /// No API key was sent.
    KeyMissing "KEY_MISSING",
    /// The API key is unknown, revoked or mistyped.
    KeyInvalid "KEY_INVALID",
    /// The key's role may not do this.
    RoleNotAllowed "ROLE_NOT_ALLOWED",
    /// The source is not enrolled under the caller's party, or the key is not bound to it.
    UnknownSource "UNKNOWN_SOURCE",
    /// Nothing by that name concerns the caller.
    NotFound "NOT_FOUND",
    /// A required field is empty.
    FieldRequired "FIELD_REQUIRED",
    /// The check digit is wrong.
    CheckDigit "CHECK_DIGIT",
    /// The text is no code of that kind.
    CodeFormat "CODE_FORMAT",
    /// The code is longer than any code.
    CodeTooLong "CODE_TOO_LONG",
    /// The code holds a date that does not exist.
    DateImpossible "DATE_IMPOSSIBLE",
    /// The time is outside 1970-2099, or in the future where the past is asked for.
    TimeOutOfRange "TIME_OUT_OF_RANGE",
    /// An enum number this release does not know, where meaning depends on it.
    EnumUnknown "ENUM_UNKNOWN",
    /// A text holds control characters or is too long.
    TextInvalid "TEXT_INVALID",
    /// The device number is outside 1..2^63-1.
    DeviceSeqRange "DEVICE_SEQ_RANGE",
    /// Too many lines in one batch.
    BatchTooLarge "BATCH_TOO_LARGE",
    /// The page size is negative or too large.
    PageSize "PAGE_SIZE",
    /// The cursor or page token is damaged.
    CursorInvalid "CURSOR_INVALID",
    /// The cursor belongs to another party.
    CursorForeign "CURSOR_FOREIGN",
    /// The cursor names a position that does not exist yet.
    CursorAhead "CURSOR_AHEAD",
    /// The journal was restored: the cursor belongs to an earlier epoch.
    EpochChanged "EPOCH_CHANGED",
    /// The consumer is not where the caller saw it.
    ConsumerMoved "CONSUMER_MOVED",
    /// The party has as many consumers as it may have.
    ConsumerLimit "CONSUMER_LIMIT",
    /// The bytes are no message of this type.
    MessageMalformed "MESSAGE_MALFORMED",
    /// The message is too large.
    MessageTooLarge "MESSAGE_TOO_LARGE",
    /// Too much is waiting.
    Overloaded "OVERLOADED",
    /// The same key was used for other content.
    EventKeyReused "EVENT_KEY_REUSED",
    /// The dossier is registered with other content.
    DossierExists "DOSSIER_EXISTS",
    /// There is another resource of that name.
    ResourceExists "RESOURCE_EXISTS",
    /// The procedure may not go by post in that direction.
    ProcedureNotEligible "PROCEDURE_NOT_ELIGIBLE",
    /// The dossier is not in a state that allows the decision.
    DossierState "DOSSIER_STATE",
    /// The list, or the line, is not in a state that allows the command.
    ManifestState "MANIFEST_STATE",
    /// The leg is not in a state that allows the command.
    LegState "LEG_STATE",
    /// Both sides by one principal.
    SamePrincipal "SAME_PRINCIPAL",
    /// The person of the key has no appointment today.
    OffDuty "OFF_DUTY",
    /// The store cannot be reached or cannot write.
    StoreUnavailable "STORE_UNAVAILABLE",
    /// An amount of money that is none.
    AmountInvalid "AMOUNT_INVALID",
    /// Two visible dossiers under one code.
    CodeAmbiguous "CODE_AMBIGUOUS",
    /// The gateway's clock leapt.
    ClockSuspect "CLOCK_SUSPECT",
    /// A fault of the gateway.
    Internal "INTERNAL",
}

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The field it is about, as the caller spells it (`line.event.code.value`); empty when it is about none.
    pub field: String,
    /// What exactly is wrong, in English, without personal data; may be empty.
    pub detail: String,
    /// When trying again may help.
    pub retry_after_us: Option<i64>,
    /// For a reused key: the digest stored first.
    pub first_digest: Option<[u8; 32]>,
    /// For a reused key: the digest of what was sent now.
    pub this_digest: Option<[u8; 32]>,
    /// For a reused key: where the first stands.
    pub first: Option<Position>,
    /// For a cursor of an epoch that ended: where to go on from.
    pub resume: Option<Box<Resume>>,
}

/// Where the reader of an epoch that ended goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The last position of each lane that its history has in common with the one that went on.
    pub common: Vec<Position>,
    /// A cursor of the epoch that is: behind what the reader had read of what is common.
    pub cursor: Vec<u8>,
}

impl Refusal {
    /// A refusal about a field.
    pub fn field(reason: Reason, field: impl Into<String>, detail: impl Into<String>) -> Refusal {
        Refusal {
            reason,
            field: field.into(),
            detail: detail.into(),
            retry_after_us: None,
            first_digest: None,
            this_digest: None,
            first: None,
            resume: None,
        }
    }

    /// A refusal about the whole call.
    pub fn new(reason: Reason) -> Refusal {
        Refusal::field(reason, "", "")
    }

    /// The same refusal with a time after which to try again.
    pub fn retry_after(mut self, us: i64) -> Refusal {
        self.retry_after_us = Some(us);
        self
    }

    /// The same refusal with its field under another: `event` + `code` = `event.code`. What is about no field stays so: a
    /// full queue is no fault of the line.
    pub fn under(mut self, parent: &str) -> Refusal {
        if !self.field.is_empty() {
            self.field = format!("{parent}.{}", self.field);
        }
        self
    }

    /// Store trouble: nothing is known to be written; the same key may be tried again.
    pub fn store_unavailable() -> Refusal {
        Refusal::new(Reason::StoreUnavailable).retry_after(Micros::SECOND)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.text())?;
        if !self.field.is_empty() {
            write!(f, " field {}", self.field)?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
