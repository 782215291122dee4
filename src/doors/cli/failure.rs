//! Why a command could not do its work, for a person and for a program.

use std::error::Error;
use std::io;
use std::time::Duration;

use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::output::note;
use super::{Exit, Output};
use crate::doors::refusal::{DOMAIN, LAST_COMMON, Language, RESUME};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The gateway refused.
    #[error("{}", .0.message)]
    Refused(Box<Refused>),
    /// The gateway did not answer.
    #[error("no answer from {server}: {why}")]
    Unreachable {
        /// Its address.
        server: String,
        /// What was tried.
        why: String,
    },
    /// The command line, or a file it names, is wrong.
    #[error("{0}")]
    Usage(String),
    /// An answer lacks what it must have.
    #[error("the gateway's answer has no {0}")]
    Incomplete(&'static str),
    /// Input could not be read.
    #[error("read the input: {0}")]
    Input(#[source] io::Error),
    /// Output could not be written.
    #[error("write the output: {0}")]
    Output(#[source] io::Error),
    /// Nobody reads the output any more, which is no failure: `trao feed | head` ends like this.
    #[error("the output was closed")]
    Closed,
}

/// A refusal as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The gRPC code.
    pub code: Code,
    /// The reason, e.g. `CHECK_DIGIT`; empty from something that is no gateway of ours.
    pub reason: String,
    /// The field at fault; empty where no single one is.
    pub field: String,
    /// A sentence for a person, in the language asked for.
    pub message: String,
    /// The call's id, for whoever runs the gateway.
    pub request_id: String,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// After EPOCH_CHANGED, where that is known: the last positions common to both histories, and the cursor to go on from.
    pub resume: Option<Resume>,
}

/// Where to go on from after EPOCH_CHANGED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Positions, parted by commas.
    pub common: String,
    /// As `--cursor` takes it.
    pub cursor: String,
}

