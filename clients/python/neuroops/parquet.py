"""Heavy questions over whole histories: a read model or report is copied as Parquet once, and asked with DataFusion as often as wanted.

    pip install 'neuroops[parquet]'

    sales = parquet.copy(client, "analytics", "sales", "copies/sales")
    answer = parquet.ask("SELECT product_id, sum(revenue_minor) FROM sales GROUP BY 1 ORDER BY 2 DESC LIMIT 10", sales=sales)

A copy is as of its export (`manifest.json` says which positions it includes); the platform's own queries and dashboards are as of now.
"""
from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any, Dict, Optional, Union

from .api import Client
from .core import NeuroOpsError, Receipt

#: Seconds between two looks at an export: from the first to the longest.
_PAUSES = (0.1, 2.0)


def copy(client: Client, context: str, source: str, folder: Union[str, Path], terms: Optional[Dict[str, Any]] = None, patience: float = 600.0) -> Path:
    """Exports a source as Parquet into a folder that is empty or not there yet, and answers the folder.

    `terms` are those of the source's query. What was acknowledged before is in the copy. Every file is compared with its digest in the
    manifest, which is written last: a folder without one is no whole copy.
    """
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise NeuroOpsError(f"{into} is not empty; a copy needs a folder of its own")
    question = {"context": context, "source": source, "terms": terms or {}}
    receipt = client.analytics.export.request({"question": question, "format": "parquet"})  # type: ignore[typeddict-item]
    found = _complete(client, receipt, time.monotonic() + patience)
    for file in found["files"]:
        content = client.analytics.export.file(receipt.id, file["name"])
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise NeuroOpsError(f"{file['name']} of the export {receipt.id} is not what its manifest says; copy again into another folder")
        (into / file["name"]).write_bytes(content)
    manifest = into / "manifest.json.part"
    manifest.write_bytes(client.analytics.export.file(receipt.id, "manifest.json"))
    os.replace(manifest, into / "manifest.json")
    return into


def _complete(client: Client, requested: Receipt, deadline: float) -> Any:
    export, (pause, longest) = requested.id, _PAUSES
    while True:
        found: Any = client.analytics.export.files(export, wait_for=requested)
        if found["status"] == "completed":
            return found
        if found["status"] != "requested":
            failure = found.get("failure") or {}
            raise NeuroOpsError(f"the export {export} is {found['status']}: {failure.get('reason', 'nobody says why')}")
        if time.monotonic() > deadline:
            raise NeuroOpsError(f"the export {export} is not complete yet; `neuroops status` tells whether a worker takes exports")
        time.sleep(pause)
        pause = min(pause * 2, longest)


def ask(sql: str, **copies: Union[str, Path]) -> Any:
    """What DataFusion answers to a question in SQL over copies, each a table by its name; a `pyarrow.Table`."""
    try:
        from datafusion import SessionContext
    except ImportError:
        raise NeuroOpsError("DataFusion is not installed: pip install 'neuroops[parquet]'") from None
    context = SessionContext()
    for name, folder in copies.items():
        if not (Path(folder) / "manifest.json").exists():
            raise NeuroOpsError(f"{folder} is no whole copy: it has no manifest.json")
        context.register_parquet(name, str(folder))
    return context.sql(sql).to_arrow_table()
