-- What a recogniser heard in a take, and how far that is from its text. A score with a transcript counts before one
-- without, by the same version: the key says so between version and id.
ALTER TABLE tts_scores
    ADD COLUMN recogniser VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'what heard it',
    ADD COLUMN transcript MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    ADD COLUMN cer DOUBLE NULL COMMENT 'share: character error rate',
    ADD COLUMN differences JSON NULL COMMENT 'places in the text, and what was heard there',
    ADD COLUMN transcript_problem VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL COMMENT 'why there is no transcript';
UPDATE tts_scores SET score_key = CONCAT(SUBSTRING(score_key, 1, 10), '0:', SUBSTRING(score_key, 11)) WHERE score_key NOT LIKE '____.____:_:%';
