//! A file that needs more than one agency: from a commune to the centre, to the ministry, and all the way back. Every hop
//! is a leg of its own; the slip that travels along holds them together.

use anyhow::Context;

use crate::demo::cast::{CENTRE, MINISTRY, SENDING_COMMUNE};
use crate::demo::directory::INTERLINKED;
use crate::demo::friday::Day;
use crate::demo::hands::Hand;
use crate::demo::words::{at, code, event, hours, item, slip};
use crate::doors::wire::{time, v1};
use crate::dossier::names::Micros;
use v1::EventType as Type;

/// The slip of the file.
pub(in crate::demo) const SLIP: &str = "000900";
/// The commune's dossier.
pub(in crate::demo) const DOSSIER: &str = "H99.60.12-261116-0003";

/// One hop of the file.
struct Hop {
    from: &'static str,
    to: &'static str,
    due: Micros,
    envelope: String,
}

/// The file on its way.
pub(in crate::demo) struct File {
    hops: usize,
}

impl File {
    /// The commune registers it and sends it to the centre.
    pub(in crate::demo) async fn begin(day: &mut Day<'_>) -> anyhow::Result<File> {
        let people = &mut day.people;
        let register = v1::RegisterDossierRequest {
            request_id: "register-interlinked".to_owned(),
            agency: SENDING_COMMUNE.to_owned(),
            code: Some(code(DOSSIER)),
            procedure: INTERLINKED.to_owned(),
            ..v1::RegisterDossierRequest::default()
        };
        let dossier = people.sending_commune.register_all(vec![register], at("Mon 08:30")).await?;
        let dossier = dossier.first().context("a registration without a dossier")?.clone();
        let mut file = File { hops: 0 };
        let hop = file.hop(SENDING_COMMUNE, CENTRE, at("Tue 10:00"));
        leave(
            &mut people.sending_commune,
            &mut people.clerk_1,
            &hop,
            dossier,
            [at("Mon 09:00"), at("Mon 14:00")],
        )
        .await?;
        reach(&mut people.clerk_2, &mut people.centre, &hop, at("Tue 09:00")).await?;
        Ok(file)
    }

    /// The centre sends it on; it is late.
    pub(in crate::demo) async fn goes_to_the_ministry(&mut self, day: &mut Day<'_>) -> anyhow::Result<()> {
        let people = &mut day.people;
        let hop = self.hop(CENTRE, MINISTRY, at("Wed 10:00"));
        let times = [at("Tue 10:00"), at("Tue 14:00")];
        leave(&mut people.centre, &mut people.clerk_2, &hop, String::new(), times).await?;
        reach(&mut people.clerk_1, &mut people.ministry, &hop, at("Wed 13:00")).await
    }

    /// The ministry sends it back.
    pub(in crate::demo) async fn leaves_the_ministry(&mut self, day: &mut Day<'_>) -> anyhow::Result<()> {
        let people = &mut day.people;
        let hop = self.hop(MINISTRY, CENTRE, at("Fri 12:00"));
        let times = [at("Thu 09:00"), at("Thu 10:00")];
        leave(&mut people.ministry, &mut people.clerk_1, &hop, String::new(), times).await
    }

    /// The centre has it again.
    pub(in crate::demo) async fn back_at_the_centre(&mut self, day: &mut Day<'_>) -> anyhow::Result<()> {
        let people = &mut day.people;
        let hop = Hop { from: MINISTRY, to: CENTRE, due: at("Fri 12:00"), envelope: envelope(self.hops) };
        reach(&mut people.clerk_2, &mut people.centre, &hop, at("Fri 08:40")).await
    }

