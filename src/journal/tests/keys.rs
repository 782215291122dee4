//! One fact once: what is answered to a key that was used before, in the same batch, in an earlier one, after a restart.

use super::*;

on_every_store! {
    a_batch_of_new_and_replayed_and_refused_lines_spends_numbers_on_the_new_only,
    personal_parts_are_compared_until_they_are_erased,
    a_command_is_one_by_its_key_and_a_registration_by_its_content,
}

/// Of an answer: its position and whether it is a replay; of a refusal: the reason and field.
fn told(answer: &Result<Answer, Refusal>) -> Result<(u64, bool), (Reason, &str)> {
    match answer {
        Ok(answer) => Ok((answer.position.pos, answer.replayed)),
        Err(refusal) => Err((refusal.reason, refusal.field.as_str())),
    }
}

async fn a_batch_of_new_and_replayed_and_refused_lines_spends_numbers_on_the_new_only(house: House) {
    let picked = |minute| event(EventType::PickedUp, A, minute);
    let first = house.one(line(scan(PDA, "1", picked(1)))).await.unwrap();
    let mut foreign = scan(PDA, "9", picked(9));
    foreign.said.party = PartyName::new(AGENCY);
    let lines = vec![
        line(scan(PDA, "2", event(EventType::OfficeIn, A, 2))),
        line(scan(PDA, "1", picked(1))),
        line(scan(PDA, "1", picked(7))),
        line(scan(PDA, "2", event(EventType::OfficeIn, A, 2))),
        line(scan(PDA, "2", event(EventType::OfficeIn, A, 8))),
        line(foreign),
        line(scan("carriers/vnpost/devices/unknown", "9", picked(9))),
        line(scan(PC, "1", event(EventType::Dispatched, A, 3))),
        does(cancel("no", at(77))),
        line(scan(PDA, "3", event(EventType::Arrived, A, 4))),
    ];
    let answers = house.batch(lines).await;
    let reused = Err((Reason::EventKeyReused, "event"));
    let unknown = Err((Reason::UnknownSource, "source"));
    let answered: Vec<_> = answers.iter().map(told).collect();
    // Sources take turns; each one's lines keep their order.
    let mut new: Vec<u64> = answered
        .iter()
        .filter_map(|told| told.ok().filter(|(_, replayed)| !replayed))
        .map(|(pos, _)| pos)
        .collect();
    new.sort_unstable();
    assert_eq!(new, [2, 3, 4], "dense");
    let second = answers[0].as_ref().unwrap();
    assert_eq!(
        answered[1..7],
        [Ok((1, true)), reused, Ok((second.position.pos, true)), reused, unknown, unknown,]
    );
    assert_eq!(answered[8], Err((Reason::NotFound, "name")));
    assert_eq!(answers[1].as_ref().unwrap().record, first.record);
    assert_eq!(answers[3].as_ref().unwrap().record, second.record);
    for (of, position, bytes) in [(2, first.position, &first.record), (4, second.position, &second.record)] {
        let refusal = answers[of].as_ref().unwrap_err();
        assert_eq!(refusal.first, Some(position));
        assert_eq!(refusal.first_digest, Some(record(bytes).event_digest));
        let sent = event(
            if of == 2 { EventType::PickedUp } else { EventType::OfficeIn },
            A,
            of as i64 * 2 + if of == 2 { 3 } else { 0 },
        );
        assert_eq!(refusal.this_digest, Some(digest::digest(format!("{sent:?}").as_bytes())));
    }
    assert_eq!(house.records().await.len(), 4);
    let again = house.one(line(scan(PDA, "2", event(EventType::OfficeIn, A, 2)))).await.unwrap();
    assert_eq!((again.record, again.replayed), (second.record.clone(), true));
}

async fn personal_parts_are_compared_until_they_are_erased(house: House) {
    let base = |id: &str| scan(PDA, id, event(EventType::PickedUp, A, 1));
    let parts = [None, Some("Nguyen"), Some("Tran")];
    let mut lines = Vec::new();
    for (n, first) in parts.iter().enumerate().take(2) {
        for again in parts {
            let id = format!("{n}-{again:?}");
            lines.push((first, again, base(&id)));
        }
    }
    // In one batch, then each again alone.
    let both = lines.iter().flat_map(|(first, again, line)| {
        [with_personal(line.clone(), **first), with_personal(line.clone(), *again)]
    });
    let answers = house.batch(both.collect()).await;
    for (at, (first, again, line)) in lines.iter().enumerate() {
        let alone = house.one(with_personal(line.clone(), *again)).await;
        for answer in [&answers[2 * at + 1], &alone] {
            let expected = if *first == again {
                Ok((answers[2 * at].as_ref().unwrap().position.pos, true))
            } else {
                Err((Reason::EventKeyReused, "personal"))
            };
            assert_eq!(told(answer), expected, "{first:?} {again:?}");
        }
        let refused_twice = (&answers[2 * at + 1], &alone);
        if let (Err(one), Err(other)) = refused_twice {
            assert_eq!(one, other);
            assert!(one.first_digest.is_some() && one.first_digest != one.this_digest);
        }
    }
    let named = answers[8].as_ref().unwrap();
    assert!(house.admin().erase_personal(named.position).await.unwrap());
    for again in parts {
        let answer = house.one(with_personal(lines[4].2.clone(), again)).await.unwrap();
        assert_eq!((answer.record, answer.replayed), (named.record.clone(), true));
    }
    let other = scan(PDA, "1-Some(\"Nguyen\")", event(EventType::PickedUp, A, 2));
    assert_eq!(told(&house.one(line(other)).await), Err((Reason::EventKeyReused, "event")));
    assert_eq!(house.records().await.len(), 6);
}

async fn a_command_is_one_by_its_key_and_a_registration_by_its_content(house: House) {
    let named = |command: CommandLine, text| CommandLine {
        personal: Some(PersonalPart(Bytes::from_static(text))),
        ..command
    };
    let nguyen = |id, digest| does(named(register(id, 1, digest), b"Nguyen"));
    let lines = || {
        vec![
            nguyen("r-1", 1),
            nguyen("r-1", 1),
            nguyen("r-1", 2),
            does(named(register("r-1", 1, 1), b"Tran")),
            nguyen("r-2", 1),
            nguyen("r-2", 2),
            does(named(register("r-3", 1, 1), b"Tran")),
        ]
    };
    let together = house.batch(lines()).await;
    let later = house.batch(lines()).await;
    let expected = |replayed| {
        [
            Ok((1, replayed)),
            Ok((1, true)),
            Err((Reason::EventKeyReused, "")),
            Err((Reason::EventKeyReused, "personal")),
            Ok((1, true)),
            Err((Reason::DossierExists, "code")),
            Err((Reason::DossierExists, "personal")),
        ]
    };
    assert_eq!(together.iter().map(told).collect::<Vec<_>>(), expected(false));
    assert_eq!(later.iter().map(told).collect::<Vec<_>>(), expected(true));
    for answers in [&together, &later] {
        let bytes = &together[0].as_ref().unwrap().record;
        assert!(answers.iter().flatten().all(|answer| answer.record == bytes));
        for (of, other) in [(2, [2; 32]), (5, [2; 32])] {
            let refusal = answers[of].as_ref().unwrap_err();
            assert_eq!((refusal.first_digest, refusal.this_digest), (Some([1; 32]), Some(other)));
            assert_eq!(refusal.first, Some(at(1)));
        }
    }
    assert_eq!(house.records().await.len(), 1);
}
