-- Step 1 of 2, as an administrator: the database and three accounts. Step 2, after `sidecar migrate`: grants.sql.
--
--   migrate   creates and alters the tables; used by a person at an upgrade.
--   ship      what the service runs as: no DDL, no DELETE, no other table.
--   read      dashboards and people.
--
-- Runs on MySQL 8 and 9 and on MariaDB 10.11 and newer. Before you run it, replace the three passwords, and '%' by the
-- address that each one connects from ('localhost' for the socket). Another database than tts: replace `tts` in both.
CREATE DATABASE IF NOT EXISTS `tts` CHARACTER SET utf8mb4;

CREATE USER IF NOT EXISTS 'tts_migrate'@'%' IDENTIFIED BY 'change-me-migrate';
CREATE USER IF NOT EXISTS 'tts_ship'@'%' IDENTIFIED BY 'change-me-ship';
CREATE USER IF NOT EXISTS 'tts_read'@'%' IDENTIFIED BY 'change-me-read';

GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW
    ON `tts`.* TO 'tts_migrate'@'%';
GRANT SELECT, SHOW VIEW ON `tts`.* TO 'tts_read'@'%';
