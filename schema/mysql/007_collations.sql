-- Brings tables that were made with utf8mb4_unicode_ci, which OceanBase does not have, to the collations of 001_tables: people and
-- names of things compare byte by byte now. Where the tables are so already, which is everywhere else, the server does nothing.
ALTER TABLE tts_records
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
    MODIFY COLUMN text_input MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
    MODIFY COLUMN emotion VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'neutral',
    MODIFY COLUMN user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN model_version VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN status VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'succeeded' COMMENT 'succeeded, failed, interrupted, discovered, reused; pending: its own event is still to come',
    MODIFY COLUMN language VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    MODIFY COLUMN emotion_mode VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'speaker, reference, vector, text',
    MODIFY COLUMN device VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN model_precision VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN request_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN error_type VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    MODIFY COLUMN error_message MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    MODIFY COLUMN rating_note MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    MODIFY COLUMN rated_by VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
ALTER TABLE sidecar_quarantine
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
    MODIFY COLUMN message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL;
