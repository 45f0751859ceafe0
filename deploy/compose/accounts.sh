#!/bin/bash
# Runs once, when the database is made: accounts.sql with the passwords of .env in their places, then grants.sql.
set -euo pipefail
sql=$(</grants/accounts.sql)
for role in migrate ship read; do
    name=${role^^}_PASSWORD
    quoted=${!name//\\/\\\\}
    quoted=${quoted//\'/\'\'}
    sql=${sql//"<password of tts_$role>"/"'$quoted'"}
done
mysql -u root -p"$MYSQL_ROOT_PASSWORD" <<<"$sql"
mysql -u root -p"$MYSQL_ROOT_PASSWORD" </grants/grants.sql