impl Refused {
    /// Reads a status. `request_id` is the one that was sent, for a status that names none.
    pub fn read(status: &Status, request_id: &str) -> Refused {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let violation = details.bad_request().and_then(|bad| bad.field_violations.first());
        let field = info.and_then(|info| info.metadata.get("field").cloned());
        let message = details.localized_message().map(|sentence| sentence.message.clone());
        let told = details.request_info().map(|request| request.request_id.clone());
        let told_of = |name: &str| info.and_then(|info| info.metadata.get(name).cloned());
        let resume = told_of(LAST_COMMON).zip(told_of(RESUME));
        Refused {
            resume: resume.map(|(common, cursor)| Resume { common, cursor }),
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            field: field.or_else(|| violation.map(|bad| bad.field.clone())).unwrap_or_default(),
            message: message.unwrap_or_else(|| status.message().to_owned()),
            request_id: told.filter(|id| !id.is_empty()).unwrap_or_else(|| request_id.to_owned()),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }

    /// The name of the gRPC code, e.g. `INVALID_ARGUMENT`.
    pub const fn code_text(&self) -> &'static str {
        match self.code {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl Failure {
    /// What a call's status means: refused by the gateway, or never answered by it.
    pub fn of_status(status: &Status, request_id: &str, server: &str) -> Failure {
        let refused = Refused::read(status, request_id);
        // A status that was received has no source; one that the client made of a broken connection has. A proxy
        // answers for a gateway that is down with a plain UNAVAILABLE.
        let unheard = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
        if refused.reason.is_empty() && (unheard || status.source().is_some() || timed_out(status)) {
            let why = status.source().map_or_else(|| status.message().to_owned(), crate::telemetry::chain);
            return Failure::Unreachable { server: server.to_owned(), why };
        }
        Failure::Refused(Box::new(refused))
    }

    /// How the process ends on it.
    pub const fn exit(&self) -> Exit {
        match self {
            Failure::Closed => Exit::Done,
            Failure::Usage(_) => Exit::Usage,
            Failure::Unreachable { .. } => Exit::Unreachable,
            Failure::Refused(_) | Failure::Incomplete(_) | Failure::Input(_) | Failure::Output(_) => {
                Exit::Refused
            }
        }
    }

    /// The refusal's reason; empty for every other failure.
    pub fn reason(&self) -> &str {
        match self {
            Failure::Refused(refused) => &refused.reason,
            _ => "",
        }
    }

    /// Tells it: on stderr for a person, and for a program that asked for JSON also as an object on stdout.
    pub fn tell(&self, output: &mut Output, json: bool, language: Language) -> Exit {
        if !matches!(self, Failure::Closed) {
            note(&format!("trao: {}", self.for_people(language)));
            if json && let Some(object) = self.object() {
                // Whoever closed stdout does not want it; the exit code says the same.
                let _ = output.json(&object).and_then(|()| output.flush());
            }
        }
        self.exit()
    }

    /// The object of `--json`; only what the gateway said, or that it said nothing.
    fn object(&self) -> Option<serde_json::Value> {
        match self {
            Failure::Refused(refused) => {
                let mut error = json!({
                    "code": refused.code_text(),
                    "reason": refused.reason,
                    "field": refused.field,
                    "message": refused.message,
                    "request_id": refused.request_id,
                });
                if let Some(resume) = &refused.resume {
                    error[LAST_COMMON] = json!(resume.common);
                    error[RESUME] = json!(resume.cursor);
                }
                Some(json!({ "error": error }))
            }
            Failure::Unreachable { .. } => Some(json!({ "error": {
                "code": "UNAVAILABLE",
                "reason": "UNREACHABLE",
                "field": "",
                "message": self.to_string(),
                "request_id": "",
            }})),
            _ => None,
        }
    }

    fn for_people(&self, language: Language) -> String {
        match (self, language) {
            (Failure::Refused(refused), _) => {
                let mut text = refused.message.clone();
                for (label, value) in
                    [("field", &refused.field), ("reason", &refused.reason), ("request", &refused.request_id)]
                {
                    if !value.is_empty() {
                        text.push_str(&format!("\n  {label}: {value}"));
                    }
                }
                if let Some(resume) = &refused.resume {
                    text.push_str(&format!("\n  {LAST_COMMON}: {}", resume.common));
                    text.push_str(&format!("\n  trao feed --cursor {}", resume.cursor));
                    text.push_str(&format!("\n  trao consumers seek NAME --cursor {}", resume.cursor));
                }
                if refused.reason == "KEY_MISSING" {
                    text.push_str("\n  --token-file FILE, or TRAO_TOKEN_FILE");
                }
                text
            }
            (Failure::Unreachable { server, why }, Language::Vietnamese) => format!(
                "không kết nối được {server}: {why}\n  Hãy kiểm tra --server (hoặc TRAO_SERVER) và `trao serve`."
            ),
            (Failure::Unreachable { .. }, Language::English) => {
                format!("{self}\n  Check --server (or TRAO_SERVER), and that `trao serve` runs there.")
            }
            _ => self.to_string(),
        }
    }
}

/// The client's own time limit ends a call as if it had been cancelled.
fn timed_out(status: &Status) -> bool {
    status.code() == Code::Cancelled && status.message().contains("imeout")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::refusal::{CallContext, to_status};
    use crate::dossier::names::{Lane, Position};
    use crate::dossier::refusal::{self, Reason, Refusal};
    use crate::metrics::Refusals;

    fn refused(language: Language) -> Refused {
        let context = CallContext { request_id: "r-1".into(), language, refusals: Refusals::default() };
        let refusal = Refusal::field(Reason::CheckDigit, "line.event.code.value", "check digit is 5, not 4");
        Refused::read(&to_status(&refusal, &context), "sent")
    }

    #[test]
    fn where_to_go_on_after_a_restore_is_told_to_people_and_to_programs() {
        let context = CallContext {
            request_id: "r-1".into(),
            language: Language::English,
            refusals: Refusals::default(),
        };
        let common = [(0, 4711), (3, 9)].map(|(lane, pos)| Position { lane: Lane(lane), pos });
        let resume = Some(Box::new(refusal::Resume { common: common.into(), cursor: vec![0xfb, 0xff, 1] }));
        let refusal = Refusal { resume, ..Refusal::field(Reason::EpochChanged, "cursor", "") };
        let failure = Failure::Refused(Box::new(Refused::read(&to_status(&refusal, &context), "sent")));
        let error = failure.object().unwrap();
        assert_eq!(error["error"]["last_common_position"], "0-4711,3-9");
        assert_eq!(error["error"]["resume_cursor"], "-_8B");
        let told = failure.for_people(Language::English);
        let last = "request: r-1\n  last_common_position: 0-4711,3-9\n  trao feed --cursor -_8B\n  \
                    trao consumers seek NAME --cursor -_8B";
        assert!(told.ends_with(last), "{told}");
        let plain = Failure::Refused(Box::new(refused(Language::English))).object().unwrap();
        assert!(plain["error"].get("resume_cursor").is_none());
    }

    #[test]
    fn a_refusal_reads_back_with_its_sentence_field_and_request() {
        let english = refused(Language::English);
        assert_eq!((english.code_text(), english.reason.as_str()), ("INVALID_ARGUMENT", "CHECK_DIGIT"));
        assert_eq!((english.field.as_str(), english.request_id.as_str()), ("line.event.code.value", "r-1"));
        assert_ne!(english.message, refused(Language::Vietnamese).message);

        let failure = Failure::Refused(Box::new(english.clone()));
        assert_eq!(failure.exit(), Exit::Refused);
        let object = serde_json::to_string(&failure.object()).unwrap();
        let expected = format!(
            r#"{{"error":{{"code":"INVALID_ARGUMENT","reason":"CHECK_DIGIT","field":"line.event.code.value","message":"{}","request_id":"r-1"}}}}"#,
            english.message
        );
        assert_eq!(object, expected);
    }

    #[test]
    fn only_a_gateway_that_said_nothing_is_unreachable() {
        let plain = Failure::of_status(&Status::unavailable("upstream is down"), "r", "http://x");
        assert_eq!(plain.exit(), Exit::Unreachable);
        let timeout = Failure::of_status(&Status::cancelled("Timeout expired"), "r", "http://x");
        assert_eq!(timeout.exit(), Exit::Unreachable);
        let (request_id, language) = ("r".into(), Language::English);
        let context = CallContext { request_id, language, refusals: Refusals::default() };
        let store = to_status(&Refusal::new(Reason::StoreUnavailable), &context);
        let store = Failure::of_status(&store, "r", "http://x");
        assert_eq!((store.exit(), store.reason()), (Exit::Refused, "STORE_UNAVAILABLE"));
        assert_eq!(Failure::of_status(&Status::not_found("x"), "r", "http://x").exit(), Exit::Refused);
        assert_eq!(Failure::Closed.exit(), Exit::Done);
    }
}
