//! A refusal on the wire: google.rpc.Status with ErrorInfo, BadRequest, PreconditionFailure, RetryInfo, RequestInfo and
//! the sentence in the caller's language; in a batch the same as a `Refusal` of its line.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};

use super::reasons;
use super::wire::v1;
use crate::dossier::names::Position;
use crate::dossier::refusal::{Reason, Refusal};
use crate::metrics::Refusals;

/// The domain of every ErrorInfo.
pub const DOMAIN: &str = "trao";
/// In the ErrorInfo of EPOCH_CHANGED: the last position of each lane that is common to both histories, parted by commas.
pub const LAST_COMMON: &str = "last_common_position";
/// In the ErrorInfo of EPOCH_CHANGED: the cursor to go on from, base64url without padding.
pub const RESUME: &str = "resume_cursor";

/// The language of sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese.
    Vietnamese,
    /// English.
    #[default]
    English,
}

impl Language {
    /// The first language of an `accept-language` value that is spoken here.
    pub fn accepted(value: Option<&str>) -> Language {
        let first = value.unwrap_or_default().trim_start().to_ascii_lowercase();
        if first.starts_with("vi") { Language::Vietnamese } else { Language::English }
    }

    fn tag(self) -> &'static str {
        match self {
            Language::Vietnamese => "vi",
            Language::English => "en",
        }
    }
}

/// A call's id and language: they stand in every error, and every error is counted.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// From `x-request-id`, or made here.
    pub request_id: String,
    /// From `accept-language`.
    pub language: Language,
    /// Counts what is refused.
    pub refusals: Refusals,
}

/// The sentence of a refusal: what the table says, and what exactly is wrong.
pub fn sentence(refusal: &Refusal, language: Language) -> String {
    let row = reasons::row(refusal.reason);
    let general = match language {
        Language::Vietnamese => row.vietnamese,
        Language::English => row.english,
    };
    if refusal.detail.is_empty() { general.to_owned() } else { format!("{general} ({})", refusal.detail) }
}

/// The status of a refused call.
pub fn to_status(refusal: &Refusal, call: &CallContext) -> Status {
    call.refusals.count(refusal.reason);
    let row = reasons::row(refusal.reason);
    let mut metadata = HashMap::new();
    if !refusal.field.is_empty() {
        metadata.insert("field".to_owned(), refusal.field.clone());
    }
    for (name, digest) in [("first_digest", refusal.first_digest), ("this_digest", refusal.this_digest)] {
        if let Some(digest) = digest {
            metadata.insert(name.to_owned(), hex::encode(digest));
        }
    }
    if let Some(first) = refusal.first {
        metadata.insert("first_position".to_owned(), first.to_string());
    }
    if let Some(resume) = &refusal.resume {
        let common: Vec<String> = resume.common.iter().map(Position::to_string).collect();
        metadata.insert(LAST_COMMON.to_owned(), common.join(","));
        metadata.insert(RESUME.to_owned(), URL_SAFE_NO_PAD.encode(&resume.cursor));
    }
    let sentence_english = sentence(refusal, Language::English);
    let mut details = ErrorDetails::new();
    details.set_error_info(refusal.reason.text(), DOMAIN, metadata);
    details.set_request_info(&call.request_id, "");
    details.set_localized_message(call.language.tag(), sentence(refusal, call.language));
    if row.code == tonic::Code::InvalidArgument && !refusal.field.is_empty() {
        details.add_bad_request_violation(&refusal.field, &sentence_english);
    }
    if row.code == tonic::Code::FailedPrecondition {
        details.add_precondition_failure_violation(refusal.reason.text(), &refusal.field, &sentence_english);
    }
    if let Some(us) = refusal.retry_after_us {
        details.set_retry_info(Some(Duration::from_micros(us.unsigned_abs())));
    } else if row.retry {
        details.set_retry_info(Some(Duration::from_secs(1)));
    }
    if refusal.reason == Reason::Internal {
        tracing::error!(request_id = %call.request_id, "a call ended in an internal fault");
    } else {
        tracing::debug!(request_id = %call.request_id, reason = refusal.reason.text(), field = %refusal.field, "refused");
    }
    Status::with_error_details(row.code, sentence_english, details)
}

/// The refusal of one line of a batch or stream.
pub fn to_line(refusal: &Refusal, call: &CallContext) -> v1::Refusal {
    call.refusals.count(refusal.reason);
    let row = reasons::row(refusal.reason);
    let digest = |digest: Option<[u8; 32]>| digest.map(|d| Bytes::copy_from_slice(&d)).unwrap_or_default();
    let retry_us = refusal.retry_after_us.or(row.retry.then_some(1_000_000));
    v1::Refusal {
        code: row.code as i32,
        reason: refusal.reason.text().to_owned(),
        field: refusal.field.clone(),
        message: sentence(refusal, call.language),
        retry_after: retry_us.map(|us| prost_types::Duration {
            seconds: us / 1_000_000,
            nanos: i32::try_from(us % 1_000_000).unwrap_or(0) * 1_000,
        }),
        first_digest: digest(refusal.first_digest),
        this_digest: digest(refusal.this_digest),
        first: refusal.first.map(|position| v1::Position { lane: position.lane.0.into(), pos: position.pos }),
    }
}
