//! An answer as the judge wants to be told of it.

use bytes::Bytes;
use trao::dossier::names::PartyName;
use trao::dossier::refusal::Refusal;
use trao::journal::Answer;
use trao::stream::cursor::Cursor;

use super::gateway::LANE;
use super::judge::{Acked, Answered, Given, Seen};
use super::message::{Ask, Client, Read, Reply};
use super::world::World;

/// What a gateway's answer says.
pub fn of(
    world: &mut World,
    client: Client,
    call: u64,
    ask: &Ask,
    reply: &Reply,
) -> Result<Vec<Seen>, String> {
    let key = (client, call);
    match (ask, reply) {
        (Ask::Facts(facts), Reply::Facts(answers)) => {
            if facts.len() != answers.len() {
                return Err(format!("{} answers to {} facts", answers.len(), facts.len()));
            }
            let answered = |(sent, answer): (&super::town::Sending, &Result<Answer, Refusal>)| {
                let fact = &sent.fact;
                Seen::Answered(Box::new(Answered {
                    key: (fact.source.to_string(), fact.id.clone()),
                    content: fact.content(),
                    personal: fact.personal.clone().map(Bytes::from),
                    command_at: None,
                    answer: acked(answer),
                }))
            };
            world.count_answers(answers);
            Ok(facts.iter().zip(answers).map(answered).collect())
        }
        (Ask::Command(order), Reply::Command(answer)) => {
            world.count_answers(std::slice::from_ref(answer));
            Ok(vec![Seen::Answered(Box::new(Answered {
                key: (order.party.to_string(), order.request_id.clone()),
                content: order.content(),
                personal: None,
                command_at: Some(world.heads.get(&key).copied().unwrap_or(0)),
                answer: acked(answer),
            }))])
        }
        (Ask::Pull { party, cursor, .. }, Reply::Page(Ok(read))) => {
            let after = seq(party, cursor.as_deref())?;
            let head = world.heads.get(&key).copied().unwrap_or(0);
            Ok(vec![given(party, after, read, head)?])
        }
        (Ask::Follow { party, cursor }, Reply::Part(_, Some(Ok(read)))) => {
            let first = (seq(party, cursor.as_deref())?, 0);
            let head = world.heads.get(&key).copied().unwrap_or(0);
            let stands = world.streams.entry(key).or_insert(first);
            let told = given(party, stands.0, read, head)?;
            stands.0 = read.events.last().map_or(stands.0, |(seq, _)| *seq);
            Ok(vec![told])
        }
        (Ask::Look { party, key, .. }, Reply::Seen(Ok(Some((pos, told))))) => {
            let question = format!("{key:?} as {party} sees it");
            Ok(vec![Seen::Looked { question, pos: *pos, told: told.clone() }])
        }
        (Ask::Look { .. }, Reply::Seen(Err(error))) => Err(format!("a look-up failed: {error}")),
        _ => Ok(Vec::new()),
    }
}

fn acked(answer: &Result<Answer, Refusal>) -> Result<Acked, Refusal> {
    let answer = answer.as_ref().map_err(Refusal::clone)?;
    Ok(Acked { pos: answer.position.pos, record: answer.record.clone(), replayed: answer.replayed })
}

fn given(party: &PartyName, after: u64, read: &Read, head: u64) -> Result<Seen, String> {
    let cursor = match &read.cursor {
        Some(cursor) => Some(seq(party, Some(cursor))?),
        None => None,
    };
    Ok(Seen::Read(Box::new(Given { party: party.clone(), after, read: read.clone(), cursor, head })))
}

/// The number that a cursor names.
pub fn seq(party: &PartyName, cursor: Option<&[u8]>) -> Result<u64, String> {
    let Some(bytes) = cursor else { return Ok(0) };
    let cursor = Cursor::of(bytes, party, [2; 16]).map_err(|refusal| refusal.to_string())?;
    Ok(cursor.seq(LANE))
}

impl World {
    fn count_answers(&mut self, answers: &[Result<Answer, Refusal>]) {
        for answer in answers {
            self.counts.one(match answer {
                Ok(answer) if answer.replayed => "answered again",
                Ok(_) => "acknowledged",
                Err(refusal) => refusal.reason.text(),
            });
        }
    }
}
