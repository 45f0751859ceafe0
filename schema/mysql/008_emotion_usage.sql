-- Users whose names a collation calls equal are told apart, in databases that had the view without HEX(user_id), too.
-- As in 002_views.sql.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_emotion_usage AS
SELECT DATE(created_at) AS day, emotion, user_id, COUNT(*) AS takes,
    SUM(COALESCE(duration, 0)) AS audio_seconds, SUM(COALESCE(wall_time, 0)) AS compute_seconds
FROM tts_records
WHERE status IN ('succeeded', 'reused')
GROUP BY DATE(created_at), emotion, user_id, HEX(user_id);
