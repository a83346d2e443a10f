//! Servers in processes of their own: the product and its anchors.

use crate::anchor::Kind;
use crate::load::Target;
use anyhow::Context as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to answer for the first time.
const START_SECONDS_MAX: u64 = 60;
const POLL: Duration = Duration::from_millis(20);

/// A server that is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// The administrator's key; anchors have none.
    key: Option<String>,
}

impl Server {
    /// Starts `tollgate serve`, the binary beside this one, on an empty folder and a free port.
    pub(crate) fn product(folder: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name("tollgate");
        let data = folder.join("data");
        let state = std::path::absolute(folder.join("state"))?;
        let log = std::fs::File::create(folder.join("server.log"))?;
        let child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            // Its own state folder, so that the command line of whoever runs the bench keeps finding its own server.
            .env("XDG_STATE_HOME", &state)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started; `make bench` builds it", program.display()))?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            key: None,
        };
        let note = server.wait_for(&state.join("tollgate/server.json"), folder)?;
        let note: serde_json::Value = serde_json::from_str(&note)?;
        let url = note["url"].as_str().context("the note names no address")?;
        server.address = url.trim_start_matches("http://").parse()?;
        server.key = Some(std::fs::read_to_string(data.join("admin.key"))?.trim().to_owned());
        Ok(server)
    }

    /// Starts an anchor.
    pub(crate) fn anchor(kind: Kind) -> anyhow::Result<Self> {
        let name = match kind {
            Kind::Echo => "echo",
            Kind::Parse => "parse",
        };
        let program = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(["anchor", name])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the anchor's output is a pipe")?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            key: None,
        };
        BufReader::new(stdout).read_line(&mut line)?;
        server.address = line
            .trim()
            .parse()
            .context("the anchor names its address first")?;
        Ok(server)
    }

    /// Where to send requests for this path.
    pub(crate) fn target(&self, path: &str) -> Target {
        let headers = self
            .key
            .as_ref()
            .map_or_else(String::new, |key| format!("authorization: Bearer {key}\r\n"));
        Target {
            address: self.address,
            path: path.to_owned(),
            headers,
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Megabytes of it in memory now, and at most so far.
    pub(crate) fn resident_megabytes(&self) -> anyhow::Result<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("memory is read from /proc, which this system does not have")?;
        let field = |name: &str| -> anyhow::Result<f64> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .context("no such line in /proc")?;
            let kibibytes: f64 = line.trim_end_matches("kB").trim().parse()?;
            Ok(kibibytes * 1024.0 / 1e6)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    fn wait_for(&mut self, path: &Path, folder: &Path) -> anyhow::Result<String> {
        let until = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
        while Instant::now() < until {
            if let Ok(text) = std::fs::read_to_string(path) {
                return Ok(text);
            }
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
                anyhow::bail!("the server ended with {status}: {log}");
            }
            std::thread::sleep(POLL);
        }
        anyhow::bail!("the server did not answer within {START_SECONDS_MAX} s")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
