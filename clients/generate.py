#!/usr/bin/env python3
"""Writes the generated parts of the clients from schemas/openapi.json. With --check, says which are out of date instead. Standard library only."""
from __future__ import annotations

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from generator import model, python, typescript  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    interface = model.read(json.loads((ROOT / "schemas/openapi.json").read_text(encoding="utf-8")))
    stale = []
    for path, text in {**python.write(interface), **typescript.write(interface)}.items():
        file = ROOT / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not sys.argv[1:]:
            file.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path}: {len(text.splitlines())} lines")
    if stale and sys.argv[1:]:
        print(f"out of date: {', '.join(stale)}; run `make clients`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
