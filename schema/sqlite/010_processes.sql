-- Processes that synthesised, and their machines: a row joins the takes of that process by `source`.
CREATE TABLE IF NOT EXISTS tts_processes (
    source TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    host TEXT NOT NULL,
    recorder TEXT,
    engine TEXT,
    python TEXT,
    platform TEXT,
    torch TEXT,
    transformers TEXT,
    cuda TEXT,
    driver TEXT,
    gpu TEXT,
    gpu_count INTEGER,
    gpu_memory INTEGER,
    cpu TEXT,
    cpu_cores INTEGER,
    memory INTEGER,
    packages TEXT,
    options TEXT
);
