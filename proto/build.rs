//! Compiles `proto/trao/v1` without protoc, twice from one source: as published, for reflection and proto3 JSON, and
//! with the fields of `KEPT_AS_RECEIVED` as bytes, for our own code.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};

/// Messages on the wire that our code takes as bytes; both are length-delimited, so a partner sees no difference.
/// Events and personal parts because they are stored, hashed and relayed as received; lines of batches and streams
/// because one that cannot be decoded must not take the others with it.
const KEPT_AS_RECEIVED: &[(&str, &str)] = &[
    ("Capture", "event"),
    ("Capture", "personal"),
    ("FeedEvent", "event"),
    ("BatchCaptureEventsRequest", "lines"),
    ("SyncEventsRequest", "line"),
    ("BatchRegisterDossiersRequest", "requests"),
    ("OrderLegRequest", "personal"),
    ("RegisterDossierRequest", "personal"),
    ("AcceptDossierRequest", "personal"),
    ("RequestSupplementRequest", "personal"),
    ("RefuseDossierRequest", "personal"),
    ("WithdrawDossierRequest", "personal"),
    ("StopDossierRequest", "personal"),
    ("AnnounceResultRequest", "personal"),
    ("BatchAnnounceResultsRequest", "requests"),
    ("BatchDecideDossiersRequest", "decisions"),
    ("GetLegResponse", "personal"),
];

fn main() -> Result<(), Box<dyn Error>> {
    // Not the whole folder: it also holds what npm installs.
    println!("cargo:rerun-if-changed=proto/build.rs");
    println!("cargo:rerun-if-changed=proto/trao");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);

    // Reflection serves files whole, so the well-known types come along; comments become the code's documentation.
    let mut descriptors = protox::Compiler::new(["proto"])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(files(Path::new("proto/trao/v1"))?)?
        .file_descriptor_set();
    fs::write(out.join("descriptor.bin"), descriptors.encode_to_vec())?;

    for (message, field) in KEPT_AS_RECEIVED {
        keep_as_received(&mut descriptors, message, field)?;
    }
    tonic_prost_build::configure()
        .build_transport(false) // connecting is the command line's own matter: it wants timeouts
        .bytes(".") // `Bytes` share the received buffer; `Vec` would copy every event
        .compile_fds(descriptors)?;
    Ok(())
}

/// The module's files as protox wants them named: relative to the include path, in one order on every machine.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Turns one field from a message into bytes. A name that no longer fits stops the build: silently parsing what must
/// be kept as received would lose unknown fields.
fn keep_as_received(set: &mut FileDescriptorSet, message: &str, field: &str) -> Result<(), Box<dyn Error>> {
    let ours = set.file.iter_mut().filter(|file| file.package() == "trao.v1");
    let found = ours
        .flat_map(|file| file.message_type.iter_mut())
        .filter(|candidate: &&mut DescriptorProto| candidate.name() == message)
        .flat_map(|message| message.field.iter_mut())
        .find(|candidate| candidate.name() == field && candidate.r#type() == Type::Message)
        .ok_or_else(|| format!("no message field {message}.{field} to keep as received"))?;
    found.set_type(Type::Bytes);
    found.type_name = None;
    Ok(())
}
