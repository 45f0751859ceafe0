-- What is known of the model behind each take and fills no column of it: which weights, what sped it up, whether it was the first
-- call, how much of the GPU it took. Read from the events as they are, so a take's row costs nothing more.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_models AS
SELECT r.event_id, r.created_at, r.status, r.source, r.model_version, r.device, r.model_precision,
    NULLIF(JSON_UNQUOTE(JSON_EXTRACT(e.event, '$.data.model.class')), 'null') AS model_class,
    NULLIF(JSON_UNQUOTE(JSON_EXTRACT(e.event, '$.data.model.weights')), 'null') AS weights,
    NULLIF(JSON_UNQUOTE(JSON_EXTRACT(e.event, '$.data.model.acceleration')), 'null') AS acceleration,
    CASE JSON_UNQUOTE(JSON_EXTRACT(e.event, '$.data.model.first_call')) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS first_call,
    CAST(NULLIF(JSON_UNQUOTE(JSON_EXTRACT(e.event, '$.data.memory.peak')), 'null') AS SIGNED) AS memory_peak,
    CAST(NULLIF(JSON_UNQUOTE(JSON_EXTRACT(e.event, '$.data.memory.process_peak')), 'null') AS SIGNED) AS process_memory_peak,
    r.duration, r.wall_time, r.rtf
FROM tts_records r JOIN tts_events e ON e.id = r.event_id
WHERE r.status <> 'pending';
