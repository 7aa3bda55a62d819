#!/usr/bin/env python3
"""Heavy analytics: the same questions to DataFusion over Parquet files and to Postgres over the rows that the files were written from.

    python3 bench/datafusion_vs_postgres.py FOLDER DATABASE_URL [--rows 1000000] [--runs 5] [--work-mem 256MB]

FOLDER holds Parquet files of `analytics.sale-list`, as `neuroops export analytics sale-list --format parquet --out FOLDER` writes them; where it is
empty, rows are made up, stored in a schema of their own in Postgres and copied out, which is timed. DATABASE_URL names a database in
which the schema `heavy` may be made; it is dropped and made anew. Needs `psql`, and `pip install datafusion pyarrow`.

One client, as many cores as the machine has for either. The first run of each question is cold: DataFusion opens its files for the first
time, and the operating system has forgotten them if this may write /proc/sys/vm/drop_caches; Postgres is asked for the first time since
its start if PG_RESTART holds a command that restarts it. The others are warm; their median is told. Answers are compared before times are.
"""

import argparse
import glob
import os
import statistics
import subprocess
import time
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext

COLUMNS = {
    "document_id": pa.string(), "date": pa.date32(), "currency": pa.string(), "customer_id": pa.string(), "segment": pa.string(),
    "product": pa.string(), "quantity": pa.int64(), "net_minor": pa.int64(), "tax_minor": pa.int64(), "due_date": pa.date32(),
    "open_minor": pa.int64(),
}

# Four years, 20,000 customers in five segments, 2,000 products of which few sell most.
MAKE = """
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS heavy CASCADE;
CREATE SCHEMA heavy;
CREATE TABLE heavy.sales (
    document_id text COLLATE "C", date date, currency text COLLATE "C", customer_id text COLLATE "C", segment text COLLATE "C",
    product text COLLATE "C", quantity bigint, net_minor bigint, tax_minor bigint, due_date date, open_minor bigint
);
"""
FILL = """
SELECT setseed(0.42);
INSERT INTO heavy.sales
SELECT 'invoice-' || (n / 4), d, 'EUR', 'customer-' || c, (ARRAY['retail', 'wholesale', 'public', 'online', 'partners'])[1 + c % 5],
    'product-' || p, q, q * (500 + p * 7), q * (500 + p * 7) * 19 / 100, d + 14 + c % 30,
    CASE WHEN d > DATE '2026-11-21' - 120 AND n % 3 = 0 THEN q * (500 + p * 7) ELSE 0 END
FROM (
    SELECT n, DATE '2022-12-01' + (n::bigint * 1450 / {rows})::integer AS d, floor(random() * 20000)::integer AS c,
        floor(2000 * random() * random())::integer AS p, 1 + floor(random() * 9)::bigint AS q
    FROM generate_series(0, {rows} - 1) n
) x;
"""
INDEX = """
CREATE INDEX ON heavy.sales (date);
CREATE INDEX ON heavy.sales (customer_id, date);
CREATE INDEX ON heavy.sales (product, date);
VACUUM ANALYZE heavy.sales;
"""

# In words that both understand.
QUESTIONS = {
    "revenue by month, product and segment, four years": """
        SELECT date_trunc('month', date) AS month, product, segment, sum(net_minor) AS net, sum(quantity) AS pieces
        FROM {t} GROUP BY 1, 2, 3 ORDER BY net DESC, 1, 2, 3 LIMIT 100""",
    "ten best customers of each segment": """
        SELECT segment, customer_id, net FROM (
            SELECT segment, customer_id, sum(net_minor) AS net,
                row_number() OVER (PARTITION BY segment ORDER BY sum(net_minor) DESC, customer_id) AS place
            FROM {t} GROUP BY segment, customer_id) r
        WHERE place <= 10 ORDER BY 1, 3 DESC, 2""",
    "retention of cohorts by month": """
        SELECT f.cohort, date_trunc('month', s.date) AS month, count(DISTINCT s.customer_id) AS customers
        FROM {t} s JOIN (SELECT customer_id, date_trunc('month', min(date)) AS cohort FROM {t} GROUP BY 1) f ON f.customer_id = s.customer_id
        GROUP BY 1, 2 ORDER BY 1, 2""",
    "ageing by customer": """
        SELECT customer_id, sum(CASE WHEN due_date >= DATE '2026-11-21' THEN open_minor ELSE 0 END) AS not_due,
            sum(CASE WHEN due_date < DATE '2026-11-21' AND due_date >= DATE '2026-10-22' THEN open_minor ELSE 0 END) AS days_30,
            sum(CASE WHEN due_date < DATE '2026-10-22' THEN open_minor ELSE 0 END) AS older
        FROM {t} WHERE open_minor > 0 GROUP BY 1 ORDER BY older DESC, customer_id LIMIT 100""",
    "distinct customers and products by month": """
        SELECT date_trunc('month', date) AS month, count(DISTINCT customer_id) AS customers, count(DISTINCT product) AS products,
            count(DISTINCT document_id) AS invoices
        FROM {t} GROUP BY 1 ORDER BY 1""",
}


class Postgres:
    """A session of psql, asked over a pipe: its own `\\timing` is of the server and the way there and back, without starting a client."""

    def __init__(self, url, work_mem):
        self.url, self.work_mem = url, work_mem

    def run(self, sql):
        return subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", self.url], input=sql, text=True, check=True, stdout=subprocess.PIPE).stdout

    def ask(self, question, times):
        """The answer, and milliseconds of each asking within one session."""
        memory = f"SET work_mem = '{self.work_mem}';\n" if self.work_mem else ""
        script = "SET jit = off;\n" + memory + "\\timing on\n" + (question + ";\n") * times
        out = self.run(script).splitlines()
        spent = [float(line.split()[1]) for line in out if line.startswith("Time: ")]
        rows = []
        for line in out:
            if line.startswith("Time: "):
                break
            rows.append(line.split("|"))
        return rows, spent


