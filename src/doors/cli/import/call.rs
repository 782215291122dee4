//! One call that may be made again: everything an import sends counts once, however often it is sent.

use std::time::Duration;

use crate::doors::cli::Failure;
use crate::doors::cli::gateway::{CallId, Gateway};

/// Waits before a call is made again while the gateway does not answer, in all about ten seconds: a restart.
const AGAIN_AFTER_MS: &[u64] = &[100, 300, 1_000, 2_000, 3_000, 4_000];
/// A gateway that has too much waiting is asked so often: others' bursts end within minutes.
const PUT_OFF_MAX: usize = 60;
/// No gateway asks to wait longer.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A request with key and language, and its id.
pub struct Call<M> {
    /// The request.
    pub request: tonic::Request<M>,
    /// Its id.
    pub id: CallId,
}

impl<M> Call<M> {
    /// A call of a gateway.
    pub fn new(gateway: &Gateway, message: M) -> Call<M> {
        let (request, id) = gateway.request(message);
        Call { request, id }
    }
}

/// Makes a call until it is answered, or it is no use.
pub async fn retried<T>(call: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    let (mut unanswered, mut put_off) = (0, 0);
    loop {
        let failure = match call().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let wait = match &failure {
            Failure::Unreachable { .. } => {
                let wait = AGAIN_AFTER_MS.get(unanswered).map(|ms| Duration::from_millis(*ms));
                unanswered += 1;
                wait
            }
            Failure::Refused(refused) if put_off < PUT_OFF_MAX => {
                put_off += 1;
                refused.retry_after.map(|wait| wait.min(WAIT_MAX))
            }
            _ => None,
        };
        match wait {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(failure),
        }
    }
}
