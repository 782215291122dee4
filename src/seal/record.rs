//! The record: the bytes that answer every retry of a line for ever, and that the tree is made of.
//!
//! Layouts never change: what one cannot hold stands in the next. Layout 2 is layout 1 with the particulars behind it, and
//! is written for the few records that have any. Decoding takes exactly what encoding writes, so that one record has one
//! spelling.

use smol_str::SmolStr;

use crate::dossier::anomaly::{Anomaly, AnomalyKind};
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::{Birth, Holder, HolderKind, LegKind, LegState, Outcome, Placement};
use crate::dossier::money::{FeeKind, Money};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::papers::Tally;
use crate::dossier::particulars::{Particulars, Relation, Terms};

/// The first byte of a record without particulars.
const PLAIN: u8 = 1;
/// The first byte of a record with particulars.
const WITH_PARTICULARS: u8 = 2;

/// What was journaled of one line, and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The database, made once with it.
    pub database: [u8; 16],
    /// The lane's epoch; a restore begins a new one.
    pub epoch: [u8; 16],
    /// The lane.
    pub lane: Lane,
    /// The dense number in it, from 1; the leaf's index is one less.
    pub pos: u64,

    /// The time of the batch; never decreasing in a lane.
    pub committed_at: Micros,
    /// When the gateway first had the line.
    pub received_at: Micros,
    /// When it happened, as far as the source is believed: the fold's order.
    pub effective_at: Micros,
    /// When it happened, by the capturing device's clock.
    pub occurred_at: Micros,

    /// What happened.
    pub kind: EventType,
    /// For PLACED: the type of the event that is placed.
    pub placed: Option<EventType>,

    /// Who captured it; of PLACED, who captured what is placed.
    pub source: SourceName,
    /// The source's own id of it; with the source it is the fact's key. Of PLACED, that of the fact placed.
    pub client_event_id: SmolStr,
    /// The device's running number.
    pub device_seq: Option<u64>,
    /// The party the source is enrolled under.
    pub party: PartyName,
    /// The person of the key, or the key itself where none is named.
    pub principal: SmolStr,
    /// Whether the key was a supervisor's.
    pub supervisor: bool,

    /// `digest` of the event's bytes as received.
    pub event_digest: [u8; 32],
    /// `personal_digest` of the personal part; zeros without one.
    pub personal_digest: [u8; 32],
    /// `digest` of a command's request; zeros for a fact.
    pub request_digest: [u8; 32],

    /// Why.
    pub reason: Reason,
    /// What is done about it.
    pub measure: Measure,
    /// The agency written on the envelope or meant by the command.
    pub agency: Option<PartyName>,
    /// The post office where it happened.
    pub office: Option<SmolStr>,
    /// The code, as understood.
    pub code: Option<CodeText>,
    /// The other codes of the same envelope, as understood.
    pub also: Vec<CodeText>,
    /// BAGGED: the bag it went into.
    pub receptacle: Option<CodeText>,
    /// Whether the code was understood only after repair.
    pub repaired: bool,
    /// Whether the code's check digit is wrong and was typed twice.
    pub unverified: bool,
    /// Whether a citizen's side was attested.
    pub attested: bool,
    /// The event this one voids or replaces; of PLACED, what the event placed voids or replaces.
    pub corrects: Option<Position>,
    /// Of PLACED: where the event that is placed stands.
    pub placed_from: Option<Position>,

    /// Whose logs list it.
    pub parties: Vec<PartyName>,
    /// How it was placed.
    pub placement: Placement,
    /// The leg it is on.
    pub leg: Option<Position>,
    /// The leg it ends or annuls besides its own.
    pub other_leg: Option<Position>,
    /// The dossier of its leg, or the one it registers.
    pub dossier: Option<Position>,
    /// What it opened the leg as, when it did.
    pub birth: Option<Birth>,
    /// What it did to the leg.
    pub outcome: Option<Outcome>,
    /// What did not fit.
    pub anomalies: Vec<Anomaly>,
    /// Papers, money, who received, what was laid down. Only layout 2 holds it.
    pub particulars: Particulars,
}

