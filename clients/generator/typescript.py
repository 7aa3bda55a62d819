"""Writes the TypeScript client."""
from __future__ import annotations

import json
import re
from typing import Any, Dict, List

from .model import Context, Group, Interface, Query, Shape, camel, check, pascal, sentence, shape

HEADER = "// {0} Written by clients/generate.py from schemas/openapi.json; changes here are lost.\n"
#: Types of the hand-written part.
KINDS = ("BulkCommand", "BulkResult", "CloudEvent", "CommandOptions", "CreateOptions", "EventQuery", "Options", "Page", "Receipt", "Time")
WORDS = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "null": "null", "any": "any"}


def member(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", name) else json.dumps(name)


def expression(what: Shape, prefix: str = "") -> str:
    kind = what[0]
    if kind == "ref":
        return prefix + pascal(what[1])
    if kind == "lit":
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in what[1])
    if kind == "list":
        inner = expression(what[1], prefix)
        return f"({inner})[]" if " " in inner and not inner.startswith("{") else f"{inner}[]"
    if kind == "map":
        return f"Record<string, {expression(what[1], prefix)}>"
    if kind == "union":
        return " | ".join(expression(one, prefix) for one in what[1])
    if kind == "both":
        return " & ".join(f"({text})" if " | " in text else text for text in (expression(one, prefix) for one in what[1]))
    if kind == "obj":
        fields = (f"{member(name)}{'' if needed else '?'}: {expression(one, prefix)}" for name, (one, needed) in what[1].items())
        return "{ " + "; ".join(fields) + " }"
    return WORDS[kind]


def doc(text: str, indent: str = "") -> str:
    return f"{indent}/** {text}. */\n" if text else ""


def write(interface: Interface) -> Dict[str, str]:
    types = []
    for name in interface.used:
        schema = interface.schemas[name]
        empty = schema.get("type") == "object" and "properties" not in schema and schema.get("additionalProperties") is False
        body = "Record<string, never>" if empty else expression(shape(schema))
        types.append(f"{doc(sentence(schema.get('description', '')))}export type {pascal(name)} = {body};\n")
    api: List[str] = []
    for tag, context in interface.contexts.items():
        for name, group in context.groups.items():
            if group.model:
                types.append(columns(tag, name, group))
            if group.commands or group.queries or group.state:
                api.append(group_class(tag, name, group))
        api.append(context_class(tag, context))
    api.append(client_class(interface))
    code = "\n".join(api)
    values = [name for name in ("Aggregate", "ReadModel", "Transport") if re.search(rf"\b{name}\b", code)]
    kinds = [name for name in KINDS if re.search(rf"\b{name}\b", code)]
    uses = (
        f'import type * as T from "./types.ts";\nimport {{ {", ".join(values)} }} from "./core.ts";\n'
        f'import type {{ {", ".join(kinds)} }} from "./core.ts";\n'
        'export * from "./core.ts";\nexport type * as types from "./types.ts";\n\n'
    )
    return {
        "clients/typescript/src/types.ts": HEADER.format("The types of commands and rows.") + "\n" + "".join(types),
        "clients/typescript/src/index.ts": HEADER.format("Commands and queries by context.") + uses + code,
    }


def value_type(schema: Any, prefix: str) -> str:
    """The type of a value of a query string; times and dates may come as such."""
    if schema.get("format") in ("date", "date-time"):
        return "string | Date" if not prefix else "Time"
    if schema.get("type") == "array":
        return f"({value_type(schema['items'], prefix)})[]"
    return expression(shape(schema), prefix)


def columns(tag: str, name: str, group: Group) -> str:
    model = group.model
    assert model
    title = pascal(f"{tag}.{name}")
    kinds = "; ".join(f"{member(column)}: {value_type(kind, '')}" for column, kind in model.kinds.items())
    plain = [sort for sort in model.sorts if not sort.startswith("-")]
    sorts = " | ".join(json.dumps(sort) for sort in plain) or "never"
    out = f"export type {title}Filter = {{ {kinds} }};\nexport type {title}Sort = {sorts};\n"
    others = [column for column in model.columns if column not in model.kinds]
    return out + f"export type {title}Column = {' | '.join(['keyof ' + title + 'Filter'] + [json.dumps(one) for one in others])};\n"


def model_of(tag: str, name: str, group: Group) -> str:
    assert group.model
    title = pascal(f"{tag}.{name}")
    return f"T.{pascal(group.model.row)}, T.{title}Filter, T.{title}Column, T.{title}Sort"


