-- As schema/mysql/013_verdicts.sql.
ALTER TABLE tts_records ADD COLUMN verdict TEXT;
ALTER TABLE tts_records ADD COLUMN reviewed_at TEXT;
ALTER TABLE tts_records ADD COLUMN reviewed_by TEXT;
ALTER TABLE tts_records ADD COLUMN reviewed_doubts TEXT;
ALTER TABLE tts_records ADD COLUMN review_key TEXT;
