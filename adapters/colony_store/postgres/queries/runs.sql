-- name: insert
INSERT INTO runs (
    id, revision, version, document, status, type, asset_id, cluster_id, parent_id, ticket, due, in_flight
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT DO NOTHING RETURNING id

-- name: update
UPDATE runs
SET revision = $1, version = $2, document = $3,
    status = $4, type = $5, asset_id = $6, cluster_id = $7, parent_id = $8, ticket = $9, due = $10, in_flight = $11
WHERE id = $12 AND revision = $13 RETURNING id

-- name: rewrite
UPDATE runs SET revision = $1, version = $2, document = $3 WHERE id = $4 AND revision = $5 RETURNING id

-- name: delete
DELETE FROM runs WHERE id = $1 AND revision = $2 RETURNING id

-- name: by_id
SELECT seq, revision, version, document FROM runs WHERE id = $1

-- name: by_ids
SELECT seq, revision, version, document FROM runs WHERE id = ANY ($1::text[])

-- name: children
SELECT seq, revision, version, document FROM runs WHERE parent_id = ANY ($1::text[])

-- name: by_ticket
SELECT seq, revision, version, document FROM runs WHERE ticket = $1

-- name: due
SELECT seq, revision, version, document FROM runs WHERE due <= $1 ORDER BY due, seq LIMIT $2

-- name: next_due
SELECT min(due) FROM runs WHERE due IS NOT NULL

-- name: in_flight
SELECT seq, revision, version, document FROM runs WHERE in_flight ORDER BY seq

-- name: counts
SELECT status, amount FROM tallies WHERE thing = 'runs' AND amount > 0
