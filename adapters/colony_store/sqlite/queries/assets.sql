-- name: insert
INSERT INTO assets (
    id, revision, version, document, status, bmc_address, bmc_port, system_uuid, cluster_id, maintained_until
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: update
UPDATE assets
SET revision = ?, version = ?, document = ?,
    status = ?, bmc_address = ?, bmc_port = ?, system_uuid = ?, cluster_id = ?, maintained_until = ?
WHERE id = ? AND revision = ?

-- name: rewrite
UPDATE assets SET revision = ?, version = ?, document = ? WHERE id = ? AND revision = ?

-- name: delete
DELETE FROM assets WHERE id = ? AND revision = ?

-- name: document
SELECT document FROM assets WHERE id = ?

-- name: by_id
SELECT seq, revision FROM assets WHERE id = ?

-- name: by_ids
SELECT seq, revision FROM json_each(?) AS wanted CROSS JOIN assets ON assets.id = wanted.value

-- name: documents
SELECT seq, version, document FROM json_each(?) AS wanted CROSS JOIN assets ON assets.seq = wanted.value

-- name: of_cluster
SELECT seq, revision FROM assets WHERE cluster_id = ? ORDER BY seq

-- name: maintenance_over
SELECT seq, revision FROM assets
WHERE maintained_until < 9223372036854775807 AND maintained_until <= ? ORDER BY maintained_until LIMIT ?

-- name: next_maintenance_end
SELECT min(maintained_until) FROM assets WHERE maintained_until < 9223372036854775807

-- name: by_mac
SELECT seq, revision FROM asset_macs CROSS JOIN assets USING (seq) WHERE mac = ?

-- name: by_uuid
SELECT seq, revision FROM assets WHERE system_uuid = ?

-- name: counts
SELECT status, amount FROM tallies WHERE thing = 'assets' AND amount > 0

-- name: forget_tags
DELETE FROM asset_tags WHERE seq = (SELECT seq FROM assets WHERE id = ?)

-- name: add_tag
INSERT INTO asset_tags (key, value, seq) SELECT ?, ?, seq FROM assets WHERE id = ?

-- name: forget_macs
DELETE FROM asset_macs WHERE seq = (SELECT seq FROM assets WHERE id = ?)

-- name: add_mac
INSERT INTO asset_macs (mac, seq) SELECT ?, seq FROM assets WHERE id = ?

-- name: holder_of_bmc
SELECT id FROM assets WHERE bmc_address = ? AND bmc_port = ? AND id <> ?
