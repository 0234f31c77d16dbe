-- name: counters
SELECT kind, last FROM counters

-- name: count_on
INSERT INTO counters (kind, last) VALUES (?, ?)
ON CONFLICT DO UPDATE SET last = max(last, excluded.last)

-- name: key_insert
INSERT INTO api_keys (id, version, document, last_used_at) VALUES (?, ?, ?, ?)

-- name: key_update
UPDATE api_keys SET version = ?, document = ? WHERE id = ?

-- name: key_touch
UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?

-- name: key_by_id
SELECT version, last_used_at, document FROM api_keys WHERE id = ?

-- name: key_any
SELECT 1 FROM api_keys LIMIT 1

-- name: key_page
SELECT seq, version, last_used_at, document FROM api_keys WHERE seq > ? ORDER BY seq LIMIT ?

-- name: entry_insert
INSERT INTO journal (run_id, version, document) VALUES (?, ?, ?)

-- name: entries
SELECT seq, version, document FROM journal WHERE seq > ? ORDER BY seq LIMIT ?

-- name: entries_of_run
SELECT seq, version, document FROM journal WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?

-- name: entry_last
SELECT coalesce(max(seq), 0) FROM journal

-- name: secret_get
SELECT sealed FROM vault WHERE owner = ? AND name = ?

-- name: secrets_get
SELECT owner, sealed FROM json_each(?) AS wanted CROSS JOIN vault ON vault.owner = wanted.value AND vault.name = ?

-- name: secret_put
INSERT INTO vault (owner, name, sealed) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET sealed = excluded.sealed

-- name: secret_remove
DELETE FROM vault WHERE owner = ?

-- name: answer_get
SELECT at, version, sealed FROM answers WHERE caller = ? AND key = ?

-- name: answer_put
INSERT INTO answers (caller, key, at, version, sealed) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET at = excluded.at, version = excluded.version, sealed = excluded.sealed

-- name: answer_purge
DELETE FROM answers WHERE at <= ?

-- name: setting_get
SELECT value FROM settings WHERE name = ?

-- name: setting_put
INSERT INTO settings (name, value) VALUES (?, ?)

-- name: deed_insert
INSERT INTO audit (actor, action, resource, version, document) VALUES (?, ?, ?, ?, ?)

-- name: webhook_put
INSERT INTO webhooks (id, version, document) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, document = excluded.document

-- name: webhook_remove
DELETE FROM webhooks WHERE id = ?

-- name: webhook_by_id
SELECT seq, version, document FROM webhooks WHERE id = ?

-- name: webhook_page
SELECT seq, version, document FROM webhooks WHERE seq > ? ORDER BY seq LIMIT ?

-- name: letter_put
INSERT INTO dead_letters (webhook_id, seq, asked_for, version, document) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET asked_for = excluded.asked_for, version = excluded.version, document = excluded.document

-- name: letter_remove
DELETE FROM dead_letters WHERE webhook_id = ? AND seq = ?

-- name: letter_page
SELECT seq, version, document FROM dead_letters WHERE webhook_id = ? AND seq > ? ORDER BY seq LIMIT ?

-- name: letters_asked_for
SELECT seq, version, document FROM dead_letters WHERE webhook_id = ? AND asked_for = 1 ORDER BY seq LIMIT ?

-- name: letter_counts
SELECT wanted.value, (SELECT count(*) FROM dead_letters WHERE webhook_id = wanted.value) AS letters
FROM json_each(?) AS wanted WHERE letters > 0

-- name: stretch_insert
INSERT INTO histories (run_id, version, document) VALUES (?, ?, ?)

-- name: histories
SELECT seq, run_id, version, document FROM json_each(?) AS wanted
CROSS JOIN histories ON histories.run_id = wanted.value

-- name: health_put
INSERT INTO healths (asset_id, state, checked_at, read_at, version, document)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM assets WHERE id = ?1)
ON CONFLICT DO UPDATE SET state = excluded.state, checked_at = excluded.checked_at, read_at = excluded.read_at,
    version = excluded.version, document = excluded.document

-- name: health_touch
UPDATE healths SET checked_at = ?2, read_at = coalesce(?3, read_at) WHERE asset_id = ?1

-- name: health_remove
DELETE FROM healths WHERE asset_id = ?

-- name: healths
SELECT checked_at, read_at, version, document FROM json_each(?) AS wanted
CROSS JOIN healths ON healths.asset_id = wanted.value

-- name: health_counts
SELECT state, count(*), min(checked_at) FROM healths GROUP BY state
