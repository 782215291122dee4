//! Owns: `trao consumers`, which shows and moves the places that readers keep in a party's log, and the keeper by which
//! `trao feed` is such a reader.
//! Never: says that an event was read before it was printed.

mod find;
mod keeper;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;

use super::gateway::{ClientArgs, Gateway};
use super::human::{self, say};
use super::{Exit, Failure, Output, shapes};
use crate::doors::refusal::Language;
use crate::doors::wire::v1::seek_consumer_request::To;
use crate::doors::wire::{time, v1};
pub use find::parent;
pub use keeper::Keeper;

/// What to do with consumers.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
A consumer is a named place in a party's log that the gateway keeps for a reader:

  trao feed --consumer back-office --follow

goes on where it was, on whatever machine it is started again. These commands tell how far each
reader has come, and move one back or forth.

Exit code 0; 1 when refused (CONSUMER_MOVED: it is not where --etag says); 2 for a wrong command
line; 3 when the gateway does not answer.")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands on consumers.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List a party's consumers, and how much is behind each
    List(ListArgs),
    /// Show one consumer
    Get(GetArgs),
    /// Move a consumer: its reader goes on from there
    Seek(SeekArgs),
    /// Forget a consumer
    Delete(DeleteArgs),
}

impl Args {
    /// Which gateway.
    pub fn client(&self) -> &ClientArgs {
        match &self.command {
            Command::List(args) => &args.client,
            Command::Get(args) => &args.client,
            Command::Seek(args) => &args.client,
            Command::Delete(args) => &args.client,
        }
    }
}

