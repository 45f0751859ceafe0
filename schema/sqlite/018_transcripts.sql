-- As schema/mysql/018_transcripts.sql.
ALTER TABLE tts_scores ADD COLUMN recogniser TEXT;
ALTER TABLE tts_scores ADD COLUMN transcript TEXT;
ALTER TABLE tts_scores ADD COLUMN cer REAL;
ALTER TABLE tts_scores ADD COLUMN differences TEXT;
ALTER TABLE tts_scores ADD COLUMN transcript_problem TEXT;
UPDATE tts_scores SET score_key = substr(score_key, 1, 10) || '0:' || substr(score_key, 11) WHERE score_key NOT LIKE '____.____:_:%';