/// A code as understood, in the record's own plain form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeText {
    /// The number of the wire's CodeKind. Kept as it is: a kind added later must not make a record unreadable.
    pub kind: u8,
    /// The code's one spelling.
    pub text: SmolStr,
    /// The agency it is a code of, for an opaque dossier code.
    pub agency: Option<PartyName>,
}

/// Why a record could not be encoded or decoded. Fields are named as in `docs/record.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Encoding: more bytes or items than the layout can count.
    #[error("{0} is longer than the record can hold")]
    TooLong(&'static str),
    /// Decoding: the first byte names a layout this release does not know.
    #[error("record of unknown version {0}")]
    Version(u8),
    /// Decoding: the bytes end too early.
    #[error("record ends within {0}")]
    Short(&'static str),
    /// Decoding: bytes after the last field.
    #[error("record has {0} bytes after its end")]
    Trailing(usize),
    /// Decoding: a flag that is neither 0 nor 1.
    #[error("{field} has the flag {flag}, neither 0 nor 1")]
    Flag {
        /// The field.
        field: &'static str,
        /// The byte.
        flag: u8,
    },
    /// Decoding: a number this release does not know.
    #[error("{field} has the unknown number {number}")]
    Number {
        /// The field.
        field: &'static str,
        /// The number.
        number: u8,
    },
    /// Decoding: layout 2 for what layout 1 can hold.
    #[error("record has empty particulars")]
    Needless,
    /// Decoding: a text that is not UTF-8.
    #[error("{0} is not utf-8")]
    Text(&'static str),
}

impl Record {
    /// The record's bytes. They are stored once and never made again.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        // What a scan's record takes: growing on the way costs more than the bytes.
        let mut bytes = Vec::with_capacity(768);
        let plain = self.particulars == Particulars::default();
        bytes.push(if plain { PLAIN } else { WITH_PARTICULARS });
        let mut writer = Writer { bytes, field: "version", too_long: None };
        self.put(&mut writer);
        if !plain {
            self.particulars.put(&mut writer);
        }
        match writer.too_long {
            Some(field) => Err(Error::TooLong(field)),
            None => Ok(writer.bytes),
        }
    }

    /// Reads what `encode` wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Record, Error> {
        let mut reader = Reader { rest: bytes, field: "version" };
        let [version] = reader.take()?;
        if !matches!(version, PLAIN | WITH_PARTICULARS) {
            return Err(Error::Version(version));
        }
        let mut record = Record::take(&mut reader)?;
        if version == WITH_PARTICULARS {
            record.particulars = Particulars::take(&mut reader)?;
            if record.particulars == Particulars::default() {
                return Err(Error::Needless);
            }
        }
        match reader.rest.len() {
            0 => Ok(record),
            trailing => Err(Error::Trailing(trailing)),
        }
    }
}

struct Writer {
    bytes: Vec<u8>,
    /// The field being written, for the error.
    field: &'static str,
    /// The first field that did not fit.
    too_long: Option<&'static str>,
}

impl Writer {
    fn put_count(&mut self, count: usize) {
        match u16::try_from(count) {
            Ok(count) => self.bytes.extend(count.to_be_bytes()),
            Err(_) => self.too_long = self.too_long.or(Some(self.field)),
        }
    }

    fn put_text(&mut self, text: &str) {
        self.put_count(text.len());
        self.bytes.extend(text.as_bytes());
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// The field being read, for the error.
    field: &'static str,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Error::Short(self.field))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take_count(&mut self) -> Result<usize, Error> {
        self.take().map(u16::from_be_bytes).map(usize::from)
    }

    fn take_text(&mut self) -> Result<&'a str, Error> {
        let length = self.take_count()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Error::Short(self.field))?;
        self.rest = rest;
        str::from_utf8(bytes).map_err(|_| Error::Text(self.field))
    }
}

/// A type that has a place in the layout.
trait Field: Sized {
    fn put(&self, out: &mut Writer);
    fn take(input: &mut Reader<'_>) -> Result<Self, Error>;
}

/// Writes and reads a struct's fields in the order given: encoding and decoding cannot drift apart.
macro_rules! layout {
    ($name:ident { $($field:ident,)* } $(and $more:ident)?) => {
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                $(
                    out.field = concat!(stringify!($name), ".", stringify!($field));
                    self.$field.put(out);
                )*
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                $(
                    input.field = concat!(stringify!($name), ".", stringify!($field));
                    let $field = Field::take(input)?;
                )*
                Ok($name { $($field,)* $($more: Default::default(),)? })
            }
        }
    };
}

