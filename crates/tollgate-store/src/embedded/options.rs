//! What can be set about an embedded store, each with a default that suits a machine of two cores.

use std::time::Duration;

/// How an embedded store works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Commits after which rollups are checkpointed, at the latest. What comes after a checkpoint is read again at start-up.
    pub checkpoint_commits: u64,
    /// Time after which rollups are checkpointed, at the latest.
    pub checkpoint_after: Duration,
    /// Rollup cells in memory at which rollups are checkpointed, at the latest.
    pub checkpoint_cells: usize,
    /// Most events that wait for their commit; more are refused as busy.
    pub queue_events_max: usize,
    /// Most bytes that wait for their commit, nearly; more are refused as busy.
    pub queue_bytes_max: usize,
    /// Queries that read at the same time; others wait.
    pub readers: usize,
    /// Questions that may each take long (queries, pages of events, verification) and wait for a reader; more are refused as
    /// busy, so that those whose askers have gone cannot pile up.
    pub questions_waiting_max: usize,
    /// Bytes of opened rollups that are kept for the next query.
    pub rollup_cache_bytes: usize,
    /// Bytes of charges that are kept to answer resends.
    pub charge_cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // Some five seconds of the fastest small commits; reading 4,096 of them again takes a fraction of a second.
            checkpoint_commits: 4_096,
            checkpoint_after: Duration::from_secs(5),
            // Some 50 MB, sealed in a fraction of a second.
            checkpoint_cells: 250_000,
            // A quarter of a second at a million events a second: longer queues only make waiting longer.
            queue_events_max: 262_144,
            queue_bytes_max: 256 * 1024 * 1024,
            // One for each core, and two more that may wait for the disk.
            readers: 4,
            // Sixteen for each reader: at half a second each that is eight seconds, about as long as anybody waits.
            questions_waiting_max: 64,
            rollup_cache_bytes: 128 * 1024 * 1024,
            // A million events and more, at some thirty bytes each.
            charge_cache_bytes: 48 * 1024 * 1024,
        }
    }
}
