"""What the generated client stands on: requests with retries, problems, pages, positions and event streams. Standard library only."""
from __future__ import annotations

import json
import random
import time
import uuid
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any, Callable, Dict, Generic, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar, Union
from typing import TypedDict
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

Row = TypeVar("Row")
State = TypeVar("State")
Column = TypeVar("Column", bound=str)
Sort = TypeVar("Sort", bound=str)

#: Answers after which the same request may succeed. Commands carry an Idempotency-Key, so a second try has no second effect.
PASSING = frozenset((408, 429, 502, 503, 504))
#: The longest pause between two tries, in seconds.
PAUSE_MAX_S = 30.0
#: The largest message of an event stream, and the longest line of a bulk answer, in bytes.
LINE_BYTES_MAX = 32 << 20
#: Commands of one bulk request; the gateway has at most 256 under way.
BULK_LINES = 200


class NeuroOpsError(Exception):
    """Every error that this client raises by itself."""


class Unreachable(NeuroOpsError):
    """No answer, after all tries. What became of a command is unknown; its key repeats it safely."""

    def __init__(self, message: str, key: Optional[str] = None) -> None:
        super().__init__(message)
        self.key = key


class Problem(NeuroOpsError):
    """A refusal (RFC 9457). Programs decide by `code`."""

    def __init__(self, status: int, document: Mapping[str, Any], retry_after_s: Optional[float] = None) -> None:
        self.status = status
        self.code: str = str(document.get("code", ""))
        self.detail: str = str(document.get("detail") or f"The server answers {status}.")
        #: The fields at fault: `name` and `message`.
        self.fields: List[Dict[str, str]] = list(document.get("fields") or [])
        #: Other records that the request collides with: `id` and `field`.
        self.candidates: List[Dict[str, str]] = list(document.get("candidates") or [])
        self.trace_id: str = str(document.get("trace_id", ""))
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.detail} ({status} {self.code})")


