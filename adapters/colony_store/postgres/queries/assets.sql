-- name: insert
INSERT INTO assets (
    id, revision, version, document, status, bmc_address, bmc_port, system_uuid, cluster_id, maintained_until
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING RETURNING id

-- name: update
UPDATE assets
SET revision = $1, version = $2, document = $3,
    status = $4, bmc_address = $5, bmc_port = $6, system_uuid = $7, cluster_id = $8,
    maintained_until = $9
WHERE id = $10 AND revision = $11 RETURNING id

-- name: rewrite
UPDATE assets SET revision = $1, version = $2, document = $3 WHERE id = $4 AND revision = $5 RETURNING id

-- name: delete
DELETE FROM assets WHERE id = $1 AND revision = $2 RETURNING id

-- name: by_id
SELECT seq, revision, version, document FROM assets WHERE id = $1

-- name: by_ids
SELECT seq, revision, version, document FROM assets WHERE id = ANY ($1::text[])

-- name: of_cluster
SELECT seq, revision, version, document FROM assets WHERE cluster_id = $1 ORDER BY seq

-- name: maintenance_over
SELECT seq, revision, version, document FROM assets
WHERE maintained_until < 9223372036854775807 AND maintained_until <= $1 ORDER BY maintained_until LIMIT $2

-- name: next_maintenance_end
SELECT min(maintained_until) FROM assets WHERE maintained_until < 9223372036854775807

-- name: by_mac
SELECT seq, revision, version, document FROM asset_macs JOIN assets USING (seq) WHERE mac = $1

-- name: by_uuid
SELECT seq, revision, version, document FROM assets WHERE system_uuid = $1

-- name: counts
SELECT status, amount FROM tallies WHERE thing = 'assets' AND amount > 0

-- name: forget_tags
DELETE FROM asset_tags WHERE seq = (SELECT seq FROM assets WHERE id = $1)

-- name: add_tag
INSERT INTO asset_tags (key, value, seq) SELECT $1, $2, seq FROM assets WHERE id = $3

-- name: forget_macs
DELETE FROM asset_macs WHERE seq = (SELECT seq FROM assets WHERE id = $1)

-- name: add_mac
INSERT INTO asset_macs (mac, seq) SELECT $1, seq FROM assets WHERE id = $2

-- name: holder_of_bmc
SELECT id FROM assets WHERE bmc_address = $1 AND bmc_port = $2 AND id <> $3
