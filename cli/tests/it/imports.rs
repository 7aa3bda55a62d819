//! Files into a running platform and out of it again: bad ones, and those that it has written itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::platform::Platform;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

/// A tenant and a folder for files.
struct Desk<'a> {
    platform: &'a Platform,
    token: String,
    folder: TempDir,
}

/// What became of the rows of a file: the outcome, or the code of a refusal, by line.
type Report = BTreeMap<u64, String>;

impl<'a> Desk<'a> {
    /// The tenant that the platform starts with.
    fn first(platform: &'a Platform) -> Self {
        Self { platform, token: platform.expect("NEUROOPS_TOKEN"), folder: tempfile::tempdir().expect("a folder") }
    }

    /// A tenant more.
    fn new(platform: &'a Platform) -> Self {
        let made = platform.neuroops(&["tenants", "create", "Second"]).expect("a tenant");
        let token = made.lines().find_map(|line| line.strip_prefix("NEUROOPS_TOKEN=")).expect("a token").to_owned();
        Self { platform, token, folder: tempfile::tempdir().expect("a folder") }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    fn import(&self, context: &str, list: &str, file: &Path, more: &[&str]) -> Report {
        let report = self.folder.path().join("report.ndjson");
        drop(std::fs::remove_file(&report));
        let url = self.platform.expect("NEUROOPS_URL");
        let (file, path) = (file.to_str().expect("a path"), report.to_str().expect("a path"));
        let words = ["import", context, list, file, "--url", &url, "--token", &self.token, "--quiet", "--report", path];
        self.platform.neuroops(&[&words, more].concat()).unwrap_or_else(|error| panic!("{list}: {error}"));
        let text = std::fs::read_to_string(&report).expect("a report");
        let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        rows.map(|row| {
            let what = if row["outcome"] == "refused" { &row["code"] } else { &row["outcome"] };
            (row["line"].as_u64().expect("a line"), what.as_str().expect("a word").to_owned())
        })
        .collect()
    }

    fn import_text(&self, context: &str, list: &str, text: &str, more: &[&str]) -> Report {
        self.import(context, list, &self.file("rows.csv", text.as_bytes()), more)
    }

    /// The only file of an export.
    fn export(&self, context: &str, list: &str, format: &str) -> PathBuf {
        let out = self.folder.path().join(format!("{context}-{list}-{format}"));
        let url = self.platform.expect("NEUROOPS_URL");
        let words =
            ["export", context, list, "--format", format, "--out", out.to_str().expect("a path"), "--url", &url, "--token", &self.token];
        self.platform.neuroops(&words).unwrap_or_else(|error| panic!("{list}: {error}"));
        let files = std::fs::read_dir(&out).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == format)).collect();
        assert_eq!(files.len(), 1, "{list} is in one file");
        files.remove(0)
    }

    async fn text(&self, path: &str, accept: &str) -> String {
        let request = self.platform.http.get(format!("{}/v1/{path}", self.platform.expect("NEUROOPS_URL")));
        let answer = request.bearer_auth(&self.token).header("Accept", accept).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path} as {accept}: {text}");
        text
    }

    /// These fields of all rows of a list, by id, once there are `count` of them.
    async fn rows(&self, path: &str, fields: &str, count: usize) -> Vec<Value> {
        let rows = self.rows_once(path, fields, |rows| rows.len() == count).await;
        assert_eq!(rows.len(), count, "{path}");
        rows
    }

    /// These fields of all rows of a list, by id, once they are as wanted, or as they are after half a minute.
    async fn rows_once(&self, path: &str, fields: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let started = std::time::Instant::now();
        loop {
            let text = self.text(&format!("{path}?fields={fields}&sort=id"), "application/x-ndjson").await;
            let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            if wanted(&rows) || started.elapsed().as_secs() > 30 {
                return rows;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

fn counts(report: &Report) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for what in report.values() {
        *counts.entry(what.as_str()).or_insert(0) += 1;
    }
    counts
}

fn sample(path: &str) -> String {
    std::fs::read_to_string(format!("{SAMPLES}/{path}")).expect("the sample is there")
}

/// The first lines of a sample.
fn head(path: &str, lines: usize) -> String {
    sample(path).lines().take(lines).fold(String::new(), |text, line| text + line + "\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bad_files_are_told_row_by_row_and_leave_nothing_half_done() {
    let platform = Platform::start().await;
    let desk = Desk::first(&platform);

    let latin = desk.file("latin.csv", b"SKU,Name,Cost,Currency\nL-1,Tea,1.00,EUR\nL-2,Gr\xfcner Tee,1.00,EUR\n");
    assert_eq!(counts(&desk.import("inventory", "products", &latin, &[])), [("created", 1), ("invalid_utf8", 1)].into());
    let read = desk.import("inventory", "products", &latin, &["--encoding", "windows-1252"]);
    // The row that could be read before is the same command: its answer comes again, and there is one record.
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [(2, "created".to_owned()), (3, "created".to_owned())]);
    let mut names = desk.rows("inventory/product-list", "id,name", 2).await.iter().map(|row| row["name"].to_string()).collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, ["\"Grüner Tee\"", "\"Tea\""]);

    let commas = "SKU;Name;Price;Currency\nK-1;Kanne;12,50;EUR\nK-2;Kanne;1.250,00;EUR\n";
    assert_eq!(counts(&desk.import_text("inventory", "products", commas, &[])), [("unreadable_price", 2)].into());
    assert_eq!(counts(&desk.import_text("inventory", "products", commas, &["--decimal-comma"])), [("created", 2)].into());

    let days = "Movement ID,Type,SKU,Quantity,Date\nD-1,receipt,L-1,10,31.01.2026\nD-2,sale,L-1,4,01.02.2026\nD-3,count,L-1,5,03.02.2026\n";
    assert_eq!(counts(&desk.import_text("inventory", "movements", days, &[])), [("created", 3)].into());
    let rows = desk.rows("inventory/movement-list", "id,kind,quantity,booked_on,on_hand", 4).await;
    let seen: Vec<(&str, &str, i64)> = rows
        .iter()
        .map(|row| {
            (row["kind"].as_str().expect("a kind"), row["booked_on"].as_str().expect("a day"), row["quantity"].as_i64().expect("pieces"))
        })
        .collect();
    assert_eq!(
        seen,
        [("receipt", "2026-01-31", 10), ("shipment", "2026-02-01", -4), ("count", "2026-02-03", 0), ("adjustment", "2026-02-03", -1)]
    );

    let accounts = "Journal No,Date,Account,Debit,Credit,Currency\nJ-1,2026-01-31,6100,5.00,,EUR\nJ-1,2026-01-31,1100,,5.00,EUR\n\
        J-2,2026-01-31,4711,5.00,,EUR\nJ-2,2026-01-31,1100,,5.00,EUR\n";
    let read = desk.import_text("accounting", "entries", accounts, &[]);
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [(2, "created".to_owned()), (4, "accounting.account_unknown".to_owned())]);

    let twice = "Product ID,SKU,Name,Cost,Currency\np-1,Z-1,First,1.00,EUR\np-1,Z-1,Second,2.00,EUR\np-2,Z-1,Third,3.00,EUR\n";
    let read = desk.import_text("inventory", "products", twice, &[]);
    assert_eq!(read.values().filter(|what| *what == "created").count(), 1, "one record: {read:?}");

    let whole = sample("trade/products.csv");
    let cut = whole.char_indices().map(|(at, _)| at).nth(whole.chars().count() / 2).expect("a middle");
    let complete = whole[..cut].matches('\n').count() - 1;
    let half = desk.import_text("inventory", "products", &whole[..cut], &[]);
    assert_eq!((counts(&half)["created"], half.len()), (complete, complete + 1), "the row that is cut is refused");
    let rest = desk.import_text("inventory", "products", &whole, &[]);
    let all = whole.matches('\n').count() - 1;
    assert_eq!(counts(&rest), [("created", all - complete), ("unchanged", complete)].into(), "the whole file adds what was missing");
    assert!(platform.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_list_is_exported_and_what_was_exported_can_be_imported_again() {
    let platform = Platform::start().await;
    let (here, there) = (Desk::first(&platform), Desk::new(&platform));
    let lists = [
        ("crm", "companies", "company-list", "csv", sample("trade/companies.csv"), "id,name,domain,industry,phone,address,owner,tags"),
        (
            "crm",
            "contacts",
            "contact-list",
            "ndjson",
            sample("trade/contacts.csv"),
            "id,given_name,family_name,email,phone,job_title,company_id,owner",
        ),
        (
            "inventory",
            "products",
            "product-list",
            "csv",
            sample("trade/products.csv"),
            "id,sku,name,unit,currency,valuation,price_minor,price_currency,cost_minor,category,barcode,supplier,reorder_point,reorder_quantity",
        ),
        (
            "invoicing",
            "invoices",
            "invoice-list",
            "ndjson",
            head("trade/invoices.csv", 90),
            "id,customer_id,customer_name,customer_address,customer_tax_id,date,due_date,currency,net_minor,tax_minor,total_minor,lines",
        ),
        (
            "invoicing",
            "bills",
            "bill-list",
            "csv",
            head("trade/bills.csv", 60),
            "id,supplier_id,supplier_name,supplier_number,date,due_date,currency,net_minor,tax_minor,total_minor,lines",
        ),
        (
            "accounting",
            "accounts",
            "account-list",
            "csv",
            sample("accounting/accounts.csv"),
            "id,name,type,subtype,currency,normal_side,control",
        ),
        ("billing", "customers", "customer-list", "csv", sample("trade/billing-customers.csv"), "id,name,email,country,tax_id,tax_exempt"),
    ];
    for (context, import, list, format, text, fields) in &lists {
        let given = here.import_text(context, import, text, &[]);
        assert!(!given.is_empty() && given.values().all(|what| what == "created" || what == "updated"), "{import}: {:?}", counts(&given));
        let taken = there.import(context, import, &here.export(context, list, format), &[]);
        let refused = counts(&taken).keys().any(|what| !["created", "updated", "unchanged"].contains(what));
        assert!(!taken.is_empty() && !refused, "{list}: {:?}", counts(&taken));
        let path = format!("{context}/{list}");
        // The export has waited until the list had everything that was acknowledged; what is imported there is awaited here.
        let exported = here.rows_once(&path, fields, |_| true).await;
        assert!(exported.len() > 30, "{list} has {} rows", exported.len());
        assert_eq!(there.rows_once(&path, fields, |rows| rows == exported).await, exported, "{list}");
    }
    for entry in projections::contexts::CONTEXTS {
        for model in entry.read_models {
            let path = format!("{}/{}", model.context, model.name);
            let (table, lines) = (here.text(&path, "text/csv").await, here.text(&path, "application/x-ndjson").await);
            let header: Vec<&str> = table.lines().next().expect("a header").split(',').collect();
            assert_eq!(header.len(), model.columns.len(), "{path}");
            if let Some(first) = lines.lines().next() {
                let row: Value = serde_json::from_str(first).expect("JSON");
                assert!(header.iter().all(|name| row.get(name).is_some()), "{path}: {first}");
            }
        }
    }
    assert!(platform.stop());
}
