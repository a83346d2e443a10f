//! The statements: every read and write of a row, so that SQL stands in one place.
//!
//! Nothing here begins or ends a transaction; whoever calls decides what happens together.

use super::failure::Failure;
use crate::batch::{Damage, Sections, open, plain, seal, total_key, total_of_key};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tollgate_core::hold::Hold;
use tollgate_core::id::HoldId;
use tollgate_core::price::{RatingKey, Running};
use tollgate_core::quantity::Quantity;
use tollgate_core::rollup::Grain;
use tollgate_engine::store::{Crossing, Setting, SettingKind, Violation, ViolationPage};

/// The single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meta {
    /// The format of everything else: `u32`.
    Format,
    /// The secret under which identities are hashed: sixteen bytes.
    Identity,
    /// How far rollups and totals go: [`Checkpoint`].
    Checkpoint,
    /// How often settings were saved: `u64`.
    Settings,
    /// How often holds and what limits had to say were saved: `u64`.
    Limits,
}

impl Meta {
    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Identity => "identity",
            Self::Checkpoint => "checkpoint",
            Self::Settings => "settings",
            Self::Limits => "limits",
        }
    }
}

/// How far the derived tables go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct Checkpoint {
    /// The last batch that rollups and totals include.
    pub(crate) through: u64,
    /// The number that the next part of a rollup gets.
    pub(crate) next_part: i64,
}

/// A stored part of a rollup, without its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartRow {
    /// Its number.
    pub(crate) part: i64,
    /// The number of its grain.
    pub(crate) grain: u32,
    /// Its day of UTC.
    pub(crate) day: i64,
    /// How many cells it has.
    pub(crate) cells: u64,
}

pub(crate) fn meta<T: DeserializeOwned>(connection: &Connection, meta: Meta) -> Result<Option<T>, Failure> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    let value: Option<Vec<u8>> = statement.query_row([meta.name()], |row| row.get(0)).optional()?;
    value.map(|value| unsealed(&value)).transpose()
}

pub(crate) fn put_meta<T: Serialize>(connection: &Connection, meta: Meta, value: &T) -> Result<(), Failure> {
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
    statement.execute(params![meta.name(), sealed(value)])?;
    Ok(())
}

pub(crate) fn checkpoint(connection: &Connection) -> Result<Checkpoint, Failure> {
    Ok(meta(connection, Meta::Checkpoint)?.unwrap_or_default())
}

pub(crate) fn insert_batch(connection: &Connection, number: u64, sections: &Sections) -> Result<(), Failure> {
    let insert = "INSERT INTO batches (number, head, usage, detail) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = connection.prepare_cached(insert)?;
    statement.execute(params![
        number as i64,
        sections.head,
        sections.usage,
        sections.detail
    ])?;
    Ok(())
}

/// The number and the sealed head of the last batch.
pub(crate) fn last_head(connection: &Connection) -> Result<Option<(u64, Vec<u8>)>, Failure> {
    let mut statement =
        connection.prepare("SELECT number, head FROM batches ORDER BY number DESC LIMIT 1")?;
    let row = |row: &Row<'_>| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?));
    Ok(statement.query_row([], row).optional()?)
}

/// Hands the head of every batch to `each`, in order of their numbers.
pub(crate) fn each_head(
    connection: &Connection,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare("SELECT number, head FROM batches ORDER BY number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get::<_, i64>(0)? as u64, blob(row, 1)?)?;
    }
    Ok(())
}

/// Hands the head and the usage of one batch to `then`.
pub(crate) fn with_usage<T>(
    connection: &Connection,
    number: u64,
    then: impl FnOnce(&[u8], &[u8]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut statement = connection.prepare_cached("SELECT head, usage FROM batches WHERE number = ?1")?;
    let mut rows = statement.query([number as i64])?;
    let row = rows.next()?.ok_or(Damage("a batch is missing"))?;
    then(blob(row, 0)?, blob(row, 1)?)
}

/// The three sections of one batch.
pub(crate) fn sections(connection: &Connection, number: u64) -> Result<Sections, Failure> {
    let select = "SELECT head, usage, detail FROM batches WHERE number = ?1";
    let mut statement = connection.prepare_cached(select)?;
    let sections = statement
        .query_row([number as i64], |row| {
            Ok(Sections {
                head: row.get(0)?,
                usage: row.get(1)?,
                detail: row.get(2)?,
            })
        })
        .optional()?;
    Ok(sections.ok_or(Damage("a batch is missing"))?)
}

pub(crate) fn insert_grain(connection: &Connection, number: u32, grain: &Grain) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached("INSERT INTO grains (number, grain) VALUES (?1, ?2)")?;
    statement.execute(params![number, sealed(grain)])?;
    Ok(())
}

