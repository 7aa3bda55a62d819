// What the generated client stands on: requests with retries, problems, pages, positions and event streams. Only `fetch` is needed.
import type { Receipt, AsOf, HistoryEvent, Problem as ProblemDocument, BulkCommand, BulkResult } from "./types.ts";
export type { Receipt, AsOf, HistoryEvent, BulkCommand, BulkResult } from "./types.ts";

/** Answers after which the same request may succeed. Commands carry an Idempotency-Key, so a second try has no second effect. */
const PASSING = new Set([408, 429, 502, 503, 504]);
/** The longest pause between two tries. */
const PAUSE_MAX_MS = 30_000;
/** The longest message of an event stream, in characters. */
const MESSAGE_CHARS_MAX = 32 << 20;
/** Commands of one bulk request; the gateway has at most 256 under way. */
const BULK_LINES = 200;

export type Time = string | Date;
/** A position token, several separated by commas, or answers that carry them. */
export type WaitFor = string | { position: string } | { positions: string[] } | WaitFor[] | undefined;
export type Options = { waitFor?: WaitFor };
export type CommandOptions = {
  /** The idempotency key; a fresh one where it is left out. */
  key?: string;
  /** The version that the command builds on. */
  ifMatch?: number;
  correlationId?: string;
  causationId?: string;
};
export type CreateOptions = CommandOptions & { id?: string };
export type EventQuery = { context?: string[]; type?: string[]; subject?: string[]; after?: string; from?: "head" | "start" };
export type CloudEvent = {
  specversion: "1.0"; id: string; type: string; source: string; subject: string; time: string; datacontenttype: string; dataschema: string;
  tenantid: string; sequence: string; correlationid: string; causationid?: string; traceparent?: string;
  /** What `after` takes to go on behind this event. */
  cursor: string;
  data: any;
};
export type History<State> = { data: HistoryEvent[]; next_after: number | null; version: number; state?: State };
export type Page<Row> = {
  data: Row[]; positions: string[]; lagEvents: number; nextCursor?: string;
  /** The rows of this page and of all that follow. */
  all(): AsyncGenerator<Row>;
};
type Operator = "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "contains" | "prefix";
/** `column` or `column.operator`. */
export type Where<F> = { [C in keyof F & string as C | `${C}.${Operator}`]?: F[C] } & { [C in keyof F & string as `${C}.in`]?: F[C][] } & {
  [C in keyof F & string as `${C}.null`]?: boolean;
};
export type ListOptions<C, S extends string> = Options & { q?: string; sort?: S | `-${S}`; limit?: number; cursor?: string; fields?: C[] };

/** No answer, after all tries. What became of a command is unknown; its key repeats it safely. */
export class Unreachable extends Error {
  key?: string;
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "Unreachable";
  }
}

/** A refusal (RFC 9457). Programs decide by `code`. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: { name: string; message?: string }[];
  readonly candidates: { id: string; field: string }[];
  readonly traceId: string;
  readonly retryAfterMs?: number;
  constructor(status: number, document: Partial<ProblemDocument>, retryAfterMs?: number) {
    super(`${document.detail ?? "The server answers"} (${status} ${document.code ?? ""})`);
    this.name = "Problem";
    this.status = status;
    this.code = document.code ?? "";
    this.fields = document.fields ?? [];
    this.candidates = document.candidates ?? [];
    this.traceId = document.trace_id ?? "";
    this.retryAfterMs = retryAfterMs;
  }
}

/** The tokens as a header carries them. */
export function positions(waitFor: WaitFor): string | undefined {
  if (waitFor === undefined || typeof waitFor === "string") return waitFor;
  const parts = Array.isArray(waitFor) ? waitFor.map((one) => positions(one) ?? "") : "position" in waitFor ? [waitFor.position] : waitFor.positions;
  const tokens = new Set(parts.flatMap((part) => part.split(",")).filter((token) => token !== ""));
  return tokens.size > 0 ? [...tokens].join(",") : undefined;
}

const text = (value: unknown): string =>
  value instanceof Date ? value.toISOString() : Array.isArray(value) ? value.map(text).join(",") : String(value);

const sleep = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

