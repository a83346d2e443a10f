//! Fast shared balances of limits, as a port.
//!
//! Counters answer "is there room" at once and for everybody alike. They may be lost: the store knows every settled event
//! and every open hold, and a balance is started again from there. Deliberately not here: what is durable
//! ([`crate::store`]), and which cells a request concerns ([`tollgate_core::limit`]).
//!
//! A cell is *started* with what the store had settled in it when so many events had arrived. What arrived before is in
//! that sum and never counted again; what arrives later is counted once, even if it is counted before the sum is known.
//! So a balance is exact from the first answer on. One conformance suite runs on every implementation.

mod memory;

pub use memory::MemoryCounters;

use async_trait::async_trait;
use tollgate_core::id::HoldId;
use tollgate_core::limit::{Amount, Balance, Cell};
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;

/// What a hold wants of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The cell.
    pub cell: Cell,
    /// The first instant after the cell's window.
    pub until: Timestamp,
    /// How much.
    pub amount: Amount,
    /// Above which nothing is given; `None` where the limit refuses nothing.
    pub ceiling: Option<Amount>,
}

/// A hold that wants room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// Its id.
    pub hold: HoldId,
    /// Whose.
    pub organization: Label,
    /// What it wants, of each cell once.
    pub wants: Vec<Want>,
    /// When its claims end by themselves.
    pub expires_at: Timestamp,
}

/// What became of a hold that wanted room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It has all that it wanted; each cell had come to this before.
    All(Vec<Balance>),
    /// Some cell has no room and nothing was changed; each cell has come to this.
    Refused(Vec<Balance>),
    /// These cells are not started and nothing was changed.
    Unstarted(Vec<Cell>),
    /// This hold has its claims already and nothing was changed.
    Again,
    /// The organization has as many open holds as it may, and nothing was changed.
    TooMany,
}

/// Whether a hold's claims are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// They are, and stay until [`Counters::finish`], or [`Counters::unpin`] of everybody who pinned them.
    Held,
    /// They are gone: its time was over, or it ended, or it was never there.
    Gone,
}

/// Something settled in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// The cell.
    pub cell: Cell,
    /// How much; below zero for a correction.
    pub amount: Amount,
    /// The event's place in the order of arrival.
    pub arrival: u64,
}

/// What counting made of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The cell.
    pub cell: Cell,
    /// Settled before.
    pub before: Amount,
    /// Settled now.
    pub after: Amount,
}

/// What counting made of cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallied {
    /// What started cells have come to, each once.
    pub counted: Vec<Counted>,
    /// Cells that are not started, each once; what was to be counted there is in the store.
    pub unstarted: Vec<Cell>,
}

/// The balances cannot be reached.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the balances of limits cannot be reached: {0}")]
pub struct CountersError(pub String);

/// Shared balances.
#[async_trait]
pub trait Counters: Send + Sync + std::fmt::Debug + 'static {
    /// Takes what a hold wants, of every cell or of none, if every cell stays within its ceiling.
    ///
    /// Idempotent by the hold's id as long as its claims are there. Concurrent callers see one order: no two are given the
    /// same room. On an error the claims may or may not be there; they end with the hold's time.
    async fn take(&self, taking: &Taking) -> Result<Taken, CountersError>;

    /// What cells have come to; `None` where a cell is not started.
    async fn balances(&self, cells: &[Cell]) -> Result<Vec<Option<Balance>>, CountersError>;

    /// Begins to note what is counted in a cell that is not started, so that [`Counters::start`] can tell it from what the
    /// store's sum has. Call it before the store is asked. Repeating it changes nothing.
    async fn prepare(&self, cell: &Cell, until: Timestamp) -> Result<(), CountersError>;

    /// Starts a prepared cell with what the store had settled in it when `arrivals` events had arrived, and says what it
    /// has come to. A started cell stays as it is.
    async fn start(&self, cell: &Cell, settled: Amount, arrivals: u64) -> Result<Balance, CountersError>;

    /// Gives up starting a prepared cell: what was noted for it is let go, its claims stay. A started cell stays as it is.
    async fn abandon(&self, cell: &Cell) -> Result<(), CountersError>;

    /// Counts what was settled. The same events are never counted twice by the same caller; a cell that is not started
    /// counts nothing.
    async fn count(&self, countings: Vec<Counting>) -> Result<Tallied, CountersError>;

    /// Keeps a hold's claims from ending with its time while a step of it is made durable. Several steps may pin it at once.
    async fn pin(&self, hold: HoldId, now: Timestamp) -> Result<Pinned, CountersError>;

    /// Takes one pin out, and gives the hold another time where there is one: when no pin is left, its claims end with its
    /// time again.
    async fn unpin(&self, hold: HoldId, expires_at: Option<Timestamp>) -> Result<(), CountersError>;

    /// Gives a hold's claims back and counts what its use settled, in one step. Claims that are gone stay gone.
    async fn finish(&self, hold: HoldId, countings: Vec<Counting>) -> Result<Tallied, CountersError>;

    /// Gives the claims of holds back whose time is over, but at most this many, and says which.
    async fn expire(&self, now: Timestamp, at_most: usize) -> Result<Vec<HoldId>, CountersError>;

    /// Puts back the claims of a hold that was open when the process ended; refuses nothing.
    async fn restore(&self, taking: &Taking) -> Result<(), CountersError>;

    /// Started cells after this one in their order, at most this many, with what they have come to.
    async fn started(
        &self,
        after: Option<&Cell>,
        at_most: usize,
    ) -> Result<Vec<(Cell, Balance)>, CountersError>;

    /// Puts another balance in place of a started cell's, which includes so many arrivals. For repair, while nothing moves.
    async fn correct(&self, cell: &Cell, balance: Balance, arrivals: u64) -> Result<(), CountersError>;

    /// How many holds have claims, all organizations together; `None` where counting them is work.
    fn holds(&self) -> Option<u64> {
        None
    }
}