@dataclass(frozen=True)
class Receipt:
    """What an accepted command led to. `position` is what queries take as `wait_for`."""

    id: str
    version: int
    position: str
    events: List[Dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of a read model or report, and what they include. Iterating goes through this page; `all()` through the next ones too."""

    data: List[Row]
    positions: List[str]
    lag_events: int
    next_cursor: Optional[str] = None
    _more: Optional[Callable[[str], "Page[Row]"]] = field(default=None, repr=False, compare=False)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def all(self) -> Iterator[Row]:
        """The rows of this page and of all that follow."""
        page = self
        while True:
            yield from page.data
            if page.next_cursor is None or page._more is None:
                return
            page = page._more(page.next_cursor)


@dataclass(frozen=True)
class History(Generic[State]):
    """Events of an aggregate in order; with `as_of` also the state at that moment."""

    data: List[Dict[str, Any]]
    version: int
    next_after: Optional[int]
    state: Optional[State] = None


#: A position token, several separated by commas, or answers that carry them.
WaitFor = Union[None, str, Receipt, Page[Any], Sequence[Union[str, Receipt, Page[Any]]]]


class CommandOptions(TypedDict, total=False):
    """What every command takes besides its fields."""

    key: str  # The idempotency key; a fresh one where it is left out.
    if_match: int  # The version that the command builds on.
    correlation_id: str
    causation_id: str


class BulkCommand(TypedDict, total=False):
    """A command of a bulk request: context, aggregate and command are required."""

    context: str
    aggregate: str
    id: str
    command: str
    body: Mapping[str, Any]
    idempotency_key: str
    expected_version: int


def positions(wait_for: WaitFor) -> Optional[str]:
    """The tokens as a header carries them."""
    if wait_for is None or isinstance(wait_for, str):
        return wait_for
    if isinstance(wait_for, Receipt):
        return wait_for.position
    if isinstance(wait_for, Page):
        return ",".join(wait_for.positions) or None
    return ",".join(dict.fromkeys(token for part in wait_for for token in (positions(part) or "").split(",") if token)) or None


def text(value: Any) -> str:
    """A value as it stands in a query string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(text(part) for part in value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class _Stay(HTTPRedirectHandler):
    """A redirect is an answer: credentials are for one server."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Transport:
    """Sends requests to one gateway as one caller."""

    def __init__(self, url: str, token: Optional[str] = None, timeout_s: float = 60.0, tries: int = 5) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{url!r} is not the address of a gateway")
        self.url, self.timeout_s, self.tries = url.rstrip("/"), timeout_s, max(1, tries)
        self._headers = {"User-Agent": "neuroops-python"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = build_opener(_Stay)

    def open(
        self, method: str, path: str, query: Optional[Mapping[str, Any]] = None, headers: Optional[Mapping[str, Optional[str]]] = None,
        body: Optional[bytes] = None,
    ) -> HTTPResponse:
        """One request without another try. A refusal is raised as `Problem`, a lost connection as `Unreachable`."""
        given = {name: text(value) for name, value in (query or {}).items() if value is not None}
        address = self.url + path + ("?" + urlencode(given) if given else "")
        sent = {**self._headers, **{name: value for name, value in (headers or {}).items() if value is not None}}
        try:
            return self._opener.open(Request(address, body, sent, method=method), timeout=self.timeout_s)  # type: ignore[no-any-return]
        except HTTPError as refused:
            with refused:
                raise _problem(refused) from None
        except (URLError, HTTPException, OSError) as lost:
            raise Unreachable(f"{self.url} cannot be reached: {getattr(lost, 'reason', lost)}") from lost

    def send(
        self, method: str, path: str, query: Optional[Mapping[str, Any]] = None, headers: Optional[Mapping[str, Optional[str]]] = None,
        body: Optional[bytes] = None,
    ) -> Tuple[bytes, Any]:
        """A request that is tried again while the gateway is away or busy; its body and its headers."""
        for attempt in range(1, self.tries + 1):
            try:
                with self.open(method, path, query, headers, body) as answer:
                    return answer.read(), answer.headers
            except (Problem, Unreachable, HTTPException, OSError) as error:
                passing = not isinstance(error, Problem) or error.status in PASSING
                if not passing or attempt == self.tries:
                    if isinstance(error, NeuroOpsError):
                        raise
                    raise Unreachable(f"{self.url} broke off: {error}") from error
                time.sleep(pause_s(attempt, error))
        raise AssertionError("the last try answers or raises")

    def get(self, path: str, query: Optional[Mapping[str, Any]] = None, wait_for: WaitFor = None) -> Any:
        """JSON."""
        headers = {"Accept": "application/json", "NeuroOps-Wait-For": positions(wait_for)}
        return json.loads(self.send("GET", path, query, headers)[0])

    def get_bytes(self, path: str, query: Optional[Mapping[str, Any]] = None, accept: str = "*/*", wait_for: WaitFor = None) -> bytes:
        """A document or a file."""
        return self.send("GET", path, query, {"Accept": accept, "NeuroOps-Wait-For": positions(wait_for)})[0]

    def page(self, path: str, query: Mapping[str, Any], wait_for: WaitFor = None) -> Page[Any]:
        """A page of rows."""
        answer = self.get(path, query, wait_for)
        as_of = answer["as_of"]
        more = lambda cursor: self.page(path, {**query, "cursor": cursor}, wait_for)  # noqa: E731
        return Page(answer["data"], as_of["positions"], as_of["lag_events"], answer.get("next_cursor"), more)

    def command(self, path: str, body: Mapping[str, Any], options: CommandOptions) -> Receipt:
        """A command and its receipt. All tries carry the same key, so it takes effect once."""
        key = options.get("key") or str(uuid.uuid4())
        version = options.get("if_match")
        headers = {
            "Accept": "application/json", "Content-Type": "application/json", "Idempotency-Key": key,
            "If-Match": None if version is None else f'"{version}"',
            "X-Correlation-ID": options.get("correlation_id"), "X-Causation-ID": options.get("causation_id"),
        }
        try:
            answer = json.loads(self.send("POST", path, None, headers, json.dumps(body, default=text).encode())[0])
        except Unreachable as lost:
            lost.key = key
            raise
        return Receipt(answer["id"], answer["version"], answer["position"], answer["events"])

    def bulk(self, commands: Iterable[BulkCommand]) -> Iterator[Dict[str, Any]]:
        """A result for each command, in order: `receipt` or `problem` with its `status`. Lines get keys where they have none."""
        lines: List[bytes] = []
        for command in commands:
            keyed = {**command, "idempotency_key": command.get("idempotency_key") or str(uuid.uuid4())}
            lines.append(json.dumps(keyed, default=text).encode())
            if len(lines) == BULK_LINES:
                yield from self._bulk(lines)
                lines = []
        if lines:
            yield from self._bulk(lines)

    def _bulk(self, lines: List[bytes]) -> Iterator[Dict[str, Any]]:
        headers = {"Accept": "application/x-ndjson", "Content-Type": "application/x-ndjson"}
        answer, _ = self.send("POST", "/v1/commands", None, headers, b"\n".join(lines))
        yield from (json.loads(line) for line in answer.splitlines() if line)

    def events(self, query: Mapping[str, Any]) -> Iterator[Dict[str, Any]]:
        """CloudEvents without end. A lost connection goes on after the last event; `cursor` of an event is what `after` takes."""
        last: Optional[str] = None
        failures = 0
        while True:
            try:
                with self.open("GET", "/v1/events", query, {"Accept": "text/event-stream", "Last-Event-ID": last}) as stream:
                    for identity, kind, data in messages(stream):
                        failures = 0
                        if kind == "closed":
                            break
                        yield json.loads(data)
                        last = identity or last
                time.sleep(pause_s(1, None))
            except (Problem, Unreachable, HTTPException, OSError) as error:
                failures += 1
                if failures >= self.tries or (isinstance(error, Problem) and error.status not in PASSING):
                    if isinstance(error, NeuroOpsError):
                        raise
                    raise Unreachable(f"{self.url} broke off: {error}") from error
                time.sleep(pause_s(failures, error))


def messages(stream: Any) -> Iterator[Tuple[Optional[str], str, str]]:
    """Server-sent events: id, kind and data."""
    identity: Optional[str] = None
    kind, data, size = "", [], 0  # type: str, List[str], int
    while True:
        raw = stream.readline(LINE_BYTES_MAX)
        if not raw:
            return
        size += len(raw)
        if size >= LINE_BYTES_MAX:
            raise NeuroOpsError("a message of the event stream is too long")
        line = raw.decode().rstrip("\r\n")
        if not line:
            if data:
                yield identity, kind, "\n".join(data)
            identity, kind, data, size = None, "", [], 0
            continue
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "id":
            identity = value
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)


def pause_s(attempt: int, error: Optional[BaseException]) -> float:
    """How long to wait after a failed try: what the gateway asks for, else longer each time."""
    asked = error.retry_after_s if isinstance(error, Problem) else None
    return min(PAUSE_MAX_S, 0.25 * 2 ** (attempt - 1) if asked is None else asked) * (0.75 + random.random() / 2)


def _problem(refused: HTTPError) -> Problem:
    try:
        document = json.loads(refused.read(1 << 16))
    except (ValueError, HTTPException, OSError):
        document = {}
    asked = refused.headers.get("Retry-After", "")
    return Problem(refused.code, document if isinstance(document, dict) else {}, float(asked) if asked.isdigit() else None)


class Aggregate(Generic[State]):
    """Commands on one kind of aggregate, and its history."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport, self._path = transport, path

    def _command(self, name: str, id: Optional[str], body: Optional[Mapping[str, Any]], options: CommandOptions) -> Receipt:
        place = self._path if id is None else f"{self._path}/{quote(id, safe='')}"
        return self._transport.command(f"{place}/{name}", body or {}, options)

    def history(self, id: str, *, after: Optional[int] = None, limit: Optional[int] = None, as_of: Any = None) -> History[State]:
        """What happened to it; `as_of` is a time or a position token."""
        query = {"after": after, "limit": limit, "as_of": as_of}
        answer = self._transport.get(f"{self._path}/{quote(id, safe='')}/history", query)
        return History(answer["data"], answer["version"], answer["next_after"], answer.get("state"))


class ReadModel(Generic[Row, Column, Sort]):
    """Rows that can be filtered, sorted, paged and read one by one."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport, self._path = transport, path

    def list(
        self, where: Optional[Mapping[str, Any]] = None, *, q: Optional[str] = None, sort: Optional[Sort] = None, limit: Optional[int] = None,
        cursor: Optional[str] = None, fields: Optional[Sequence[Column]] = None, wait_for: WaitFor = None,
    ) -> Page[Row]:
        """A page. `where` takes `column` or `column.operator` (eq ne gt gte lt lte in contains prefix null)."""
        query = {**(where or {}), "q": q, "sort": sort, "limit": limit, "cursor": cursor, "fields": fields}
        return self._transport.page(self._path, query, wait_for)

    def get(self, id: str, *, fields: Optional[Sequence[Column]] = None, wait_for: WaitFor = None) -> Row:
        """One row; `Problem` with status 404 where there is none."""
        row: Row = self._transport.get(f"{self._path}/{quote(id, safe='')}", {"fields": fields}, wait_for)
        return row

    def csv(self, where: Optional[Mapping[str, Any]] = None, *, wait_for: WaitFor = None) -> bytes:
        """All rows up to 100,000, as CSV."""
        return self._transport.get_bytes(self._path, where, "text/csv", wait_for)
