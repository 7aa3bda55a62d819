"""What Schemathesis has to know beyond the description: how lines of JSON are written, and what no schema can say."""

import json

import schemathesis

LINES = "application/x-ndjson"

# Refusals of well-formed requests that depend on what is stored or on the kind of connection: another version than If-Match
# names, a position of another tenant, an address that speaks WebSocket only.
DEPENDS = {"version_mismatch", "invalid_position", "position_unknown", "upgrade_required"}
# More at a time than an address may hold: every parameter at its longest.
URI_TOO_LONG = 414
# A rule of the domain refuses.
UNPROCESSABLE = 422


@schemathesis.serializer(LINES)
def one_line(context, value):
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer(LINES)
def first_line(context, response):
    return json.loads(response.content.split(b"\n")[0])


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind, status = type(failure).__name__, response.status_code
    if kind == "RejectedPositiveData":
        return status not in (UNPROCESSABLE, URI_TOO_LONG) and code_of(response) not in DEPENDS
    if kind == "AcceptedNegativeData":
        # A line that is refused is answered within the answer to all lines.
        return status != URI_TOO_LONG and not (case.path == "/v1/commands" and first_line(context, response)["status"] >= 400)
    return True


def code_of(response):
    try:
        return json.loads(response.content)["code"]
    except (ValueError, KeyError, TypeError):
        return None
