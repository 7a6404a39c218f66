"""A real FTP server of one user, in a process of its own.

``python -m tests.servers.ftp FOLDER PORT``. Of a file whose name ends as the file ``HALVED`` beside the folder says it
keeps half, and says that all is well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

USER, PASSWORD = "keeper", "pass-phrase-of-ftp"
HALVED = "halved"


def main() -> None:
    # They import what Python warns of: the tests themselves, which take warnings for errors, do without them.
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(folder), perm="elradfmw")
    halved = folder.with_name(HALVED)

    class Handler(FTPHandler):  # type: ignore[misc]  # pyftpdlib has no types
        authorizer = users

        def on_file_received(self, file: str) -> None:
            if halved.exists() and file.endswith(halved.read_text()):
                os.truncate(file, Path(file).stat().st_size // 2)

    FTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
