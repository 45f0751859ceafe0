"""Private MariaDB, MySQL and OceanBase servers for tests, benchmarks and the demo.

Every instance has its own data folder (removed at the end), its own socket and a free port on
127.0.0.1, runs with the server's own defaults (durability included) and is ended by its own pid::

    from tests.servers import MariaDB, MySQL

    with MariaDB({"max_connections": 20}) as server:          # or MySQL(...)
        name = server.create_database()                       # utf8mb4 unless told otherwise
        url = server.url(name)                                # mysql://owner:...@127.0.0.1:port/name
        shipper = server.create_account([f"SELECT, INSERT, UPDATE ON `{name}`.*"])
        narrow = server.url(name, shipper)

        with server.connect(name) as root, root.cursor() as cursor:   # as root, over the socket
            cursor.execute("SELECT 1")

        server.freeze(); server.thaw()                        # SIGSTOP, SIGCONT
        server.kill(); server.start()                         # SIGKILL, then the same data and port
        server.restart({"local_infile": True})                # other options from here on

Option names are the server's own, with ``_`` or ``-``. A ``Path`` as a value is a file that is copied
to where the server can read it, such as the files of ``certificates.make_certificates(folder).options``.

Where no such server can be had, entering raises ServerMissing with the reason. The pytest fixtures
are in ``tests.servers.fixtures``; the scripts beside this file install the servers.
"""

from tests.servers.instance import Account, Option, Server, ServerFailedError, ServerMissingError, sqlite_url
from tests.servers.mariadb import MariaDB
from tests.servers.mysql import MySQL
from tests.servers.oceanbase import OceanBase

__all__ = [
    "Account",
    "MariaDB",
    "MySQL",
    "OceanBase",
    "Option",
    "Server",
    "ServerFailedError",
    "ServerMissingError",
    "sqlite_url",
]
