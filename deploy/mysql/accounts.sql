-- The database and three accounts. `sidecar init` runs this and grants.sql with random passwords, or prints both, filled in:
--
--   sidecar init --database mysql --print-sql | sudo mysql
--
--   migrate   creates and alters the tables; used at an upgrade.
--   ship      what the service runs as; grants.sql says what it may.
--   read      dashboards and people.
--
-- Runs on MySQL 8 and 9 and on MariaDB 10.11 and newer. As it stands it is refused: where a <password of ...> is, a quoted
-- password must be. '%' may be the address that an account connects from. Another database than tts: `tts` and 'tts_.
CREATE USER IF NOT EXISTS 'tts_migrate'@'%' IDENTIFIED BY <password of tts_migrate>;
CREATE USER IF NOT EXISTS 'tts_ship'@'%' IDENTIFIED BY <password of tts_ship>;
CREATE USER IF NOT EXISTS 'tts_read'@'%' IDENTIFIED BY <password of tts_read>;

CREATE DATABASE IF NOT EXISTS `tts` CHARACTER SET utf8mb4;

GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER, CREATE VIEW, SHOW VIEW
    ON `tts`.* TO 'tts_migrate'@'%';
GRANT SELECT, SHOW VIEW ON `tts`.* TO 'tts_read'@'%';
