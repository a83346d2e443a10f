//! The two secrets of a data folder: the one that keys are hashed under, and the administrator's first key.
//!
//! Both are made at the first start, by the process that holds the folder's lock. Invariants: each file is whole or not
//! there, and for its owner alone; the administrator's key is on disk before the store knows it, so a crash between
//! locks nobody out.

use crate::locate::key_file;
use anyhow::{Context, bail};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tollgate_engine::settings::Role;
use tollgate_engine::{Access, Engine, KeyDraft};
use tollgate_server::{Secrets, make_secret};

const SECRET: &str = "server.secret";
const SECRET_BYTES: usize = 32;
const OWNER_ALONE: u32 = 0o600;

/// Reads the secret that keys are hashed under, or makes it where there are no keys yet.
pub(super) fn server_secret(data: &Path, engine: &Engine) -> anyhow::Result<Secrets> {
    let path = data.join(SECRET);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && engine.settings().keys.is_empty() => {
            let made = random()?;
            write_whole(&path, &hex(&made))?;
            return Ok(Secrets::new(&made));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{} is gone, and without it no key of this store can be told from another; restore it from a backup",
            path.display()
        ),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let bytes = unhex(text.trim()).with_context(|| format!("{} is damaged; restore it", path.display()))?;
    Ok(Secrets::new(&bytes))
}

/// Makes the administrator's key where the store has no key at all.
pub(super) async fn administrator(data: &Path, engine: &Engine, secrets: &Secrets) -> anyhow::Result<()> {
    if !engine.settings().keys.is_empty() {
        return Ok(());
    }
    let path = key_file(data);
    let secret = match std::fs::read_to_string(&path) {
        // Written before a crash, or before somebody deleted every key: the file is what its owner knows.
        Ok(secret) => secret.trim().to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = make_secret()?;
            write_whole(&path, &secret)?;
            secret
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let draft = KeyDraft {
        name: "administrator".to_owned(),
        role: Role::Admin,
        organization: None,
        team: None,
        project: None,
        user: None,
        secret_hash: secrets.hash(&secret),
    };
    engine
        .create_key(draft, &Access::default())
        .await
        .context("the administrator's key cannot be stored")?;
    Ok(())
}

/// Writes a file that is whole once it is there, even after a power cut.
fn write_whole(path: &Path, line: &str) -> anyhow::Result<()> {
    let context = || format!("{} cannot be written", path.display());
    let folder = path.parent().context("a file in the data folder has a folder")?;
    let unfinished = path.with_extension("unfinished");
    // Left by a start that was cut short; its mode may be anything.
    let _ = std::fs::remove_file(&unfinished);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ALONE)
        .open(&unfinished)
        .with_context(context)?;
    writeln!(file, "{line}")
        .and_then(|()| file.sync_all())
        .with_context(context)?;
    std::fs::rename(&unfinished, path).with_context(context)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(context)
}

fn random() -> anyhow::Result<[u8; SECRET_BYTES]> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the machine gives no randomness"))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; SECRET_BYTES]> {
    let mut bytes = [0; SECRET_BYTES];
    if text.len() != 2 * SECRET_BYTES || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_read_as_it_was_written() {
        let bytes = random().unwrap();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert_eq!(unhex("00"), None);
        assert_eq!(unhex(&"g".repeat(64)), None);
    }

    #[test]
    fn a_secret_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.key");
        std::fs::write(folder.path().join("x.unfinished"), "half").unwrap();
        write_whole(&path, "tg_k").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "tg_k\n");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
