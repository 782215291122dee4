//! Where a dossier stands, as people read it: what its agency said, its legs with what is to be collected, and the dossiers
//! that belong to it.

use super::human::{self, say};
use super::{shapes, words};
use crate::doors::refusal::Language;
use crate::doors::wire::v1;
use crate::dossier::leg::OrderStatus;

/// The dossier itself; of legs still without one, that they have none.
pub fn dossier(query: &str, dossier: &v1::Dossier, language: Language) -> Vec<String> {
    if !shapes::is_named(dossier) {
        return vec![format!("{query}: {}", say(language, "chưa có mã hồ sơ", "no dossier code yet"))];
    }
    let code = dossier.code.as_ref().map_or(query, |code| code.value.as_str());
    let mut lines = vec![format!(
        "{} {code} · {} · {}",
        say(language, "Hồ sơ", "Dossier"),
        dossier.agency,
        human::dossier_state(dossier.state, language)
    )];
    if dossier.due_at.is_some() {
        lines.push(format!(
            "{} {}",
            say(language, "Hẹn trả:", "Result due:"),
            human::when(dossier.due_at.as_ref())
        ));
    }
    let said = |decision: &v1::Decision| {
        let when = human::when(decision.decided_at.as_ref());
        format!("{} {when}", human::event_type(decision.r#type, language))
    };
    if !dossier.decisions.is_empty() {
        let said: Vec<String> = dossier.decisions.iter().map(said).collect();
        lines.push(format!("{} {}", say(language, "Quyết định:", "Decided:"), said.join(" · ")));
    }
    if !dossier.parent.is_empty() {
        lines.push(format!("{} {}", say(language, "Thuộc hồ sơ:", "Belongs to:"), dossier.parent));
    }
    if dossier.close_proposed {
        lines.push(
            say(
                language,
                "! Kết quả đã đến tay người dân: hãy ghi đã trả kết quả (trao decide close).",
                "! The citizen has the result: close the dossier (trao decide close).",
            )
            .to_owned(),
        );
    }
    lines
}

/// A leg: where it is, in whose hands since when, what it takes to hand it out, what does not fit.
pub fn leg(leg: &v1::Leg, since: Option<&str>, language: Language) -> Vec<String> {
    let mut lines = vec![format!(
        "{} ({}): {}",
        human::leg_kind(leg.kind, language),
        leg.name,
        human::leg_state(leg.state, language)
    )];
    let mut row = |label: &str, value: &str| lines.push(format!("  {label} {value}"));
    let mut hands = human::holder(leg.holder.as_ref(), language);
    if let Some(since) = since {
        hands.push_str(&format!(", {} {since}", say(language, "từ", "since")));
    }
    row(say(language, "Đang ở:", "Held by:"), &hands);
    let mut papers: Vec<String> = leg.items.clone();
    if !leg.slip.is_empty() {
        papers.push(format!("{} {}", say(language, "phiếu", "slip"), leg.slip));
    }
    if !papers.is_empty() {
        row(say(language, "Bưu gửi:", "Items:"), &papers.join(", "));
    }
    for (label, amounts) in [
        (say(language, "Phải thu khi phát:", "To be collected:"), &leg.dues),
        (say(language, "Đã thu:", "Collected:"), &leg.paid),
        (say(language, "Miễn, giảm:", "Waived:"), &leg.waived),
    ] {
        if !amounts.is_empty() {
            row(label, &human::money(amounts, language));
        }
    }
    if leg.take_back > 0 {
        row(say(language, "Thu lại bản chính:", "Originals to take back:"), &leg.take_back.to_string());
    }
    if leg.due_at.is_some() {
        row(say(language, "Hạn:", "Due:"), &human::when(leg.due_at.as_ref()));
    }
    if leg.must_be_owner {
        lines.push(format!(
            "  {}",
            say(
                language,
                "Chỉ phát cho đúng người nhận hoặc người được ủy quyền bằng văn bản",
                "Only the addressee, or somebody with written authority, may receive it",
            )
        ));
    }
    if leg.order == i32::from(v1::OrderStatus::Cancelled) {
        lines.push(format!("  {}", words::order(OrderStatus::Cancelled).in_language(language)));
    }
    lines.extend(human::anomalies(&leg.anomalies, language).into_iter().map(|told| format!("  {told}")));
    lines
}

/// The dossiers that belong to it: where each stands, who has it, when it is due.
pub fn children(dossier: &v1::Dossier, language: Language) -> Vec<String> {
    dossier.children.iter().flat_map(|of| child(of, language)).collect()
}

fn child(child: &v1::ChildDossier, language: Language) -> Vec<String> {
    let mut lines = vec![format!(
        "{} {} · {} · {}",
        say(language, "Hồ sơ liên thông", "Dossier below"),
        child.name,
        child.agency,
        human::dossier_state(child.state, language)
    )];
    for holder in &child.holders {
        lines.push(format!(
            "  {} {}",
            say(language, "Đang ở:", "Held by:"),
            human::holder(Some(holder), language)
        ));
    }
    if child.due_at.is_some() {
        lines.push(format!(
            "  {} {}",
            say(language, "Hẹn trả:", "Result due:"),
            human::when(child.due_at.as_ref())
        ));
    }
    if child.delivered {
        lines.push(format!("  {}", say(language, "Đã phát kết quả", "Its result was delivered")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<prost_types::Timestamp> {
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    }

    #[test]
    fn a_dossier_tells_what_was_decided_and_what_is_to_be_done() {
        let said = |kind: v1::EventType| v1::Decision {
            r#type: kind.into(),
            decided_at: at(1_795_158_300),
            position: "0-7".into(),
        };
        let told = v1::Dossier {
            name: "dossiers/0-5".into(),
            code: Some(v1::Code { value: "H99.14-261120-0001".into(), ..Default::default() }),
            agency: "agencies/H99.14".into(),
            state: v1::DossierState::ResultReady.into(),
            due_at: at(1_795_193_999),
            decisions: vec![said(v1::EventType::DossierAccepted), said(v1::EventType::ResultAnnounced)],
            close_proposed: true,
            parent: "dossiers/0-2".into(),
            ..Default::default()
        };
        let expected = [
            "Hồ sơ H99.14-261120-0001 · agencies/H99.14 · Đã có kết quả",
            "Hẹn trả: 20/11/2026 23:59",
            "Quyết định: Tiếp nhận hồ sơ 20/11/2026 14:05 · Đã có kết quả 20/11/2026 14:05",
            "Thuộc hồ sơ: dossiers/0-2",
            "! Kết quả đã đến tay người dân: hãy ghi đã trả kết quả (trao decide close).",
        ];
        assert_eq!(dossier("x", &told, Language::Vietnamese), expected);
    }

    #[test]
    fn a_leg_tells_what_it_takes_to_hand_it_out() {
        let money = |kind: v1::FeeKind, vnd| v1::Money { kind: kind.into(), vnd };
        let told = v1::Leg {
            name: "legs/0-9".into(),
            kind: v1::LegKind::Outbound.into(),
            state: v1::LegState::OutForDelivery.into(),
            holder: Some(v1::Holder { kind: 2, party: "carriers/p".into(), office: String::new() }),
            items: vec!["RA990000010VN".into()],
            must_be_owner: true,
            dues: vec![money(v1::FeeKind::AgencyFee, 60_000), money(v1::FeeKind::Postage, 26_000)],
            paid: vec![money(v1::FeeKind::Postage, 26_000)],
            take_back: 1,
            ..Default::default()
        };
        let expected = [
            "Result to the citizen (legs/0-9): Out for delivery",
            "  Held by: The post carriers/p, since noon",
            "  Items: RA990000010VN",
            "  To be collected: agency fee 60.000 đ · postage 26.000 đ",
            "  Collected: postage 26.000 đ",
            "  Originals to take back: 1",
            "  Only the addressee, or somebody with written authority, may receive it",
        ];
        assert_eq!(leg(&told, Some("noon"), Language::English), expected);
    }

    #[test]
    fn a_dossier_below_tells_where_it_stands_and_nothing_else() {
        let below = v1::ChildDossier {
            name: "dossiers/0-33".into(),
            agency: "agencies/H99.14".into(),
            state: v1::DossierState::Accepted.into(),
            holders: vec![v1::Holder { kind: 3, party: "agencies/H99.14".into(), office: String::new() }],
            due_at: at(1_795_193_999),
            delivered: true,
        };
        let above = v1::Dossier { children: vec![below], ..Default::default() };
        let expected = [
            "Dossier below dossiers/0-33 · agencies/H99.14 · Accepted",
            "  Held by: The agency agencies/H99.14",
            "  Result due: 20/11/2026 23:59",
            "  Its result was delivered",
        ];
        assert_eq!(children(&above, Language::English), expected);
    }
}
