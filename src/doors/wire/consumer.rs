//! Consumers on the wire.

use bytes::Bytes;
use prost::Message;

use super::{time, v1};
use crate::dossier::consumer::Consumer;
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::digest;
use crate::stream::{Standing, Start};

/// The lag of a consumer whose cursor is of another epoch.
const LAG_UNKNOWN: i64 = -1;

/// What is required of an id.
const ID: &str = "1 to 63 of a-z, 0-9 and dashes";

/// The party and the id in a consumer's whole name.
pub fn name<'a>(name: &'a str, field: &str) -> Result<(&'a str, &'a str), Refusal> {
    if name.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, field, ""));
    }
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        ["agencies" | "carriers", party, "consumers", id]
            if !party.is_empty() && Consumer::may_be_called(id) =>
        {
            Ok((name.strip_suffix(id).and_then(|rest| rest.strip_suffix("/consumers/")).unwrap_or(""), id))
        }
        _ => {
            let why = "a whole name, such as agencies/H99.01/consumers/back-office";
            Err(Refusal::field(Reason::TextInvalid, field, why))
        }
    }
}

/// The id of a consumer to create.
pub fn id(id: &str) -> Result<&str, Refusal> {
    if id.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, "consumer_id", ID));
    }
    if Consumer::may_be_called(id) {
        Ok(id)
    } else {
        Err(Refusal::field(Reason::TextInvalid, "consumer_id", ID))
    }
}

/// Where a new consumer begins.
pub fn start(start: Option<&v1::create_consumer_request::Start>) -> Result<Start<'_>, Refusal> {
    use v1::create_consumer_request::Start as Sent;
    match start {
        Some(Sent::Cursor(cursor)) => Ok(Start::Cursor(given(cursor)?)),
        Some(Sent::Time(at)) => Ok(Start::Time(time::within(at, "time")?)),
        Some(Sent::Beginning(())) | None => Ok(Start::Beginning),
        Some(Sent::End(())) => Ok(Start::End),
    }
}

/// Where a consumer is moved.
pub fn to(to: Option<&v1::seek_consumer_request::To>) -> Result<Start<'_>, Refusal> {
    use v1::seek_consumer_request::To as Sent;
    match to {
        Some(Sent::Cursor(cursor)) => Ok(Start::Cursor(given(cursor)?)),
        Some(Sent::Time(at)) => Ok(Start::Time(time::within(at, "time")?)),
        Some(Sent::Beginning(())) => Ok(Start::Beginning),
        Some(Sent::End(())) => Ok(Start::End),
        None => {
            let why = "say where to: a cursor, a time, the beginning or the end";
            Err(Refusal::field(Reason::FieldRequired, "to", why))
        }
    }
}

/// A cursor that must be one: an empty one would quietly go back to the beginning.
pub fn given(cursor: &Bytes) -> Result<&[u8], Refusal> {
    if cursor.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, "cursor", ""));
    }
    Ok(cursor)
}

/// Digest of a creation without its request's id, under the party's own name. No start is the beginning.
pub fn creation_digest(request: &v1::CreateConsumerRequest, party: &PartyName) -> [u8; 32] {
    let start = request.start.clone().unwrap_or(v1::create_consumer_request::Start::Beginning(()));
    let bare = v1::CreateConsumerRequest {
        parent: party.to_string(),
        request_id: String::new(),
        start: Some(start),
        consumer_id: request.consumer_id.clone(),
    };
    digest::digest(&bare.encode_to_vec())
}

/// A consumer as it is shown.
pub fn shown(party: &PartyName, standing: &Standing) -> v1::Consumer {
    let Standing { consumer, lag } = standing;
    v1::Consumer {
        name: format!("{party}/consumers/{}", consumer.id),
        cursor: Bytes::copy_from_slice(&consumer.cursor),
        lag: lag.map_or(LAG_UNKNOWN, |lag| i64::try_from(lag).unwrap_or(i64::MAX)),
        etag: consumer.etag.to_string(),
        create_time: Some(time::timestamp(consumer.created_at)),
        update_time: Some(time::timestamp(consumer.updated_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::names::Micros;

    #[test]
    fn a_whole_name_is_a_partys_and_an_id_and_nothing_else_is() {
        assert_eq!(name("agencies/H99.01/consumers/a-1", "name"), Ok(("agencies/H99.01", "a-1")));
        assert_eq!(name("carriers/p/consumers/consumers", "name"), Ok(("carriers/p", "consumers")));
        for bad in [
            "a",
            "agencies/H99.01",
            "agencies/H99.01/consumers",
            "agencies/H99.01/consumers/",
            "agencies/H99.01/consumers/A",
            "agencies//consumers/a",
            "offices/1/consumers/a",
            "agencies/H99.01/devices/a",
            "agencies/H99.01/consumers/a/b",
            "/agencies/H99.01/consumers/a",
        ] {
            let refusal = name(bad, "consumer").unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::TextInvalid, "consumer"), "{bad}");
        }
        assert_eq!(name("", "name").unwrap_err().reason, Reason::FieldRequired);
    }

    #[test]
    fn the_digest_of_a_creation_is_of_what_is_asked_for_not_of_how() {
        use v1::create_consumer_request::Start;
        let request = |id: &str, parent: &str, consumer: &str, start| v1::CreateConsumerRequest {
            request_id: id.to_owned(),
            parent: parent.to_owned(),
            consumer_id: consumer.to_owned(),
            start,
        };
        let party = PartyName::new("agencies/H99.01");
        let digest = |request| creation_digest(&request, &party);
        let bare = digest(request("1", "", "a", None));
        assert_eq!(bare, digest(request("2", "agencies/H99.01", "a", Some(Start::Beginning(())))));
        assert_ne!(bare, digest(request("1", "", "b", None)));
        assert_ne!(bare, digest(request("1", "", "a", Some(Start::End(())))));
    }

    #[test]
    fn an_unknown_lag_is_shown_as_no_count() {
        let consumer = Consumer {
            id: "a".into(),
            cursor: vec![1],
            etag: "e".into(),
            created_at: Micros(1),
            updated_at: Micros(2),
            request_id: "r".into(),
            request_digest: [0; 32],
        };
        let party = PartyName::new("carriers/p");
        let standing = Standing { consumer, lag: None };
        assert_eq!(shown(&party, &standing).lag, -1);
        assert_eq!(shown(&party, &Standing { lag: Some(7), ..standing.clone() }).lag, 7);
        assert_eq!(shown(&party, &standing).name, "carriers/p/consumers/a");
    }
}
