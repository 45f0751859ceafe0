DROP INDEX idx_user_created;
DROP INDEX idx_emotion_created;
DROP INDEX idx_status_created;
DROP INDEX idx_voice_created;
DROP INDEX idx_request_takes;
DROP INDEX idx_rating_created;
