"""Writes the Python client."""
from __future__ import annotations

import json
import keyword
from typing import Any, Dict, List, Tuple

from .model import Context, Group, Interface, Query, Shape, check, of_object, pascal, sentence, shape, snake, union

HEADER = '"""{0} Written by clients/generate.py from schemas/openapi.json; changes here are lost."""\nfrom __future__ import annotations\n\n'
WORDS = {"str": "str", "int": "int", "float": "float", "bool": "bool", "null": "None", "any": "Any"}


def word(name: str) -> str:
    """A name that Python allows."""
    plain = snake(name)
    return plain + "_" if keyword.iskeyword(plain) else plain


class Types:
    """Collects the definitions of types."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.out: List[str] = []
        self.made: Dict[str, Shape] = {}

    def define(self, name: str, what: Shape, doc: str) -> None:
        what = self.merged(what)
        if name in self.made:
            if self.made[name] != what:
                raise SystemExit(f"{name} would be two types")
            return
        self.made[name] = what
        if what[0] == "obj":
            self.object(name, what[1], doc)
        else:
            expression = self.expression(what, name, True)
            self.out.append(f"{name} = {expression}\n" + (f'"""{doc}"""\n' if doc else ""))

    def object(self, name: str, fields: Dict[str, Tuple[Shape, bool]], doc: str) -> None:
        halves = [{key: one for key, (one, needed) in fields.items() if needed is wanted} for wanted in (True, False)]
        mixed = all(halves)
        base = "TypedDict"
        for half, total in zip(halves, (True, False)):
            if not half and (total or mixed or any(halves)):
                continue
            first = mixed and total
            title = "_" + name if first else name
            lines = {key: self.expression(one, name + pascal(key), False) for key, one in half.items()}
            end = "" if total else ", total=False"
            text = f'    """{doc}"""\n' if doc and not first else ""
            if all(key.isidentifier() and not keyword.iskeyword(key) for key in lines):
                body = text + "".join(f"    {key}: {value}\n" for key, value in lines.items())
                self.out.append(f"class {title}({base}{end}):\n{body or '    pass' + chr(10)}")
            else:
                quoted = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in lines.items())
                made = "_Named" + title.lstrip("_")
                self.out.append(f'{made} = TypedDict("{made}", {{{quoted}}}{end})\n')
                bases = made if base == "TypedDict" else f"{base}, {made}"
                self.out.append(f"class {title}({bases}):\n{text or '    pass' + chr(10)}")
            base = title

    def resolved(self, what: Shape) -> Shape:
        while what[0] == "ref":
            what = shape(self.interface.schemas[what[1]])
        return what

    def merged(self, what: Shape) -> Shape:
        """Objects that are put together become one; of alternatives, each is put together by itself."""
        if what[0] != "both":
            return what
        alternatives: List[Dict[str, Any]] = [{}]
        for part in what[1]:
            choices = []
            whole = self.merged(self.resolved(part))
            for one in whole[1] if whole[0] == "union" else (whole,):
                one = self.merged(self.resolved(one))
                if one[0] == "obj":
                    choices.append(one[1])
                elif one[0] in ("map", "any"):
                    choices.append({})
                else:
                    return ("any",)
            alternatives = [{**fields, **choice} for fields in alternatives for choice in choices]
        return union([("obj", fields) for fields in alternatives])

    def expression(self, what: Shape, hint: str, evaluated: bool) -> str:
        """A type as it stands in an annotation, or, for an alias, as Python evaluates it."""
        what = self.merged(what)
        kind = what[0]
        if kind == "ref":
            name = pascal(what[1])
            return f'"{name}"' if evaluated else name
        if kind == "lit":
            return f"Literal[{', '.join(repr(value) for value in what[1])}]"
        if kind in ("list", "map"):
            inner = self.expression(what[1], hint + "Item", evaluated)
            return f"List[{inner}]" if kind == "list" else f"Dict[str, {inner}]"
        if kind == "union":
            many = sum(one[0] == "obj" for one in map(self.merged, what[1])) > 1
            parts = [self.expression(one, hint + (variant(self.merged(one), at) if many else ""), evaluated) for at, one in enumerate(what[1])]
            return f"Union[{', '.join(parts)}]" if evaluated else " | ".join(parts)
        if kind == "obj":
            if hint in self.made and self.made[hint] != what:
                hint += "Variant"
            self.define(hint, what, "")
            return f'"{hint}"' if evaluated else hint
        return WORDS[kind]


def variant(what: Shape, at: int) -> str:
    """The name of an alternative: by the word that tells it from the others."""
    if what[0] == "obj":
        for one, _ in what[1].values():
            if one[0] == "lit" and len(one[1]) == 1:
                return pascal(str(one[1][0]))
    return str(at + 1)


def write(interface: Interface) -> Dict[str, str]:
    types = Types(interface)
    for name in interface.used:
        schema = interface.schemas[name]
        empty = schema.get("type") == "object" and "properties" not in schema and schema.get("additionalProperties") is False
        what = of_object({**schema, "properties": {}}) if empty else shape(schema)
        types.define(pascal(name), what, sentence(schema.get("description", "")))
    for tag, context in interface.contexts.items():
        for name, group in context.groups.items():
            if group.model:
                title = pascal(f"{tag}.{name}")
                types.out.append(f"{title}Column = Literal[{', '.join(map(repr, group.model.columns))}]\n")
                sorts = ", ".join(map(repr, group.model.sorts)) or "''"
                types.out.append(f"{title}Sort = Literal[{sorts}]\n")
    api: List[str] = []
    for tag, context in interface.contexts.items():
        for name, group in context.groups.items():
            if group.commands or group.queries or group.state:
                api.append(group_class(types, tag, name, group))
        api.append(context_class(types, tag, context))
    api.append(client_class(types, interface))
    imports = "from typing import Any, Dict, List, Literal, TypedDict, Union\n\n"
    uses = (
        "from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Literal, Mapping, Optional, Sequence\nfrom urllib.parse import quote\n\n"
        "from . import types\nfrom .core import Aggregate, BulkCommand, CommandOptions, Page, ReadModel, Receipt, Transport, WaitFor\n\n"
        "if TYPE_CHECKING:\n    from typing_extensions import Unpack\n\n\n"
    )
    return {
        "clients/python/neuroops/types.py": HEADER.format("The types of commands and rows.") + imports + "\n" + "\n".join(types.out),
        "clients/python/neuroops/api.py": HEADER.format("Commands and queries by context.") + uses + "\n\n".join(api),
    }


def doc(text: str, indent: str) -> str:
    return f'{indent}"""{text}."""\n' if text else ""


def model_type(tag: str, name: str, group: Group) -> str:
    assert group.model
    title = pascal(f"{tag}.{name}")
    return f"ReadModel[types.{pascal(group.model.row)}, types.{title}Column, types.{title}Sort]"


def group_class(types: Types, tag: str, name: str, group: Group) -> str:
    title = pascal(f"{tag}.{name}")
    state = f"types.{pascal(group.state)}" if group.state else "Any"
    bases = f'Aggregate["{state}"]'
    check(title, ["history"] + [word(one) for one in group.commands] + [word(one.name) for one in group.queries])
    out = f'class {title}({bases}):\n    """`{tag}/{name}`"""\n'
    for known in group.commands.values():
        body = f"types.{pascal(known.body)}"
        if known.makes_id:
            given = f"body: Optional[{body}] = None" if known.empty else f"body: {body}"
            given += ", id: Optional[str] = None"
        else:
            given = f"id: str, body: Optional[{body}] = None" if known.empty else f"id: str, body: {body}"
        out += f"\n    def {word(known.name)}(self, {given}, **options: Unpack[CommandOptions]) -> Receipt:\n" + doc(known.doc, " " * 8)
        out += f'        return self._command("{known.name}", id, body, options)\n'
    for one in group.queries:
        out += "\n" + method(types, one, title)
    return out


def method(types: Types, one: Query, owner: str) -> str:
    """A query as a method."""
    given = ["self"] + [f"{word(place)}: str" for place in one.places]
    named = []
    for known in one.parameters:
        kind = "Mapping[str, Any]" if known.spread else parameter_type(types, known.schema)
        named.append(f"{word(known.name)}: {kind}" if known.required else f"{word(known.name)}: Optional[{kind}] = None")
    # Those without a default come first, as they are what the query is about.
    named = [text for text in named if "=" not in text] + [text for text in named if "=" in text]
    if one.waits:
        named.append("wait_for: WaitFor = None")
    given += ["*"] * bool(named) + named
    pairs = [f'"{known.name}": {word(known.name)}' for known in one.parameters if not known.spread]
    pairs += [f"**({word(known.name)} or {{}})" for known in one.parameters if known.spread]
    path = one.path
    for place in one.places:
        path = path.replace(f"{{{place}}}", f"{{quote({word(place)}, safe='')}}")
    path = f'f"{path}"' if one.places else f'"{path}"'
    arguments = f"{path}, {{{', '.join(pairs)}}}"
    wait = ", wait_for=wait_for" if one.waits else ""
    if one.row:
        answer, call = f"Page[types.{pascal(one.row)}]", "page"
    elif one.answer is not None:
        inner = types.expression(shape(one.answer), f"{owner}{pascal(one.name)}Answer", False)
        answer, call = inner if inner[0].islower() or "[" in inner or inner == "Any" else f"types.{inner}", "get"
    else:
        answer, call = "bytes", "get_bytes"
    out = f"    def {word(one.name)}({', '.join(given)}) -> {answer}:\n" + doc(one.doc, " " * 8)
    unchecked = "  # type: ignore[no-any-return]" if call == "get" and answer != "Any" else ""
    return out + f"        return self._transport.{call}({arguments}{wait}){unchecked}\n"


def parameter_type(types: Types, schema: Any) -> str:
    """The type of a value of a query string; times and dates may come as such."""
    if schema.get("format") in ("date", "date-time"):
        return "Any"
    if schema.get("type") == "array":
        return f"Sequence[{parameter_type(types, schema['items'])}]"
    return types.expression(shape(schema), "Parameter", False)


def context_class(types: Types, tag: str, context: Context) -> str:
    check(pascal(tag), [word(name) for name in context.groups] + [word(one.name) for one in context.queries])
    out = f'class {pascal(tag)}:\n    """{sentence(context.doc)}."""\n\n    def __init__(self, transport: Transport) -> None:\n        self._transport = transport\n'
    for name, group in context.groups.items():
        if group.commands or group.queries or group.state:
            out += f'        self.{word(name)} = {pascal(f"{tag}.{name}")}(transport, "{group.path}")\n'
        else:
            out += f'        self.{word(name)}: {model_type(tag, name, group)} = ReadModel(transport, "{group.path}")\n'
    for one in context.queries:
        out += "\n" + method(types, one, pascal(tag))
    return out


def client_class(types: Types, interface: Interface) -> str:
    out = (
        'class Client:\n    """A caller of one gateway. Every method of a context is one request; `Problem` is what the gateway refuses."""\n\n'
        "    def __init__(self, url: str, token: Optional[str] = None, *, timeout_s: float = 60.0, tries: int = 5) -> None:\n"
        "        self._transport = transport = Transport(url, token, timeout_s, tries)\n"
    )
    out += "".join(f"        self.{word(tag)} = {pascal(tag)}(transport)\n" for tag in interface.contexts)
    out += (
        "\n    def bulk(self, commands: Iterable[BulkCommand]) -> Iterator[Dict[str, Any]]:\n"
        '        """Many commands; a result for each, in order, with `status` and `receipt` or `problem`."""\n'
        "        return self._transport.bulk(commands)\n"
        "\n    def events(\n        self, *, context: Optional[Sequence[str]] = None, type: Optional[Sequence[str]] = None, "
        "subject: Optional[Sequence[str]] = None,\n        after: Optional[str] = None, from_: Optional[str] = None,\n"
        "    ) -> Iterator[Dict[str, Any]]:\n"
        '        """CloudEvents as they are recorded, without end; `from_="start"` begins with the first, `after` behind an event\'s `cursor`."""\n'
        '        return self._transport.events({"context": context, "type": type, "subject": subject, "after": after, "from": from_})\n'
    )
    for one in interface.queries:
        out += "\n" + method(types, one, "")
    return out
