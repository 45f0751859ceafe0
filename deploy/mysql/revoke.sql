-- Takes the accounts away again; the database and its rows stay.
DROP USER IF EXISTS 'tts_migrate'@'%';
DROP USER IF EXISTS 'tts_ship'@'%';
DROP USER IF EXISTS 'tts_read'@'%';