/// Every grain; its place is its number.
pub(crate) fn grains(connection: &Connection) -> Result<Vec<Grain>, Failure> {
    let mut statement = connection.prepare("SELECT number, grain FROM grains ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut grains = Vec::new();
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(0)? != grains.len() as i64 {
            return Err(Damage("a grain of rollups is missing").into());
        }
        grains.push(unsealed(blob(row, 1)?)?);
    }
    Ok(grains)
}

/// The parts of a grain whose days lie in `days`, in the order in which they were written.
pub(crate) fn parts(
    connection: &Connection,
    grain: u32,
    days: std::ops::RangeInclusive<i64>,
) -> Result<Vec<PartRow>, Failure> {
    let select = "SELECT rowid, grain, day, cells FROM rollups INDEXED BY rollups_by_day
         WHERE grain = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, rowid";
    let mut statement = connection.prepare_cached(select)?;
    let part = |row: &Row<'_>| {
        Ok(PartRow {
            part: row.get(0)?,
            grain: row.get(1)?,
            day: row.get(2)?,
            cells: row.get::<_, i64>(3)? as u64,
        })
    };
    let parts = statement.query_map(params![grain, days.start(), days.end()], part)?;
    Ok(parts.collect::<Result<_, _>>()?)
}

/// The sealed cells of one part.
pub(crate) fn part_body(connection: &Connection, part: i64) -> Result<Vec<u8>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM rollups WHERE part = ?1")?;
    let body = statement.query_row([part], |row| row.get(0)).optional()?;
    Ok(body.ok_or(Damage("a part of a rollup is missing"))?)
}

pub(crate) fn insert_part(connection: &Connection, row: PartRow, body: &[u8]) -> Result<(), Failure> {
    let insert = "INSERT INTO rollups (part, grain, day, cells, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = connection.prepare_cached(insert)?;
    statement.execute(params![row.part, row.grain, row.day, row.cells as i64, body])?;
    Ok(())
}

pub(crate) fn delete_part(connection: &Connection, part: i64) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM rollups WHERE part = ?1")?
        .execute([part])?;
    Ok(())
}

pub(crate) fn put_total(connection: &Connection, key: &RatingKey, running: &Running) -> Result<(), Failure> {
    let key = total_key(key);
    // The key is sealed in too, so that a value cannot be taken for that of another key.
    let value = sealed(&(&key, running.quantity.nano(), running.events));
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO totals (key, running) VALUES (?1, ?2)")?;
    statement.execute(params![key, value])?;
    Ok(())
}

pub(crate) fn totals(connection: &Connection) -> Result<Vec<(RatingKey, Running)>, Failure> {
    let mut statement = connection.prepare("SELECT key, running FROM totals")?;
    let mut rows = statement.query([])?;
    let mut totals = Vec::new();
    while let Some(row) = rows.next()? {
        let (key, quantity, events): (Vec<u8>, i128, i64) = unsealed(blob(row, 1)?)?;
        if key != blob(row, 0)? {
            return Err(Damage("a running total stands under another's key").into());
        }
        totals.push((
            total_of_key(&key)?,
            Running {
                quantity: Quantity::from_nano(quantity),
                events,
            },
        ));
    }
    Ok(totals)
}

pub(crate) fn settings(connection: &Connection) -> Result<Vec<Setting>, Failure> {
    let select = "SELECT kind, id, version, body, checksum FROM settings ORDER BY kind, id";
    let mut statement = connection.prepare(select)?;
    let mut rows = statement.query([])?;
    let mut settings = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        let setting = Setting {
            kind: SettingKind::parse(&kind)
                .ok_or(Damage("a setting has a kind that this version does not know"))?,
            id: row.get(1)?,
            version: row.get::<_, i64>(2)? as u64,
            body: row.get(3)?,
        };
        if row.get::<_, u32>(4)? != setting_checksum(&setting) {
            return Err(Damage("a setting's checksum does not match").into());
        }
        settings.push(setting);
    }
    Ok(settings)
}

pub(crate) fn setting_version(
    connection: &Connection,
    kind: SettingKind,
    id: &str,
) -> Result<Option<u64>, Failure> {
    let select = "SELECT version FROM settings WHERE kind = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(select)?;
    let version = statement
        .query_row(params![kind.as_str(), id], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(version.map(|version| version as u64))
}

pub(crate) fn put_setting(connection: &Connection, setting: &Setting) -> Result<(), Failure> {
    let put =
        "INSERT OR REPLACE INTO settings (kind, id, version, body, checksum) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = connection.prepare_cached(put)?;
    let checksum = setting_checksum(setting);
    statement.execute(params![
        setting.kind.as_str(),
        setting.id,
        setting.version as i64,
        setting.body,
        checksum
    ])?;
    Ok(())
}

pub(crate) fn delete_setting(connection: &Connection, kind: SettingKind, id: &str) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached("DELETE FROM settings WHERE kind = ?1 AND id = ?2")?;
    statement.execute(params![kind.as_str(), id])?;
    Ok(())
}

