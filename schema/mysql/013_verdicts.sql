-- What a person who heard a take decided.
ALTER TABLE tts_records
    ADD COLUMN verdict VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'keep or reject, the latest',
    ADD COLUMN reviewed_at DATETIME(6) NULL COMMENT 'UTC',
    ADD COLUMN reviewed_by VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD COLUMN reviewed_doubts VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'the doubts that were shown, with commas between',
    ADD COLUMN review_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
