-- What a model was seen to do: its tokens, how long a stream lasted, and how far a call came that did not end well. Records
-- of before have it after `sidecar rebuild`, where their events do.
ALTER TABLE tts_records ADD COLUMN tokens INTEGER;
ALTER TABLE tts_records ADD COLUMN elapsed_time REAL;
ALTER TABLE tts_records ADD COLUMN last_stage TEXT;
