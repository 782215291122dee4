//! Owns: the demonstration: a Friday of an invented province's post through a real gateway, killed in the middle, and a
//! ledger read back from the restarted gateway and asserted.
//! Never: reaches into a store; everything goes through gRPC, as it would for anybody.

mod cast;
mod child;
mod friday;
mod hands;
mod ledger;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};

use crate::doors::refusal::Language;
use child::Child;

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
            return ledger::check(&gateway, &options.data, &telling, true).await;
        }
        clear(&options.data)?;
        mark(&options.data)?;
        let mut gateway = Child::start(&options.data)?;
        telling.plain(
            &format!(
                "Trao · a Friday in province H99 (invented) · SQLite {}/trao.db · gRPC {}",
                options.data.display(),
                gateway.address()
            ),
            &format!(
                "Trao · một ngày thứ Sáu ở tỉnh H99 (hư cấu) · SQLite {}/trao.db · gRPC {}",
                options.data.display(),
                gateway.address()
            ),
        );
        cast::enter(&gateway, &options.data, &telling).await?;
        friday::live(&mut gateway, &options.data, &telling).await?;
        ledger::check(&gateway, &options.data, &telling, false).await?;
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

/// What is said to whoever watches, in one language.
struct Telling {
    language: Language,
}

#[expect(clippy::print_stdout, reason = "the demonstration speaks on stdout")]
impl Telling {
    fn plain(&self, english: &str, vietnamese: &str) {
        match self.language {
            Language::English => println!("{english}"),
            Language::Vietnamese => println!("{vietnamese}"),
        }
    }

    /// A line of the day: when, what, and what came of it.
    fn at(&self, clock: &str, english: &str, vietnamese: &str, outcome: &str) {
        let what = match self.language {
            Language::English => english,
            Language::Vietnamese => vietnamese,
        };
        let width = what.chars().count();
        let gap = " ".repeat(62usize.saturating_sub(width).max(1));
        println!("    {clock}  {what}{gap}{outcome}");
    }

    fn end(&self, data: &Path, took: std::time::Duration) {
        let data = data.display();
        let seconds = took.as_secs_f32();
        self.plain(
            &format!("done in {seconds:.0} s · next:"),
            &format!("xong sau {seconds:.0} giây · tiếp theo:"),
        );
        println!("  trao serve --data {data} &");
        println!("  trao status RA990000010VN --token-file {data}/keys/commune");
        println!("  trao history EA990003016VN --token-file {data}/keys/department");
        println!("  trao feed --token-file {data}/keys/clerk --limit 5");
    }
}
