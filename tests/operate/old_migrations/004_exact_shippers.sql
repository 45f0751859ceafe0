-- Shippers whose names differ only in case or accents are two shippers: each has its own position and its own quarantine.
-- Expand only: a name that was found before is found again, and what an older shipper sends meanwhile waits for the
-- short lock and is sent again. tts_events.shipper is no key and stays, because its table may be very large.
-- TiDB refuses to change the collation of an indexed column (pingcap/tidb#24581): there such names remain one.
SET @statement = IF(VERSION() LIKE '%TiDB%', 'DO 0',
    'ALTER TABLE sidecar_positions MODIFY shipper VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL');
PREPARE change_collation FROM @statement;
EXECUTE change_collation;
SET @statement = IF(VERSION() LIKE '%TiDB%', 'DO 0',
    'ALTER TABLE sidecar_quarantine MODIFY shipper VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL');
PREPARE change_collation FROM @statement;
EXECUTE change_collation;
DEALLOCATE PREPARE change_collation;
