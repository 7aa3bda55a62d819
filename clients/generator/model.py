"""Reads the OpenAPI document into what both clients are written from."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

#: Operations that the hand-written part of the clients has, or that are no business of programs that use the interface.
LEFT_OUT = {
    "bulk_commands", "events", "events_ws", "health_live", "health_ready", "metrics", "openapi", "schemas", "schema", "webhook",
}
#: Schemas that the hand-written part of the clients speaks of.
PLATFORM = ("AsOf", "BulkCommand", "BulkResult", "HistoryEvent", "Problem", "Receipt")
JSON = "application/json"


@dataclass
class Parameter:
    name: str
    schema: Any
    required: bool
    doc: str
    #: A mapping whose members are parameters themselves.
    spread: bool = False


@dataclass
class Command:
    name: str
    doc: str
    body: str
    #: Whether all fields may be left out.
    empty: bool
    makes_id: bool = False


@dataclass
class Query:
    """A report, a document, or a read operation of its own kind."""

    name: str
    path: str
    doc: str
    places: List[str]
    parameters: List[Parameter]
    waits: bool
    #: The schema of a row where pages are answered.
    row: Optional[str] = None
    #: The schema of the answer; without it and without rows, bytes are answered.
    answer: Any = None


@dataclass
class ReadModel:
    row: str
    columns: List[str]
    sorts: List[str]
    #: The type of a value by column.
    kinds: Dict[str, Any]


@dataclass
class Group:
    """An aggregate or a read model: what `/v1/<context>/<name>` leads to."""

    path: str
    commands: Dict[str, Command] = field(default_factory=dict)
    state: Optional[str] = None
    model: Optional[ReadModel] = None
    queries: List[Query] = field(default_factory=list)


@dataclass
class Context:
    doc: str
    groups: Dict[str, Group] = field(default_factory=dict)
    queries: List[Query] = field(default_factory=list)

    def group(self, path: str) -> Group:
        name = path.split("/")[3]
        return self.groups.setdefault(name, Group("/".join(path.split("/")[:4])))


@dataclass
class Interface:
    contexts: Dict[str, Context]
    queries: List[Query]
    schemas: Dict[str, Any]
    #: What clients speak of, by name; nothing else is written.
    used: List[str] = field(default_factory=list)


def pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def snake(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name)


def camel(name: str) -> str:
    whole = pascal(name)
    return whole[:1].lower() + whole[1:]


def sentence(text: str) -> str:
    """The first sentence of a description, on one line."""
    line = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?]) ", line)[0].rstrip(".").replace("*/", "* /").replace("\\", "/").replace('"""', "'''")


def target(reference: Any) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]


def read(document: Any) -> Interface:
    """Everything in the order of the document. An operation of no known kind is an error: clients would lack it in silence."""
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    interface = Interface({}, [], document["components"]["schemas"])
    shared = document["components"]["parameters"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] in LEFT_OUT:
                continue
            parameters = [shared[target(one)] if "$ref" in one else one for one in operation.get("parameters", [])]
            tag = operation["tags"][0]
            if tag == "platform":
                interface.queries.append(query(path, operation, parameters, operation["operationId"]))
                continue
            context = interface.contexts.setdefault(tag, Context(tags[tag]))
            if method == "post":
                command(context, path, operation)
            else:
                reading(context, tag, path, operation, parameters)
    for context in interface.contexts.values():
        beside(context)
    for tag, context in interface.contexts.items():
        for name, group in context.groups.items():
            if group.model and (group.commands or group.queries):
                raise SystemExit(f"{tag}/{name} is an aggregate and a read model, for which clients have no class")
    collect(interface)
    return interface


def beside(context: Context) -> None:
    """Puts what is below a report, such as its PDF, beside it: a report is a method and has none of its own."""
    for report in [one.name for one in context.queries if one.name in context.groups]:
        for one in context.groups.pop(report).queries:
            one.name = f"{report}-{one.name}"
            context.queries.append(one)


def check(owner: str, names: List[str]) -> None:
    """Refuses a class with two members of one name."""
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"{owner} has two members called {', '.join(sorted(twice))}")


def command(context: Context, path: str, operation: Any) -> None:
    group, name = context.group(path), path.rsplit("/", 1)[1]
    body = operation["requestBody"]
    known = Command(name, sentence(operation["summary"]), target(body["content"][JSON]["schema"]), not body["required"])
    known = group.commands.setdefault(name, known)
    known.makes_id = known.makes_id or "{id}" not in path


def reading(context: Context, tag: str, path: str, operation: Any, parameters: List[Any]) -> None:
    kind = operation["operationId"].split("_", 1)[0]
    if path.count("/") == 3 and kind == "list":
        context.group(path).model = model(operation, parameters)
    elif kind == "get" and path.endswith("/{id}"):
        return
    elif kind == "history":
        answer = operation["responses"]["200"]["content"][JSON]["schema"]
        context.group(path).state = target(answer["properties"]["state"])
    elif path.count("/") == 3:
        context.queries.append(query(path, operation, parameters, path.rsplit("/", 1)[1]))
    elif tag == "audit":
        context.queries.append(query(path, operation, parameters, operation["operationId"].split("_", 1)[1]))
    else:
        name = path.rsplit("/", 1)[1]
        context.group(path).queries.append(query(path, operation, parameters, kind if name.startswith("{") else name))


