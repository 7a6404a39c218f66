"""A real FTP server of one user, in a process of its own; it can be told to break off an upload.

``python -m tests.servers.ftp FOLDER PORT``. Whoever uploads a file of the name that stands in ``FOLDER.breaks`` loses
both connections after the first bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

USER, PASSWORD = "keeper", "pass-phrase-of-ftp"


def main() -> None:
    # They import what Python warns of: the tests themselves, which take warnings for errors, do without them.
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler
    from pyftpdlib.servers import FTPServer

    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    breaks = folder.with_name(f"{folder.name}.breaks")

    class Data(DTPHandler):  # type: ignore[misc]  # it has no types
        def handle_read(self) -> None:
            name = Path(self.file_obj.name).name if self.file_obj else ""
            if breaks.exists() and breaks.read_text() == name:
                self.file_obj.write(self.recv(32))
                self.cmd_channel.close()
            else:
                super().handle_read()

    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(folder), perm="elradfmw")
    handler = type("Handler", (FTPHandler,), {"authorizer": users, "dtp_handler": Data})
    FTPServer(("127.0.0.1", port), handler).serve_forever()


if __name__ == "__main__":
    main()
