//! Who takes part: an invented province and ministry, their post, their keys and devices.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use super::child::Child;
use super::hands::{Acknowledged, Hand};
use crate::dossier::names::Micros;

/// The carrier.
pub(super) const POST: &str = "carriers/post99";
/// The commune at whose counter dossiers are accepted.
pub(super) const COMMUNE: &str = "agencies/H99.60.05";
/// The commune that sends a file upwards.
pub(super) const SENDING_COMMUNE: &str = "agencies/H99.60.12";
/// The department that returns results.
pub(super) const DEPARTMENT: &str = "agencies/H99.14";
/// Another department under the same roof.
pub(super) const NEIGHBOUR: &str = "agencies/H99.17";
/// The provincial centre, counter of both departments.
pub(super) const CENTRE: &str = "agencies/H99.01";
/// The ministry's department that a file has to pass.
pub(super) const MINISTRY: &str = "agencies/G99.07";

/// How far the clock of postman 3's old phone is ahead.
pub(super) const OLD_PHONE_AHEAD_US: i64 = Micros::DAY;

/// Name of the key, party, role, sources.
const KEYS: &[(&str, &str, &str, &[&str])] = &[
    ("postman-1", POST, "post-operator", &["carriers/post99/devices/pda-1"]),
    ("postman-2", POST, "post-operator", &["carriers/post99/devices/pda-2"]),
    ("postman-3", POST, "post-operator", &["carriers/post99/devices/pda-3"]),
    // The phone that replaces the old one may also send what is left in the old one's outbox.
    (
        "postman-3-new-phone",
        POST,
        "post-operator",
        &["carriers/post99/devices/pda-3b", "carriers/post99/devices/pda-3"],
    ),
    ("clerk", POST, "post-operator", &["carriers/post99/devices/pc-991230"]),
    ("clerk-2", POST, "post-operator", &["carriers/post99/devices/pc-992340"]),
    ("post-supervisor", POST, "supervisor", &["carriers/post99/devices/pc-supervisor"]),
    ("commune", COMMUNE, "agency-officer", &["agencies/H99.60.05/devices/reader-1"]),
    ("commune-12", SENDING_COMMUNE, "agency-officer", &["agencies/H99.60.12/devices/reader-1"]),
    ("commune-31", "agencies/H99.60.31", "agency-officer", &[]),
    ("centre", CENTRE, "agency-officer", &["agencies/H99.01/devices/reader-1"]),
    ("department", DEPARTMENT, "agency-system", &["agencies/H99.14/systems/office"]),
    ("neighbour", NEIGHBOUR, "agency-officer", &[]),
    ("ministry", MINISTRY, "agency-officer", &["agencies/G99.07/devices/reader-1"]),
    ("province", "agencies/H99", "supervisor", &[]),
];

/// Makes the key of whoever keeps the directory.
pub(super) fn make_admin_key(data: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(data.join("keys")).context("make the folder of keys")?;
    make_key(data, "admin", "", "admin", &[])
}

/// Makes everybody's keys.
pub(super) fn make_keys(data: &Path) -> anyhow::Result<()> {
    KEYS.iter().try_for_each(|(name, party, role, sources)| make_key(data, name, party, role, sources))
}

/// Makes a key as an operator does, by the command line, and keeps it in a file that only its owner reads.
fn make_key(data: &Path, name: &str, party: &str, role: &str, sources: &[&str]) -> anyhow::Result<()> {
    let binary = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(binary);
    command.args(["keys", "create", "--json", "--name", name, "--role", role, "--data"]).arg(data);
    if !party.is_empty() {
        command.args(["--party", party]);
    }
    for source in sources {
        command.args(["--source", source]);
    }
    let output = command.output().context("make a key")?;
    if !output.status.success() {
        bail!("no key for {name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).context("read the new key")?;
    let key = answer.get("key").and_then(serde_json::Value::as_str).context("read the new key")?;
    let path = data.join("keys").join(name);
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    writeln!(file.context("keep a key")?, "{key}").context("keep a key")
}

/// Everybody who does something in the story.
pub(super) struct People {
    pub postman_1: Hand,
    pub postman_2: Hand,
    /// With his old phone.
    pub postman_3: Hand,
    /// The phone that replaces it, with the old one's outbox.
    pub new_phone: Hand,
    /// At office 991230.
    pub clerk_1: Hand,
    /// At office 992340.
    pub clerk_2: Hand,
    pub post_supervisor: Hand,
    pub commune: Hand,
    pub sending_commune: Hand,
    pub centre: Hand,
    pub department: Hand,
    pub ministry: Hand,
    pub province: Hand,
}

impl People {
    /// Everybody at work. What is answered to any of them is noted in one place.
    pub async fn at_work(
        gateway: &Child,
        data: &Path,
        acknowledged: &Acknowledged,
    ) -> anyhow::Result<People> {
        let at_work = async |name: &str, source: &str| {
            anyhow::Ok(Hand::of(gateway, data, name, source).await?.noting(acknowledged))
        };
        let old_phone = at_work("postman-3", "carriers/post99/devices/pda-3").await?;
        Ok(People {
            postman_1: at_work("postman-1", "carriers/post99/devices/pda-1").await?,
            postman_2: at_work("postman-2", "carriers/post99/devices/pda-2").await?,
            postman_3: old_phone.ahead_by(OLD_PHONE_AHEAD_US),
            new_phone: at_work("postman-3-new-phone", "carriers/post99/devices/pda-3").await?,
            clerk_1: at_work("clerk", "carriers/post99/devices/pc-991230").await?,
            clerk_2: at_work("clerk-2", "carriers/post99/devices/pc-992340").await?,
            post_supervisor: at_work("post-supervisor", "carriers/post99/devices/pc-supervisor").await?,
            commune: at_work("commune", "agencies/H99.60.05/devices/reader-1").await?,
            sending_commune: at_work("commune-12", "agencies/H99.60.12/devices/reader-1").await?,
            centre: at_work("centre", "agencies/H99.01/devices/reader-1").await?,
            department: at_work("department", "agencies/H99.14/systems/office").await?,
            ministry: at_work("ministry", "agencies/G99.07/devices/reader-1").await?,
            province: at_work("province", "").await?,
        })
    }

    /// Everybody finds the gateway again.
    pub async fn reconnect(&mut self, gateway: &Child) -> anyhow::Result<()> {
        for hand in [
            &mut self.postman_1,
            &mut self.postman_2,
            &mut self.postman_3,
            &mut self.new_phone,
            &mut self.clerk_1,
            &mut self.clerk_2,
            &mut self.post_supervisor,
            &mut self.commune,
            &mut self.sending_commune,
            &mut self.centre,
            &mut self.department,
            &mut self.ministry,
            &mut self.province,
        ] {
            hand.reconnect(gateway).await?;
        }
        Ok(())
    }
}
