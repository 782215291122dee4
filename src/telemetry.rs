//! Logs: readable on a terminal, JSON otherwise; never personal data, secrets or scanned text.

use std::error::Error;
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged unless `TRAO_LOG` says otherwise. h2 warns of every ping that a peer answers unasked: one peer could fill
/// the log.
const USUAL: &str = "info,h2=error";

/// Sends logs to stderr: for people when a person is looking, one JSON object a line otherwise.
/// `TRAO_LOG` takes a filter such as `info` or `trao=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("TRAO_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
    // A log that nobody reads any more is no reason to panic, which telling of it on stderr would do.
    let registry = tracing_subscriber::registry().with(filter);
    if std::io::stderr().is_terminal() {
        registry
            .with(tracing_subscriber::fmt::layer().log_internal_errors(false).with_writer(std::io::stderr))
            .init();
    } else {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    .log_internal_errors(false)
                    .json()
                    .with_span_list(false)
                    .with_writer(std::io::stderr),
            )
            .init();
    }
}

/// An error with everything under it, for the log.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let why = cause.to_string();
        // Some libraries' errors already end in their cause.
        if !text.ends_with(&why) {
            text.push_str(": ");
            text.push_str(&why);
        }
        source = cause.source();
    }
    text
}
