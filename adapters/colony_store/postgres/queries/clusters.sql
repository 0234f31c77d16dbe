-- name: insert
INSERT INTO clusters (id, revision, version, document, name, status, type) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING id

-- name: update
UPDATE clusters
SET revision = $1, version = $2, document = $3, name = $4, status = $5, type = $6
WHERE id = $7 AND revision = $8 RETURNING id

-- name: rewrite
UPDATE clusters SET revision = $1, version = $2, document = $3 WHERE id = $4 AND revision = $5 RETURNING id

-- name: delete
DELETE FROM clusters WHERE id = $1 AND revision = $2 RETURNING id

-- name: by_id
SELECT seq, revision, version, document FROM clusters WHERE id = $1

-- name: by_ids
SELECT seq, revision, version, document FROM clusters WHERE id = ANY ($1::text[])

-- name: everything
SELECT seq, revision, version, document FROM clusters ORDER BY seq

-- name: holder_of_name
SELECT id FROM clusters WHERE name = $1 AND id <> $2
