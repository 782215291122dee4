use super::*;
use crate::dossier::directory::{Enrolment, Party};
use crate::dossier::names::{Lane, Micros};

fn directory() -> Directory {
    let mut directory = Directory::default();
    let enrolment = Enrolment { id: 1, lane: Lane(0) };
    let province = Agency {
        name: PartyName::new("agencies/H99"),
        title: "Tỉnh H99".into(),
        parent: None,
        kind: AgencyKind::Both,
        valid_from: None,
        valid_to: None,
        level: None,
        ended: None,
    };
    let post = Carrier { name: PartyName::new("carriers/vnpost"), title: "Bưu điện".into() };
    directory.parties.insert(province.name.clone(), (enrolment, Party::Agency(province)));
    directory.parties.insert(post.name.clone(), (enrolment, Party::Carrier(post)));
    let old = Alias {
        code: "000.00.00.H99".into(),
        agency: PartyName::new("agencies/H99"),
        valid_from: None,
        valid_to: Some(Day(20_269)),
    };
    directory.aliases.insert(old.code.clone(), vec![old]);
    let office = Office {
        carrier: PartyName::new("carriers/vnpost"),
        code: "100900".into(),
        title: "Bưu cục".into(),
        province: "10".into(),
    };
    directory.offices.insert((office.carrier.clone(), office.code.clone()), office);
    directory
}

fn today() -> Day {
    day("2025-01-15", "t").unwrap().unwrap()
}

fn wrong<T: std::fmt::Debug>(result: Result<T, Refusal>) -> (Reason, String) {
    let refusal = result.unwrap_err();
    (refusal.reason, refusal.field)
}

fn child() -> v1::Agency {
    v1::Agency {
        code: "H99.14".into(),
        title: "Sở Tư pháp".into(),
        parent: "agencies/H99".into(),
        kind: v1::AgencyKind::Owner.into(),
        valid_from: "2024-02-29".into(),
        valid_to: "2025-06-30".into(),
        level: v1::AgencyLevel::Province.into(),
        ..Default::default()
    }
}

#[test]
fn an_agency_is_shown_as_it_was_sent() {
    let directory = directory();
    let parsed = agency(&child(), &directory, today()).unwrap();
    let shown = shown_agency(&parsed, &directory);
    assert_eq!(shown, v1::Agency { name: "agencies/H99.14".into(), ..child() });
    assert_eq!(agency(&shown, &directory, today()), Ok(parsed));
}

#[test]
fn a_parent_may_be_named_by_any_code_it_has_today() {
    let by_alias = v1::Agency { parent: "agencies/000.00.00.H99".into(), ..child() };
    let parsed = agency(&by_alias, &directory(), today()).unwrap();
    assert_eq!(parsed.parent, Some(PartyName::new("agencies/H99")));
    let late = Day(20_270);
    assert_eq!(wrong(agency(&by_alias, &directory(), late)), (Reason::NotFound, "parent".into()));
}

#[test]
fn every_wrong_field_of_an_agency_is_named() {
    let table = [
        (v1::Agency { code: String::new(), ..child() }, Reason::FieldRequired, "code"),
        (v1::Agency { code: "h99.14".into(), ..child() }, Reason::CodeFormat, "code"),
        (v1::Agency { name: "agencies/H99".into(), ..child() }, Reason::TextInvalid, "name"),
        (v1::Agency { title: "a\0b".into(), ..child() }, Reason::TextInvalid, "title"),
        (v1::Agency { title: "a".repeat(501), ..child() }, Reason::TextInvalid, "title"),
        (v1::Agency { kind: 0, ..child() }, Reason::FieldRequired, "kind"),
        (v1::Agency { kind: 9, ..child() }, Reason::EnumUnknown, "kind"),
        (v1::Agency { level: 9, ..child() }, Reason::EnumUnknown, "level"),
        (v1::Agency { successor: "agencies/H99".into(), ..child() }, Reason::TextInvalid, "successor"),
        (v1::Agency { decision: "1".into(), ..child() }, Reason::TextInvalid, "decision"),
        (v1::Agency { aliases: vec![v1::AgencyAlias::default()], ..child() }, Reason::TextInvalid, "aliases"),
        (v1::Agency { valid_from: "2023-02-29".into(), ..child() }, Reason::TextInvalid, "valid_from"),
        (v1::Agency { valid_from: "2024-2-9".into(), ..child() }, Reason::TextInvalid, "valid_from"),
        (v1::Agency { valid_from: "20240229  ".into(), ..child() }, Reason::TextInvalid, "valid_from"),
        (v1::Agency { valid_to: "9999-01-01".into(), ..child() }, Reason::TimeOutOfRange, "valid_to"),
        (v1::Agency { valid_to: "2024-02-28".into(), ..child() }, Reason::TextInvalid, "valid_to"),
        (v1::Agency { parent: "agencies/H98".into(), ..child() }, Reason::NotFound, "parent"),
        (v1::Agency { parent: "carriers/vnpost".into(), ..child() }, Reason::NotFound, "parent"),
    ];
    for (sent, reason, field) in table {
        assert_eq!(wrong(agency(&sent, &directory(), today())), (reason, field.into()), "{sent:?}");
    }
}

