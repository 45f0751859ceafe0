-- As schema/mysql/014_tags.sql.
ALTER TABLE tts_records ADD COLUMN take_note TEXT;
ALTER TABLE tts_records ADD COLUMN noted_by TEXT;
ALTER TABLE tts_records ADD COLUMN note_key TEXT;
CREATE TABLE IF NOT EXISTS tts_tags (
    event_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    present INTEGER NOT NULL,
    tagged_at TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    PRIMARY KEY (event_id, tag)
);
CREATE INDEX IF NOT EXISTS idx_tag ON tts_tags (tag, present, event_id);
CREATE TABLE IF NOT EXISTS tts_preferences (
    event_id TEXT NOT NULL,
    other TEXT NOT NULL,
    person TEXT NOT NULL,
    won INTEGER NOT NULL,
    preferred_at TEXT NOT NULL,
    preference_key TEXT NOT NULL,
    PRIMARY KEY (event_id, other, person)
);
DROP VIEW IF EXISTS tts_library;
CREATE VIEW tts_library AS
SELECT id, event_id, created_at, started_at, status, text_input, language, emotion, emotion_mode, emotion_vector,
    emotion_alpha, user_id, session_id, request_id, voice, voice_sha256, model_version, device, model_precision, params,
    duration, wall_time, first_chunk_time, gpt_time, s2mel_time, bigvgan_time, queue_wait, rtf, segments,
    audio_path, audio_sha256, audio_bytes, sample_rate, peak, full_scale_share,
    CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END AS saturated, truncated,
    error_type, error_message, request_hash, reused_from, replaced_by, rating, rating_note, rated_by, deleted_at, source,
    elapsed_time, tokens, last_stage, verdict, reviewed_at, reviewed_by, take_note, noted_by
FROM tts_records
WHERE status <> 'pending';
