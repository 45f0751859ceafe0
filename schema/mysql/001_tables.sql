-- One DDL for MySQL 8 and 9, MariaDB 10.11 and newer, Galera, Group Replication, OceanBase and TiDB.
-- Times are UTC. All text is utf8mb4, said here because a MariaDB server's default is latin1, with one of the two collations that
-- every server has, said column by column: utf8mb4_bin where equal means the same (ids, hashes, paths, people, names of
-- things), utf8mb4_general_ci where people search and case and accents make no difference.

-- The projection that people query. Folded from tts_events; can be rebuilt from it.
CREATE TABLE IF NOT EXISTS tts_records (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    text_input MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
    emotion VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'neutral',
    audio_path VARCHAR(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'relative to the project root; empty where no audio came of it',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'UTC; when the synthesis ended',
    duration DOUBLE NULL COMMENT 'seconds of audio',
    user_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    model_version VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    status VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'succeeded' COMMENT 'succeeded, failed, interrupted, discovered, reused; pending: its own event is still to come',
    event_id CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'the subject of the events that this row is folded from; null in a row that another program inserted',
    source VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'indextts://<host>/<process>',
    started_at DATETIME(6) NULL,
    language VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    emotion_mode VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'speaker, reference, vector, text',
    emotion_vector JSON NULL COMMENT 'happy, angry, sad, afraid, disgusted, melancholic, surprised, calm',
    emotion_alpha DOUBLE NULL,
    voice VARCHAR(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'path of the speaker prompt',
    voice_sha256 CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    params JSON NULL COMMENT 'generation arguments as used',
    wall_time DOUBLE NULL COMMENT 'seconds from call to result',
    first_chunk_time DOUBLE NULL COMMENT 'seconds to the first chunk of a stream',
    gpt_time DOUBLE NULL COMMENT 'seconds',
    s2mel_time DOUBLE NULL COMMENT 'seconds',
    bigvgan_time DOUBLE NULL COMMENT 'seconds',
    queue_wait DOUBLE NULL COMMENT 'seconds between request and start',
    rtf DOUBLE NULL COMMENT 'real-time factor: wall_time / duration',
    segments BIGINT NULL,
    sample_rate BIGINT NULL COMMENT 'hertz',
    audio_bytes BIGINT NULL,
    audio_sha256 CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    peak DOUBLE NULL COMMENT 'largest sample, share of full scale',
    full_scale_share DOUBLE NULL COMMENT 'share of samples at full scale; above 0.01 most likely saturated',
    truncated BOOLEAN NULL COMMENT 'generation stopped at max_mel_tokens',
    device VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    model_precision VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    request_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    error_type VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    error_message MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    request_hash CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'equal: the same request',
    reused_from CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    replaced_by CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'event_id of the record that overwrote this audio file',
    rating TINYINT NULL COMMENT '1 to 5',
    rating_note MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    rated_by VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    deleted_at DATETIME(6) NULL COMMENT 'when the audio was deleted',
    fold_key VARCHAR(38) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '0:' COMMENT 'rank and id of the event that the base columns come from',
    rating_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    UNIQUE KEY uq_event (event_id),
    KEY idx_created (created_at),
    KEY idx_emotion (emotion),
    -- Three characters of a hash are 4,096 places: each insert reaches the last page of one of them, and 64 MB hold all of
    -- those pages however large the table grows. Past two million rows an index of whole hashes is larger than the default
    -- buffer pool, and each insert reads another page of it from the disk. Asking for one request looks at a 4,096th of the
    -- table; idx_request_takes (optional) goes straight to it.
    KEY idx_request (request_hash(3))
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- The append-only log. Nothing updates it; what happened stays.
CREATE TABLE IF NOT EXISTS tts_events (
    id CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY COMMENT 'UUIDv7: sorts by time',
    type VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    source VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sequence INT NOT NULL,
    subject CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    time DATETIME(6) NOT NULL,
    shipper VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'who shipped it first',
    path VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the event file, as that shipper saw it',
    sha256 CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'of the event file',
    recorded_at DATETIME(6) NOT NULL,
    event JSON NOT NULL,
    KEY idx_subject (subject),
    KEY idx_source (source, sequence)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- How far each shipper has come in each folder; moves in the transaction of the rows it covers.
CREATE TABLE IF NOT EXISTS sidecar_positions (
    shipper VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    folder VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    identity VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'device:inode of the folder',
    ctime_ns BIGINT NOT NULL COMMENT 'every event file with a ctime at or before it is committed or quarantined',
    files BIGINT NOT NULL COMMENT 'how many event files that were',
    revision BIGINT NOT NULL COMMENT 'one more with each commit: an older one means a restored backup',
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (shipper, folder)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Event files that cannot become rows, each with the reason and its first bytes.
CREATE TABLE IF NOT EXISTS sidecar_quarantine (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    shipper VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    path VARCHAR(700) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    reason VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
    status VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'quarantined' COMMENT 'quarantined, shipped (mended since), dropped',
    bytes BIGINT NOT NULL COMMENT 'size of the file',
    content MEDIUMBLOB NOT NULL COMMENT 'its first bytes',
    attempts INT NOT NULL DEFAULT 1,
    first_seen_at DATETIME(6) NOT NULL,
    last_seen_at DATETIME(6) NOT NULL,
    UNIQUE KEY uq_path (shipper, path)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
