-- The timeline again, without JSON_VALUE: that cuts a note off at 512 characters on MySQL, and TiDB does not have it.
-- What is null in the event is null here; JSON_UNQUOTE alone would make it the word null.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW tts_timeline AS
SELECT id, subject, time, type,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.caller.user')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.caller.user')) END AS actor,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.rating')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.rating')) END AS rating,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.note')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.note')) END AS note,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.reason')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.reason')) END AS reason,
    CASE WHEN JSON_TYPE(JSON_EXTRACT(event, '$.data.error.type')) <> 'NULL' THEN JSON_UNQUOTE(JSON_EXTRACT(event, '$.data.error.type')) END AS error_type,
    source, sequence, shipper, recorded_at, path
FROM tts_events;
