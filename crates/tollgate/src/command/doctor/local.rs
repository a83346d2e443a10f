//! What this machine says: the data folder, who may read it, and the room left on its disk.

use super::Finding;
use crate::locate::key_file;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

/// Megabytes under which a disk is nearly full: recording stops before the last of them.
const NEARLY_FULL_MB: u64 = 1024;
/// Megabytes under which nothing more can be recorded.
const FULL_MB: u64 = 64;
const KB_PER_MB: u64 = 1024;

/// Looks at a data folder.
pub(super) fn look(data: &Path) -> Vec<Finding> {
    let mut findings = vec![folder(data)];
    if let Ok(key) = std::fs::metadata(key_file(data)) {
        findings.push(secrecy(&key_file(data), &key));
    }
    findings.push(room(data));
    findings
}

fn folder(data: &Path) -> Finding {
    let name = data.display();
    match std::fs::metadata(data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Finding::warn(
            "data folder",
            format!("{name} is not there"),
            "`tollgate serve` creates it",
        ),
        Err(error) => Finding::fail(
            "data folder",
            format!("{name}: {error}"),
            "give this user access to it",
        ),
        Ok(about) if !about.is_dir() => Finding::fail(
            "data folder",
            format!("{name} is no folder"),
            "name a folder with `store.data` or --data",
        ),
        Ok(about) if about.permissions().readonly() => Finding::fail(
            "data folder",
            format!("{name} is read-only"),
            "make it writable for the server's user",
        ),
        Ok(about) if about.mode() & 0o007 != 0 => {
            let remedy = format!("chmod o-rwx {name}");
            Finding::warn(
                "data folder",
                format!("{name} is open to every user of the machine"),
                remedy,
            )
        }
        Ok(_) => Finding::ok("data folder", name.to_string()),
    }
}

fn secrecy(path: &Path, about: &Metadata) -> Finding {
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Finding::ok("key file", format!("{} is for its owner alone", path.display()));
    }
    let remedy = format!("chmod 600 {}", path.display());
    Finding::fail(
        "key file",
        format!("{} can be read by others (mode {mode:o})", path.display()),
        remedy,
    )
}

fn room(data: &Path) -> Finding {
    let there = data
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    // `df -Pk` is POSIX; asking the kernel needs unsafe code or a library for one number.
    let answered = Command::new("df").arg("-Pk").arg(there).output();
    let said = answered
        .ok()
        .filter(|output| output.status.success())
        .map(|output| output.stdout);
    match said.and_then(|said| free_kb(&String::from_utf8_lossy(&said))) {
        Some(kb) => room_of(kb / KB_PER_MB),
        None => Finding::warn("disk", "the room left cannot be told", "look at it with `df -h`"),
    }
}

fn room_of(mb: u64) -> Finding {
    let found = format!("{mb} MB free");
    match mb {
        0..FULL_MB => Finding::fail("disk", found, "make room: events are refused until there is"),
        FULL_MB..NEARLY_FULL_MB => Finding::warn("disk", found, "make room soon"),
        _ => Finding::ok("disk", found),
    }
}

/// The fourth column of the second line, as POSIX has it.
fn free_kb(df: &str) -> Option<u64> {
    df.lines().nth(1)?.split_ascii_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Health;

    #[test]
    fn room_is_read_from_df() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 60 40% /\n";
        assert_eq!(free_kb(df), Some(60));
        assert_eq!(free_kb(""), None);
        assert_eq!(
            [room_of(10).health, room_of(500).health, room_of(5000).health],
            [Health::Fail, Health::Warn, Health::Ok]
        );
    }

    #[test]
    fn a_key_that_others_can_read_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let key = key_file(folder.path());
        std::fs::write(&key, "tg_k").unwrap();
        for (mode, health) in [(0o600, Health::Ok), (0o644, Health::Fail), (0o640, Health::Fail)] {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(
                secrecy(&key, &std::fs::metadata(&key).unwrap()).health,
                health,
                "{mode:o}"
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(super::folder(&folder.path().join("new")).health, Health::Warn);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(super::folder(folder.path()).health, Health::Warn);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(super::folder(folder.path()).health, Health::Ok);
    }
}