def group_class(tag: str, name: str, group: Group) -> str:
    title = pascal(f"{tag}.{name}")
    state = f"T.{pascal(group.state)}" if group.state else "unknown"
    check(title, ["history", "constructor", "command", "transport", "path"] + [camel(one) for one in group.commands] + [camel(one.name) for one in group.queries])
    out = f"/** `{tag}/{name}` */\nexport class {title} extends Aggregate<{state}> {{\n"
    for known in group.commands.values():
        given = f"body: T.{pascal(known.body)}" + (" = {}" if known.empty else "")
        if known.makes_id:
            given, id_ = f"{given}, options: CreateOptions = {{}}", "options.id"
        else:
            given, id_ = f"id: string, {given}, options: CommandOptions = {{}}", "id"
        out += doc(known.doc, "  ")
        out += f'  {camel(known.name)}({given}): Promise<Receipt> {{\n    return this.command("{known.name}", {id_}, body, options);\n  }}\n'
    return out + "".join(method(one) for one in group.queries) + "}\n"


def method(one: Query) -> str:
    given = [f"{camel(place)}: string" for place in one.places]
    fields = [
        f"{member(known.name)}{'' if known.required else '?'}: {'Record<string, string>' if known.spread else value_type(known.schema, 'T.')}"
        for known in one.parameters
    ]
    needed = any(known.required for known in one.parameters)
    if fields:
        given.append(f"query: {{ {'; '.join(fields)} }}" + ("" if needed else " = {}"))
    if one.waits:
        given.append("options: Options = {}")
    path = one.path
    for place in one.places:
        path = path.replace(f"{{{place}}}", f"${{encodeURIComponent({camel(place)})}}")
    spread = [known.name for known in one.parameters if known.spread]
    query = "query" if fields else "{}"
    if spread:
        query = "{ ...query, " + ", ".join(f"...query.{name}, {name}: undefined" for name in spread) + " }"
    if one.row:
        answer, call = f"Page<T.{pascal(one.row)}>", "page"
    elif one.answer is not None:
        answer, call = expression(shape(one.answer), "T."), "get"
    else:
        answer, call = "Uint8Array", "bytes"
    wait = ", options.waitFor" if one.waits else ""
    out = doc(one.doc, "  ")
    return out + f"  {camel(one.name)}({', '.join(given)}): Promise<{answer}> {{\n    return this.transport.{call}(`{path}`, {query}{wait});\n  }}\n"


def context_class(tag: str, context: Context) -> str:
    title = pascal(tag)
    check(title, ["transport", "constructor"] + [camel(name) for name in context.groups] + [camel(one.name) for one in context.queries])
    fields, made = "", ""
    for name, group in context.groups.items():
        own = group.commands or group.queries or group.state
        kind = pascal(f"{tag}.{name}") if own else f"ReadModel<{model_of(tag, name, group)}>"
        fields += f"  readonly {camel(name)}: {kind};\n"
        made += f'    this.{camel(name)} = new {kind if own else "ReadModel"}(transport, "{group.path}");\n'
    out = f"{doc(sentence(context.doc))}export class {title} {{\n  protected readonly transport: Transport;\n{fields}"
    out += f"  constructor(transport: Transport) {{\n    this.transport = transport;\n{made}  }}\n"
    return out + "".join(method(one) for one in context.queries) + "}\n"


def client_class(interface: Interface) -> str:
    out = "/** A caller of one gateway. Every method of a context is one request; `Problem` is what the gateway refuses. */\n"
    out += "export class Client {\n  protected readonly transport: Transport;\n"
    out += "".join(f"  readonly {camel(tag)}: {pascal(tag)};\n" for tag in interface.contexts)
    out += "  constructor(url: string, token?: string, settings: { timeoutMs?: number; tries?: number; fetch?: typeof fetch } = {}) {\n"
    out += "    this.transport = new Transport(url, token, settings);\n"
    out += "".join(f"    this.{camel(tag)} = new {pascal(tag)}(this.transport);\n" for tag in interface.contexts)
    out += "  }\n  /** Many commands; a result for each, in order. */\n"
    out += "  bulk(commands: Iterable<BulkCommand> | AsyncIterable<BulkCommand>): AsyncGenerator<BulkResult> {\n    return this.transport.bulk(commands);\n  }\n"
    out += "  /** Events as they are recorded, without end; `from: \"start\"` begins with the first, `after` behind an event's `cursor`. */\n"
    out += "  events(query: EventQuery = {}): AsyncGenerator<CloudEvent> {\n    return this.transport.events(query);\n  }\n"
    return out + "".join(method(one) for one in interface.queries) + "}\n"
