-- Until when a machine is in maintenance: NULL for none, the largest number for one that somebody has to lift.

ALTER TABLE assets ADD COLUMN maintained_until INTEGER;
-- The fraction of a second is rounded up: strftime drops it.
UPDATE assets SET maintained_until = CASE
    WHEN document ->> '$.maintenance.until' IS NULL THEN 9223372036854775807
    ELSE (strftime('%s', document ->> '$.maintenance.until') + 1) * 1000000
END
WHERE document ->> '$.maintenance' IS NOT NULL;
CREATE INDEX assets_maintained ON assets (seq) WHERE maintained_until IS NOT NULL;
CREATE INDEX assets_by_maintenance_end ON assets (maintained_until) WHERE maintained_until < 9223372036854775807;