/// Puts a hold in, in place of the one of its id.
pub(crate) fn put_hold(connection: &Connection, hold: &Hold) -> Result<(), Failure> {
    let put = "INSERT OR REPLACE INTO holds (id, is_open, body) VALUES (?1, ?2, ?3)";
    let mut statement = connection.prepare_cached(put)?;
    statement.execute(params![
        hold.id.bits().to_be_bytes(),
        hold.state.is_open(),
        sealed(hold)
    ])?;
    Ok(())
}

pub(crate) fn hold(connection: &Connection, id: HoldId) -> Result<Option<Hold>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM holds WHERE id = ?1")?;
    let mut rows = statement.query([id.bits().to_be_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let hold: Hold = unsealed(blob(row, 0)?)?;
    if hold.id != id {
        return Err(Damage("a hold stands under another's id").into());
    }
    Ok(Some(hold))
}

pub(crate) fn open_holds(connection: &Connection) -> Result<Vec<Hold>, Failure> {
    let mut statement = connection.prepare("SELECT body FROM holds WHERE is_open ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(unsealed(blob(row, 0)?)?);
    }
    Ok(holds)
}

pub(crate) fn insert_violation(connection: &Connection, violation: &Violation) -> Result<(), Failure> {
    let insert = "INSERT INTO violations (organization, body) VALUES (?1, ?2)";
    let mut statement = connection.prepare_cached(insert)?;
    statement.execute(params![violation.scope.organization.as_str(), sealed(violation)])?;
    Ok(())
}

/// Keeps the last so many violations.
pub(crate) fn drop_violations_before(connection: &Connection, kept: u64) -> Result<(), Failure> {
    let delete = "DELETE FROM violations WHERE number <= (SELECT max(number) FROM violations) - ?1";
    connection.prepare_cached(delete)?.execute([kept as i64])?;
    Ok(())
}

/// Violations of one organization or of all with their numbers, newest first.
pub(crate) fn violations(
    connection: &Connection,
    page: &ViolationPage,
) -> Result<Vec<(u64, Violation)>, Failure> {
    let select = match page.organization {
        Some(_) => {
            "SELECT number, body FROM violations WHERE number < ?1 AND organization = ?3 ORDER BY number DESC LIMIT ?2"
        }
        None => {
            "SELECT number, body FROM violations WHERE number < ?1 AND ?3 IS NULL ORDER BY number DESC LIMIT ?2"
        }
    };
    let before = page.before.map_or(i64::MAX, |before| before as i64);
    let organization = page
        .organization
        .as_ref()
        .map(|organization| organization.as_str());
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query(params![before, page.limit as i64, organization])?;
    let mut violations = Vec::new();
    while let Some(row) = rows.next()? {
        violations.push((row.get::<_, i64>(0)? as u64, unsealed(blob(row, 1)?)?));
    }
    Ok(violations)
}

/// Puts a crossing into the outbox, unless it was put there before.
pub(crate) fn insert_crossing(connection: &Connection, crossing: &Crossing) -> Result<(), Failure> {
    let key = plain(&(&crossing.cell, &crossing.threshold), 0);
    let insert = "INSERT OR IGNORE INTO outbox (key, body) VALUES (?1, ?2)";
    let mut statement = connection.prepare_cached(insert)?;
    statement.execute(params![key, sealed(crossing)])?;
    Ok(())
}

/// What is in the outbox after a number, oldest first.
pub(crate) fn outbox(
    connection: &Connection,
    after: u64,
    at_most: usize,
) -> Result<Vec<(u64, Crossing)>, Failure> {
    let select = "SELECT number, body FROM outbox WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query(params![after as i64, at_most as i64])?;
    let mut crossings = Vec::new();
    while let Some(row) = rows.next()? {
        crossings.push((row.get::<_, i64>(0)? as u64, unsealed(blob(row, 1)?)?));
    }
    Ok(crossings)
}

fn setting_checksum(setting: &Setting) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for part in [setting.kind.as_str(), &setting.id, &setting.body] {
        crc.update(&(part.len() as u64).to_le_bytes());
        crc.update(part.as_bytes());
    }
    crc.update(&setting.version.to_le_bytes());
    crc.finalize()
}

fn sealed<T: Serialize>(value: &T) -> Vec<u8> {
    seal(&plain(value, 0), false)
}

fn unsealed<T: DeserializeOwned>(value: &[u8]) -> Result<T, Failure> {
    let (plain, _) = open(value)?;
    Ok(postcard::from_bytes(&plain).map_err(|_| Damage("a sealed value cannot be read"))?)
}

fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], Failure> {
    Ok(row
        .get_ref(column)?
        .as_blob()
        .map_err(|_| Damage("a blob is not a blob"))?)
}
