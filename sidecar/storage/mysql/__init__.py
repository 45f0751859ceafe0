"""The sink for MySQL 8 and 9, MariaDB, and what else speaks the protocol, through PyMySQL."""

from sidecar.storage.mysql.connection import MysqlLimits
from sidecar.storage.mysql.database import MysqlDatabase
from sidecar.storage.mysql.sink import MysqlSink

__all__ = ["MysqlDatabase", "MysqlLimits", "MysqlSink"]
