//! Which server the command line talks to, and with which key.
//!
//! Order: flags, then `TOLLGATE_URL` and `TOLLGATE_API_KEY`, then the note a running server left, then the default
//! address. Invariant: the administrator's key in a data folder is only ever sent to the server that serves that
//! folder on this machine, never to an address somebody named.

use crate::config::Config;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a noted server may take to accept: it is on this machine, so a silent one is gone.
const NOTED_SERVER_TIMEOUT: Duration = Duration::from_millis(500);
const NOTE: &str = "server.json";
const KEY: &str = "admin.key";

/// Flags that say where the server is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Connection {
    /// Address of the server, such as https://tollgate.example.com
    #[arg(
        long,
        global = true,
        env = "TOLLGATE_URL",
        hide_env_values = true,
        value_name = "URL",
        help_heading = "Connection"
    )]
    pub(crate) url: Option<String>,
    /// API key; prefer the environment, a command line is visible to other users of the machine
    #[arg(
        long,
        global = true,
        env = "TOLLGATE_API_KEY",
        hide_env_values = true,
        value_name = "KEY",
        help_heading = "Connection"
    )]
    pub(crate) api_key: Option<String>,
}

/// What a running server writes down for the command line of the same user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) url: String,
    pub(crate) data: PathBuf,
    pub(crate) pid: u32,
}

impl Note {
    /// Reads the note, if a server left a readable one.
    pub(crate) fn read(environment: &Environment) -> Option<Self> {
        let text = std::fs::read_to_string(environment.state_folder()?.join(NOTE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes the note in one step, so that no reader sees half of it.
    pub(crate) fn write(&self, environment: &Environment) -> anyhow::Result<()> {
        let Some(folder) = environment.state_folder() else {
            return Ok(());
        };
        std::fs::create_dir_all(&folder)?;
        let whole = folder.join(format!("{NOTE}.{}", self.pid));
        std::fs::write(&whole, serde_json::to_string(self)?)?;
        std::fs::rename(whole, folder.join(NOTE))?;
        Ok(())
    }

    /// Removes the note unless another server has replaced it.
    pub(crate) fn remove(&self, environment: &Environment) {
        if Self::read(environment).as_ref() == Some(self)
            && let Some(folder) = environment.state_folder()
        {
            // A note that stays behind is harmless: the command line checks that its server answers.
            let _ = std::fs::remove_file(folder.join(NOTE));
        }
    }

    fn answers(&self) -> bool {
        let address = self
            .url
            .strip_prefix("http://")
            .and_then(|address| address.parse::<SocketAddr>().ok());
        address.is_some_and(|address| TcpStream::connect_timeout(&address, NOTED_SERVER_TIMEOUT).is_ok())
    }
}

/// The server to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its address without a slash at the end.
    pub(crate) url: String,
    /// The key, if one was given or found.
    pub(crate) key: Option<String>,
    /// How the address was found, for messages.
    pub(crate) found: Found,
    /// The data folder, where the server is known to run on this machine.
    pub(crate) data: Option<PathBuf>,
}

/// How the address of a server was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A flag or variable named it.
    Named,
    /// A running server noted it.
    Noted,
    /// Nothing said otherwise.
    Default,
}

impl Target {
    /// Finds the server and its key.
    pub(crate) fn locate(connection: &Connection, environment: &Environment, config: &Config) -> Self {
        let note = Note::read(environment);
        let (url, found, data) = match (&connection.url, note) {
            (Some(url), note) => {
                let url = url.trim_end_matches('/').to_owned();
                let own = note.filter(|note| note.url == url).map(|note| note.data);
                (url, Found::Named, own)
            }
            (None, Some(note)) if note.answers() => (note.url, Found::Noted, Some(note.data)),
            (None, _) => {
                let url = format!("http://{}", reachable(config.server.listen));
                (url, Found::Default, Some(config.store.data.clone()))
            }
        };
        let key = connection.api_key.clone().or_else(|| key_in(data.as_deref()?));
        Self {
            url,
            key,
            found,
            data,
        }
    }