def model(operation: Any, parameters: List[Any]) -> ReadModel:
    page = operation["responses"]["200"]["content"][JSON]["schema"]
    named = {one["name"]: one for one in parameters}
    columns = named["fields"]["schema"]["items"]["enum"]
    kinds = {column: named[column]["schema"] for column in columns if column in named}
    sorts = named["sort"]["schema"]["enum"] if "sort" in named else []
    return ReadModel(target(page["properties"]["data"]["items"]["anyOf"][0]), columns, sorts, kinds)


def query(path: str, operation: Any, parameters: List[Any], name: str) -> Query:
    content = operation["responses"]["200"]["content"]
    given = [
        Parameter(one["name"], one["schema"], one.get("required", False), one.get("description", ""), one["schema"].get("type") == "object")
        for one in parameters
        if one["in"] == "query"
    ]
    waits = any(one["name"] == "NeuroOps-Wait-For" for one in parameters)
    made = Query(name, path, sentence(operation["summary"]), re.findall(r"{(\w+)}", path), given, waits)
    # A file may be JSON too, but it is read as it is.
    schema = content[JSON]["schema"] if JSON in content and not path.endswith("/{file}") else None
    rows = (schema or {}).get("properties", {}).get("data", {}).get("items", {})
    if "$ref" in rows and "as_of" in schema["properties"]:
        made.row = target(rows)
    else:
        made.answer = schema
    return made


def collect(interface: Interface) -> None:
    """Finds the schemas that operations lead to."""
    waiting: List[Any] = [{"$ref": "/" + name} for name in PLATFORM]
    for context in interface.contexts.values():
        for group in context.groups.values():
            names: List[Optional[str]] = [one.body for one in group.commands.values()] + [group.state]
            names.append(group.model.row if group.model else None)
            waiting += [{"$ref": "/" + name} for name in names if name]
            waiting += [one.answer or {} for one in group.queries] + [{"$ref": "/" + one.row} for one in group.queries if one.row]
        waiting += [one.answer or {} for one in context.queries] + [{"$ref": "/" + one.row} for one in context.queries if one.row]
    waiting += [one.answer or {} for one in interface.queries]
    used = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += [one for name, one in value.items() if name not in ("default", "examples")]
            name = target(value) if isinstance(value.get("$ref"), str) else None
            if name and name not in used:
                used.add(name)
                waiting.append(interface.schemas[name])
    interface.used = sorted(used)
    names: Dict[str, str] = {}
    for name in interface.used:
        other = names.setdefault(pascal(name), name)
        if other != name:
            raise SystemExit(f"the schemas {other} and {name} would be one type, {pascal(name)}")


# The shape of a value: ("ref", name), ("lit", values), ("list", shape), ("map", shape), ("obj", {name: (shape, required)}),
# ("union", shapes), ("both", shapes), or one of the words below.
Shape = Tuple[Any, ...]
PLAIN = {"string": ("str",), "integer": ("int",), "number": ("float",), "boolean": ("bool",), "null": ("null",)}


def shape(schema: Any) -> Shape:
    """What a JSON Schema says of the type of a value; bounds and patterns are the server's to check."""
    if not isinstance(schema, dict):
        return ("any",)
    parts: List[Shape] = []
    if "$ref" in schema:
        parts.append(("ref", target(schema)))
    for word in ("anyOf", "oneOf"):
        if word in schema:
            parts.append(union([shape(one) for one in schema[word]]))
    parts += [shape(one) for one in schema.get("allOf", [])]
    if "const" in schema:
        parts.append(("lit", (schema["const"],)))
    elif "enum" in schema:
        parts.append(("lit", tuple(schema["enum"])))
    elif "properties" in schema:
        parts.append(of_object(schema))
    elif "type" in schema and not parts:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        parts.append(union([of_kind(kind, schema) for kind in kinds]))
    if not parts:
        return ("any",)
    both = parts[0] if len(parts) == 1 else ("both", tuple(parts))
    nullable = "properties" in schema and isinstance(schema.get("type"), list) and "null" in schema["type"]
    return union([both, ("null",)]) if nullable else both


def of_object(schema: Any) -> Shape:
    required = set(schema.get("required", []))
    return ("obj", {name: (shape(one), name in required) for name, one in schema["properties"].items()})


def of_kind(kind: str, schema: Any) -> Shape:
    if kind == "array":
        return ("list", shape(schema.get("items", True)))
    if kind == "object":
        return ("map", shape(schema.get("additionalProperties", True)))
    return PLAIN[kind]


def union(shapes: List[Shape]) -> Shape:
    flat: List[Shape] = []
    literals: List[Any] = []
    for one in shapes:
        for part in one[1] if one[0] == "union" else (one,):
            if part[0] == "lit":
                literals += [value for value in part[1] if value not in literals]
            elif part not in flat:
                flat.append(part)
    flat = ([("lit", tuple(literals))] if literals else []) + flat
    if ("any",) in flat:
        return ("any",)
    return flat[0] if len(flat) == 1 else ("union", tuple(flat))