#[test]
fn aliases_are_shown_by_first_day() {
    let mut directory = directory();
    let owner = PartyName::new("agencies/H99");
    for (code, from) in [("H98", Some(Day(100))), ("H97", Some(Day(50)))] {
        let sent = v1::AgencyAlias { code: code.into(), valid_from: day_text(from), ..Default::default() };
        directory.aliases.insert(code.into(), vec![alias(&sent, owner.clone()).unwrap()]);
    }
    let shown = shown_agency(directory.agency(&owner).unwrap(), &directory);
    let codes: Vec<&str> = shown.aliases.iter().map(|alias| alias.code.as_str()).collect();
    assert_eq!(codes, ["000.00.00.H99", "H97", "H98"]);
    assert_eq!(shown.aliases[1].valid_from, "1970-02-20");
    let bad = v1::AgencyAlias { code: "x".into(), ..Default::default() };
    assert_eq!(wrong(alias(&bad, owner)), (Reason::CodeFormat, "code".into()));
}

#[test]
fn procedures_and_carriers_and_offices_are_shown_as_sent_and_wrong_fields_are_named() {
    let sent = v1::Procedure {
        name: "procedures/1.004194".into(),
        code: "1.004194".into(),
        title: "Cấp phiếu lý lịch tư pháp".into(),
        level: "province".into(),
        postal_pickup: true,
        postal_return: false,
        valid_from: "1999-12-31".into(),
        valid_to: "2025-06-30".into(),
        action: v1::ProcedureAction::Amended.into(),
        decision: "1234/QĐ-UBND".into(),
        working_days: 7,
    };
    assert_eq!(shown_procedure(&procedure(&sent).unwrap()), sent);
    let level = v1::Procedure { level: "village".into(), ..sent.clone() };
    assert_eq!(wrong(procedure(&level)), (Reason::TextInvalid, "level".into()));
    let code = v1::Procedure { code: "a/b".into(), ..sent.clone() };
    assert_eq!(wrong(procedure(&code)), (Reason::CodeFormat, "code".into()));
    let action = v1::Procedure { action: 4, ..sent.clone() };
    assert_eq!(wrong(procedure(&action)), (Reason::EnumUnknown, "action".into()));
    let days = v1::Procedure { working_days: 367, ..sent.clone() };
    assert_eq!(wrong(procedure(&days)), (Reason::TextInvalid, "working_days".into()));
    let before = v1::Procedure { valid_to: "1999-12-30".into(), ..sent.clone() };
    assert_eq!(wrong(procedure(&before)), (Reason::TextInvalid, "valid_to".into()));
    let plain = v1::Procedure { action: 0, working_days: 0, ..sent };
    assert_eq!(shown_procedure(&procedure(&plain).unwrap()).action(), v1::ProcedureAction::New);

    let sent = v1::Carrier { name: "carriers/vn-2".into(), id: "vn-2".into(), title: "Bưu chính".into() };
    assert_eq!(shown_carrier(&carrier(&sent).unwrap()), sent);
    for id in ["VN", "a/b", "ă", &"a".repeat(33)] {
        let bad = v1::Carrier { id: id.into(), ..Default::default() };
        assert_eq!(wrong(carrier(&bad)), (Reason::TextInvalid, "id".into()), "{id}");
    }

    let sent = v1::Office {
        name: "carriers/vnpost/offices/590100".into(),
        code: "590100".into(),
        title: "Bưu cục Trung tâm".into(),
        carrier: "carriers/vnpost".into(),
        province: "59".into(),
    };
    assert_eq!(shown_office(&office(&sent, &directory()).unwrap()), sent);
    assert_eq!(office_key(&sent.name), Some((PartyName::new("carriers/vnpost"), "590100".into())));
    let code = v1::Office { code: "59010".into(), ..sent.clone() };
    assert_eq!(wrong(office(&code, &directory())), (Reason::TextInvalid, "code".into()));
    let other = v1::Office { carrier: "carriers/other".into(), ..sent };
    assert_eq!(wrong(office(&other, &directory())), (Reason::NotFound, "carrier".into()));
}