    /// What to tell a person when nothing answers there.
    pub(crate) fn unreachable(&self, cause: &str) -> Failure {
        let how = match self.found {
            Found::Named => "the address that was given",
            Found::Noted => "the address a server on this machine noted",
            Found::Default => "the default address; no server on this machine noted another",
        };
        Failure::new(
            Exit::Unavailable,
            format!("no Tollgate server answers at {} ({how})", self.url),
        )
        .with_details(vec![cause.to_owned()])
        .with_hint(
            "start one with `tollgate serve`; or set TOLLGATE_URL and TOLLGATE_API_KEY; or pass --url and \
                 --api-key. `tollgate doctor` looks closer",
        )
    }
}

/// The key file in a data folder.
pub(crate) fn key_file(data: &Path) -> PathBuf {
    data.join(KEY)
}

fn key_in(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(key_file(data)).ok()?;
    Some(text.trim().to_owned()).filter(|key| !key.is_empty())
}

/// The address to connect to for one that is listened on: nobody connects to "any address".
pub(crate) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Effective, Flags};
    use std::net::TcpListener;

    /// A home folder with a store of its own key, and what is found from there.
    struct Machine {
        home: tempfile::TempDir,
    }

    impl Machine {
        fn new() -> Self {
            let machine = Self {
                home: tempfile::tempdir().unwrap(),
            };
            machine.store(".local/share/tollgate", "tg_default");
            machine
        }

        fn environment(&self) -> Environment {
            [("HOME".to_owned(), self.home.path().to_string_lossy().into_owned())]
                .into_iter()
                .collect()
        }

        fn store(&self, folder: &str, key: &str) -> PathBuf {
            let data = self.home.path().join(folder);
            std::fs::create_dir_all(&data).unwrap();
            std::fs::write(key_file(&data), format!("{key}\n")).unwrap();
            data
        }

        fn locate(&self, url: Option<&str>, api_key: Option<&str>) -> (String, Option<String>, Found) {
            let environment = self.environment();
            let config = Effective::load(&Flags::default(), &environment).unwrap().config;
            let connection = Connection {
                url: url.map(str::to_owned),
                api_key: api_key.map(str::to_owned),
            };
            let target = Target::locate(&connection, &environment, &config);
            (target.url, target.key, target.found)
        }
    }

    fn found(url: &str, key: Option<&str>, how: Found) -> (String, Option<String>, Found) {
        (url.to_owned(), key.map(str::to_owned), how)
    }

    #[test]
    fn without_anything_the_default_address_and_folder_are_used() {
        let machine = Machine::new();
        assert_eq!(
            machine.locate(None, None),
            found("http://127.0.0.1:8787", Some("tg_default"), Found::Default)
        );
    }

    #[test]
    fn a_running_server_is_found_by_its_note() {
        let machine = Machine::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let note = Note {
            url: url.clone(),
            data: machine.store("elsewhere", "tg_noted"),
            pid: 7,
        };
        note.write(&machine.environment()).unwrap();
        assert_eq!(
            machine.locate(None, None),
            found(&url, Some("tg_noted"), Found::Noted)
        );
        assert_eq!(
            machine.locate(Some(&url), None),
            found(&url, Some("tg_noted"), Found::Named)
        );
        drop(listener);
        assert_eq!(
            machine.locate(None, None).2,
            Found::Default,
            "a note whose server is gone is passed over"
        );
    }

    #[test]
    fn the_key_of_this_machine_is_not_sent_to_a_named_address() {
        let machine = Machine::new();
        let there = "https://tollgate.example.com";
        assert_eq!(
            machine.locate(Some(&format!("{there}/")), None),
            found(there, None, Found::Named)
        );
        assert_eq!(
            machine.locate(Some(there), Some("tg_k")),
            found(there, Some("tg_k"), Found::Named)
        );
    }

    #[test]
    fn a_note_is_removed_only_by_the_server_that_wrote_it() {
        let machine = Machine::new();
        let environment = machine.environment();
        let first = Note {
            url: "http://127.0.0.1:1".into(),
            data: "/a".into(),
            pid: 1,
        };
        let second = Note {
            pid: 2,
            ..first.clone()
        };
        first.write(&environment).unwrap();
        second.write(&environment).unwrap();
        first.remove(&environment);
        assert_eq!(Note::read(&environment), Some(second.clone()));
        second.remove(&environment);
        assert_eq!(Note::read(&environment), None);
    }

    #[test]
    fn any_address_is_reached_over_loopback() {
        assert_eq!(
            reachable("0.0.0.0:80".parse().unwrap()).to_string(),
            "127.0.0.1:80"
        );
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(
            reachable("10.0.0.1:80".parse().unwrap()).to_string(),
            "10.0.0.1:80"
        );
    }
}
