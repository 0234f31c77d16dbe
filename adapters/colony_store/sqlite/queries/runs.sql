-- name: insert
INSERT INTO runs (
    id, revision, version, document, status, type, asset_id, cluster_id, parent_id, ticket, due, in_flight
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: update
UPDATE runs
SET revision = ?, version = ?, document = ?,
    status = ?, type = ?, asset_id = ?, cluster_id = ?, parent_id = ?, ticket = ?, due = ?, in_flight = ?
WHERE id = ? AND revision = ?

-- name: rewrite
UPDATE runs SET revision = ?, version = ?, document = ? WHERE id = ? AND revision = ?

-- name: delete
DELETE FROM runs WHERE id = ? AND revision = ?

-- name: document
SELECT document FROM runs WHERE id = ?

-- name: by_id
SELECT seq, revision FROM runs WHERE id = ?

-- name: by_ids
SELECT seq, revision FROM json_each(?) AS wanted CROSS JOIN runs ON runs.id = wanted.value

-- name: documents
SELECT seq, version, document FROM json_each(?) AS wanted CROSS JOIN runs ON runs.seq = wanted.value

-- name: children
SELECT seq, revision FROM json_each(?) AS wanted CROSS JOIN runs ON runs.parent_id = wanted.value

-- name: by_ticket
SELECT seq, revision FROM runs WHERE ticket = ?

-- name: due
SELECT seq, revision FROM runs WHERE due <= ? ORDER BY due, seq LIMIT ?

-- name: next_due
SELECT min(due) FROM runs WHERE due IS NOT NULL

-- name: in_flight
SELECT seq, revision FROM runs WHERE in_flight = 1 ORDER BY seq

-- name: counts
SELECT status, amount FROM tallies WHERE thing = 'runs' AND amount > 0
