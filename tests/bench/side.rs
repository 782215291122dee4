//! One server of a comparison: the client's connections to it, who scans there, and whether what was measured happened.

use std::time::Duration;

use anyhow::ensure;
use tonic::transport::Channel;

use super::load::{self, Answered, Asked, Done, Until};
use super::process::{self, Journaled, Server};
use super::town::Town;
use super::walker::Walker;

/// A server and who scans there.
pub struct Side {
    /// The server.
    pub server: Server,
    /// The client's connections to it.
    pub channels: Vec<Channel>,
    /// Who calls it.
    pub callers: Vec<Walker>,
    asked: Asked,
    /// Lines that were acknowledged.
    acknowledged: u64,
}

impl Side {
    /// A gateway on a store without an event; envelopes are on their way when this returns.
    pub async fn gateway(server: Server, town: &Town, callers: Vec<Walker>) -> anyhow::Result<Side> {
        let channels = server.connect().await?;
        ensure!(server.journaled()?.position == 0, "the store was not empty");
        let mut side = Side { server, channels, callers: Vec::new(), asked: Asked::Gateway, acknowledged: 0 };
        side.callers = side.opened(town, callers).await?;
        Ok(side)
    }

    /// A sink. Its callers are others: what it forgets was never scanned.
    pub async fn sink(server: Server, mut callers: Vec<Walker>) -> anyhow::Result<Side> {
        let channels = server.connect().await?;
        callers.iter_mut().for_each(Walker::skip_opening);
        Ok(Side { server, channels, callers, asked: Asked::Sink, acknowledged: 0 })
    }

    /// Walkers whose envelopes are on their way here: a few at a time, so that none is refused.
    pub async fn opened(&mut self, town: &Town, walkers: Vec<Walker>) -> anyhow::Result<Vec<Walker>> {
        const AT_ONCE: usize = 8;
        let mut opened = Vec::new();
        let mut waiting = walkers.into_iter();
        loop {
            let mut some: Vec<Walker> = waiting.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                return Ok(opened);
            }
            self.streams(town, &mut some, Until::Opened).await?;
            opened.append(&mut some);
        }
    }

    /// Its callers scan, each as soon as it is answered.
    pub async fn unary(&mut self, what: &str, town: &Town, span: Duration) -> anyhow::Result<(Done, Cost)> {
        let callers = std::mem::take(&mut self.callers);
        let begun = self.begin()?;
        let (done, callers) = load::unary(&self.channels, self.asked, town, callers, span).await?;
        self.callers = callers;
        let cost = self.end(begun, done.count)?;
        cost.say(what, &done);
        Ok((done, cost))
    }

    /// Walkers drain their outboxes.
    pub async fn streams(
        &mut self,
        town: &Town,
        walkers: &mut Vec<Walker>,
        until: Until,
    ) -> anyhow::Result<(Done, Cost)> {
        let begun = self.begin()?;
        let (done, back) = load::streams(&self.channels, town, std::mem::take(walkers), until).await?;
        *walkers = back;
        let cost = self.end(begun, done.count)?;
        Ok((done, cost))
    }

    /// Its callers scan at a pace.
    pub async fn paced(
        &mut self,
        town: &Town,
        per_second: u64,
        span: Duration,
    ) -> anyhow::Result<Vec<Answered>> {
        let callers = std::mem::take(&mut self.callers);
        let begun = self.begin()?;
        let (answered, callers) = load::paced(&self.channels, town, callers, per_second, span).await?;
        self.callers = callers;
        self.end(begun, answered.len() as u64)?;
        Ok(answered)
    }

    /// Somebody asks where envelopes are.
    pub async fn status(
        &self,
        what: &str,
        town: &Town,
        items: &[String],
        hands: usize,
        span: Duration,
    ) -> anyhow::Result<(Done, Cost)> {
        let begun = self.begin()?;
        let done = load::status(&self.channels, self.asked, town, items, hands, span).await?;
        let cost = begun.cost(&self.server, done.count)?;
        cost.say(what, &done);
        Ok((done, cost))
    }

    /// A line was acknowledged outside a measurement.
    pub fn acknowledged_one(&mut self) {
        self.acknowledged += 1;
    }

    /// Ends the gateway, and finds in its store exactly what was acknowledged, no line twice.
    pub fn finish(self) -> anyhow::Result<()> {
        let (due, stored) = (self.acknowledged, self.server.stop_and_count()?);
        ensure!(stored == due, "{due} lines were acknowledged, {stored} are stored");
        Ok(())
    }

    fn begin(&self) -> anyhow::Result<Begun> {
        let journaled = match self.asked {
            Asked::Gateway => Some(self.server.journaled()?),
            Asked::Sink => None,
        };
        Ok(Begun { journaled, server: self.server.cpu_us()?, client: process::own_cpu_us()? })
    }

    /// What it cost; and every line was journaled, once.
    fn end(&mut self, begun: Begun, count: u64) -> anyhow::Result<Cost> {
        self.acknowledged += count;
        let journaled = begun.journaled;
        let cost = begun.cost(&self.server, count)?;
        if let Some(before) = journaled {
            let due = Journaled { position: before.position + count, ..before };
            let now = self.server.journaled()?;
            ensure!(now == due, "{count} lines were acknowledged: from {before:?} to {now:?}");
        }
        Ok(cost)
    }
}

/// Counters before a stretch of work.
struct Begun {
    journaled: Option<Journaled>,
    server: f64,
    client: f64,
}

impl Begun {
    fn cost(self, server: &Server, count: u64) -> anyhow::Result<Cost> {
        let each = |now: f64, then: f64| if count == 0 { 0.0 } else { (now - then) / count as f64 };
        Ok(Cost {
            server: each(server.cpu_us()?, self.server),
            client: each(process::own_cpu_us()?, self.client),
        })
    }
}

/// What a stretch of work costs both sides, for each of what was done: microseconds of CPU.
pub struct Cost {
    /// The server's.
    pub server: f64,
    /// The client's.
    pub client: f64,
}

impl Cost {
    /// Prints it.
    pub fn say(&self, what: &str, done: &Done) {
        let Cost { server, client } = self;
        println!(
            "{what:<26} {:>8.0}/s, server {server:>5.1} µs, client {client:>5.1} µs CPU each",
            done.rate()
        );
    }
}
