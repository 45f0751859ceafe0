DROP INDEX idx_text ON tts_records;
