"""What Schemathesis has to know beyond the description: how lines of JSON are written, and what no schema can say."""

import json
import re

import schemathesis

LINES = "application/x-ndjson"

# Refusals of well-formed requests that depend on what is stored or on the kind of connection: another version than If-Match
# names, a position of another tenant, a page of another query, a question about a table that is not there, an address that speaks WebSocket only.
DEPENDS = {"version_mismatch", "invalid_position", "position_unknown", "invalid_cursor", "invalid_question", "upgrade_required"}
# Rules of fields that patterns do not state: years, blanks alone, integers that are written as 1.0, words in the spelling of other
# products, cron patterns, and the number of filters.
RULES = re.compile(
    "the year is not within|the text is empty|floating point|the type is one of|write five fields|hexadecimal digits"
    "|an account is named by its code|more than 256 filters|write it as `context/read-model`"
)
# For a header whose pattern begins with a quote Schemathesis finds no value, takes one that does not fit, and holds it for one that
# does.
IF_MATCH = re.compile(r'"(0|[1-9][0-9]{0,17})"')
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
        code = member(response.content, "code")
        unfit = code == "invalid_if_match" and not IF_MATCH.fullmatch(str((case.headers or {}).get("If-Match")))
        ruled = code in {"invalid_field", "invalid_parameter"} and RULES.search(member(response.content, "detail"))
        return not (status in (UNPROCESSABLE, URI_TOO_LONG) or code in DEPENDS or unfit or ruled)
    if kind == "AcceptedNegativeData":
        # A line that is refused is answered within the answer to all lines.
        line = member(response.content.split(b"\n")[0], "status") if case.path == "/v1/commands" else None
        return status != URI_TOO_LONG and not (line and line >= 400)
    return True


def member(text, name):
    try:
        return json.loads(text).get(name)
    except (ValueError, AttributeError):
        return None
