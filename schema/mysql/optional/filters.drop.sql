DROP INDEX idx_user_created ON tts_records;
DROP INDEX idx_emotion_created ON tts_records;
DROP INDEX idx_status_created ON tts_records;
DROP INDEX idx_voice_created ON tts_records;
DROP INDEX idx_request_takes ON tts_records;
DROP INDEX idx_rating_created ON tts_records;
