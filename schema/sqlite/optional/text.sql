-- Optional (sidecar index --create): words in any language, by FTS5's trigrams. The index keeps no copy of the text.
-- Two blanks are indexed after each text, so that its last one and two characters begin a trigram too: a word shorter
-- than three characters, as most Chinese ones are, is found by the trigrams that begin with it (tts_text_terms).
CREATE VIRTUAL TABLE tts_text_search USING fts5 (text_input, content = '', tokenize = 'trigram');
CREATE VIRTUAL TABLE tts_text_terms USING fts5vocab ('tts_text_search', 'row');
INSERT INTO tts_text_search (rowid, text_input) SELECT id, text_input || '  ' FROM tts_records;
CREATE TRIGGER tts_text_insert AFTER INSERT ON tts_records BEGIN INSERT INTO tts_text_search (rowid, text_input) VALUES (new.id, new.text_input || '  '); END;
CREATE TRIGGER tts_text_delete AFTER DELETE ON tts_records BEGIN INSERT INTO tts_text_search (tts_text_search, rowid, text_input) VALUES ('delete', old.id, old.text_input || '  '); END;
CREATE TRIGGER tts_text_update AFTER UPDATE OF text_input ON tts_records WHEN old.text_input IS NOT new.text_input BEGIN INSERT INTO tts_text_search (tts_text_search, rowid, text_input) VALUES ('delete', old.id, old.text_input || '  '); INSERT INTO tts_text_search (rowid, text_input) VALUES (new.id, new.text_input || '  '); END;
