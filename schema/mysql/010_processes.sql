-- Processes that synthesised, and their machines: a row joins the takes of that process by `source`. Folded from tts_events, as
-- tts_records is.
CREATE TABLE IF NOT EXISTS tts_processes (
    source VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY COMMENT 'indextts://<host>/<process>, as in tts_records',
    event_id CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the event that this row is folded from',
    started_at DATETIME(6) NOT NULL COMMENT 'UTC; when its first synthesis began',
    host VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    recorder VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    engine VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'distributions and versions',
    python VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    platform VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'system, release, machine',
    torch VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    transformers VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    cuda VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'what torch was built for',
    driver VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    gpu VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'model, or models, of its GPUs',
    gpu_count BIGINT NULL,
    gpu_memory BIGINT NULL COMMENT 'bytes, of the first',
    cpu VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    cpu_cores BIGINT NULL COMMENT 'that the process may use',
    memory BIGINT NULL COMMENT 'bytes of the machine',
    packages JSON NULL COMMENT 'versions of the libraries that were loaded',
    options JSON NULL COMMENT 'of the recorder'
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