/** What the gateway asks for, else longer each time. */
const pauseMs = (attempt: number, error?: unknown): number => {
  const asked = error instanceof Problem ? error.retryAfterMs : undefined;
  return Math.min(PAUSE_MAX_MS, asked ?? 250 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
};

const isPassing = (error: unknown): boolean => error instanceof Unreachable || (error instanceof Problem && PASSING.has(error.status));

type Asked = { method?: string; query?: object; headers?: Record<string, string | undefined>; body?: string; lasts?: boolean };

/** Sends requests to one gateway as one caller. */
export class Transport {
  readonly url: string;
  private readonly token?: string;
  private readonly timeoutMs: number;
  private readonly tries: number;
  private readonly fetch: typeof fetch;

  constructor(url: string, token?: string, settings: { timeoutMs?: number; tries?: number; fetch?: typeof fetch } = {}) {
    if (!/^https?:$/.test(new URL(url).protocol)) throw new TypeError(`${url} is not the address of a gateway`);
    this.url = url.replace(/\/+$/, "");
    this.token = token;
    this.timeoutMs = settings.timeoutMs ?? 60_000;
    this.tries = Math.max(1, settings.tries ?? 5);
    this.fetch = settings.fetch ?? fetch;
  }

  /** One request without another try. `read` takes the answer; what breaks off while it reads is `Unreachable` too. */
  private async once<A>(path: string, asked: Asked, read: (answer: Response) => Promise<A>): Promise<A> {
    const address = new URL(this.url + path);
    for (const [name, value] of Object.entries(asked.query ?? {})) {
      if (value !== undefined && value !== null) address.searchParams.append(name, text(value));
    }
    const headers: Record<string, string> = this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` };
    for (const [name, value] of Object.entries(asked.headers ?? {})) if (value !== undefined) headers[name] = value;
    const signal = asked.lasts ? undefined : AbortSignal.timeout(this.timeoutMs);
    try {
      const call = this.fetch;
      const answer = await call(address, { method: asked.method ?? "GET", headers, body: asked.body, signal, redirect: "manual" });
      if (answer.ok) return await read(answer);
      const after = answer.headers.get("retry-after") ?? "";
      const document: unknown = await answer.json().catch(() => ({}));
      throw new Problem(answer.status, (document ?? {}) as Partial<ProblemDocument>, /^\d+$/.test(after) ? Number(after) * 1000 : undefined);
    } catch (error) {
      if (error instanceof Problem || error instanceof Unreachable) throw error;
      throw new Unreachable(`${this.url} cannot be reached: ${String((error as Error).cause ?? error)}`, error);
    }
  }

  /** A request that is tried again while the gateway is away or busy. */
  private async send<A>(path: string, asked: Asked, read: (answer: Response) => Promise<A>): Promise<A> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(path, asked, read);
      } catch (error) {
        if (!isPassing(error) || attempt >= this.tries) throw error;
        await sleep(pauseMs(attempt, error));
      }
    }
  }

  get(path: string, query: object = {}, waitFor?: WaitFor): Promise<any> {
    const headers = { Accept: "application/json", "NeuroOps-Wait-For": positions(waitFor) };
    return this.send(path, { query, headers }, (answer) => answer.json());
  }

  bytes(path: string, query: object = {}, waitFor?: WaitFor, accept = "*/*"): Promise<Uint8Array> {
    const headers = { Accept: accept, "NeuroOps-Wait-For": positions(waitFor) };
    return this.send(path, { query, headers }, async (answer) => new Uint8Array(await answer.arrayBuffer()));
  }

  async page<Row>(path: string, query: object = {}, waitFor?: WaitFor): Promise<Page<Row>> {
    const answer: { data: Row[]; next_cursor?: string | null; as_of: AsOf } = await this.get(path, query, waitFor);
    const nextCursor = answer.next_cursor ?? undefined;
    const more = (cursor: string): Promise<Page<Row>> => this.page(path, { ...query, cursor }, waitFor);
    async function* all(): AsyncGenerator<Row> {
      yield* answer.data;
      for (let cursor = nextCursor; cursor !== undefined; ) {
        const page = await more(cursor);
        yield* page.data;
        cursor = page.nextCursor;
      }
    }
    return { data: answer.data, positions: answer.as_of.positions, lagEvents: answer.as_of.lag_events, nextCursor, all };
  }

  /** A command and its receipt. All tries carry the same key, so it takes effect once. */
  async command(path: string, body: object, options: CommandOptions): Promise<Receipt> {
    const key = options.key ?? crypto.randomUUID();
    const headers = {
      Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": key,
      "If-Match": options.ifMatch === undefined ? undefined : `"${options.ifMatch}"`,
      "X-Correlation-ID": options.correlationId, "X-Causation-ID": options.causationId,
    };
    try {
      return await this.send(path, { method: "POST", headers, body: JSON.stringify(body) }, (answer) => answer.json());
    } catch (error) {
      if (error instanceof Unreachable) error.key = key;
      throw error;
    }
  }

  /** A result for each command, in order. Lines get keys where they have none, so that a second try has no second effect. */
  async *bulk(commands: Iterable<BulkCommand> | AsyncIterable<BulkCommand>): AsyncGenerator<BulkResult> {
    let lines: string[] = [];
    const headers = { Accept: "application/x-ndjson", "Content-Type": "application/x-ndjson" };
    const flush = async (): Promise<BulkResult[]> => {
      const answer = await this.send("/v1/commands", { method: "POST", headers, body: lines.join("\n") }, (one) => one.text());
      lines = [];
      return answer.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as BulkResult);
    };
    for await (const command of commands) {
      lines.push(JSON.stringify({ ...command, idempotency_key: command.idempotency_key ?? crypto.randomUUID() }));
      if (lines.length === BULK_LINES) yield* await flush();
    }
    if (lines.length > 0) yield* await flush();
  }

  /** CloudEvents without end. A lost connection goes on after the last event. */
  async *events(query: EventQuery): AsyncGenerator<CloudEvent> {
    let last: string | undefined;
    for (let failures = 0; ; ) {
      try {
        const headers = { Accept: "text/event-stream", "Last-Event-ID": last };
        const body = await this.once("/v1/events", { query, headers, lasts: true }, async (answer) => answer.body);
        for await (const message of messages(body, this.timeoutMs)) {
          failures = 0;
          if (message.event === "closed") break;
          yield JSON.parse(message.data) as CloudEvent;
          last = message.id ?? last;
        }
        await sleep(pauseMs(1));
      } catch (error) {
        failures += 1;
        // What breaks while the body is read is no refusal.
        const lost = error instanceof Problem || error instanceof Unreachable ? error : new Unreachable(`${this.url} broke off`, error);
        if (!isPassing(lost) || failures >= this.tries) throw lost;
        await sleep(pauseMs(failures, lost));
      }
    }
  }
}

type Message = { id?: string; event: string; data: string };

/** Server-sent events, until the stream ends or is silent for longer than a gateway lets it be. */
async function* messages(body: ReadableStream<Uint8Array> | null, silentMsMax: number): AsyncGenerator<Message> {
  if (body === null) return;
  const reader = body.getReader();
  const watch = () => setTimeout(() => void reader.cancel().catch(() => undefined), silentMsMax);
  let watching = watch();
  const decoder = new TextDecoder();
  let waiting = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watching);
      watching = watch();
      waiting += decoder.decode(value, { stream: true }).replaceAll("\r", "");
      if (waiting.length > MESSAGE_CHARS_MAX) throw new RangeError("a message of the event stream is too long");
      for (let end = waiting.indexOf("\n\n"); end >= 0; end = waiting.indexOf("\n\n")) {
        const message = read(waiting.slice(0, end));
        waiting = waiting.slice(end + 2);
        if (message !== undefined) yield message;
      }
    }
  } finally {
    clearTimeout(watching);
    await reader.cancel().catch(() => undefined);
  }
}

function read(block: string): Message | undefined {
  const message: Message = { event: "", data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? ["", "", ""];
    if (name === "id") message.id = value;
    else if (name === "event") message.event = value ?? "";
    else if (name === "data") data.push(value ?? "");
  }
  return data.length > 0 ? { ...message, data: data.join("\n") } : undefined;
}

/** Commands on one kind of aggregate, and its history. */
export class Aggregate<State> {
  protected readonly transport: Transport;
  protected readonly path: string;
  constructor(transport: Transport, path: string) {
    this.transport = transport;
    this.path = path;
  }
  protected command(name: string, id: string | undefined, body: object, options: CommandOptions): Promise<Receipt> {
    const place = id === undefined ? this.path : `${this.path}/${encodeURIComponent(id)}`;
    return this.transport.command(`${place}/${name}`, body, options);
  }
  /** What happened to it; `as_of` is a time or a position token. */
  history(id: string, query: { after?: number; limit?: number; as_of?: Time } = {}): Promise<History<State>> {
    return this.transport.get(`${this.path}/${encodeURIComponent(id)}/history`, query);
  }
}

/** Rows that can be filtered, sorted, paged and read one by one. */
export class ReadModel<Row, Filter, Column extends string, Sort extends string> {
  protected readonly transport: Transport;
  protected readonly path: string;
  constructor(transport: Transport, path: string) {
    this.transport = transport;
    this.path = path;
  }
  /** A page. */
  list(where: Where<Filter> = {} as Where<Filter>, { waitFor, ...options }: ListOptions<Column, Sort> = {}): Promise<Page<Row>> {
    return this.transport.page(this.path, { ...where, ...options }, waitFor);
  }
  /** One row; `Problem` with status 404 where there is none. */
  get(id: string, { waitFor, ...options }: Options & { fields?: Column[] } = {}): Promise<Row> {
    return this.transport.get(`${this.path}/${encodeURIComponent(id)}`, options, waitFor);
  }
  /** All rows up to 100,000, as CSV. */
  csv(where: Where<Filter> = {} as Where<Filter>, options: Options = {}): Promise<Uint8Array> {
    return this.transport.bytes(this.path, where, options.waitFor, "text/csv");
  }
}
