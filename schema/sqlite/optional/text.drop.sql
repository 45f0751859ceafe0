DROP TRIGGER tts_text_insert;
DROP TRIGGER tts_text_delete;
DROP TRIGGER tts_text_update;
DROP TABLE tts_text_terms;
DROP TABLE tts_text_search;
