//! The answer for a person: what was decided, where the dossier stands then, the leg that was opened, who holds the papers.

use crate::doors::cli::human::{self, say};
use crate::doors::cli::{shapes, standing};
use crate::doors::refusal::Language;
use crate::doors::wire::v1;
use crate::dossier::event::EventType;

/// Its lines.
pub fn block(
    kind: EventType,
    recorded: &v1::Recorded,
    after: &v1::Dossier,
    language: Language,
) -> Vec<String> {
    let position = shapes::position(recorded.position.as_ref()).unwrap_or_default();
    let again = say(language, " (đã ghi từ trước)", " (recorded before)");
    let mut lines = vec![format!(
        "{} · {} {position}{}",
        human::event_type(kind.number().into(), language),
        say(language, "đã ghi sổ", "recorded at"),
        if recorded.replayed { again } else { "" }
    )];
    if shapes::is_named(after) {
        lines.extend(standing::dossier(&after.name, after, language));
    }
    match shapes::opened(recorded, after) {
        Some(opened) => lines.extend(standing::leg(opened, None, language)),
        None => {
            for holder in &after.holders {
                lines.push(format!(
                    "{} {}",
                    say(language, "Giấy tờ đang ở:", "Papers held by:"),
                    human::holder(Some(holder), language)
                ));
            }
        }
    }
    // What does not fit with the leg that was opened stands with it already.
    let told = human::anomalies(&recorded.anomalies, language);
    lines.extend(
        told.into_iter()
            .filter(|told| !lines.iter().any(|line| line.trim_start() == told))
            .collect::<Vec<_>>(),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(anomalies: &[v1::AnomalyKind]) -> v1::Recorded {
        let anomaly = |kind: &v1::AnomalyKind| v1::Anomaly { kind: (*kind).into(), position: "0-9".into() };
        v1::Recorded {
            position: Some(v1::Position { lane: 0, pos: 9 }),
            replayed: true,
            anomalies: anomalies.iter().map(anomaly).collect(),
            ..Default::default()
        }
    }

    fn dossier(state: v1::DossierState) -> v1::Dossier {
        let held = v1::Holder { kind: 3, party: "agencies/H99.01".into(), office: String::new() };
        v1::Dossier {
            name: "dossiers/0-5".into(),
            code: Some(v1::Code { value: "H99.14-261120-0001".into(), ..Default::default() }),
            agency: "agencies/H99.14".into(),
            state: state.into(),
            holders: vec![held.clone()],
            legs: vec![v1::Leg {
                name: "legs/0-9".into(),
                kind: v1::LegKind::Outbound.into(),
                state: v1::LegState::Ordered.into(),
                holder: Some(held),
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    #[test]
    fn a_decision_tells_where_the_dossier_stands_and_the_leg_that_it_opened() {
        let expected = [
            "Đã có kết quả · đã ghi sổ 0-9 (đã ghi từ trước)",
            "Hồ sơ H99.14-261120-0001 · agencies/H99.14 · Đã có kết quả",
            "Chuyển trả kết quả (legs/0-9): Đã đăng ký, chờ thu gom",
            "  Đang ở: Cơ quan agencies/H99.01",
        ];
        let ready = dossier(v1::DossierState::ResultReady);
        assert_eq!(block(EventType::ResultAnnounced, &recorded(&[]), &ready, Language::Vietnamese), expected);
    }

    #[test]
    fn a_decision_that_opens_no_leg_tells_who_holds_the_papers_and_what_does_not_fit() {
        let mut accepted = dossier(v1::DossierState::Accepted);
        accepted.legs.clear();
        let expected = [
            "Dossier accepted · recorded at 0-9 (recorded before)",
            "Dossier H99.14-261120-0001 · agencies/H99.14 · Accepted",
            "Papers held by: The agency agencies/H99.01",
            "! The count of papers differs. Both sides count the papers again by the list, and write down what \
             they find.",
        ];
        let recorded = recorded(&[v1::AnomalyKind::CountDiffers]);
        assert_eq!(block(EventType::DossierAccepted, &recorded, &accepted, Language::English), expected);
    }
}
