-- Three characters of a hash are 4,096 places: each insert reaches the last page of one of them, and 64 MB hold all of
-- those pages however large the table grows. With eight, each insert reached any page of the index, which past two million
-- rows is larger than the default buffer pool. Asking for one request looks at a 4,096th of the table; idx_request_takes
-- (optional) goes straight to it.
ALTER TABLE tts_records DROP INDEX idx_request, ADD INDEX idx_request (request_hash(3));