def restart():
    command = os.environ.get("PG_RESTART")
    if command:
        subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def forget_files():
    """Makes the operating system forget what it has read; tells whether it did."""
    try:
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as handle:
            handle.write("1")
        return True
    except OSError:
        return False


def plain(value):
    """A value as Postgres prints it, for comparing."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return str(Decimal(value)) if isinstance(value, (int, Decimal)) else str(value)


def copy_out(url, folder):
    """Copies the rows into a Parquet file like those of an export: zstd, 100,000 rows a group."""
    started = time.perf_counter()
    copy = subprocess.Popen(
        ["psql", "-X", "-q", url, "-c", "COPY (SELECT * FROM heavy.sales ORDER BY date) TO STDOUT (FORMAT csv)"], stdout=subprocess.PIPE
    )
    options = pacsv.ConvertOptions(column_types=COLUMNS)
    reader = pacsv.open_csv(copy.stdout, read_options=pacsv.ReadOptions(column_names=list(COLUMNS)), convert_options=options)
    path = os.path.join(folder, "part-00000.parquet")
    with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch, row_group_size=100_000)
    copy.wait()
    return time.perf_counter() - started


def load(url, folder, postgres):
    """Stores the rows of an export in Postgres, so that both have the same."""
    postgres.run(MAKE)
    for path in sorted(glob.glob(os.path.join(folder, "*.parquet"))):
        table = pq.read_table(path)
        missing = [name for name in COLUMNS if name not in table.column_names]
        # What an export of the platform does not have is made of what it has.
        for name in missing:
            table = table.append_column(name, derived(name, table))
        table = table.select(list(COLUMNS))
        copy = subprocess.Popen(["psql", "-X", "-q", url, "-c", "COPY heavy.sales FROM STDIN (FORMAT csv)"], stdin=subprocess.PIPE)
        pacsv.write_csv(table, copy.stdin, pacsv.WriteOptions(include_header=False))
        copy.stdin.close()
        copy.wait()
    postgres.run(INDEX)


def derived(name, table):
    if name == "segment":
        return pa.array([f"segment-{hash_of(value) % 5}" for value in table.column("customer_id").to_pylist()])
    if name == "due_date":
        return table.column("date")
    return pa.array([0] * table.num_rows, type=COLUMNS[name])


def hash_of(text):
    return sum(text.encode())


def measure(folder, postgres, runs):
    path = os.path.join(folder, "*.parquet")
    cores = os.cpu_count()
    print(f"{cores} cores, {runs} warm runs each, milliseconds\n")
    print("| question | Postgres cold | Postgres warm | DataFusion cold | DataFusion warm | warm ratio |")
    print("|---|---|---|---|---|---|")
    forgot = True
    for name, question in QUESTIONS.items():
        restart()
        forgot &= forget_files()
        rows, spent = postgres.ask(question.format(t="heavy.sales"), runs + 1)
        forget_files()
        config = SessionConfig().with_target_partitions(cores)
        started = time.perf_counter()
        context = SessionContext(config, RuntimeEnvBuilder())
        context.register_parquet("sales", folder)
        batches = context.sql(question.format(t="sales")).collect()
        times = [(time.perf_counter() - started) * 1000]
        for _ in range(runs):
            started = time.perf_counter()
            context.sql(question.format(t="sales")).collect()
            times.append((time.perf_counter() - started) * 1000)
        ours = [[plain(value) for value in row.values()] for batch in batches for row in batch.to_pylist()]
        theirs = [[cell[:10] if cell[4:5] == "-" and cell[:4].isdigit() else cell for cell in row] for row in rows]
        if ours != theirs:
            first = next(((a, b) for a, b in zip(ours, theirs) if a != b), (len(ours), len(theirs)))
            raise SystemExit(f"{name}: the answers differ: {first}")
        warm, warm_df = statistics.median(spent[1:]), statistics.median(times[1:])
        print(f"| {name} | {spent[0]:,.0f} | {warm:,.0f} | {times[0]:,.0f} | {warm_df:,.0f} | {warm / warm_df:.1f} |", flush=True)
    if not forgot:
        print("\nThe operating system kept the files in memory: cold is the first run of a new session.")
    print(f"\nFiles: {sum(os.path.getsize(file) for file in glob.glob(path)) / 1e6:,.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("database_url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work-mem", help="memory of one sort or hash table in Postgres; the server's setting where none is given")
    options = parser.parse_args()
    postgres = Postgres(options.database_url, options.work_mem)
    os.makedirs(options.folder, exist_ok=True)
    if glob.glob(os.path.join(options.folder, "*.parquet")):
        load(options.database_url, options.folder, postgres)
    else:
        postgres.run(MAKE + FILL.format(rows=options.rows) + INDEX)
        seconds = copy_out(options.database_url, options.folder)
        print(f"A fresh copy of {options.rows:,} rows as Parquet takes {seconds:.1f} s.")
    size = postgres.run("SELECT count(*), pg_total_relation_size('heavy.sales') FROM heavy.sales").strip().split("|")
    print(f"{int(size[0]):,} rows, {int(size[1]) / 1e6:,.0f} MB in Postgres with indexes; ", end="")
    measure(options.folder, postgres, options.runs)


if __name__ == "__main__":
    main()
