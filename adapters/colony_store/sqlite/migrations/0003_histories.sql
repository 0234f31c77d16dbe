-- What made each workflow what it is. A row holds what happened to one workflow in one transaction, in order.

CREATE TABLE histories (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX histories_by_run ON histories (run_id, seq);
