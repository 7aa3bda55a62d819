#!/usr/bin/env python3
"""Verifies an export of `neuroops audit export --format ndjson` with nothing but Python's standard library.

    python3 verify_audit_export.py EXPORT --key KEY|FILE [--checkpoint FILE]

It shares no code with NeuroOps: it was written from docs/auditing.md, RFC 9162, RFC 8032 and the C2SP notes on signed notes and
checkpoints. With --checkpoint, a checkpoint kept since earlier, it also shows that nothing before it was changed.
Exit code 0: verified. 1: something is wrong, and the first thing that is is printed. 2: wrong arguments.
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import struct
import sys
import uuid

FORMAT = "neuroops-audit/1"
ORIGIN = "neuroops/audit/"
FIELDS = {
    "index": int, "context": str, "partition": int, "position": int, "event_id": str, "aggregate_type": str, "aggregate_id": str,
    "sequence": int, "event_type": str, "event_version": str, "recorded_at": str, "metadata": str, "payload": (str, type(None)),
    "payload_salt": (str, type(None)), "payload_digest": str, "leaf_hash": str,
}
MANIFEST_FIELDS = ["format", "tenant_id", "tree_size", "from", "to", "encoding", "files", "forgotten", "beside", "since"]


class Wrong(Exception):
    """The first thing that is wrong."""


def need(condition, message):
    if not condition:
        raise Wrong(message)


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


# Ed25519 (RFC 8032 section 5.1), verification only; nothing here is secret, so nothing has to take constant time.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def point(x, y):
    return (x, y, 1, x * y % P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def multiply(scalar, base):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, base)
        base = add(base, base)
        scalar >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decompress(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = recover_x(y, number >> 255)
    return None if x is None else point(x, y)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point(recover_x(BASE_Y, 0), BASE_Y)


def ed25519_holds(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = decompress(key), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return same(multiply(s, BASE), add(r, multiply(k, a)))


# Signed notes and checkpoints.

def base64_strict(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def read_key(text):
    parts = text.strip().split("+", 2)
    need(len(parts) == 3, f"`{text}` is no public key")
    name, number, encoded = parts
    data = base64_strict(encoded)
    need(data is not None and len(data) == 33 and data[0] == 1, f"`{text}` is no public key of Ed25519")
    need(sha256(name.encode(), b"\n", data)[:4].hex() == number, f"`{text}` is no public key: its id does not belong to it")
    return name, data[1:], number


def read_keys(given):
    keys = []
    for text in given:
        if "+" in text and not os.path.exists(text):
            keys.append(read_key(text))
        else:
            try:
                with open(text, encoding="utf-8") as file:
                    keys += [read_key(line) for line in file if line.strip()]
            except OSError as error:
                raise Wrong(f"{text} is neither a public key nor a file that can be read") from error
    return keys


def split_note(note, what):
    need(not any(ord(c) < 32 and c != "\n" or ord(c) == 127 for c in note), f"{what} is no signed note: it holds control characters")
    text, gap, lines = note.rpartition("\n\n")
    need(gap and lines.endswith("\n"), f"{what} is no signed note")
    signatures = []
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014", f"{what} is no signed note: a line behind its text is no signature")
        data = base64_strict(parts[2])
        need(data is not None and len(data) >= 4, f"{what} is no signed note: a line behind its text is no signature")
        signatures.append((parts[1], data[:4].hex(), data[4:]))
    need(len(signatures) <= 16, f"{what} is no signed note: it bears too many signatures")
    return text + "\n", signatures


def read_checkpoint(note, what):
    text, signatures = split_note(note, what)
    lines = text[:-1].split("\n")
    need(len(lines) == 3, f"{what} is no checkpoint: it has three lines: origin, size and root")
    origin, size, root = lines
    tenant = origin[len(ORIGIN):]
    need(origin.startswith(ORIGIN) and is_uuid(tenant), f"{what} is no checkpoint of a tenant")
    need(size.isascii() and size.isdigit() and str(int(size)) == size, f"{what} is no checkpoint: its size is no number")
    data = base64_strict(root)
    need(data is not None and len(data) == 32, f"{what} is no checkpoint: its root is not 32 bytes of base64")
    return {"tenant": tenant, "size": int(size), "root": data, "text": text, "signatures": signatures}


def check_signature(checkpoint, keys, what):
    for name, key, number in keys:
        for signer, signer_id, signature in checkpoint["signatures"]:
            if (signer, signer_id) == (name, number):
                need(ed25519_holds(key, checkpoint["text"].encode(), signature), f"{what}: the signature of the key {name}+{number} is not one of this text")
                need(name == ORIGIN + checkpoint["tenant"], f"{what} is signed by the key of another tenant")
                return
    found = ", ".join(f"{name}+{number}" for name, number, _ in checkpoint["signatures"])
    raise Wrong(f"{what} is not signed by a key that you gave; it bears signatures of {found}")


def is_uuid(text):
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


# The Merkle tree (RFC 9162 section 2.1).

def node(left, right):
    return sha256(b"\x01", left, right)


def split(size):
    return 1 << ((size - 1).bit_length() - 1)


def root_of(leaves):
    """The root, by a stack of complete subtrees."""
    stack = []
    for number, leaf in enumerate(leaves):
        while number & 1:
            leaf = node(stack.pop(), leaf)
            number >>= 1
        stack.append(leaf)
    if not stack:
        return sha256()
    result = stack.pop()
    while stack:
        result = node(stack.pop(), result)
    return result


def root_of_part(first, leaves, beside, size):
    """The root from consecutive leaves and the hashes of the subtrees beside them, from the left."""
    last, others = first + len(leaves), list(reversed(beside))

    def walk(start, end):
        if end <= first or start >= last:
            need(others, "manifest.json: `beside` has too few hashes")
            return others.pop()
        if first <= start and end <= last:
            return root_of(leaves[start - first:end - first])
        middle = start + split(end - start)
        left = walk(start, middle)
        return node(left, walk(middle, end))

    root = walk(0, size) if size else sha256()
    need(not others, "manifest.json: `beside` has too many hashes")
    return root


def is_consistent(older, older_root, newer, newer_root, proof):
    """RFC 9162 section 2.1.4.2."""
    if older == 0 or older == newer:
        return not proof and older_root == (sha256() if older == 0 else newer_root)
    if older > newer:
        return False
    proof = ([older_root] if older & (older - 1) == 0 else []) + proof
    if not proof:
        return False
    fn, sn = older - 1, newer - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for sibling in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(sibling, fr), node(sibling, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == older_root and sr == newer_root


# Events.

def text_field(value):
    data = value.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def hexadecimal(text, length, what):
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise Wrong(f"{what} does not have its form") from error
    need(len(data) == length and data.hex() == text, f"{what} does not have its form")
    return data


def microseconds(text, what):
    try:
        time = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError as error:
        raise Wrong(f"{what}: `recorded_at` does not have its form") from error
    need(time.strftime("%Y-%m-%dT%H:%M:%S.%fZ") == text, f"{what}: `recorded_at` does not have its form")
    delta = time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def leaf_of(event, tenant, what):
    need(is_uuid(event["event_id"]), f"{what}: `event_id` does not have its form")
    digest = hexadecimal(event["payload_digest"], 32, f"{what}: `payload_digest`")
    need((event["payload"] is None) == (event["payload_salt"] is None), f"{what}: a payload is there with its salt, or both are gone")
    if event["payload"] is not None:
        salt = hexadecimal(event["payload_salt"], 16, f"{what}: `payload_salt`")
        known = sha256(b"neuroops/audit/payload/v1\n", salt, event["payload"].encode("utf-8"))
        need(known == digest, f"{what}: the payload is not the one that was recorded")
    try:
        entry = b"".join([
            b"neuroops/audit/leaf/v1\n", uuid.UUID(tenant).bytes, text_field(event["context"]), struct.pack(">i", event["partition"]),
            struct.pack(">q", event["position"]), uuid.UUID(event["event_id"]).bytes, text_field(event["aggregate_type"]),
            text_field(event["aggregate_id"]), struct.pack(">q", event["sequence"]), text_field(event["event_type"]),
            text_field(event["event_version"]), struct.pack(">q", microseconds(event["recorded_at"], what)),
            sha256(event["metadata"].encode("utf-8")), digest,
        ])
    except (struct.error, UnicodeEncodeError) as error:
        raise Wrong(f"{what}: a field does not have its form") from error
    leaf = sha256(b"\x00", entry)
    need(leaf.hex() == event["leaf_hash"], f"{what}: the event is not the one that was recorded: its leaf hash is another")
    return leaf


def read_events(data, name, first, tenant, reached):
    """The leaves of a file, and how many payloads are missing."""
    leaves, forgotten = [], 0
    if not data:
        return leaves, forgotten
    need(data.endswith(b"\n"), f"{name}: the last line has no end")
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        what = f"{name}, line {number}"
        try:
            event = json.loads(line.decode("utf-8"))
        except ValueError as error:
            raise Wrong(f"{what} is no event") from error
        need(isinstance(event, dict) and list(event) == list(FIELDS), f"{what} is no event")
        need(all(isinstance(event[field], kind) and not isinstance(event[field], bool) for field, kind in FIELDS.items()), f"{what} is no event")
        written = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        need(written == line.decode("utf-8"), f"{what} is not written as an export writes it")
        index = first + len(leaves)
        need(event["index"] == index, f"{what}: it says that it is event {event['index']}, where event {index} is expected")
        leaves.append(leaf_of(event, tenant, what))
        place = (event["context"], event["partition"])
        need(event["position"] > reached.get(place, 0), f"{what}: it comes behind position {reached.get(place)} of the same log partition")
        reached[place] = event["position"]
        forgotten += event["payload"] is None
    return leaves, forgotten


# The export.

def read_file(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except OSError as error:
        raise Wrong(f"{name} cannot be read") from error


def read_manifest(folder):
    need(os.path.isdir(folder), f"{folder} is no folder")
    names = sorted(os.listdir(folder))
    need("manifest.json" in names, "there is no manifest.json: this is no export, or it was broken off")
    data = read_file(folder, "manifest.json")
    try:
        manifest = json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise Wrong("manifest.json is not one") from error
    need(isinstance(manifest, dict) and list(manifest) == MANIFEST_FIELDS, "manifest.json is not one")
    need(manifest["format"] == FORMAT, "manifest.json: the format is not known")
    need(manifest["encoding"] == "ndjson", "this program reads exports with --format ndjson only")
    numbers = [manifest[name] for name in ("tree_size", "from", "to", "forgotten")]
    need(all(type(number) is int and number >= 0 for number in numbers), "manifest.json: a number is none")
    files = manifest["files"]
    kinds = {"name": str, "rows": int, "bytes": int, "sha256": str}
    fits = lambda file: isinstance(file, dict) and list(file) == list(kinds) and all(type(file[name]) is kind for name, kind in kinds.items())
    need(isinstance(files, list) and all(fits(file) for file in files), "manifest.json is not one")
    manifest["beside"] = hashes(manifest["beside"], "beside")
    since = manifest["since"]
    if since is not None:
        need(isinstance(since, dict) and list(since) == ["size", "proof"] and type(since["size"]) is int, "manifest.json: `since` is not one")
        since["proof"] = hashes(since["proof"], "since")
    named = [file["name"] for file in files] + ["manifest.json", "checkpoint.txt"]
    need(len(set(named)) == len(named), "manifest.json names a file twice")
    for name in names:
        need(name in named, f"{name} is there, and manifest.json does not name it")
    for name in named:
        need(name in names, f"{name} is missing")
    return manifest


def hashes(texts, what):
    need(isinstance(texts, list) and all(isinstance(text, str) for text in texts), f"manifest.json: `{what}` is not one")
    return [hexadecimal(text, 32, f"manifest.json: `{what}`") for text in texts]


def read_leaves(folder, manifest):
    leaves, forgotten, reached = [], 0, {}
    for file in manifest["files"]:
        name, data = file["name"], read_file(folder, file["name"])
        found, missing = read_events(data, name, manifest["from"] + len(leaves), manifest["tenant_id"], reached)
        need(len(found) == file["rows"], f"{name}: it has {len(found)} events, and manifest.json says {file['rows']}")
        need(len(data) == file["bytes"], f"{name}: it has {len(data)} bytes, and manifest.json says {file['bytes']}")
        need(sha256(data).hex() == file["sha256"], f"{name}: its SHA-256 is not the one that manifest.json says")
        leaves += found
        forgotten += missing
    need(manifest["from"] + len(leaves) == manifest["to"], f"the files end with event {manifest['from'] + len(leaves)}, and manifest.json says {manifest['to']}")
    need(forgotten == manifest["forgotten"], f"{forgotten} payloads are missing, and manifest.json says {manifest['forgotten']}")
    return leaves


def check_growth(manifest, leaves, kept, current):
    if manifest["from"] == 0 and manifest["to"] >= kept["size"]:
        need(root_of(leaves[:kept["size"]]) == kept["root"], f"the first {kept['size']} events are not those of the checkpoint that you hold: history was rewritten")
        return
    since = manifest["since"]
    need(since is not None and since["size"] == kept["size"], f"the export does not show how the history grew from the checkpoint that you hold; export again with --since {kept['size']}")
    holds = is_consistent(kept["size"], kept["root"], current["size"], current["root"], since["proof"])
    need(holds, f"the history does not continue the {kept['size']} events of the checkpoint that you hold: it was rewritten")


def verify(folder, keys, kept_note=None):
    """Says what was verified; raises Wrong with the first thing that is wrong."""
    manifest = read_manifest(folder)
    try:
        note = read_file(folder, "checkpoint.txt").decode("utf-8")
    except ValueError as error:
        raise Wrong("checkpoint.txt is no text") from error
    current = read_checkpoint(note, "checkpoint.txt")
    check_signature(current, keys, "checkpoint.txt")
    size = current["size"]
    need(current["tenant"] == manifest["tenant_id"], f"checkpoint.txt is of tenant {current['tenant']}, and manifest.json of tenant {manifest['tenant_id']}")
    need(size == manifest["tree_size"], f"checkpoint.txt has {size} events, and manifest.json says {manifest['tree_size']}")
    need(manifest["from"] <= manifest["to"] <= size, "manifest.json: the events are not within the history")
    kept = None
    if kept_note is not None:
        kept = read_checkpoint(kept_note, "the checkpoint that you hold")
        need(kept["tenant"] == current["tenant"], f"the checkpoint that you hold is of tenant {kept['tenant']}, and the export of tenant {current['tenant']}")
        check_signature(kept, keys, "the checkpoint that you hold")
        need(kept["size"] <= size, f"the checkpoint that you hold has {kept['size']} events, and the export's checkpoint.txt only {size}: the history was cut off, or the export is older than your checkpoint")
    leaves = read_leaves(folder, manifest)
    if kept:
        check_growth(manifest, leaves, kept, current)
    since = manifest["since"]
    if since and manifest["from"] == 0 and since["size"] <= manifest["to"]:
        need(is_consistent(since["size"], root_of(leaves[:since["size"]]), size, current["root"], since["proof"]), "manifest.json: `since` does not hold")
    root = root_of_part(manifest["from"], leaves, manifest["beside"], size)
    need(root == current["root"], f"the events {manifest['from']} to {manifest['to']} do not lead to the root of checkpoint.txt: there are others, or they are in another order")
    told = f"Verified: the {len(leaves)} events {manifest['from']} to {manifest['to']} of tenant {current['tenant']} are those of the signed history of {size} events."
    return told + (f" It continues the checkpoint that you hold, of {kept['size']} events." if kept else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("--key", action="append", required=True, metavar="KEY|FILE")
    parser.add_argument("--checkpoint", metavar="FILE")
    arguments = parser.parse_args()
    try:
        kept = None
        if arguments.checkpoint:
            with open(arguments.checkpoint, encoding="utf-8", newline="") as file:
                kept = file.read()
        print(verify(arguments.export, read_keys(arguments.key), kept))
    except Wrong as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
