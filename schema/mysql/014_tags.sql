-- What people say of a take besides: tags (the tag favourite makes it one of the favourites), a note, and which of two takes they prefer.
ALTER TABLE tts_records
    ADD COLUMN take_note MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL COMMENT 'a remark, the latest',
    ADD COLUMN noted_by VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD COLUMN note_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
-- A tag that was taken away stays as a row with present = 0, so that an older event that comes later does not bring it back.
CREATE TABLE IF NOT EXISTS tts_tags (
    event_id CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the record, as in tts_records',
    tag VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    present BOOLEAN NOT NULL COMMENT '0: it was taken away',
    tagged_at DATETIME(6) NOT NULL COMMENT 'UTC; when it was given or taken away, the latest',
    tag_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (event_id, tag),
    KEY idx_tag (tag, present, event_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
-- Each pair and person twice, once by each of the two records, so that a record's wins and losses lie together.
CREATE TABLE IF NOT EXISTS tts_preferences (
    event_id CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the record, as in tts_records',
    other CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the record that it was compared with',
    person CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'SHA-256 of the name of who compared them',
    won BOOLEAN NOT NULL COMMENT '1: it was preferred; 0: the other was',
    preferred_at DATETIME(6) NOT NULL COMMENT 'UTC',
    preference_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (event_id, other, person)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
-- With what was recorded or said since the view was made, at its end.
CREATE OR REPLACE /*!80000 SQL SECURITY INVOKER */ /*M!100100 SQL SECURITY INVOKER */ VIEW tts_library AS
SELECT id, event_id, created_at, started_at, status, text_input, language, emotion, emotion_mode, emotion_vector,
    emotion_alpha, user_id, session_id, request_id, voice, voice_sha256, model_version, device, model_precision, params,
    duration, wall_time, first_chunk_time, gpt_time, s2mel_time, bigvgan_time, queue_wait, rtf, segments,
    audio_path, audio_sha256, audio_bytes, sample_rate, peak, full_scale_share,
    CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END AS saturated, truncated,
    error_type, error_message, request_hash, reused_from, replaced_by, rating, rating_note, rated_by, deleted_at, source,
    elapsed_time, tokens, last_stage, verdict, reviewed_at, reviewed_by, take_note, noted_by
FROM tts_records
WHERE status <> 'pending';
