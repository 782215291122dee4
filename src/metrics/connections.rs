//! What the accept loop counts.

use prometheus::{Error, IntCounter, IntGauge, Registry};

use super::names::{CONNECTIONS, CONNECTIONS_ACCEPTED, CONNECTIONS_AT_CAP};
use super::{counter, entered, opts};

/// What the accept loop counts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections {
    open: IntGauge,
    accepted: IntCounter,
    at_cap: IntCounter,
}

impl Connections {
    pub(super) fn new(r: &Registry) -> Result<Connections, Error> {
        Ok(Connections {
            open: entered(r, IntGauge::with_opts(opts(&CONNECTIONS))?)?,
            accepted: counter(r, &CONNECTIONS_ACCEPTED)?,
            at_cap: counter(r, &CONNECTIONS_AT_CAP)?,
        })
    }

    /// A connection was accepted; it is open until this is dropped.
    pub fn opened(&self) -> Open {
        self.accepted.inc();
        self.open.inc();
        Open(self.open.clone())
    }

    /// Every place is taken.
    pub fn at_cap(&self) {
        self.at_cap.inc();
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub struct Open(IntGauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
