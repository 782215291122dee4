//! Refusals of a line that pass: the same line sent again later may be taken.

use std::time::Duration;

use crate::doors::wire::v1;
use crate::dossier::refusal::Reason;

/// How long to wait before a refused line goes again, at most `longest`; `None` where that would not help.
pub fn wait_asked(refusal: &v1::Refusal, longest: Duration) -> Option<Duration> {
    let passing = [Reason::Overloaded, Reason::StoreUnavailable, Reason::ClockSuspect];
    let asked = refusal.retry_after.as_ref()?;
    let wait = Duration::try_from(*asked).unwrap_or(longest);
    passing.iter().any(|reason| reason.text() == refusal.reason).then(|| wait.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_again_only_where_that_may_help() {
        let longest = Duration::from_secs(30);
        let asked = |reason: &str, seconds: Option<i64>| {
            let refusal = v1::Refusal {
                reason: reason.into(),
                retry_after: seconds.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
                ..Default::default()
            };
            wait_asked(&refusal, longest)
        };
        assert_eq!(asked("OVERLOADED", Some(2)), Some(Duration::from_secs(2)));
        assert_eq!(asked("OVERLOADED", Some(9_999)), Some(longest));
        assert_eq!(asked("OVERLOADED", Some(-1)), Some(longest));
        assert_eq!(asked("OVERLOADED", None), None);
        assert_eq!(asked("CHECK_DIGIT", Some(2)), None);
    }
}
