-- Optional (sidecar index --create): the library's filters over millions of rows. Each index makes every insert dearer.
CREATE INDEX idx_user_created ON tts_records (user_id, created_at);
CREATE INDEX idx_emotion_created ON tts_records (emotion, created_at);
CREATE INDEX idx_status_created ON tts_records (status, created_at);
CREATE INDEX idx_voice_created ON tts_records (voice_sha256, created_at);
-- All that counting repeats needs, so that it reads no record.
CREATE INDEX idx_request_takes ON tts_records (request_hash, status, event_id, created_at, wall_time);
CREATE INDEX idx_rating_created ON tts_records (rating, created_at);
ANALYZE tts_records;
