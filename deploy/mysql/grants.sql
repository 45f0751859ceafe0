-- Exactly what the service needs, table by table: no DDL, no DELETE, no other table. As an administrator, after accounts.sql,
-- before or after `sidecar migrate`: servers let a table be granted before it is there where CREATE is among the rights,
-- which is taken back at once.
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`tts_records` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`tts_records` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`tts_processes` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`tts_processes` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`tts_scores` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`tts_scores` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`tts_tags` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`tts_tags` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`tts_preferences` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`tts_preferences` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`tts_events` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`tts_events` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`sidecar_positions` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`sidecar_positions` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON `tts`.`sidecar_quarantine` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`sidecar_quarantine` FROM 'tts_ship'@'%';
GRANT CREATE, SELECT ON `tts`.`sidecar_migrations` TO 'tts_ship'@'%';
REVOKE CREATE ON `tts`.`sidecar_migrations` FROM 'tts_ship'@'%';
