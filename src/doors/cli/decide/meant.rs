//! From what was typed to the dossier, or to the leg that has none.

use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::query::Key;
use crate::doors::cli::{Failure, query, shapes, status};
use crate::doors::wire::v1;

/// What is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// A dossier, by its name.
    Dossier(String),
    /// Papers that were handed over and have none: the leg that brought them.
    Leg(String),
}

/// What a text means.
pub async fn find(gateway: &Gateway, text: &str, agency: &str) -> Result<Meant, Failure> {
    let keys = query::keys(text, agency);
    let mut nothing = Failure::Incomplete("dossier");
    for key in keys {
        match status::get(gateway, &key, None).await {
            Ok(answer) => return meant(text, &answer.dossier.ok_or(Failure::Incomplete("dossier"))?),
            Err(failure) if query::means_something_else(&failure) => nothing = failure,
            Err(failure) => return Err(failure),
        }
    }
    Err(nothing)
}

/// The dossier that a text means.
pub async fn dossier(gateway: &Gateway, text: &str, agency: &str) -> Result<String, Failure> {
    match find(gateway, text, agency).await? {
        Meant::Dossier(name) => Ok(name),
        Meant::Leg(leg) => Err(Failure::Usage(format!(
            "{text}: {leg} has no dossier yet; trao decide accept {leg} CODE gives it one, trao decide refuse \
             refuses it"
        ))),
    }
}

fn meant(text: &str, dossier: &v1::Dossier) -> Result<Meant, Failure> {
    if shapes::is_named(dossier) {
        return Ok(Meant::Dossier(dossier.name.clone()));
    }
    if dossier.name.starts_with("legs/") {
        return Ok(Meant::Leg(dossier.name.clone()));
    }
    // By a code: the leg that brought them is the oldest, and others continue it.
    match dossier.legs.first() {
        Some(leg) => Ok(Meant::Leg(leg.name.clone())),
        None => Err(Failure::Usage(format!("{text}: neither a dossier nor a leg"))),
    }
}

/// What an event stands on that has no dossier, as it is now; nothing where that cannot be read just now: the decision stands
/// without it.
pub async fn after(gateway: &Gateway, recorded: &v1::Recorded) -> v1::Dossier {
    let Some(position) = shapes::position(recorded.position.as_ref()) else { return v1::Dossier::default() };
    let key = Key::Name(format!("legs/{position}"));
    let answer = status::get(gateway, &key, None).await;
    answer.ok().and_then(|answer| answer.dossier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_its_dossier_or_the_oldest_leg_that_has_none() {
        let leg = |name: &str| v1::Leg { name: name.to_owned(), ..v1::Leg::default() };
        let legs = vec![leg("legs/0-12"), leg("legs/0-30")];
        let named =
            |name: &str| v1::Dossier { name: name.to_owned(), legs: legs.clone(), ..Default::default() };
        let read = |dossier: &v1::Dossier| meant("x", dossier).unwrap();
        assert_eq!(read(&named("dossiers/0-5")), Meant::Dossier("dossiers/0-5".into()));
        assert_eq!(read(&named("legs/0-30")), Meant::Leg("legs/0-30".into()));
        assert_eq!(read(&named("")), Meant::Leg("legs/0-12".into()));
        assert!(matches!(meant("x", &v1::Dossier::default()), Err(Failure::Usage(_))));
    }
}