// Permanent. These orders, not those of the structs, are the layouts.
layout! {
    Record {
        database, epoch, lane, pos,
        committed_at, received_at, effective_at, occurred_at,
        kind, placed,
        source, client_event_id, device_seq, party, principal, supervisor,
        event_digest, personal_digest, request_digest,
        reason, measure, agency, office, code, also, receptacle, repaired, unverified, attested, corrects, placed_from,
        parties, placement, leg, other_leg, dossier, birth, outcome, anomalies,
    } and particulars
}
layout! { CodeText { kind, text, agency, } }
layout! { Birth { kind, agency, counter, carrier, office, procedure, } }
layout! { Outcome { state, holder_before, holder_after, } }
layout! { Holder { kind, party, office, } }
layout! { Anomaly { kind, position, } }
layout! { Position { lane, pos, } }
layout! { Particulars { manifest, tally, relation, money, terms, } }
layout! { Tally { component, originals, certified_copies, photocopies, } }
layout! { Money { kind, vnd, } }
layout! { Terms { must_be_owner, dues, take_back, } }

/// Integers, and newtypes of one, big-endian.
macro_rules! integer {
    ($($name:ty: $put:expr, $take:expr;)*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                out.bytes.extend($put(self).to_be_bytes());
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                input.take().map($take)
            }
        }
    )*};
}

integer! {
    u8: |v: &u8| *v, u8::from_be_bytes;
    u32: |v: &u32| *v, u32::from_be_bytes;
    u64: |v: &u64| *v, u64::from_be_bytes;
    i64: |v: &i64| *v, i64::from_be_bytes;
    Lane: |v: &Lane| v.0, |b| Lane(u16::from_be_bytes(b));
    Micros: |v: &Micros| v.0, |b| Micros(i64::from_be_bytes(b));
    Reason: |v: &Reason| v.0, |b| Reason(i32::from_be_bytes(b));
    Measure: |v: &Measure| v.0, |b| Measure(i32::from_be_bytes(b));
    Relation: |v: &Relation| v.0, |b| Relation(i32::from_be_bytes(b));
}

/// Numbered enums, one byte each.
macro_rules! number {
    ($($name:ty),*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                out.bytes.push(self.number());
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                let [number] = input.take()?;
                <$name>::from_number(number.into()).ok_or(Error::Number { field: input.field, number })
            }
        }
    )*};
}

number!(EventType, LegKind, LegState, HolderKind, Placement, AnomalyKind, FeeKind);

/// Texts: how many bytes (2), then UTF-8.
macro_rules! text {
    ($($name:ty: $take:expr;)*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                out.put_text(self.as_str());
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                input.take_text().map($take)
            }
        }
    )*};
}

text! {
    SmolStr: SmolStr::new;
    PartyName: PartyName::new;
    SourceName: SourceName::new;
}

impl<const N: usize> Field for [u8; N] {
    fn put(&self, out: &mut Writer) {
        out.bytes.extend(self);
    }

    fn take(input: &mut Reader<'_>) -> Result<[u8; N], Error> {
        input.take()
    }
}

impl Field for bool {
    fn put(&self, out: &mut Writer) {
        out.bytes.push(u8::from(*self));
    }

    fn take(input: &mut Reader<'_>) -> Result<bool, Error> {
        match input.take()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [flag] => Err(Error::Flag { field: input.field, flag }),
        }
    }
}

/// An option: a flag, then the value if there is one.
impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Writer) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Option<T>, Error> {
        if bool::take(input)? { T::take(input).map(Some) } else { Ok(None) }
    }
}

/// A list: how many (2), then each.
impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Writer) {
        out.put_count(self.len());
        for value in self {
            value.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Vec<T>, Error> {
        let count = input.take_count()?;
        // collected one by one, so that a false count reserves nothing
        (0..count).map(|_| T::take(input)).collect()
    }
}

#[cfg(test)]
mod tests;
