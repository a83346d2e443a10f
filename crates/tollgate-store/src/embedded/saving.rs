//! The sequencer's part in settings: checking expectations and saving, all or none.

use super::failure::Failure;
use super::queue::Reply;
use super::sequencer::Sequencer;
use super::tables::{self, Meta};
use rusqlite::Connection;
use tollgate_engine::store::{Expected, SaveError, Setting, SettingChange};

impl Sequencer {
    /// Saves changes and answers with the new versions.
    pub(super) fn save_settings(&mut self, changes: Vec<SettingChange>, reply: Reply<Vec<u64>, SaveError>) {
        match self.try_save(changes) {
            Ok(Err(stale)) => drop(reply.send(Err(stale))),
            Ok(Ok(versions)) => drop(reply.send(Ok(versions))),
            Err(failure) => self.answer(reply, Err(failure)),
        }
    }

    fn try_save(&mut self, changes: Vec<SettingChange>) -> Result<Result<Vec<u64>, SaveError>, Failure> {
        let saves = self.acknowledged.settings + 1;
        let transaction = self.connection.transaction()?;
        for change in &changes {
            if !is_met(&transaction, change)? {
                let (kind, id) = (change.kind, change.id.clone());
                return Ok(Err(SaveError::Stale { kind, id }));
            }
        }
        let mut versions = Vec::with_capacity(changes.len());
        for change in changes {
            versions.push(apply(&transaction, change)?);
        }
        tables::put_meta(&transaction, Meta::Settings, &saves)?;
        transaction.commit()?;
        self.acknowledged.settings = saves;
        self.marker.write(self.acknowledged)?;
        Ok(Ok(versions))
    }
}

fn is_met(connection: &Connection, change: &SettingChange) -> Result<bool, Failure> {
    let there = tables::setting_version(connection, change.kind, &change.id)?;
    Ok(match change.expected {
        Expected::Absent => there.is_none(),
        Expected::Version(version) => there == Some(version),
        Expected::Any => true,
    })
}

fn apply(connection: &Connection, change: SettingChange) -> Result<u64, Failure> {
    let version = tables::setting_version(connection, change.kind, &change.id)?.unwrap_or(0) + 1;
    match change.body {
        Some(body) => {
            tables::put_setting(
                connection,
                &Setting {
                    kind: change.kind,
                    id: change.id,
                    version,
                    body,
                },
            )?;
        }
        None => tables::delete_setting(connection, change.kind, &change.id)?,
    }
    Ok(version)
}
