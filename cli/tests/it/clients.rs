//! The command line and the generated clients as users have them, on a running platform.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use platform::config;
use serde_json::{Value, json};

use crate::platform::Platform;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients");
/// The compiler of `clients/typescript/package.json`.
const TYPESCRIPT: &str = "typescript@5.9.3";

/// What a program prints; it must end well.
fn run(command: &mut Command) -> String {
    let output: Output = command.output().unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    let told = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {told}");
    told
}

#[test]
fn the_clients_are_what_the_description_says() {
    run(Command::new("python3").arg(Path::new(CLIENTS).join("generate.py")).arg("--check"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commands_queries_and_events_are_there_in_a_shell() {
    let platform = Platform::start().await;
    let neuroops = |words: &[&str]| tokio::task::block_in_place(|| platform.neuroops(words));
    let body = json!({ "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com" }).to_string();
    let register = ["cmd", "crm/contact/register", &body, "--key", "shell-1"];
    let answer = neuroops(&register).expect("a receipt");
    assert_eq!(neuroops(&register).expect("a receipt"), answer, "the same key answers the same bytes");
    let receipt: Value = serde_json::from_str(&answer).expect("JSON");
    let (id, position) = (receipt["id"].as_str().expect("an id"), receipt["position"].as_str().expect("a token"));

    let file = platform.path().join("update.json");
    std::fs::write(&file, r#"{"job_title":"Analyst"}"#).expect("a file");
    let (update, from_file) = (format!("crm/contact/{id}/update"), format!("@{}", file.display()));
    let stale = neuroops(&["cmd", &update, &from_file, "--if-match", "7"]).expect_err("another version");
    assert!(stale.contains("412"), "{stale}");
    neuroops(&["cmd", &update, &from_file, "--if-match", "1"]).expect("a receipt");
    let taken = neuroops(&["cmd", "crm/contact/register", &body]).expect_err("the address is taken");
    assert!(taken.contains("409") && taken.contains(&format!("{id} has the same email")), "{taken}");
    let typo = neuroops(&["cmd", "crm/contact/register", r#"{"given_nam":"Ada"}"#]).expect_err("no such field");
    assert!(typo.contains("400") && typo.contains("given_nam"), "{typo}");
    let broken = neuroops(&["cmd", "crm/contact/register", "{"]).expect_err("no JSON");
    assert!(broken.contains("JSON object"), "{broken}");

    let list = ["get", "crm/contact-list?q=lovelace", "--wait-for", position];
    let rows: Value = serde_json::from_str(&neuroops(&list).expect("rows")).expect("JSON");
    assert_eq!(rows["data"][0]["id"], id);
    let csv = neuroops(&[&list[..], &["--format", "csv"]].concat()).expect("rows");
    assert!(csv.lines().count() == 2 && csv.contains("ada@example.com"), "{csv}");
    let table = neuroops(&[&list[..], &["--format", "table"]].concat()).expect("rows");
    assert!(table.contains("family_name") && table.contains("Lovelace") && !table.contains("as_of"), "{table}");
    let nobody = neuroops(&["get", "crm/contact-list/nobody"]).expect_err("nobody");
    assert!(nobody.contains("404"), "{nobody}");

    let all = neuroops(&["tail", "--context", "crm", "--type", "crm.contact_*", "--from", "start", "--count", "2"]).expect("events");
    let events: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect();
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["crm.contact_registered.v1", "crm.contact_updated.v1"]);
    let cursor = events[0]["cursor"].as_str().expect("a cursor");
    let behind = neuroops(&["tail", "--context", "crm", "--from", cursor, "--count", "1"]).expect("events");
    assert_eq!(behind.trim_end(), all.lines().nth(1).expect("two events"), "it goes on behind the event");
    let unknown = neuroops(&["tail", "--context", "nothing"]).expect_err("no such context");
    assert!(unknown.contains("404") || unknown.contains("400"), "{unknown}");
    assert!(platform.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_command_query_and_follow_through_the_clients() {
    let platform = Platform::start().await;
    tokio::task::block_in_place(|| {
        let python = Path::new(CLIENTS).join("python/tests/use_client.py");
        assert_eq!(run(with_platform(Command::new("python3").arg(python), &platform)).trim_end(), "ok");
        match config::variable("NEUROOPS_TEST_DATAFUSION") {
            Some(interpreter) => {
                let questions = Path::new(CLIENTS).join("python/tests/ask_parquet.py");
                assert_eq!(run(with_platform(Command::new(interpreter).arg(questions), &platform)).trim_end(), "ok");
            }
            None => tell("scripts/setup --tests has not been run: copies were NOT asked with DataFusion."),
        }
        typescript(&platform);
    });
    assert!(platform.stop());
}

fn with_platform<'a>(command: &'a mut Command, platform: &Platform) -> &'a mut Command {
    command.env("NEUROOPS_URL", platform.expect("NEUROOPS_URL")).env("NEUROOPS_TOKEN", platform.expect("NEUROOPS_TOKEN"))
}

/// Checks the types where the compiler is to be had, and runs the program with what Node there is.
fn typescript(platform: &Platform) {
    let Some(version) = node() else {
        tell("There is no Node 18.17 or later here: the TypeScript client was NOT run.");
        return;
    };
    let tests = Path::new(CLIENTS).join("typescript/tests");
    let built = tempfile::tempdir().expect("a folder");
    if let Some(compiler) = compiler() {
        run(Command::new(compiler).arg("-p").arg(&tests).arg("--outDir").arg(built.path()));
        // What the compiler writes are modules by its package.json, which is not below that folder.
        std::fs::write(built.path().join("package.json"), r#"{"type":"module"}"#).expect("a file");
        let told = run(with_platform(Command::new("node").arg(built.path().join("tests/use-client.js")), platform));
        assert_eq!(told.trim_end(), "ok");
    } else if version >= (22, 6) {
        tell("The npm registry does not answer: the types of the TypeScript client were NOT checked.");
        let mut program = Command::new("node");
        program.args(["--no-warnings", "--experimental-strip-types"]).arg(tests.join("use-client.ts"));
        assert_eq!(run(with_platform(&mut program, platform)).trim_end(), "ok");
    } else {
        tell(&format!("Node {version:?} runs no TypeScript and the npm registry does not answer: the TypeScript client was NOT run."));
    }
}

/// Says what was left out, also where the output of tests that pass is not shown.
fn tell(what: &str) {
    drop(writeln!(std::io::stderr(), "\n{what}"));
}

/// The version of Node, where it is recent enough.
fn node() -> Option<(u32, u32)> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map_while(|number| number.parse().ok());
    let version = (numbers.next()?, numbers.next()?);
    (version >= (18, 17)).then_some(version)
}

/// The compiler, kept between runs.
fn compiler() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(TYPESCRIPT);
    let program = folder.join("node_modules/.bin/tsc");
    if !program.exists() {
        std::fs::create_dir_all(&folder).ok()?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--fetch-retries=1", "--fetch-timeout=20000", "--prefix"]);
        npm.arg(&folder).arg(TYPESCRIPT).current_dir(&folder).output().ok()?;
    }
    program.exists().then_some(program)
}
