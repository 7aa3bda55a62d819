"""What a program does with the Python client, on a gateway that NEUROOPS_URL and NEUROOPS_TOKEN name."""
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from neuroops import Client, Problem, Unreachable, types  # noqa: E402


def refused(status: int, call, *arguments, **options) -> Problem:
    try:
        call(*arguments, **options)
    except Problem as problem:
        assert problem.status == status and problem.code, problem
        return problem
    raise AssertionError("it is refused")


client = Client(os.environ["NEUROOPS_URL"], os.environ["NEUROOPS_TOKEN"])
ada: types.CrmContactRegister = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada.py@example.com"}

# A key makes a command take effect once, and a receipt makes a query see its effect.
receipt = client.crm.contact.register(ada, key="python-1")
assert client.crm.contact.register(ada, key="python-1") == receipt and receipt.version == 1
assert client.crm.contact_list.get(receipt.id, wait_for=receipt)["email"] == "ada.py@example.com"
assert refused(422, client.crm.contact.register, {"given_name": "Bob"}, key="python-1").code

# Many commands at once; a page leads to the next ones.
results = list(client.bulk({"context": "crm", "aggregate": "contact", "command": "register", "body": {"given_name": f"Page {n}"}} for n in range(5)))
assert [result["status"] for result in results] == [200] * 5, results
positions = [result["receipt"]["position"] for result in results]  # they take effect in any order
page = client.crm.contact_list.list({"given_name.prefix": "Page"}, sort="sort_name", limit=2, wait_for=[receipt, *positions])
assert len(page) == 2 and [row["given_name"] for row in page.all()] == [f"Page {n}" for n in range(5)]
assert client.crm.contact_list.csv({"given_name.prefix": "Page"}, wait_for=page).count(b"Page 3") >= 1

# What is refused says why, for programs and for people.
taken = refused(409, client.crm.contact.register, ada)
assert taken.candidates[0]["id"] == receipt.id, taken.candidates
refused(404, client.crm.contact_list.get, "nobody")
refused(412, client.crm.contact.update, receipt.id, {"job_title": "Analyst"}, if_match=7)
assert refused(400, client.crm.contact.register, {"given_nam": "Ada"}).fields
refused(401, Client(os.environ["NEUROOPS_URL"], "wrong").crm.contact_list.list)
changed = client.crm.contact.update(receipt.id, {"job_title": "Analyst"}, if_match=1)
history = client.crm.contact.history(receipt.id, as_of=receipt.position)
assert changed.version == 2 and history.state is not None and len(history.data) == 1, history
assert len(client.crm.contact.history(receipt.id).data) == 2

# A stream goes on behind the last event that is known.
subject = f"contact/{receipt.id}"
events = client.events(subject=[subject], from_="start")
first = next(events)
assert first["type"] == "crm.contact_registered.v1" and first["data"]["profile"]["given_name"] == "Ada", first
events.close()
behind = client.events(subject=[subject], after=first["cursor"])
assert next(behind)["type"].startswith("crm.contact_updated")
behind.close()

# Reports and the operations of the platform.
assert isinstance(client.crm.pipeline_by_stage().data, list)
assert client.series(source="crm/contact-list", date="created_at")["bucket"] == "day"

try:
    Client("http://127.0.0.1:9", tries=2).crm.contact.register(ada, key="lost")
except Unreachable as lost:
    assert lost.key == "lost"
else:
    raise AssertionError("nobody is there")
print("ok")
