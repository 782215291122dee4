//! Laying on a desk what resolving codes asks for, from what is committed.

use std::sync::Arc;

use super::tie::Error;
use crate::dossier::code::Code;
use crate::dossier::desk::{CodeKey, Desk, Missing, Tag, TagTarget};
use crate::dossier::directory::Directory;
use crate::dossier::names::{Lane, Position};
use crate::store::Reader;

/// Asks a question of a desk, laying what it wants until it is answered.
pub(super) async fn resolve<T>(
    reader: &Reader,
    directory: Arc<Directory>,
    question: impl Fn(&Desk) -> Result<T, Missing>,
) -> Result<T, Error> {
    let mut desk = Desk::new(Arc::clone(&directory));
    loop {
        match question(&desk) {
            Ok(answer) => return Ok(answer),
            // What is laid and asked for again is named by something and not there: asking would never end.
            Err(missing) if desk.has(&missing) => return Err(Error::Torn(what(&missing))),
            // CANCEL: only reads.
            Err(missing) => lay(reader, &directory.lanes, &mut desk, missing).await?,
        }
    }
}

/// The legs a code is attached to, itself or through a dossier, whatever their times.
pub(super) async fn tagged(reader: &Reader, lanes: &[Lane], code: &Code) -> Result<Vec<Position>, Error> {
    let mut legs = Vec::new();
    // CANCEL: only reads.
    for tag in tags(reader, lanes, &CodeKey::of(code)).await? {
        match tag.target {
            TagTarget::Leg(id) => legs.push(id),
            TagTarget::Dossier(id) => {
                legs.extend(reader.dossier(id).await?.map(|dossier| dossier.legs).unwrap_or_default());
            }
        }
    }
    Ok(legs)
}

/// The tags of a code in all lanes.
async fn tags(reader: &Reader, lanes: &[Lane], key: &CodeKey) -> Result<Vec<Tag>, Error> {
    let mut tags = Vec::new();
    // CANCEL: only reads.
    for lane in lanes {
        tags.extend(reader.tags(*lane, key).await?);
    }
    Ok(tags)
}

async fn lay(reader: &Reader, lanes: &[Lane], desk: &mut Desk, missing: Missing) -> Result<(), Error> {
    // CANCEL: only reads.
    match missing {
        Missing::Tags(key) => {
            let tags = tags(reader, lanes, &key).await?;
            desk.lay_tags(key, tags);
        }
        Missing::Leg(id) => desk.lay_leg(id, reader.leg(id).await?),
        Missing::Dossier(id) => desk.lay_dossier(id, reader.dossier(id).await?),
        // Chains, targets and documents are for applying; finding a leg needs none.
        Missing::Chain(_) | Missing::Target(_) | Missing::Document(_) => {
            return Err(Error::Torn(what(&missing)));
        }
    }
    Ok(())
}

fn what(missing: &Missing) -> &'static str {
    match missing {
        Missing::Tags(_) => "a code",
        Missing::Leg(_) => "a leg",
        Missing::Dossier(_) => "a dossier",
        Missing::Chain(_) => "a leg's chain",
        Missing::Target(_) => "an event",
        Missing::Document(_) => "a document",
    }
}
