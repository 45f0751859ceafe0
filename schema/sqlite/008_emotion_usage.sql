-- As schema/mysql/008_emotion_usage.sql. CREATE OR REPLACE is not known here.
DROP VIEW IF EXISTS tts_emotion_usage;
CREATE VIEW tts_emotion_usage AS
SELECT date(created_at) AS day, emotion, user_id, COUNT(*) AS takes,
    SUM(COALESCE(duration, 0)) AS audio_seconds, SUM(COALESCE(wall_time, 0)) AS compute_seconds
FROM tts_records
WHERE status IN ('succeeded', 'reused')
GROUP BY date(created_at), emotion, user_id, HEX(user_id);
