//! What must be right before a store opens, and what it says when something is not.

use crate::{OnDisk, no_checkpoints};
use expect_test::{Expect, expect};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use tollgate_engine::clock::SystemClock;
use tollgate_store::{Embedded, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, usage};
use tollgate_testkit::site::Site;

#[track_caller]
fn check(directory: &Path, want: Expect) {
    let error = Embedded::open(directory, Arc::new(SystemClock), Options::default()).unwrap_err();
    let because = error
        .source()
        .map_or(String::new(), |source| format!(": {source}"));
    let text = format!("{error}{because}").replace(&directory.display().to_string(), "DIR");
    want.assert_eq(&text.replace(&std::process::id().to_string(), "PID"));
}

fn sql(directory: &Path, statement: &str) {
    rusqlite::Connection::open(directory.join("tollgate.db"))
        .unwrap()
        .execute_batch(statement)
        .unwrap();
}

/// A closed store with one event in each of three commits.
fn recorded() -> OnDisk {
    let opener = OnDisk::new(no_checkpoints());
    in_runtime(async {
        let site = Site::open(&opener).await;
        for id in 0..3 {
            site.record(&[usage("acme").category(CHAT).id(id).measure("input", 1)])
                .await;
        }
        site.store.close().await.unwrap();
    });
    opener
}

#[test]
fn a_directory_has_one_owner() {
    let opener = OnDisk::new(Options::default());
    let first = Embedded::open(opener.path(), Arc::new(SystemClock), Options::default()).unwrap();
    check(
        opener.path(),
        expect![
            "the data directory DIR is in use by process PID; stop it first, or choose another directory"
        ],
    );
    drop(first);
    Embedded::open(opener.path(), Arc::new(SystemClock), Options::default()).unwrap();
}

#[test]
fn a_newer_format_is_refused() {
    let opener = recorded();
    // Sealed as any value is: format of the seal, no compression, length, the number 3, checksum.
    let mut sealed = vec![1, 0, 1, 0, 0, 0, 3];
    sealed.extend(crc32fast::hash(&sealed).to_le_bytes());
    let connection = rusqlite::Connection::open(opener.path().join("tollgate.db")).unwrap();
    connection
        .execute("UPDATE meta SET value = ?1 WHERE name = 'format'", [sealed])
        .unwrap();
    drop(connection);
    check(
        opener.path(),
        expect![
            "the store has format 3, and this version knows 2; run the version that wrote it, or a newer one"
        ],
    );
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    let opener = OnDisk::new(Options::default());
    sql(opener.path(), "CREATE TABLE mine (x)");
    check(
        opener.path(),
        expect!["the file tollgate.db is a database of something else; choose another data directory"],
    );
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let opener = OnDisk::new(Options::default());
    std::fs::write(
        opener.path().join("tollgate.db"),
        "not a database at all, but longer than its header is".repeat(40),
    )
    .unwrap();
    check(
        opener.path(),
        expect!["stored data is damaged: file is not a database; restore the data directory from a backup"],
    );
}

#[test]
fn a_missing_batch_is_noticed() {
    let opener = recorded();
    sql(opener.path(), "DELETE FROM batches WHERE number = 2");
    check(
        opener.path(),
        expect!["stored data is damaged: a batch is missing; restore the data directory from a backup"],
    );
}

#[test]
fn a_missing_last_batch_is_noticed_because_it_was_acknowledged() {
    let opener = recorded();
    sql(
        opener.path(),
        "DELETE FROM batches WHERE number = 3; DELETE FROM meta WHERE name = 'checkpoint'",
    );
    check(
        opener.path(),
        expect![
            "commit 3 was acknowledged, but the database ends with 2: the end of its write-ahead log is damaged or missing; restore the data directory from a backup"
        ],
    );
}

#[test]
fn a_changed_setting_is_noticed() {
    let opener = recorded();
    sql(
        opener.path(),
        "UPDATE settings SET body = replace(body, 'token', 'taken')",
    );
    let store = Embedded::open(opener.path(), Arc::new(SystemClock), Options::default()).unwrap();
    in_runtime(async {
        let error = tollgate_engine::store::Store::settings(store.as_ref())
            .await
            .unwrap_err();
        expect!["stored data is damaged: a setting's checksum does not match"].assert_eq(&error.to_string());
    });
}

#[test]
fn what_was_tampered_with_is_found_by_verification() {
    let opener = recorded();
    sql(
        opener.path(),
        "DELETE FROM rollups WHERE part = (SELECT max(part) FROM rollups)",
    );
    let store = Embedded::open(opener.path(), Arc::new(SystemClock), Options::default()).unwrap();
    in_runtime(async {
        let verification = tollgate_engine::store::Store::verify(store.as_ref())
            .await
            .unwrap();
        expect![[r#"
            [
                "raw and rollup of lab.chat Dimension at 2026-01-15T12:00:00Z (acme/–/–/– model=– region=–) differ in events by 3, requests by 3, input by 3, events with input by 3",
            ]
        "#]]
        .assert_debug_eq(&verification.differences);
    });
}
