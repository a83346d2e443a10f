-- The tables of the embedded store, format 2. Run once, in one transaction, on an empty database.
-- Every blob is sealed: format, compression, length, body, CRC-32.

-- Single values by name: format, identity, checkpoint, settings.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a commit. The columns stand in the order in which readers want them: start-up reads only the head, a scan the
-- usage too, a look at one event all three.
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    head BLOB NOT NULL,
    usage BLOB NOT NULL,
    detail BLOB NOT NULL
) STRICT;

-- What rollup cells were told apart by, under a number that batches and rollups name.
CREATE TABLE grains (
    number INTEGER PRIMARY KEY,
    grain BLOB NOT NULL
) STRICT;

-- Parts of rollups: cells of one grain and one day of UTC. Parts of a day add up. A part never changes, and its number is
-- never used again.
CREATE TABLE rollups (
    part INTEGER PRIMARY KEY,
    grain INTEGER NOT NULL,
    day INTEGER NOT NULL,
    cells INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX rollups_by_day ON rollups (grain, day, cells);

-- Running totals of cumulative prices, as of the checkpoint.
CREATE TABLE totals (
    key BLOB PRIMARY KEY,
    running BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Settings as documents that only the engine reads. The checksum is over everything else in the row.
CREATE TABLE settings (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Holds, open and ended: an ended one still answers repetitions of its request.
CREATE TABLE holds (
    id BLOB PRIMARY KEY,
    is_open INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_open ON holds (id) WHERE is_open;

-- What limits refused, in order, for audit.
CREATE TABLE violations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX violations_by_organization ON violations (organization, number);

-- What is to be told to others, in order, each once.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL
) STRICT;
