-- The first schema. A thing is one JSON document with a version, and beside it what it is found by.
-- seq is the order of lists: it never repeats, so that a cursor never skips what came later.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest number given to an id of each kind: ids are never given twice.
CREATE TABLE counters (
    kind TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many things have each status; kept by the triggers below, so that counting costs nothing.
CREATE TABLE tallies (
    thing TEXT NOT NULL,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (thing, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE assets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    bmc_address TEXT NOT NULL,
    bmc_port INTEGER NOT NULL,
    system_uuid TEXT,
    cluster_id TEXT,
    document TEXT NOT NULL,
    UNIQUE (bmc_address, bmc_port)
) STRICT;
CREATE INDEX assets_by_status ON assets (status, seq);
CREATE INDEX assets_by_cluster ON assets (cluster_id, seq) WHERE cluster_id IS NOT NULL;
CREATE INDEX assets_by_uuid ON assets (system_uuid) WHERE system_uuid IS NOT NULL;

CREATE TABLE asset_tags (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES assets (seq) ON DELETE CASCADE,
    PRIMARY KEY (key, value, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_tags_by_asset ON asset_tags (seq);

CREATE TABLE asset_macs (
    mac TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES assets (seq) ON DELETE CASCADE,
    PRIMARY KEY (mac, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_macs_by_asset ON asset_macs (seq);

CREATE TRIGGER assets_tally_added AFTER INSERT ON assets BEGIN
    INSERT INTO tallies VALUES ('assets', NEW.status, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
END;
CREATE TRIGGER assets_tally_removed AFTER DELETE ON assets BEGIN
    UPDATE tallies SET amount = amount - 1 WHERE thing = 'assets' AND status = OLD.status;
END;
CREATE TRIGGER assets_tally_moved AFTER UPDATE OF status ON assets WHEN NEW.status IS NOT OLD.status BEGIN
    UPDATE tallies SET amount = amount - 1 WHERE thing = 'assets' AND status = OLD.status;
    INSERT INTO tallies VALUES ('assets', NEW.status, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
END;

-- Living clusters only: a removed one gives its name back, and the counter keeps its id.
CREATE TABLE clusters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX clusters_by_status ON clusters (status, seq);
CREATE INDEX clusters_by_type ON clusters (type, status, seq);
CREATE INDEX clusters_by_type_in_order ON clusters (type, seq);

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    asset_id TEXT,
    cluster_id TEXT,
    parent_id TEXT,
    ticket TEXT,
    due INTEGER,
    in_flight INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_status ON runs (status, seq);
CREATE INDEX runs_by_type ON runs (type, seq);
CREATE INDEX runs_by_type_and_status ON runs (type, status, seq);
CREATE INDEX runs_by_asset ON runs (asset_id, seq) WHERE asset_id IS NOT NULL;
CREATE INDEX runs_by_cluster ON runs (cluster_id, seq) WHERE cluster_id IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent_id, seq) WHERE parent_id IS NOT NULL;
CREATE INDEX runs_by_due ON runs (due, seq) WHERE due IS NOT NULL;
CREATE INDEX runs_in_flight ON runs (seq) WHERE in_flight = 1;
CREATE UNIQUE INDEX runs_by_ticket ON runs (ticket) WHERE ticket IS NOT NULL;

CREATE TRIGGER runs_tally_added AFTER INSERT ON runs BEGIN
    INSERT INTO tallies VALUES ('runs', NEW.status, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
END;
CREATE TRIGGER runs_tally_moved AFTER UPDATE OF status ON runs WHEN NEW.status IS NOT OLD.status BEGIN
    UPDATE tallies SET amount = amount - 1 WHERE thing = 'runs' AND status = OLD.status;
    INSERT INTO tallies VALUES ('runs', NEW.status, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
END;

CREATE TABLE api_keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    last_used_at INTEGER,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_run ON journal (run_id, seq) WHERE run_id IS NOT NULL;

CREATE TABLE vault (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT;

CREATE TABLE answers (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX answers_by_age ON answers (at);
