-- name: counters
SELECT kind, last FROM counters

-- name: count_on
INSERT INTO counters AS known (kind, last) VALUES ($1, $2)
ON CONFLICT (kind) DO UPDATE SET last = greatest(known.last, excluded.last)

-- name: key_insert
INSERT INTO api_keys (id, version, document, last_used_at) VALUES ($1, $2, $3, $4)

-- name: key_update
UPDATE api_keys SET version = $1, document = $2 WHERE id = $3

-- name: key_touch
UPDATE api_keys SET last_used_at = greatest(last_used_at, $1) WHERE id = $2

-- name: key_by_id
SELECT version, last_used_at, document FROM api_keys WHERE id = $1

-- name: key_any
SELECT 1 FROM api_keys LIMIT 1

-- name: key_page
SELECT seq, version, last_used_at, document FROM api_keys WHERE seq > $1 ORDER BY seq LIMIT $2

-- name: entry_insert
INSERT INTO journal (run_id, version, document) VALUES ($1, $2, $3)

-- name: entries
SELECT seq, version, document FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2

-- name: entries_of_run
SELECT seq, version, document FROM journal WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3

-- name: entry_last
SELECT coalesce(max(seq), 0) FROM journal

-- name: secret_get
SELECT sealed FROM vault WHERE owner = $1 AND name = $2

-- name: secrets_get
SELECT owner, sealed FROM vault WHERE owner = ANY ($1::text[]) AND name = $2

-- name: secret_put
INSERT INTO vault (owner, name, sealed) VALUES ($1, $2, $3)
ON CONFLICT (owner, name) DO UPDATE SET sealed = excluded.sealed

-- name: secret_remove
DELETE FROM vault WHERE owner = $1

-- name: answer_get
SELECT at, version, sealed FROM answers WHERE caller = $1 AND key = $2

-- name: answer_put
INSERT INTO answers (caller, key, at, version, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (caller, key) DO UPDATE SET at = excluded.at, version = excluded.version, sealed = excluded.sealed

-- name: answer_purge
DELETE FROM answers WHERE at <= $1

-- name: setting_get
SELECT value FROM settings WHERE name = $1

-- name: setting_put
INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: deed_insert
INSERT INTO audit (actor, action, resource, version, document) VALUES ($1, $2, $3, $4, $5)

-- name: webhook_put
INSERT INTO webhooks (id, version, document) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, document = excluded.document

-- name: webhook_remove
DELETE FROM webhooks WHERE id = $1

-- name: webhook_by_id
SELECT seq, version, document FROM webhooks WHERE id = $1

-- name: webhook_page
SELECT seq, version, document FROM webhooks WHERE seq > $1 ORDER BY seq LIMIT $2

-- name: letter_put
INSERT INTO dead_letters (webhook_id, seq, asked_for, version, document) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (webhook_id, seq)
DO UPDATE SET asked_for = excluded.asked_for, version = excluded.version, document = excluded.document

-- name: letter_remove
DELETE FROM dead_letters WHERE webhook_id = $1 AND seq = $2

-- name: letter_page
SELECT seq, version, document FROM dead_letters WHERE webhook_id = $1 AND seq > $2 ORDER BY seq LIMIT $3

-- name: letters_asked_for
SELECT seq, version, document FROM dead_letters WHERE webhook_id = $1 AND asked_for ORDER BY seq LIMIT $2

-- name: letter_counts
SELECT webhook_id, count(*) FROM dead_letters WHERE webhook_id = ANY ($1::text[]) GROUP BY webhook_id

-- name: stretch_insert
INSERT INTO histories (run_id, version, document) VALUES ($1, $2, $3)

-- name: histories
SELECT seq, run_id, version, document FROM histories WHERE run_id = ANY ($1::text[]) ORDER BY seq

-- name: health_put
INSERT INTO healths (asset_id, state, checked_at, read_at, version, document)
SELECT $1, $2, $3::bigint, $4::bigint, $5::integer, $6 WHERE EXISTS (SELECT 1 FROM assets WHERE id = $1)
ON CONFLICT (asset_id) DO UPDATE SET state = excluded.state, checked_at = excluded.checked_at,
    read_at = excluded.read_at, version = excluded.version, document = excluded.document

-- name: health_touch
UPDATE healths SET checked_at = $2, read_at = coalesce($3, read_at) WHERE asset_id = $1

-- name: health_remove
DELETE FROM healths WHERE asset_id = $1

-- name: healths
SELECT checked_at, read_at, version, document FROM healths WHERE asset_id = ANY ($1::text[])

-- name: health_counts
SELECT state, count(*), min(checked_at) FROM healths GROUP BY state
