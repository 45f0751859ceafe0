-- What is known of the model behind each take and fills no column of it: which weights, what sped it up, whether it was the first
-- call, how much of the GPU it took. Read from the events as they are, so a take's row costs nothing more.
DROP VIEW IF EXISTS tts_models;
CREATE VIEW tts_models AS
SELECT r.event_id, r.created_at, r.status, r.source, r.model_version, r.device, r.model_precision,
    json_extract(e.event, '$.data.model.class') AS model_class,
    json_extract(e.event, '$.data.model.weights') AS weights,
    json_extract(e.event, '$.data.model.acceleration') AS acceleration,
    json_extract(e.event, '$.data.model.first_call') AS first_call,
    json_extract(e.event, '$.data.memory.peak') AS memory_peak,
    json_extract(e.event, '$.data.memory.process_peak') AS process_memory_peak,
    r.duration, r.wall_time, r.rtf
FROM tts_records r JOIN tts_events e ON e.id = r.event_id
WHERE r.status <> 'pending';
