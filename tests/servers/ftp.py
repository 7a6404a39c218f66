"""A real FTP server of one user, in a process of its own.

``python -m tests.servers.ftp FOLDER PORT``.
"""

from __future__ import annotations

import sys
from pathlib import Path

USER, PASSWORD = "keeper", "pass-phrase-of-ftp"


def main() -> None:
    # They import what Python warns of: the tests themselves, which take warnings for errors, do without them.
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(folder), perm="elradfmw")
    handler = type("Handler", (FTPHandler,), {"authorizer": users})
    FTPServer(("127.0.0.1", port), handler).serve_forever()


if __name__ == "__main__":
    main()