fn device() -> v1::Source {
    v1::Source {
        party: "carriers/vnpost".into(),
        kind: v1::SourceKind::Device.into(),
        id: "pda-17".into(),
        agency: "agencies/H99".into(),
        office: "carriers/vnpost/offices/100900".into(),
        holder: "BT0099".into(),
        ..Default::default()
    }
}

fn parse(sent: &v1::Source) -> Result<Source, Refusal> {
    source(sent, PartyName::new(&sent.party), &directory(), today())
}

#[test]
fn a_source_is_shown_as_it_was_sent_and_wrong_fields_are_named() {
    let shown = v1::Source { name: "carriers/vnpost/devices/pda-17".into(), ..device() };
    assert_eq!(shown_source(&parse(&device()).unwrap()), Some(shown));
    let table = [
        (v1::Source { kind: 0, ..device() }, Reason::FieldRequired, "kind"),
        (v1::Source { kind: 7, ..device() }, Reason::EnumUnknown, "kind"),
        (v1::Source { id: String::new(), ..device() }, Reason::FieldRequired, "id"),
        (v1::Source { id: "a/b".into(), ..device() }, Reason::TextInvalid, "id"),
        (v1::Source { id: "a".repeat(65), ..device() }, Reason::TextInvalid, "id"),
        (
            v1::Source { name: "carriers/vnpost/systems/pda-17".into(), ..device() },
            Reason::TextInvalid,
            "name",
        ),
        (v1::Source { agency: "agencies/H98".into(), ..device() }, Reason::NotFound, "agency"),
        (v1::Source { office: "100901".into(), ..device() }, Reason::NotFound, "office"),
        (
            v1::Source { office: "carriers/x/offices/100900".into(), ..device() },
            Reason::TextInvalid,
            "office",
        ),
        (v1::Source { party: "agencies/H99".into(), ..device() }, Reason::TextInvalid, "office"),
        (v1::Source { successor: "x".into(), ..device() }, Reason::TextInvalid, "successor"),
        (
            v1::Source { retired_at: Some(prost_types::Timestamp::default()), ..device() },
            Reason::TextInvalid,
            "retired_at",
        ),
        (v1::Source { holder: "a\nb".into(), ..device() }, Reason::TextInvalid, "holder"),
        (v1::Source { holder: "Lê Văn Cam".into(), ..device() }, Reason::TextInvalid, "holder"),
    ];
    for (sent, reason, field) in table {
        assert_eq!(wrong(parse(&sent)), (reason, field.into()), "{sent:?}");
    }
}

#[test]
fn a_party_as_the_source_of_its_commands_is_no_source_to_show() {
    let party = PartyName::new("carriers/vnpost");
    let name = SourceName::new("carriers/vnpost");
    assert_eq!(
        shown_source(&Source { name, party, agency: None, office: None, holder: None, retired: None }),
        None
    );
}

#[test]
fn days_are_days_in_vietnam() {
    assert_eq!(day("1970-01-01", "d"), Ok(Some(Day(0))));
    assert_eq!(day("1969-12-31", "d"), Ok(Some(Day(-1))));
    assert_eq!(day_text(Some(Day::at(Micros(0)))), "1970-01-01");
    for text in ["1900-01-01", "2025-06-30", "2199-12-31"] {
        assert_eq!(day_text(day(text, "d").unwrap()), text);
    }
    assert_eq!((day("", "d"), day_text(None)), (Ok(None), String::new()));
}
