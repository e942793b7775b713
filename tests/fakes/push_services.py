"""Push services on loopback: each checks what the real one checks, from its documentation alone.

WeCom, DingTalk and Feishu say no with HTTP status 200 and a number in the body, as the real ones
do; ntfy says it with the status, and a mail server in the words of SMTP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.loopback import Asked

Answer = tuple[int, bytes]


def _said(status: int = 200, **fields: Any) -> Answer:
    return status, json.dumps(fields).encode()


def _json_of(asked: Asked) -> dict[str, Any] | None:
    if not asked.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        read = json.loads(asked.body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


@dataclass
class WeCom:
    """A group's bot. `no` is what it says to all."""

    key: str = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
    no: int = 0
    texts: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        """Answer POST /cgi-bin/webhook/send?key=."""
        url = urlsplit(asked.path)
        if url.path != "/cgi-bin/webhook/send" or parse_qs(url.query).get("key") != [self.key]:
            return _said(errcode=93000, errmsg="invalid webhook url")
        if self.no:
            return _said(errcode=self.no, errmsg="in words")
        wanted = _json_of(asked)
        if wanted is None or wanted.get("msgtype") not in {"text", "markdown"}:
            return _said(errcode=40008, errmsg="invalid message type")
        content = wanted[wanted["msgtype"]]["content"]
        if not content:
            return _said(errcode=44004, errmsg="text content is empty")
        if len(content.encode()) > 2048:
            return _said(errcode=40058, errmsg="content exceed max length")
        self.texts.append(content)
        return _said(errcode=0, errmsg="ok")


@dataclass
class DingTalk:
    """A group's custom robot with a secret; more than 20 in a minute stop it for ten."""

    token: str = "566cc69da782ec"
    secret: str = "SECf094e0d33f815287ff3e75b9fd0d2f0dd15"
    now: Callable[[], float] = time.time  # by which texts are counted
    texts: list[str] = field(default_factory=list)
    came_at: list[float] = field(default_factory=list)
    stopped_until: float = 0.0

    def answer(self, asked: Asked) -> Answer:
        """Answer POST /robot/send?access_token=&timestamp=&sign=."""
        url = urlsplit(asked.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path != "/robot/send" or query.get("access_token") != self.token:
            return _said(errcode=300005, errmsg="token is not exist")
        if not self._is_signed(query.get("timestamp", ""), query.get("sign", "")):
            return _said(errcode=310000, errmsg="sign not match")
        if self._is_too_fast():
            return _said(errcode=130101, errmsg="send too fast, exceed 20 times per minute")
        wanted = _json_of(asked)
        if wanted is None or wanted.get("msgtype") != "text":
            return _said(errcode=400105, errmsg="msgtype not supported")
        self.texts.append(wanted["text"]["content"])
        return _said(errcode=0, errmsg="ok")

    def _is_signed(self, timestamp: str, sign: str) -> bool:
        if not timestamp.isdigit() or abs(time.time() - int(timestamp) / 1000) > 3600:
            return False
        signed = hmac.new(
            self.secret.encode(), f"{timestamp}\n{self.secret}".encode(), hashlib.sha256
        ).digest()
        try:
            return hmac.compare_digest(base64.b64decode(sign, validate=True), signed)
        except binascii.Error:
            return False

    def _is_too_fast(self) -> bool:
        now = self.now()
        self.came_at = [at for at in self.came_at if now - at < 60] + [now]
        if len(self.came_at) > 20:
            self.stopped_until = now + 600
        return now < self.stopped_until


@dataclass
class Feishu:
    """A group's custom robot, with a keyword or a wanted signature where set."""

    token: str = "0b7f5d0e-3c1c-4a7e-9d1b-5f3f8b2f0c11"
    keyword: str = ""
    wants_signature: bool = False
    no: int = 0
    texts: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        """Answer POST /open-apis/bot/v2/hook/TOKEN."""
        if urlsplit(asked.path).path.rstrip("/") != f"/open-apis/bot/v2/hook/{self.token}":
            return _said(code=19001, msg="param invalid: incoming webhook access token invalid")
        wanted = _json_of(asked)
        if wanted is None or len(asked.body) > 20_000 or wanted.get("msg_type") != "text":
            return _said(code=9499, msg="Bad Request", data={})
        if self.no:
            return _said(code=self.no, msg="in words")
        if self.wants_signature and "sign" not in wanted:
            return _said(code=19021, msg="sign match fail")
        text = wanted["content"]["text"]
        if self.keyword not in text:
            return _said(code=19024, msg="Key Words Not Found")
        self.texts.append(text)
        return _said(code=0, msg="success", data={}, StatusCode=0, StatusMessage="success")


@dataclass
class Ntfy:
    """A server of one's own with one user and one topic."""

    topic: str = "duty-7f3a"
    login: str = "menshen:geheim7"
    status: int = 200
    texts: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        """Answer POST / with a message as JSON."""
        basic = "Basic " + base64.b64encode(self.login.encode()).decode()
        if asked.headers.get("authorization") != basic:
            return _said(401, code=40101, http=401, error="unauthorized")
        if self.status != 200:
            return _said(
                self.status, code=self.status * 100 + 1, http=self.status, error="in words"
            )
        wanted = _json_of(asked)
        if asked.path != "/" or wanted is None or wanted.get("topic") != self.topic:
            return _said(404, code=40401, http=404, error="page not found")
        self.texts.append(wanted["message"])
        return _said(id="hwQ2YpKdmg", event="message", topic=self.topic)


# ---- mail ----


@dataclass
class Mail:
    """A mail server for one address. `no` is what it answers to that step: {"RCPT": "450 later"}.

    An empty answer closes the connection instead.
    """

    address: str = "duty@example.cn"
    no: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The bodies of the mails that were taken."""
        return [str(mail.get_content()).rstrip("\r\n") for mail in self.mails]

    @contextmanager
    def serve(self) -> Iterator[int]:
        """Serve until the block ends; yields the port."""
        mail = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                mail._talk(self.rfile.readline, self.wfile.write)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            try:
                yield int(server.server_address[1])
            finally:
                server.shutdown()

    def _talk(self, hear: Callable[[], bytes], say: Callable[[bytes], Any]) -> None:
        say(b"220 loopback ESMTP\r\n")
        while line := hear().decode().strip():
            verb = line.partition(" ")[0].upper()
            answer = self.no.get(verb, self._answer(verb, line))
            if not answer:
                return
            say(answer.encode() + b"\r\n")
            if verb == "DATA" and answer.startswith("354"):
                taken = self.no.get("END", "250 queued")
                read = _until_dot(hear)
                if not taken:
                    return
                if taken.startswith("250"):
                    self.mails.append(message_from_bytes(read, policy=policy.default))
                say(taken.encode() + b"\r\n")
            if verb == "QUIT":
                return

    def _answer(self, verb: str, line: str) -> str:
        match verb:
            case "EHLO" | "HELO" | "MAIL" | "RSET" | "NOOP":
                return "250 ok"
            case "RCPT":
                return "250 ok" if f"<{self.address}>" in line else "550 no such user"
            case "DATA":
                return "354 go on"
            case "QUIT":
                return "221 bye"
        return "502 not known"


def _until_dot(hear: Callable[[], bytes]) -> bytes:
    read = b""
    while (line := hear()) not in {b".\r\n", b""}:
        read += line[1:] if line.startswith(b".") else line
    return read
