"""The sink for MySQL 8 and 9, MariaDB, and what else speaks the protocol, through PyMySQL."""

import sidecar.storage.mysql.driver  # noqa: F401  # before anything here imports PyMySQL
