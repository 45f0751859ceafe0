-- The embedded default: the same tables, columns and meanings as schema/mysql. Times are UTC, as text
-- 'YYYY-MM-DD HH:MM:SS.ffffff', so that they compare, sort and go through strftime as they do on MySQL.

CREATE TABLE IF NOT EXISTS tts_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text_input TEXT NOT NULL,
    emotion TEXT NOT NULL DEFAULT 'neutral',
    audio_path TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')),
    duration REAL,
    user_id TEXT,
    model_version TEXT,
    status TEXT NOT NULL DEFAULT 'succeeded',
    event_id TEXT,
    source TEXT,
    started_at TEXT,
    language TEXT,
    emotion_mode TEXT,
    emotion_vector TEXT,
    emotion_alpha REAL,
    voice TEXT,
    voice_sha256 TEXT,
    params TEXT,
    wall_time REAL,
    first_chunk_time REAL,
    gpt_time REAL,
    s2mel_time REAL,
    bigvgan_time REAL,
    queue_wait REAL,
    rtf REAL,
    segments INTEGER,
    sample_rate INTEGER,
    audio_bytes INTEGER,
    audio_sha256 TEXT,
    peak REAL,
    full_scale_share REAL,
    truncated INTEGER,
    device TEXT,
    model_precision TEXT,
    session_id TEXT,
    request_id TEXT,
    error_type TEXT,
    error_message TEXT,
    request_hash TEXT,
    reused_from TEXT,
    replaced_by TEXT,
    rating INTEGER,
    rating_note TEXT,
    rated_by TEXT,
    deleted_at TEXT,
    fold_key TEXT NOT NULL DEFAULT '0:',
    rating_key TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_event ON tts_records (event_id);
CREATE INDEX IF NOT EXISTS idx_created ON tts_records (created_at);
CREATE INDEX IF NOT EXISTS idx_emotion ON tts_records (emotion);
CREATE INDEX IF NOT EXISTS idx_request ON tts_records (request_hash);

CREATE TABLE IF NOT EXISTS tts_events (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    source TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    subject TEXT NOT NULL,
    time TEXT NOT NULL,
    shipper TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_subject ON tts_events (subject);
CREATE INDEX IF NOT EXISTS idx_source ON tts_events (source, sequence);

CREATE TABLE IF NOT EXISTS sidecar_positions (
    shipper TEXT NOT NULL,
    folder TEXT NOT NULL,
    identity TEXT NOT NULL,
    ctime_ns INTEGER NOT NULL,
    files INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (shipper, folder)
);

CREATE TABLE IF NOT EXISTS sidecar_quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    shipper TEXT NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'quarantined',
    bytes INTEGER NOT NULL,
    content BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_path ON sidecar_quarantine (shipper, path);
