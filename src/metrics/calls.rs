//! What calls are counted by.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus::{Error, Histogram, HistogramVec, IntCounter, IntCounterVec, Registry};

use super::names::{CALL_SECONDS, CALLS};
use super::{buckets_of, entered, opts};

/// From a look-up to a pull that waits as long as it may.
const CALL: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Where a method that is none of ours is counted.
const OTHER: &str = "other";
/// The gRPC codes by their number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What every call is counted by. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Methods>);

struct Methods {
    by_code: IntCounterVec,
    seconds: HistogramVec,
    /// In the order of their paths; the last is for all others.
    methods: Vec<Method>,
}

/// A method. What was never called is not in the text: most methods never end with most codes.
struct Method {
    path: String,
    by_code: [OnceLock<Option<IntCounter>>; CODES.len()],
    seconds: OnceLock<Option<Histogram>>,
}

impl Calls {
    pub(super) fn new(r: &Registry, paths: &[String]) -> Result<Calls, Error> {
        let mut paths = paths.to_vec();
        paths.sort_unstable();
        paths.push(OTHER.to_owned());
        let method = |path| Method { path, by_code: Default::default(), seconds: OnceLock::new() };
        Ok(Calls(Arc::new(Methods {
            by_code: entered(r, IntCounterVec::new(opts(&CALLS), CALLS.labels)?)?,
            seconds: entered(r, HistogramVec::new(buckets_of(&CALL_SECONDS, CALL), CALL_SECONDS.labels)?)?,
            methods: paths.into_iter().map(method).collect(),
        })))
    }

    /// A call to a path ended with the code of a number.
    pub fn ended(&self, path: &str, code: i32, took: Duration) {
        let Methods { by_code, seconds, methods } = &*self.0;
        let Some((other, ours)) = methods.split_last() else { return };
        let found = ours.binary_search_by(|method| method.path.as_str().cmp(path));
        let method = found.ok().and_then(|at| ours.get(at)).unwrap_or(other);
        let label = method.path.trim_start_matches('/');
        let number = usize::try_from(code).unwrap_or(usize::MAX);
        if let (Some(cell), Some(code)) = (method.by_code.get(number), CODES.get(number)) {
            let counter = || by_code.get_metric_with_label_values(&[label, code]).ok();
            if let Some(counter) = cell.get_or_init(counter) {
                counter.inc();
            }
        }
        let histogram = || seconds.get_metric_with_label_values(&[label]).ok();
        if let Some(histogram) = method.seconds.get_or_init(histogram) {
            histogram.observe(took.as_secs_f64());
        }
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.methods.iter().map(|method| &method.path)).finish()
    }
}