    /// The centre sends it home; it is on the road. All hops are then told as the province sees them.
    pub(in crate::demo) async fn on_the_road(&mut self, day: &mut Day<'_>) -> anyhow::Result<()> {
        let people = &mut day.people;
        let hop = self.hop(CENTRE, SENDING_COMMUNE, at("Mon+ 16:30"));
        let times = [at("Fri 17:06"), at("Fri 17:10")];
        leave(&mut people.centre, &mut people.clerk_2, &hop, String::new(), times).await?;
        let found = people.province.search(slip(SLIP), at("Fri 17:10")).await?;
        let mut legs: Vec<v1::Leg> = found.into_iter().flat_map(|dossier| dossier.legs).collect();
        legs.sort_by_key(|leg| leg.opened_at.map(|opened| opened.seconds));
        let own = people.sending_commune.legs(false, at("Fri 17:10")).await?;
        day.counted.add("hops of the interlinked file", legs.len());
        day.counted.add("hops that the sending commune sees", own.len());
        let late: Vec<i64> = legs.iter().filter_map(hours_late).collect();
        day.counted.add("hops that were late", late.len());
        let late_by: Vec<String> = late.iter().map(|hours| format!("{hours} h")).collect();
        let (late, late_by) = (late.len(), late_by.join(", "));
        day.telling.at(
            "Fri 17:10",
            [&format!("interlinked {DOSSIER}"), &format!("liên thông {DOSSIER}")],
            [&path(&legs, "on the road"), &path(&legs, "trên đường")],
        );
        day.telling.and(
            ["", ""],
            [
                &format!("{} hops, {late} late {late_by}", legs.len()),
                &format!("{} lượt chuyển, {late} trễ {late_by}", legs.len()),
            ],
        );
        Ok(())
    }

    fn hop(&mut self, from: &'static str, to: &'static str, due: Micros) -> Hop {
        self.hops += 1;
        Hop { from, to, due, envelope: envelope(self.hops) }
    }
}

fn envelope(hop: usize) -> String {
    item("RA", 99_000_900 + hop)
}

/// The giver orders and offers; the carrier takes it.
async fn leave(
    giver: &mut Hand,
    clerk: &mut Hand,
    hop: &Hop,
    dossier: String,
    [ordered, taken]: [Micros; 2],
) -> anyhow::Result<()> {
    let order = v1::OrderLegRequest {
        request_id: format!("transfer-{}", hop.envelope),
        agency: hop.from.to_owned(),
        counter: hop.to.to_owned(),
        kind: v1::LegKind::Transfer.into(),
        slip: SLIP.to_owned(),
        item: Some(code(&hop.envelope)),
        due_at: Some(time::timestamp(hop.due)),
        dossier,
        ..v1::OrderLegRequest::default()
    };
    giver.order(order, ordered).await?;
    giver.scan(event(Type::Offered, &hop.envelope), ordered).await?;
    let recorded = clerk.scan(event(Type::PickedUp, &hop.envelope), taken).await?;
    anyhow::ensure!(recorded.anomalies.is_empty(), "a hop did not begin clean: {:?}", recorded.anomalies);
    Ok(())
}

/// The carrier offers it; the receiver signs.
async fn reach(clerk: &mut Hand, receiver: &mut Hand, hop: &Hop, signed: Micros) -> anyhow::Result<()> {
    clerk.scan(event(Type::Offered, &hop.envelope), signed).await?;
    let recorded = receiver.scan(event(Type::Accepted, &hop.envelope), signed).await?;
    anyhow::ensure!(recorded.anomalies.is_empty(), "a hop did not end clean: {:?}", recorded.anomalies);
    Ok(())
}

/// By how many hours a hop that ended was late.
fn hours_late(leg: &v1::Leg) -> Option<i64> {
    let late = leg.closed_at?.seconds - leg.due_at?.seconds;
    (late > 0).then(|| hours(late * Micros::SECOND))
}

/// `A→B→C`, as far as it came.
fn path(legs: &[v1::Leg], on_the_road: &str) -> String {
    let short = |name: &str| name.trim_start_matches("agencies/").to_owned();
    let mut path: Vec<String> = legs.first().map(|leg| short(&leg.agency)).into_iter().collect();
    for leg in legs {
        let there = leg.state() == v1::LegState::HandedOver;
        path.push(if there { short(&leg.counter) } else { on_the_road.to_owned() });
    }
    path.join("→")
}
