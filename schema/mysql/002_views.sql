-- The stable interface for people and BI tools: one view for each question. Columns are only ever added.
-- Times and days are UTC; hour_start and created_at can be shifted by the reader. Seconds are seconds, shares 0 to 1.
-- The same views, columns and meanings as in schema/sqlite.
-- INVOKER: the reader needs SELECT on the tables too, and the views outlive the account that made them. OceanBase has neither that
-- clause nor that trouble, so it is written as MySQL and MariaDB, each by its own mark, read it and others pass over it.
-- Shares are CAST AS DOUBLE: OceanBase keeps a view's 1e0 as 1, and divides integers to four digits.

-- The library: every synthesis, as it is found, played and judged. Newest first by (created_at, id).
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_library AS
SELECT id, event_id, created_at, started_at, status, text_input, language, emotion, emotion_mode, emotion_vector,
    emotion_alpha, user_id, session_id, request_id, voice, voice_sha256, model_version, device, model_precision, params,
    duration, wall_time, first_chunk_time, gpt_time, s2mel_time, bigvgan_time, queue_wait, rtf, segments,
    audio_path, audio_sha256, audio_bytes, sample_rate, peak, full_scale_share,
    CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END AS saturated, truncated,
    error_type, error_message, request_hash, reused_from, replaced_by, rating, rating_note, rated_by, deleted_at, source
FROM tts_records
WHERE status <> 'pending';

-- Which emotion is used most, by whom, when.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_emotion_usage AS
SELECT DATE(created_at) AS day, emotion, user_id, COUNT(*) AS takes,
    SUM(COALESCE(duration, 0)) AS audio_seconds, SUM(COALESCE(wall_time, 0)) AS compute_seconds
FROM tts_records
WHERE status IN ('succeeded', 'reused')
GROUP BY DATE(created_at), emotion, user_id, HEX(user_id);

-- How often the same request was made again, and what the repeats cost. The first take is the one that was needed.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_duplicates AS
SELECT g.request_hash, g.takes, g.first_event_id, f.created_at AS created_at, g.last_at, f.text_input, f.emotion,
    f.voice, f.model_version, g.compute_seconds,
    g.compute_seconds - COALESCE(f.wall_time, 0) AS wasted_seconds
FROM (
    SELECT request_hash, COUNT(*) AS takes, MIN(event_id) AS first_event_id, MAX(created_at) AS last_at,
        SUM(COALESCE(wall_time, 0)) AS compute_seconds
    FROM tts_records
    WHERE request_hash IS NOT NULL AND status = 'succeeded'
    GROUP BY request_hash
    HAVING COUNT(*) > 1
) g JOIN tts_records f ON f.event_id = g.first_event_id;

-- Who did what to a record, when: WHERE subject = <event_id of the record> ORDER BY time, id.
-- Not by JSON_VALUE, which cuts a note off at 512 characters on MySQL and which TiDB does not have. What is null in the event
-- is null here; JSON_UNQUOTE alone would make it the word null.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_timeline AS
SELECT id, subject, time, type,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.caller.user')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.caller.user')) END AS actor,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.rating')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.rating')) END AS rating,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.note')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.note')) END AS note,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.reason')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.reason')) END AS reason,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.error.type')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.error.type')) END AS error_type,
    source, sequence, shipper, recorded_at, path
FROM tts_events;

-- How load grows and when it is highest: one row an hour in which anything was made. weekday: 0 is Monday.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_load AS
SELECT CAST(DATE_FORMAT(created_at, '%Y-%m-%d %H:00:00') AS DATETIME) AS hour_start, DATE(created_at) AS day, HOUR(created_at) AS hour, WEEKDAY(created_at) AS weekday,
    COUNT(*) AS takes, SUM(COALESCE(duration, 0)) AS audio_seconds, SUM(COALESCE(wall_time, 0)) AS compute_seconds,
    SUM(COALESCE(queue_wait, 0)) AS queue_seconds
FROM tts_records
WHERE status IN ('succeeded', 'failed', 'interrupted', 'reused')
GROUP BY CAST(DATE_FORMAT(created_at, '%Y-%m-%d %H:00:00') AS DATETIME), DATE(created_at), HOUR(created_at), WEEKDAY(created_at);

-- Whether the model got worse. rtf is over all audio of the day: compute seconds for one second of audio.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_quality AS
SELECT DATE(created_at) AS day, COALESCE(model_version, '') AS model_version, COUNT(*) AS takes,
    SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) AS succeeded,
    SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
    SUM(CASE WHEN status = 'interrupted' THEN 1 ELSE 0 END) AS interrupted,
    SUM(CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END) AS saturated,
    SUM(CASE WHEN truncated <> 0 THEN 1 ELSE 0 END) AS truncated,
    SUM(CASE WHEN status = 'succeeded' THEN duration ELSE 0 END) AS audio_seconds,
    SUM(CASE WHEN status = 'succeeded' AND duration IS NOT NULL THEN wall_time ELSE 0 END) AS compute_seconds,
    SUM(CASE WHEN status = 'succeeded' AND duration IS NOT NULL THEN wall_time ELSE 0 END)
        / NULLIF(SUM(CASE WHEN status = 'succeeded' THEN duration ELSE 0 END), 0) AS rtf
FROM tts_records
WHERE status IN ('succeeded', 'failed', 'interrupted')
GROUP BY DATE(created_at), COALESCE(model_version, '');

-- Which speaker prompts fail.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_voice_failures AS
SELECT COALESCE(voice, '') AS voice, COUNT(*) AS attempts,
    SUM(CASE WHEN status = 'succeeded' THEN 0 ELSE 1 END) AS failures,
    CAST(SUM(CASE WHEN status = 'succeeded' THEN 0 ELSE 1 END) AS DOUBLE) / COUNT(*) AS failure_rate,
    SUM(CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END) AS saturated,
    MAX(CASE WHEN status = 'succeeded' THEN NULL ELSE created_at END) AS last_failure_at
FROM tts_records
WHERE status IN ('succeeded', 'failed', 'interrupted')
GROUP BY COALESCE(voice, '');

-- Which requests fail: those that failed at least once.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_request_failures AS
SELECT g.request_hash, g.attempts, g.failures, CAST(g.failures AS DOUBLE) / g.attempts AS failure_rate, f.text_input, f.emotion,
    f.voice, f.model_version, f.error_type, f.error_message
FROM (
    SELECT request_hash, COUNT(*) AS attempts, SUM(CASE WHEN status = 'succeeded' THEN 0 ELSE 1 END) AS failures,
        MAX(CASE WHEN status = 'succeeded' THEN NULL ELSE event_id END) AS last_failure
    FROM tts_records
    WHERE request_hash IS NOT NULL AND status IN ('succeeded', 'failed', 'interrupted')
    GROUP BY request_hash
    HAVING SUM(CASE WHEN status = 'succeeded' THEN 0 ELSE 1 END) > 0
) g JOIN tts_records f ON f.event_id = g.last_failure;

-- Which outputs were good.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_ratings AS
SELECT event_id, created_at, rating, rating_note, rated_by, text_input, emotion, voice, model_version, user_id, audio_path
FROM tts_records
WHERE rating IS NOT NULL OR rating_note IS NOT NULL;
