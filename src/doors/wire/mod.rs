//! Owns: the messages of `proto/trao/v1`, as code and as published descriptors.
//! Never: reads meaning into them; that is the doors' parsing.
//!
//! Partners see `Event`, `Personal` and the lines of batches as messages. The code has bytes in their place
//! (`proto/build.rs` lists where), because what came is what is stored, hashed and relayed.

pub mod by_name;
pub mod calendar;
pub mod command;
pub mod consumer;
pub mod decision;
pub mod directory;
pub mod dossier;
pub mod feed;
pub mod from;
pub mod handover;
pub mod into;
pub mod lookup;
pub mod page;
pub mod person;
pub mod report;
pub mod time;

use prost::Message;
use prost_types::ServiceDescriptorProto;

/// The descriptors as published, well-known types and comments included: for reflection and for proto3 JSON.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// Package `trao.v1`. Generated; the comments are those of the proto files.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("trao.v1");
}

/// The path of every call of the package, as `/trao.v1.CaptureService/CaptureEvent`.
pub fn methods() -> Result<Vec<String>, prost::DecodeError> {
    let files = prost_types::FileDescriptorSet::decode(DESCRIPTOR)?.file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file, service)));
    let path = |(file, service): (&prost_types::FileDescriptorProto, &ServiceDescriptorProto)| {
        let service_path = format!("/{}.{}", file.package(), service.name());
        let methods = service.method.iter().map(|method| format!("{service_path}/{}", method.name()));
        methods.collect::<Vec<String>>()
    };
    Ok(services.flat_map(path).collect())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use prost::Message;
    use prost_reflect::{DescriptorPool, DynamicMessage, Kind, ReflectMessage};

    use super::{DESCRIPTOR, v1};
    use crate::dossier::anomaly::AnomalyKind;
    use crate::dossier::decision::DossierState;
    use crate::dossier::directory::{AgencyKind, Level as AgencyLevel, ProcedureAction};
    use crate::dossier::event::{EventType, Measure, Reason};
    use crate::dossier::leg::{HolderKind, LegKind, LegState, OrderStatus, Placement};
    use crate::dossier::person::StaffRole;

    fn published() -> DescriptorPool {
        DescriptorPool::decode(DESCRIPTOR).unwrap()
    }

    /// What a partner reads who compiled the published files.
    fn as_published(message: &str, wire: &[u8]) -> DynamicMessage {
        let descriptor = published().get_message_by_name(&format!("trao.v1.{message}")).unwrap();
        DynamicMessage::decode(descriptor, wire).unwrap()
    }

    fn event() -> v1::Event {
        v1::Event {
            r#type: v1::EventType::PickedUp.into(),
            code: Some(v1::Code {
                kind: v1::CodeKind::Item.into(),
                value: "EE990002055VN".into(),
                agency: String::new(),
            }),
            occurred_at: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 250_000 }),
            zone_offset_s: 25_200,
            device_seq: u64::MAX,
            ..Default::default()
        }
    }

    fn personal() -> v1::Personal {
        v1::Personal { name: "Nguyễn Thị A".into(), lat_e6: -1, ..Default::default() }
    }

    #[test]
    fn a_capture_reads_the_same_as_published_and_as_compiled() {
        let ours = v1::Capture {
            source: "carriers/vnpost/devices/pda-17".into(),
            client_event_id: "0190".into(),
            event: event().encode_to_vec().into(),
            personal: personal().encode_to_vec().into(),
            send_time: Some(prost_types::Timestamp { seconds: 1_700_000_009, nanos: 0 }),
        };
        let wire = ours.encode_to_vec();
        let theirs = as_published("Capture", &wire);
        assert_eq!(theirs.encode_to_vec(), wire);

        let their_event = theirs.get_field_by_name("event").unwrap();
        let their_event = their_event.as_message().unwrap();
        assert_eq!(their_event.descriptor().full_name(), "trao.v1.Event");
        assert_eq!(their_event.transcode_to::<v1::Event>().unwrap(), event());
        let their_personal = theirs.get_field_by_name("personal").unwrap();
        assert_eq!(their_personal.as_message().unwrap().transcode_to::<v1::Personal>().unwrap(), personal());

        assert_eq!(v1::Capture::decode(theirs.encode_to_vec().as_slice()).unwrap(), ours);
    }

    #[test]
    fn fields_this_release_does_not_know_stay_in_the_event() {
        let mut later = event().encode_to_vec();
        later.extend_from_slice(&[0xc2, 0x3e, 2, b'h', b'i']); // field 1000, two bytes
        let capture = v1::Capture { event: later.clone().into(), ..Default::default() };
        let back = v1::Capture::decode(capture.encode_to_vec().as_slice()).unwrap();
        assert_eq!(back.event, later);
        assert_eq!(v1::Event::decode(later.as_slice()).unwrap(), event());
    }

    #[test]
    fn every_field_kept_as_received_is_published_as_a_message() {
        let event: Bytes = event().encode_to_vec().into();
        let personal: Bytes = personal().encode_to_vec().into();
        let line: Bytes = v1::Capture { event: event.clone(), ..Default::default() }.encode_to_vec().into();
        let registration: Bytes =
            v1::RegisterDossierRequest { personal: personal.clone(), ..Default::default() }
                .encode_to_vec()
                .into();

        let table = [
            (
                "FeedEvent.event=Event",
                v1::FeedEvent { event: event.clone(), ..Default::default() }.encode_to_vec(),
            ),
            ("Capture.event=Event", v1::Capture { event, ..Default::default() }.encode_to_vec()),
            (
                "Capture.personal=Personal",
                v1::Capture { personal: personal.clone(), ..Default::default() }.encode_to_vec(),
            ),
            (
                "BatchCaptureEventsRequest.lines=Capture",
                v1::BatchCaptureEventsRequest { lines: vec![line.clone(), line.clone()] }.encode_to_vec(),
            ),
            (
                "SyncEventsRequest.line=Capture",
                v1::SyncEventsRequest { message: Some(v1::sync_events_request::Message::Line(line)) }
                    .encode_to_vec(),
            ),
            (
                "BatchRegisterDossiersRequest.requests=RegisterDossierRequest",
                v1::BatchRegisterDossiersRequest {
                    requests: vec![registration.clone(), registration.clone()],
                }
                .encode_to_vec(),
            ),
            (
                "OrderLegRequest.personal=Personal",
                v1::OrderLegRequest { personal: personal.clone(), ..Default::default() }.encode_to_vec(),
            ),
            ("RegisterDossierRequest.personal=Personal", registration.to_vec()),
            (
                "AcceptDossierRequest.personal=Personal",
                v1::AcceptDossierRequest { personal: personal.clone(), ..Default::default() }.encode_to_vec(),
            ),
            ("GetLegResponse.personal=Personal", v1::GetLegResponse { leg: None, personal }.encode_to_vec()),
        ];
        for (what, wire) in table {
            let (path, inner) = what.split_once('=').unwrap();
            let (message, field) = path.split_once('.').unwrap();
            let theirs = as_published(message, &wire);
            let descriptor = theirs.descriptor().get_field_by_name(field).unwrap();
            let Kind::Message(kind) = descriptor.kind() else { panic!("{what}: published as no message") };
            assert_eq!(kind.name(), inner, "{what}");
            assert!(theirs.has_field(&descriptor), "{what}: lost on the way");
            assert_eq!(theirs.unknown_fields().count(), 0, "{what}");
            assert_eq!(theirs.encode_to_vec(), wire, "{what}");
        }
    }

    /// Number and unprefixed name of each value of a published enum but zero, which always is `UNSPECIFIED`.
    fn values_of(name: &str) -> Vec<(i32, String)> {
        let published = published().get_enum_by_name(&format!("trao.v1.{name}")).unwrap();
        let mut prefix = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !prefix.is_empty() {
                prefix.push('_');
            }
            prefix.push(letter.to_ascii_uppercase());
        }
        prefix.push('_');
        let mut values: Vec<_> = published
            .values()
            .map(|value| (value.number(), value.name().strip_prefix(&prefix).unwrap().to_owned()))
            .collect();
        values.sort();
        assert_eq!(values.remove(0), (0, "UNSPECIFIED".to_owned()), "{name}");
        values
    }

    #[test]
    fn enums_have_the_same_numbers_and_names_in_the_domain_and_on_the_wire() {
        macro_rules! agree {
            ($($kind:ident)*) => {$(
                let ours: Vec<_> = $kind::ALL.iter().map(|v| (i32::from(v.number()), v.text().to_owned())).collect();
                assert_eq!(ours, values_of(stringify!($kind)), stringify!($kind));
            )*};
        }
        agree!(EventType LegKind LegState HolderKind OrderStatus Placement AnomalyKind DossierState);
        agree!(AgencyKind AgencyLevel ProcedureAction StaffRole);

        let owned = |known: &[(i32, &str)]| -> Vec<(i32, String)> {
            known.iter().map(|(number, name)| (*number, (*name).to_owned())).collect()
        };
        assert_eq!(owned(Reason::KNOWN), values_of("Reason"));
        assert_eq!(owned(Measure::KNOWN), values_of("Measure"));
    }
}
