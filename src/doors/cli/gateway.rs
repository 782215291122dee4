//! The gateway as a client reaches it: address, key, language; what is the same for every command.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::Status;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use super::Failure;
use super::output::note;
use crate::doors::refusal::Language;
use crate::limits;

/// A gateway that is there answers the handshake at once; beyond this a person stops believing in it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A pull may wait for half of it.
const CALL_TIMEOUT: Duration = Duration::from_secs(limits::PULL_WAIT_SECONDS.unsigned_abs() * 2);
/// A connection that died silently (a laptop moved to another network) is noticed within half a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);
/// Pages of dossiers with all their legs are larger than the megabyte that a request may have.
const ANSWER_BYTES: usize = 16 << 20;
/// A gateway with too much waiting is asked again so often; a person stands there.
const TRIES: usize = 4;
/// No gateway asks a person to wait longer.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// A key is one short line.
const TOKEN_BYTES: u64 = 4 << 10;

/// Which gateway, as whom, in which language.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Gateway")]
pub struct ClientArgs {
    /// Where the gateway listens
    #[arg(long, env = "TRAO_SERVER", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    pub server: String,
    /// A file with the API key; keep it readable by yourself alone (chmod 600)
    #[arg(long, env = "TRAO_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print JSON for programs instead of text for people
    #[arg(long)]
    pub json: bool,
    /// The language of sentences [default: Vietnamese where LANG says so, else English]
    #[arg(long, value_parser = language, value_name = "vi|en")]
    pub lang: Option<Language>,
}

impl ClientArgs {
    /// The language asked for, or the one of the environment.
    pub fn language(&self) -> Language {
        self.lang.unwrap_or_else(spoken_here)
    }
}

/// The language of the environment.
pub fn spoken_here() -> Language {
    language_of_environment(|name| std::env::var(name).ok())
}

/// Reads `vi` or `en`.
pub fn language(text: &str) -> Result<Language, String> {
    match text {
        "vi" => Ok(Language::Vietnamese),
        "en" => Ok(Language::English),
        _ => Err("vi or en".to_owned()),
    }
}

/// The first of these variables that says anything decides, as in every other program.
fn language_of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
    let said =
        ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|said| !said.is_empty());
    Language::accepted(said.as_deref())
}

/// An open connection and what every call carries.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The connection.
    pub channel: Channel,
    server: String,
    authorization: Option<MetadataValue<Ascii>>,
    language: Language,
}

/// The id of one call: it stands in the gateway's log and in its errors.
#[derive(Clone, Debug)]
pub struct CallId(pub String);

impl Gateway {
    /// Connects.
    pub async fn connect(args: &ClientArgs) -> Result<Gateway, Failure> {
        let authorization = args.token_file.as_deref().map(authorization).transpose()?;
        let server = address(&args.server)?;
        let usage = |_| Failure::Usage(format!("--server {server}: no address; give http://HOST:PORT"));
        let endpoint = Endpoint::from_shared(server.clone())
            .and_then(|endpoint| endpoint.user_agent(concat!("trao/", env!("CARGO_PKG_VERSION"))))
            .map_err(usage)?
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_ANSWER)
            .keep_alive_while_idle(true);
        let channel = endpoint.connect().await.map_err(|error| Failure::Unreachable {
            server: server.clone(),
            why: crate::telemetry::chain(&error),
        })?;
        Ok(Gateway { channel, server, authorization, language: args.language() })
    }

    /// A request with key, language and an id of its own.
    pub fn request<M>(&self, message: M) -> (tonic::Request<M>, CallId) {
        let mut request = tonic::Request::new(message);
        let id = uuid::Uuid::now_v7().to_string();
        self.sign(request.metadata_mut(), &id);
        (request, CallId(id))
    }

    fn sign(&self, metadata: &mut MetadataMap, id: &str) {
        if let Some(authorization) = &self.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        let language = match self.language {
            Language::Vietnamese => "vi",
            Language::English => "en",
        };
        metadata.insert("accept-language", MetadataValue::from_static(language));
        if let Ok(id) = id.parse() {
            metadata.insert("x-request-id", id);
        }
    }

    /// What a call's status means.
    pub fn failure(&self, status: &Status, id: &CallId) -> Failure {
        Failure::of_status(status, &id.0, &self.server)
    }
}

