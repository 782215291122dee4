//! Owns: the demonstration: a Friday of an invented province's post through a real gateway, killed in the middle, and a
//! ledger read back from the restarted gateway and asserted.
//! Never: reaches into a store; everything goes through gRPC, as it would for anybody.

mod books;
mod cast;
mod child;
mod commands;
mod directory;
mod end;
mod envelopes;
mod friday;
mod hands;
mod ledger;
mod logs;
mod scenes;
mod sights;
mod tables;
mod telling;
mod words;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};

use crate::doors::refusal::Language;
use child::Child;
use telling::Telling;

/// The file by which a folder is known to be a demonstration's. A store with keys beside it may be anybody's, and what is
/// taken for a demonstration's is removed.
const MARK: &str = "demo";

/// How the demonstration is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its folder: the store and `keys/`. One that an earlier demonstration left is replaced.
    pub data: PathBuf,
    /// Only read and assert the ledger of what an earlier demonstration left.
    pub check: bool,
    /// The language it speaks.
    pub language: Language,
}

/// Runs it; an error means that something did not hold.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let began = Instant::now();
        let telling = Telling { language: options.language };
        if options.check {
            let gateway = Child::start(&options.data)?;
            return end::check(&gateway, &options.data, &telling, None).await;
        }
        clear(&options.data)?;
        mark(&options.data)?;
        let mut gateway = Child::start(&options.data)?;
        telling.plain([
            "Trao · a Friday in province H99 (invented) · 20 Nov 2026, virtual clock",
            "Trao · một ngày thứ Sáu ở tỉnh H99 (hư cấu) · 20/11/2026, đồng hồ giả lập",
        ]);
        let place = format!("SQLite {}/trao.db · gRPC {}", options.data.display(), gateway.address());
        telling.plain([&place, &place]);
        cast::make_admin_key(&options.data)?;
        directory::enter(&gateway, &options.data).await?;
        cast::make_keys(&options.data)?;
        directory::tell(&gateway, &options.data, &telling).await?;
        let lived = friday::live(&mut gateway, &options.data, &telling).await?;
        end::check(&gateway, &options.data, &telling, Some(lived)).await?;
        gateway.stop()?;
        telling.end(&options.data, began.elapsed());
        Ok(())
    })
}

/// Removes what an earlier demonstration left, and nothing else.
fn clear(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    if fs::read_dir(folder).context("look into the demo's folder")?.next().is_none() {
        return Ok(());
    }
    if !folder.join(MARK).is_file() {
        bail!("{} is not a folder that a demo left; name another with --data", folder.display());
    }
    if let Ok(lock) = fs::File::open(folder.join("lock"))
        && lock.try_lock().is_err()
    {
        bail!("a gateway serves {}: end it first, or name another folder with --data", folder.display());
    }
    fs::remove_dir_all(folder).context("remove what the last demo left")
}

/// Makes the folder and says in it whose it is, before there is anything to lose.
fn mark(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).context("make the demo's folder")?;
    fs::write(folder.join(MARK), "made by `trao demo`, which replaces this whole folder when it runs again\n")
        .context("mark the demo's folder")
}
