DROP INDEX idx_text ON tts_records;
ALTER TABLE tts_records DROP COLUMN search_terms;
