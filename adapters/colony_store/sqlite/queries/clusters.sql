-- name: insert
INSERT INTO clusters (id, revision, version, document, name, status, type) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: update
UPDATE clusters
SET revision = ?, version = ?, document = ?, name = ?, status = ?, type = ?
WHERE id = ? AND revision = ?

-- name: rewrite
UPDATE clusters SET revision = ?, version = ?, document = ? WHERE id = ? AND revision = ?

-- name: delete
DELETE FROM clusters WHERE id = ? AND revision = ?

-- name: document
SELECT document FROM clusters WHERE id = ?

-- name: by_id
SELECT seq, revision FROM clusters WHERE id = ?

-- name: by_ids
SELECT seq, revision FROM json_each(?) AS wanted CROSS JOIN clusters ON clusters.id = wanted.value

-- name: documents
SELECT seq, version, document FROM json_each(?) AS wanted CROSS JOIN clusters ON clusters.seq = wanted.value

-- name: everything
SELECT seq, revision FROM clusters WHERE seq > 0 ORDER BY seq

-- name: holder_of_name
SELECT id FROM clusters WHERE name = ? AND id <> ?
