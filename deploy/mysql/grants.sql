-- Step 2 of 2, as an administrator, when the tables are there: exactly what the service needs, table by table.
GRANT SELECT, INSERT, UPDATE ON `tts`.`tts_records` TO 'tts_ship'@'%';
GRANT SELECT, INSERT, UPDATE ON `tts`.`tts_events` TO 'tts_ship'@'%';
GRANT SELECT, INSERT, UPDATE ON `tts`.`sidecar_positions` TO 'tts_ship'@'%';
GRANT SELECT, INSERT, UPDATE ON `tts`.`sidecar_quarantine` TO 'tts_ship'@'%';
GRANT SELECT ON `tts`.`sidecar_migrations` TO 'tts_ship'@'%';
