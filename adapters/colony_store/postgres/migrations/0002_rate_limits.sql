-- serves from: 1
-- Who called when, for all processes: a log of the admitted requests of each subject, numbered without a gap from
-- `first` to `last`. Unlogged: it is written for every request, and after a crash of the server everybody begins anew.

CREATE UNLOGGED TABLE rate_subjects (
    subject text PRIMARY KEY,
    first bigint NOT NULL DEFAULT 1,
    last bigint NOT NULL DEFAULT 0,
    last_at bigint NOT NULL DEFAULT 0,
    expires_at bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX rate_subjects_by_expiry ON rate_subjects (expires_at);

CREATE UNLOGGED TABLE rate_log (
    subject text NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (subject, number)
);

-- Admits one request (0) or says how many nanoseconds to wait; the window i allows limits[i] requests in seconds[i].
-- Whoever asks for one subject waits for the row of it, and takes the time after that: the times of a subject never
-- fall, unless the clock does, and then its log moves back as if no time had passed since the last admission.
-- at_ns is the time, for tests; the server's own if it is null, so that all processes go by one clock.
CREATE FUNCTION colony_admit(who text, limits bigint[], seconds bigint[], at_ns bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    known rate_subjects%ROWTYPE;
    moment bigint;
    before bigint;
    wait bigint := 0;
    longest bigint := 0;
BEGIN
    INSERT INTO rate_subjects (subject) VALUES (who) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        -- A newcomer makes room: what is forgotten keeps pace with what is met.
        DELETE FROM rate_subjects WHERE subject IN (
            SELECT subject FROM rate_subjects
            WHERE expires_at <= coalesce(at_ns, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000)
                AND subject <> who
            ORDER BY expires_at LIMIT 4 FOR UPDATE SKIP LOCKED);
    END IF;
    LOOP
        SELECT * INTO known FROM rate_subjects WHERE subject = who FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO rate_subjects (subject) VALUES (who) ON CONFLICT DO NOTHING;
    END LOOP;
    moment := coalesce(at_ns, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000);
    IF moment < known.last_at THEN
        UPDATE rate_log SET at = at - (known.last_at - moment) WHERE subject = who;
        UPDATE rate_subjects SET last_at = moment, expires_at = expires_at - (known.last_at - moment)
        WHERE subject = who;
    END IF;
    FOR i IN 1 .. coalesce(array_length(limits, 1), 0) LOOP
        longest := greatest(longest, seconds[i] * 1000000000);
        IF limits[i] <= 0 THEN
            wait := greatest(wait, seconds[i] * 1000000000);
        ELSE
            SELECT at INTO before FROM rate_log WHERE subject = who AND number = known.last + 1 - limits[i];
            IF FOUND THEN
                wait := greatest(wait, before + seconds[i] * 1000000000 - moment);
            END IF;
        END IF;
    END LOOP;
    IF wait > 0 THEN
        RETURN wait;
    END IF;
    known.last := known.last + 1;
    INSERT INTO rate_log (subject, number, at) VALUES (who, known.last, moment)
    ON CONFLICT (subject, number) DO UPDATE SET at = excluded.at;
    -- At most a few at once: what is too old is never looked at, and goes with the next requests.
    FOR i IN 1 .. 4 LOOP
        DELETE FROM rate_log WHERE subject = who AND number = known.first AND at + longest <= moment;
        EXIT WHEN NOT FOUND;
        known.first := known.first + 1;
    END LOOP;
    UPDATE rate_subjects
    SET first = known.first, last = known.last, last_at = moment, expires_at = moment + longest
    WHERE subject = who;
    RETURN 0;
END $$;

-- A subject that is forgotten takes its log along.
CREATE FUNCTION colony_forget_rates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM rate_log WHERE subject = OLD.subject;
    RETURN NULL;
END $$;
CREATE TRIGGER rate_log_goes_with_subject AFTER DELETE ON rate_subjects
    FOR EACH ROW EXECUTE FUNCTION colony_forget_rates();
