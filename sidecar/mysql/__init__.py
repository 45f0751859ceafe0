"""The sink for MySQL 8 and 9, MariaDB, and what else speaks the protocol, through PyMySQL."""

from sidecar.mysql.connection import MysqlLimits
from sidecar.mysql.database import MysqlDatabase
from sidecar.mysql.sink import MysqlSink

__all__ = ["MysqlDatabase", "MysqlLimits", "MysqlSink"]