/// Makes a call that counts once however often it is made, again while the gateway asks to wait.
pub async fn patiently<T>(call: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut tries = 0;
    loop {
        let failure = match call().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        tries += 1;
        match &failure {
            Failure::Refused(refused) if tries < TRIES => match refused.retry_after {
                Some(wait) => tokio::time::sleep(wait.min(WAIT_MAX)).await,
                None => return Err(failure),
            },
            _ => return Err(failure),
        }
    }
}

/// Clients of the services, all over one connection. A macro because generated clients share no trait.
macro_rules! clients {
    ($($name:ident: $client:ty,)*) => {
        impl Gateway {$(
            /// A client of the service.
            pub fn $name(&self) -> $client {
                <$client>::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES)
            }
        )*}
    };
}
clients! {
    captures: crate::doors::wire::v1::capture_service_client::CaptureServiceClient<Channel>,
    directory: crate::doors::wire::v1::directory_service_client::DirectoryServiceClient<Channel>,
    dossiers: crate::doors::wire::v1::dossier_service_client::DossierServiceClient<Channel>,
    feeds: crate::doors::wire::v1::feed_service_client::FeedServiceClient<Channel>,
    legs: crate::doors::wire::v1::leg_service_client::LegServiceClient<Channel>,
    reports: crate::doors::wire::v1::report_service_client::ReportServiceClient<Channel>,
}

/// The gateway's address as a URL; `HOST:PORT` alone is taken too.
fn address(server: &str) -> Result<String, Failure> {
    match server.split_once("://") {
        None => Ok(format!("http://{server}")),
        Some(("http", _)) => Ok(server.to_owned()),
        Some((scheme, _)) => {
            Err(Failure::Usage(format!("--server: {scheme} is not spoken here; give http://HOST:PORT")))
        }
    }
}

/// The header of the key in a file. The key itself is never shown.
fn authorization(file: &Path) -> Result<MetadataValue<Ascii>, Failure> {
    let usage = |why: &str| Failure::Usage(format!("--token-file {}: {why}", file.display()));
    let opened = std::fs::File::open(file).map_err(|error| usage(&error.to_string()))?;
    let mode = opened.metadata().map_err(|error| usage(&error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        note(&format!("trao: {} can be read by others: chmod 600 it", file.display()));
    }
    let mut text = String::new();
    opened.take(TOKEN_BYTES).read_to_string(&mut text).map_err(|_| usage("holds no key"))?;
    let token = text.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(usage("holds no key: it takes one line, as `trao keys create` printed it"));
    }
    let mut header: MetadataValue<Ascii> =
        format!("Bearer {token}").parse().map_err(|_| usage("holds no key"))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_the_environment_says() {
        let of = |pairs: &[(&str, &str)]| {
            language_of_environment(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("LANG", "vi_VN.UTF-8")]), Language::Vietnamese);
        assert_eq!(of(&[("LANG", "vi_VN.UTF-8"), ("LC_ALL", "C.UTF-8")]), Language::English);
        assert_eq!(of(&[("LANG", "vi_VN"), ("LC_ALL", "")]), Language::Vietnamese);
        assert_eq!(of(&[]), Language::English);
    }

    #[test]
    fn an_address_may_lack_its_scheme_and_may_not_have_another() {
        assert_eq!(address("127.0.0.1:1").unwrap(), "http://127.0.0.1:1");
        assert_eq!(address("http://[::1]:1").unwrap(), "http://[::1]:1");
        assert!(matches!(address("https://x"), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_key_is_read_from_its_file_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "trao_abc_def\n").unwrap();
        let header = authorization(&file).unwrap();
        assert_eq!(header.to_str().unwrap(), "Bearer trao_abc_def");
        assert!(!format!("{header:?}").contains("abc"));
        for bad in ["", "\n", "two words", "\u{0}"] {
            std::fs::write(&file, bad).unwrap();
            assert!(matches!(authorization(&file), Err(Failure::Usage(_))), "{bad:?}");
        }
        assert!(matches!(authorization(&folder.path().join("none")), Err(Failure::Usage(_))));
    }
}
