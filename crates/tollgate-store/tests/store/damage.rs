//! Files that were cut or changed: a store opens with everything acknowledged, or it does not open (T4).

use crate::{OnDisk, copy, no_checkpoints};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use tollgate_engine::clock::SystemClock;
use tollgate_engine::store::{Store, StoredEvent};
use tollgate_store::{Embedded, OpenError};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, price, usage};
use tollgate_testkit::site::{Site, recorded};

const LOG: &str = "tollgate.db-wal";
/// Bytes of the log's header, of a frame's header, and of a page.
const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
const PAGE: u64 = 8192;

/// A store that has crashed with everything in its log, and what it had acknowledged.
struct Crashed {
    files: OnDisk,
    events: Vec<StoredEvent>,
    log_bytes: u64,
}

fn crashed() -> Crashed {
    let original = OnDisk::new(no_checkpoints());
    let files = OnDisk::new(no_checkpoints());
    let events = in_runtime(async {
        let site = Site::open(&original).await;
        let site = site
            .price(
                1,
                &price(CHAT).graduated("input", &[(Some("3"), "1"), (None, "2")], "month"),
            )
            .await;
        for id in 0..8 {
            let batch: Vec<_> = (0..20)
                .map(|n| {
                    usage("acme")
                        .category(CHAT)
                        .id(format!("{id}-{n}"))
                        .measure("input", n)
                })
                .collect();
            site.record(&batch).await;
        }
        copy(original.path(), files.path());
        site.recorded().await
    });
    let log_bytes = std::fs::metadata(files.path().join(LOG)).unwrap().len();
    Crashed {
        files,
        events,
        log_bytes,
    }
}

impl Crashed {
    /// Damages a copy of the files and opens it: either everything is there, or it says that something is wrong.
    fn check(&self, what: &str, damage: impl FnOnce(&Path)) -> bool {
        let copied = OnDisk::new(no_checkpoints());
        copy(self.files.path(), copied.path());
        damage(copied.path());
        match Embedded::open(copied.path(), Arc::new(SystemClock), copied.options.clone()) {
            Err(OpenError::Log { .. } | OpenError::Lost { .. } | OpenError::Damaged(_)) => false,
            Err(error) => panic!("{what}: {error:?}"),
            Ok(store) => in_runtime(async {
                assert_eq!(recorded(store.as_ref()).await, self.events, "{what}");
                let verification = store.verify().await.unwrap();
                assert!(verification.is_clean(), "{what}: {:#?}", verification.differences);
                true
            }),
        }
    }
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x40], at).unwrap();
}

#[test]
fn a_crash_alone_loses_nothing() {
    assert!(crashed().check("untouched", |_| {}));
}

#[test]
fn a_flipped_byte_of_the_log_never_loses_what_was_acknowledged() {
    let crashed = crashed();
    let frames = (crashed.log_bytes - HEADER) / (FRAME_HEADER + PAGE);
    assert!(frames > 20, "{frames}");
    // Every byte of the log's header, some of each frame's header, and some of each page.
    let in_frames = (0..frames).flat_map(|frame| {
        let start = HEADER + frame * (FRAME_HEADER + PAGE);
        [
            0,
            5,
            9,
            13,
            17,
            22,
            FRAME_HEADER + 3,
            FRAME_HEADER + 997 * (frame % 8) + 60,
            FRAME_HEADER + PAGE - 1,
        ]
        .map(|at| start + at)
    });
    let mut refused = 0;
    for at in (0..HEADER).chain(in_frames) {
        refused += u32::from(!crashed.check(&format!("byte {at} flipped"), |path| flip(&path.join(LOG), at)));
    }
    // Not every byte matters (a page may be written again later), yet most do.
    assert!(refused > 50, "{refused}");
}

#[test]
fn a_cut_log_never_loses_what_was_acknowledged() {
    let crashed = crashed();
    for part in 0..40 {
        let length = crashed.log_bytes * part / 40 + 7;
        let opened = crashed.check(&format!("cut to {length}"), |path| {
            OpenOptions::new()
                .write(true)
                .open(path.join(LOG))
                .unwrap()
                .set_len(length)
                .unwrap();
        });
        assert!(!opened, "cut to {length}");
    }
    assert!(!crashed.check("no log", |path| std::fs::remove_file(path.join(LOG)).unwrap()));
}

#[test]
fn what_a_power_cut_leaves_of_an_unacknowledged_commit_is_cut_off() {
    let crashed = crashed();
    // A commit that was being written: frames with good salts and no good checksum, then pages of anything.
    assert!(crashed.check("a torn tail", |path| {
        let path = path.join(LOG);
        let log = std::fs::read(&path).unwrap();
        let first = &log[HEADER as usize..(HEADER + FRAME_HEADER + PAGE) as usize];
        let torn: Vec<u8> = [&log[..], first, &vec![0; 5_000]].concat();
        std::fs::write(&path, torn).unwrap();
    }));
}

#[test]
fn damage_before_a_later_commit_is_told_from_a_torn_tail_by_the_log_alone() {
    let crashed = crashed();
    let copied = OnDisk::new(no_checkpoints());
    copy(crashed.files.path(), copied.path());
    let at = HEADER + 3 * (FRAME_HEADER + PAGE) + FRAME_HEADER + 100;
    flip(&copied.path().join(LOG), at);
    let error = Embedded::open(copied.path(), Arc::new(SystemClock), copied.options.clone()).unwrap_err();
    assert!(
        matches!(error, OpenError::Log { at } if at == HEADER + 3 * (FRAME_HEADER + PAGE)),
        "{error:?}"
    );
}

#[test]
fn a_flipped_byte_of_the_database_is_never_a_wrong_answer() {
    let original = OnDisk::new(no_checkpoints());
    let events = in_runtime(async {
        let site = Site::open(&original).await;
        for id in 0..4 {
            let batch: Vec<_> = (0..300)
                .map(|n| {
                    usage("acme")
                        .category(CHAT)
                        .id(format!("{id}-{n}"))
                        .measure("input", n)
                })
                .collect();
            site.record(&batch).await;
        }
        let events = site.recorded().await;
        site.store.close().await.unwrap();
        events
    });
    let bytes = std::fs::metadata(original.path().join("tollgate.db"))
        .unwrap()
        .len();
    for at in (0..bytes).step_by(1_499) {
        let copied = OnDisk::new(no_checkpoints());
        copy(original.path(), copied.path());
        flip(&copied.path().join("tollgate.db"), at);
        let Ok(store) = Embedded::open(copied.path(), Arc::new(SystemClock), copied.options.clone()) else {
            continue;
        };
        in_runtime(async {
            // Where it can be read at all, it reads as it was; and verification finds what is wrong or fails.
            let clean = store
                .verify()
                .await
                .is_ok_and(|verification| verification.is_clean());
            if clean {
                assert_eq!(recorded(store.as_ref()).await, events, "byte {at} flipped");
            }
        });
    }
}
