-- Optional (sidecar index --create) on MariaDB, which has no n-gram parser: a column that holds the trigrams of each text,
-- with blanks between them, and a full-text index of it. The server fills the column in whatever inserts or updates a row.
-- A character stands there as its weight in the column's collation, in hexadecimal: what LIKE holds for equal is equal.
-- As BINARY, because for each match in a character string the server looks at the whole rest of it, which makes a text of
-- 10,000 characters take seconds. Not a _bin collation: an index that is built over rows puts its words into lower case
-- (10.11), and would find none of them.
-- The last two terms of a text are shorter, so that a word of one or two characters is the beginning of some term.
ALTER TABLE tts_records ADD COLUMN search_terms LONGTEXT CHARACTER SET ascii COLLATE ascii_general_ci GENERATED ALWAYS AS (REGEXP_REPLACE(CAST(HEX(WEIGHT_STRING(text_input)) AS BINARY), '(....)(?=(....)?+(....)?+)', '\\1\\2\\3 ')) STORED INVISIBLE;
CREATE FULLTEXT INDEX idx_text ON tts_records (search_terms);
