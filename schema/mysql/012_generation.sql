-- What a model was seen to do: its tokens, how long a stream lasted, and how far a call came that did not end well. Records
-- of before have it after `sidecar rebuild`, where their events do.
ALTER TABLE tts_records
    ADD COLUMN tokens BIGINT NULL COMMENT 'semantic tokens that were generated',
    ADD COLUMN elapsed_time DOUBLE NULL COMMENT 'seconds that a stream lasted, its consumer''s pauses included',
    ADD COLUMN last_stage VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'where a call was that failed, was given up or interrupted';