/// `trao consumers list`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
With --json, one object a line:
  {\"name\":\"agencies/H99.01/consumers/back-office\",\"cursor\":\"…\",\"lag\":12,\"etag\":\"…\",
   \"create_time\":\"…Z\",\"update_time\":\"…Z\"}
lag is how many events are behind the cursor; null after the journal was restored from a copy: then
the consumer must be sought before anybody reads by it.

Examples:
  trao consumers list
  trao consumers list --json | jq -r 'select(.lag > 1000) | .name'")]
pub struct ListArgs {
    /// The party whose log they read; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub parent: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// One consumer.
#[derive(Clone, Debug, clap::Args)]
pub struct Named {
    /// Its id, such as back-office, or its whole name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The party whose log it reads; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub parent: String,
}

/// `trao consumers get`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
Example:
  trao consumers get back-office")]
pub struct GetArgs {
    /// Which
    #[command(flatten)]
    pub named: Named,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// `trao consumers seek`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("to").required(true),
    after_long_help = "\
Back: its reader gets events once more. Forth: it never gets those in between.

Examples:
  trao consumers seek back-office --time 2026-11-20T00:00:00+07:00
  trao consumers seek back-office --end
  trao consumers seek back-office --cursor C     # after EPOCH_CHANGED: the cursor that it names
  trao consumers seek back-office --beginning"
)]
pub struct SeekArgs {
    /// Which
    #[command(flatten)]
    pub named: Named,
    /// Behind a bookmark of `trao feed`
    #[arg(long, group = "to", value_parser = cursor, value_name = "C")]
    pub cursor: Option<Bytes>,
    /// At the first event that was journaled at or after a time
    #[arg(long, group = "to", value_parser = moment, value_name = "RFC3339")]
    pub time: Option<prost_types::Timestamp>,
    /// At the first event of the log
    #[arg(long, group = "to")]
    pub beginning: bool,
    /// Behind everything that is there now
    #[arg(long, group = "to")]
    pub end: bool,
    /// Only if it is still as it was with this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    pub etag: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// `trao consumers delete`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
A reader that is started again by that name begins at the beginning. With --json:
  {\"name\":\"agencies/H99.01/consumers/back-office\",\"deleted\":true}

Example:
  trao consumers delete back-office")]
pub struct DeleteArgs {
    /// Which
    #[command(flatten)]
    pub named: Named,
    /// Only if it is still as it was with this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    pub etag: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Reads a cursor as it was printed.
pub fn cursor(text: &str) -> Result<Bytes, String> {
    let read = URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text));
    match read {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes.into()),
        _ => Err("the cursor of a bookmark, as it was printed".to_owned()),
    }
}

fn moment(text: &str) -> Result<prost_types::Timestamp, String> {
    let time = time::from_rfc3339(text);
    time.map(time::timestamp)
        .ok_or_else(|| "a time such as 2026-11-20T14:05:00+07:00, 1970 to 2099".to_owned())
}

/// Does it.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(args.client()).await?;
    match &args.command {
        Command::List(args) => {
            let consumers = find::all(&gateway, &parent(&args.parent)).await?;
            show(&consumers, &args.client, output)?;
        }
        Command::Get(args) => {
            let consumer = find::one(&gateway, &args.named.parent, &args.named.name).await?;
            show(&[consumer], &args.client, output)?;
        }
        Command::Seek(args) => {
            let consumer = seek(&gateway, args).await?;
            show(&[consumer], &args.client, output)?;
        }
        Command::Delete(args) => {
            let name = find::one(&gateway, &args.named.parent, &args.named.name).await?.name;
            let message = v1::DeleteConsumerRequest { name: name.clone(), etag: args.etag.clone() };
            let (request, id) = gateway.request(message);
            let answer = gateway.feeds().delete_consumer(request).await;
            answer.map_err(|status| gateway.failure(&status, &id))?;
            match args.client.json {
                true => output.json(&shapes::ConsumerDeleted { name: &name, deleted: true })?,
                false => output.note(&deleted(&name, args.client.language())),
            }
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}

fn deleted(name: &str, language: Language) -> String {
    format!("{name}: {}", say(language, "đã xóa", "deleted"))
}

async fn seek(gateway: &Gateway, args: &SeekArgs) -> Result<v1::Consumer, Failure> {
    let name = find::one(gateway, &args.named.parent, &args.named.name).await?.name;
    let to = match (&args.cursor, args.time, args.end) {
        (Some(cursor), ..) => To::Cursor(cursor.clone()),
        (None, Some(time), _) => To::Time(time),
        (None, None, true) => To::End(()),
        (None, None, false) => To::Beginning(()),
    };
    let message = v1::SeekConsumerRequest { name, to: Some(to), etag: args.etag.clone() };
    let (request, id) = gateway.request(message);
    let answer = gateway.feeds().seek_consumer(request).await;
    let answer = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
    answer.consumer.ok_or(Failure::Incomplete("consumer"))
}

fn show(consumers: &[v1::Consumer], client: &ClientArgs, output: &mut Output) -> Result<(), Failure> {
    if client.json {
        return consumers.iter().try_for_each(|consumer| output.json(&shapes::Consumer::of(consumer)));
    }
    table(consumers, client.language()).iter().try_for_each(|line| output.line(line))
}

/// A line for each under a line that says what is what.
fn table(consumers: &[v1::Consumer], language: Language) -> Vec<String> {
    let unknown = say(language, "phải đặt lại", "must be sought");
    let lag = |consumer: &v1::Consumer| match consumer.lag {
        lag if lag < 0 => unknown.to_owned(),
        lag => lag.to_string(),
    };
    let head = [
        say(language, "Bên đọc", "Consumer").to_owned(),
        say(language, "Chưa đọc", "Unread").to_owned(),
        say(language, "Cập nhật", "Updated").to_owned(),
        "etag".to_owned(),
    ];
    let row = |consumer: &v1::Consumer| {
        let updated = human::when(consumer.update_time.as_ref());
        [consumer.name.clone(), lag(consumer), updated, consumer.etag.clone()]
    };
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(consumers.iter().map(row)).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2].map(width);
    let line = |[name, lag, updated, etag]: &[String; 4]| {
        let [names, lags, times] = widths;
        format!("{name:names$}  {lag:>lags$}  {updated:times$}  {etag}")
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_printed() {
        let bytes = Bytes::from_static(&[0xfb, 0xff, 0x00, 0x01]);
        assert_eq!(cursor(&URL_SAFE_NO_PAD.encode(&bytes)), Ok(bytes.clone()));
        assert_eq!(cursor("-_8AAQ=="), Ok(bytes));
        assert!(cursor("").is_err() && cursor("not a cursor").is_err());
    }

    #[test]
    fn consumers_are_a_table_whose_columns_stand_under_their_heads() {
        let consumer = |id: &str, lag| v1::Consumer {
            name: format!("agencies/H99.01/consumers/{id}"),
            lag,
            etag: "0badcafe".into(),
            update_time: Some(prost_types::Timestamp { seconds: 1_795_158_300, nanos: 0 }),
            ..Default::default()
        };
        let expected = [
            "Consumer                                      Unread  Updated           etag",
            "agencies/H99.01/consumers/a                       12  20/11/2026 14:05  0badcafe",
            "agencies/H99.01/consumers/back-office  must be sought  20/11/2026 14:05  0badcafe",
        ];
        let consumers = [consumer("a", 12), consumer("back-office", -1)];
        let table = table(&consumers, Language::English);
        let squeezed = |line: &str| {
            line.split("  ").filter(|part| !part.is_empty()).map(str::trim).collect::<Vec<_>>().join("|")
        };
        assert_eq!(table.iter().map(|line| squeezed(line)).collect::<Vec<_>>(), expected.map(squeezed));
        let dated: Vec<usize> = table[1..].iter().map(|line| line.find("20/11").unwrap()).collect();
        assert_eq!(dated, [table[0].find("Updated").unwrap(); 2]);
    }
}
