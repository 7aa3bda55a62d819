// What a program does with the TypeScript client, on a gateway that NEUROOPS_URL and NEUROOPS_TOKEN name.
import { Client, Problem, Unreachable } from "../src/index.ts";
import type { BulkCommand, types } from "../src/index.ts";

declare const process: { env: Record<string, string | undefined> };

function is(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not so: ${what}`);
}

async function refused(status: number, call: () => Promise<unknown>): Promise<Problem> {
  try {
    await call();
  } catch (error) {
    is(error instanceof Problem && error.status === status && error.code !== "", `${status}: ${String(error)}`);
    return error;
  }
  throw new Error("it is refused");
}

const url = process.env["NEUROOPS_URL"] ?? "";
const client = new Client(url, process.env["NEUROOPS_TOKEN"]);
const ada: types.CrmContactRegister = { given_name: "Ada", family_name: "Lovelace", email: "ada.ts@example.com" };

// A key makes a command take effect once, and a receipt makes a query see its effect.
const receipt = await client.crm.contact.register(ada, { key: "typescript-1" });
const again = await client.crm.contact.register(ada, { key: "typescript-1" });
is(receipt.version === 1 && again.position === receipt.position && again.id === receipt.id, "the same receipt");
const row = await client.crm.contactList.get(receipt.id, { waitFor: receipt });
is(row.email === "ada.ts@example.com", "the row is there");

// Many commands at once; a page leads to the next ones.
function* people(): Generator<BulkCommand> {
  for (let n = 0; n < 5; n += 1) yield { context: "crm", aggregate: "contact", command: "register", body: { given_name: `Sheet ${n}` } };
}
const positions: string[] = [];
for await (const result of client.bulk(people())) {
  is(result.status === 200 && result.receipt !== undefined, JSON.stringify(result));
  positions.push(result.receipt.position);
}
const page = await client.crm.contactList.list({ "given_name.prefix": "Sheet" }, { sort: "sort_name", limit: 2, waitFor: [receipt, ...positions] });
const names: (string | null | undefined)[] = [];
for await (const one of page.all()) names.push(one.given_name);
is(page.data.length === 2 && names.join() === "Sheet 0,Sheet 1,Sheet 2,Sheet 3,Sheet 4", names.join());
const table = new TextDecoder().decode(await client.crm.contactList.csv({ "given_name.prefix": "Sheet" }, { waitFor: page }));
is(table.includes("Sheet 3"), table);

// What is refused says why, for programs and for people.
const taken = await refused(409, () => client.crm.contact.register(ada));
is(taken.candidates[0]?.id === receipt.id, "the other contact is named");
await refused(404, () => client.crm.contactList.get("nobody"));
await refused(412, () => client.crm.contact.update(receipt.id, { job_title: "Analyst" }, { ifMatch: 7 }));
// @ts-expect-error: a field that there is not is found before the gateway refuses it.
const unknown = await refused(400, () => client.crm.contact.register({ given_nam: "Ada" }));
is(unknown.fields.length > 0, "the field is named");
await refused(401, () => new Client(url, "wrong").crm.contactList.list());
const changed = await client.crm.contact.update(receipt.id, { job_title: "Analyst" }, { ifMatch: 1 });
const history = await client.crm.contact.history(receipt.id, { as_of: receipt.position });
is(changed.version === 2 && history.data.length === 1 && history.state !== undefined, "the past is known");

// A stream goes on behind the last event that is known.
const subject = [`contact/${receipt.id}`];
let cursor = "";
for await (const event of client.events({ subject, from: "start" })) {
  is(event.type === "crm.contact_registered.v1" && event.data.profile.given_name === "Ada", event.type);
  cursor = event.cursor;
  break;
}
for await (const event of client.events({ subject, after: cursor })) {
  is(event.type.startsWith("crm.contact_updated"), event.type);
  break;
}

// Reports and the operations of the platform.
is(Array.isArray((await client.crm.pipelineByStage()).data), "a report has rows");
is((await client.series({ source: "crm/contact-list", date: "created_at" })).bucket === "day", "a series has buckets");

try {
  await new Client("http://127.0.0.1:9", undefined, { tries: 2 }).crm.contact.register(ada, { key: "lost" });
  throw new Error("nobody is there");
} catch (error) {
  is(error instanceof Unreachable && error.key === "lost", String(error));
}
console.log("ok");
