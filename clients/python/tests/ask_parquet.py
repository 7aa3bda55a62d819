"""A copy of a read model is asked with DataFusion, on a gateway that NEUROOPS_URL and NEUROOPS_TOKEN name."""
import os
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from neuroops import Client, NeuroOpsError, parquet  # noqa: E402

client = Client(os.environ["NEUROOPS_URL"], os.environ["NEUROOPS_TOKEN"])


def refused(call, *arguments, **options) -> str:
    try:
        call(*arguments, **options)
    except NeuroOpsError as refusal:
        return str(refusal)
    raise AssertionError("it is refused")


names = [f"Row {n:04}" for n in range(500)]
commands = ({"context": "crm", "aggregate": "contact", "command": "register", "body": {"given_name": name, "source": f"s-{n % 3}"}} for n, name in enumerate(names))
assert all(result["status"] == 200 for result in client.bulk(commands))

with tempfile.TemporaryDirectory() as folder:
    contacts = parquet.copy(client, "crm", "contact-list", f"{folder}/contacts", {"given_name.prefix": "Row"})
    answer = parquet.ask("SELECT source, count(*) AS n, min(given_name) AS first FROM contacts GROUP BY source ORDER BY source", contacts=contacts)
    assert answer.to_pylist() == [
        {"source": "s-0", "n": 167, "first": "Row 0000"},
        {"source": "s-1", "n": 167, "first": "Row 0001"},
        {"source": "s-2", "n": 166, "first": "Row 0002"},
    ], answer
    assert "not empty" in refused(parquet.copy, client, "crm", "contact-list", contacts)
    assert "no whole copy" in refused(parquet.ask, "SELECT 1", contacts=folder)
    whole = client.analytics.export.file
    client.analytics.export.file = lambda *given, **options: whole(*given, **options)[:-1]  # type: ignore[method-assign]
    assert "not what its manifest says" in refused(parquet.copy, client, "crm", "contact-list", f"{folder}/cut")
print("ok")
