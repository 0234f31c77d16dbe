-- How controllers are. Polling moves checked_at and read_at alone, which no index and no document knows.

CREATE TABLE healths (
    asset_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    read_at INTEGER,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER healths_go_with_assets AFTER DELETE ON assets BEGIN
    DELETE FROM healths WHERE asset_id = OLD.id;
END;
