-- Optional (sidecar index --create): words in any language, by MySQL's n-gram parser. MariaDB has no such parser.
-- Without this the default stop words ("a", "i", ...) would drop every bigram that contains one of them.
SET SESSION innodb_ft_enable_stopword = OFF;
CREATE FULLTEXT INDEX idx_text ON tts_records (text_input) WITH PARSER ngram;
