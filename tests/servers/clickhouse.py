"""A small server that speaks ClickHouse's HTTP interface over the embedded engine, in a process of its own.

``python -m tests.servers.clickhouse FOLDER PORT [CLUSTER]``. No modern ClickHouse server comes as a package, and its
own engine does: so what goes over the wire is tested with this. It knows what the service and its client use:
statements with bound parameters in the address or in a form, settings, databases, Native and other formats, inserts
that are compressed or sent in chunks, answers that are compressed or streamed, errors with the server's codes and
statuses, exceptions in mid-stream, and the limits of addresses and fields. ``/faults`` sets what it is to do wrong.
"""

from __future__ import annotations

import gzip
import json
import signal
import sys
import threading
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
from backports import zstd

from tests.servers.engine import CLUSTER, Engine, EngineError, Task, parted
from tests.servers.faults import Fault, Faults, Mode

URI_BYTES = 1 << 20
"""``http_max_uri_size``."""
FIELD_BYTES = 128 << 10
"""``http_max_field_value_size``."""
_NOT_SETTINGS = frozenset(
    {
        "query",
        "database",
        "query_id",
        "compress",
        "decompress",
        "wait_end_of_query",
        "client_protocol_version",
        "session_id",
        "session_timeout",
        "session_check",
        "quota_key",
        "role",
        "buffer_size",
        "user",
        "password",
        "default_format",
        "enable_http_compression",
    }
)
_STATUSES = {62: 400, 36: 400, 47: 404, 60: 404, 81: 404, 115: 404, 159: 408, 193: 403, 194: 401, 516: 403, 48: 501}
"""By the engine's code; all others are 500."""
_STREAMED = ("select", "with", "show", "describe", "explain")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/ping":
            self._answer(200, b"Ok.\n")
        elif self.path == "/faults":
            self._answer(200, json.dumps({"met": self.server.faults.met}).encode())
        else:
            self._statement(b"")

    def do_POST(self) -> None:
        body = self._body()
        if self.path != "/faults":
            self._statement(body)
            return
        wanted = json.loads(body or b"{}")
        met = self.server.faults.met
        self.server.faults.set(Fault(**(wanted | {"mode": Mode(wanted["mode"])})) if wanted else None)
        self._answer(200, json.dumps({"met": met}).encode())

    def _statement(self, body: bytes) -> None:
        try:
            task, fields = self._task(body)
        except EngineError as error:
            self._refuse(error)
            return
        fault = self.server.faults.of(task.begins)
        if fault is not None and self._goes_wrong(fault, task, fields):
            return
        if fields.get("wait_end_of_query") != "1" and task.kind in _STREAMED:
            self._stream(task, fields)
            return
        try:
            answer, summary = self.server.engine.run(task)
        except EngineError as error:
            self._refuse(error)
        else:
            self._answer(200, answer, self._headers_of(task, summary), fields)

    def _task(self, body: bytes) -> tuple[Task, dict[str, str]]:
        """What is asked for, and all fields of the address and the form."""
        if len(self.path) > URI_BYTES:
            raise EngineError("Code: 1000. DB::Exception: URI is too long")
        fields = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get_content_type() == "multipart/form-data":
            fields |= self._form(body)
            body = b""
        for name, value in fields.items():
            if name != "query" and len(value.encode()) > FIELD_BYTES:
                raise EngineError(f"Code: 1000. DB::Exception: Field value too long: {name}")
        text = fields.get("query", "").encode()
        sql, data = parted(text + b"\n" + body if text else body)
        parameters = {name[6:]: value for name, value in fields.items() if name.startswith("param_")}
        settings = {
            name: value for name, value in fields.items() if name not in _NOT_SETTINGS and not name.startswith("param_")
        }
        task = Task(
            sql=sql,
            data=data,
            settings=settings,
            parameters=parameters,
            database=fields.get("database", ""),
            name=fields.get("query_id", ""),
        )
        return task, fields

    def _form(self, body: bytes) -> dict[str, str]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        found: dict[str, str] = {}
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
            name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            assert isinstance(name, str)
            assert isinstance(value, bytes)
            found[name] = value.decode()
        return found

    def _goes_wrong(self, fault: Fault, task: Task, fields: Mapping[str, str]) -> bool:
        """Whether the fault has taken the place of the answer."""
        match fault.mode:
            case Mode.SLOW:
                self.server.faults.wait(fault)
                return False
            case Mode.ERROR:
                self._refuse(EngineError(f"Code: {fault.code}. DB::Exception: {fault.message}"))
                return True
            case Mode.GATEWAY:
                if fault.code >= 500:
                    self.server.engine.run(task)
                self._answer(fault.code, b"<html><h1>nginx</h1></html>")
                return True
            case Mode.LOST:
                with suppress(EngineError):
                    self.server.engine.run(task)
        if fault.mode in (Mode.CUT, Mode.MIDWAY):
            with suppress(EngineError):
                answer, _summary = self.server.engine.run(task)
                self._break_off(fault, answer, task, fields)
        else:
            self.server.faults.wait(fault)
        self.close_connection = True
        return True

    def _break_off(self, fault: Fault, answer: bytes, task: Task, fields: Mapping[str, str]) -> None:
        """Half of the answer, and then an error in the server's way of telling one, or nothing."""
        tag = uuid.uuid4().hex[:16]
        self._begin(200, self._headers_of(task, {}) | {"X-ClickHouse-Exception-Tag": tag}, fields)
        pack = _packer(self._encoding(fields))
        self._chunk(pack(answer[: len(answer) // 2]))
        if fault.mode is Mode.MIDWAY:
            self._chunk(pack(_exception(tag, f"Code: {fault.code}. DB::Exception: {fault.message}")))
            self._chunk(pack(b"", last=True))
            self.wfile.write(b"0\r\n\r\n")

    def _stream(self, task: Task, fields: Mapping[str, str]) -> None:
        blocks = self.server.engine.stream(task)
        try:
            first = next(blocks, b"")
        except EngineError as error:
            self._refuse(error)
            return
        tag = uuid.uuid4().hex[:16]
        self._begin(200, self._headers_of(task, {}) | {"X-ClickHouse-Exception-Tag": tag}, fields)
        pack = _packer(self._encoding(fields))
        self._chunk(pack(first))
        try:
            for block in blocks:
                self._chunk(pack(block))
        except EngineError as error:
            self._chunk(pack(_exception(tag, error.message)))
        self._chunk(pack(b"", last=True))
        self.wfile.write(b"0\r\n\r\n")

    def _headers_of(self, task: Task, summary: Mapping[str, str]) -> dict[str, str]:
        found = {"X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Query-Id": str(uuid.uuid4())}
        if task.kind in _STREAMED:
            found["X-ClickHouse-Format"] = task.form
        if summary:
            found["X-ClickHouse-Summary"] = json.dumps(summary)
        return found

    def _refuse(self, error: EngineError) -> None:
        self._answer(
            _STATUSES.get(error.code, 500),
            f"{error.message} (version of the embedded engine)\n".encode(),
            {"X-ClickHouse-Exception-Code": str(error.code)},
        )

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        encoding = self._encoding(fields or {})
        pack = _packer(encoding)
        packed = pack(body) + pack(b"", last=True)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)

    def _begin(self, status: int, headers: Mapping[str, str], fields: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        encoding = self._encoding(fields)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

    def _encoding(self, fields: Mapping[str, str]) -> str:
        """What the answer is compressed with."""
        if fields.get("enable_http_compression") != "1":
            return ""
        wanted = {each.split(";")[0].strip() for each in self.headers.get("Accept-Encoding", "").split(",")}
        return next((each for each in ("zstd", "lz4", "gzip") if each in wanted), "")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.headers.get("Content-Encoding", ""):
            case "zstd":
                return bytes(zstd.decompress(body))
            case "lz4":
                return _unpack_lz4(body)
            case "gzip":
                return gzip.decompress(body)
        return body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the statements hold what tests have tracked."""


class Server(ThreadingHTTPServer):
    """Listens on loopback alone."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, port: int, *, is_cluster: bool) -> None:
        self.engine = Engine(folder, is_cluster=is_cluster)
        self.faults = Faults()
        super().__init__(("127.0.0.1", port), Handler)


class _Packer:
    def __init__(self, encoding: str) -> None:
        self._lz4 = lz4.frame.LZ4FrameCompressor()
        self._begun = b""
        match encoding:
            case "zstd":
                packing = zstd.ZstdCompressor()
                self._pack, self._end = packing.compress, packing.flush
            case "lz4":
                self._begun = self._lz4.begin()
                self._pack, self._end = self._lz4.compress, self._lz4.flush
            case "gzip":
                zipping = zlib.compressobj(wbits=31)
                self._pack, self._end = zipping.compress, zipping.flush
            case _:
                self._pack, self._end = bytes, bytes

    def __call__(self, data: bytes, *, last: bool = False) -> bytes:
        begun, self._begun = self._begun, b""
        return bytes(begun + self._pack(data) + (self._end() if last else b""))


def _unpack_lz4(body: bytes) -> bytes:
    """The client sends a frame for each block."""
    found = []
    while body:
        frame = lz4.frame.LZ4FrameDecompressor()
        found.append(frame.decompress(body))
        body = frame.unused_data or b""
    return b"".join(found)


def _packer(encoding: str) -> _Packer:
    return _Packer(encoding)


def _exception(tag: str, message: str) -> bytes:
    """An error after the head was sent, as the server ends an answer with it."""
    text = message.encode() + b"\n"
    return b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (tag.encode(), text, len(text), tag.encode())


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, port, is_cluster=CLUSTER in sys.argv[3:])
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.engine.close()


if __name__ == "__main__":
    main()
