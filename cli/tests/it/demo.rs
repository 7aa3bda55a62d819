//! What `make demo` shows of the trading company is true.

use std::process::Command;

use crate::platform::folder;

#[test]
fn two_years_of_a_trading_company_are_loaded_and_come_to_what_was_computed() {
    let data = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_neuroops"));
    for name in ["DATABASE_URL", "DATABASE_ADMIN_URL", "DATABASE_WORKER_URL", "KAFKA_BOOTSTRAP_SERVERS", "JWT_SECRET_KEY", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.env("NEUROOPS_DIR", data.path()).env("HTTP_ADDR", "127.0.0.1:0");
    command.env("NEUROOPS_POSTGRES_PORT", "0").env("NEUROOPS_KAFKA_PORT", "0");
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let output = command.args(["demo", "--only", "trade", "--examples", examples]).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("All of the above is true") && !said.contains("NOT TRUE"), "{said}");
    for claim in [
        "accounts hold what was computed",
        "revenue of 24 months agrees",
        "the stock account holds the value of the stock",
        "recurring revenue",
    ] {
        assert!(said.contains(claim), "{claim}: {said}");
    }
}

#[test]
fn the_sample_data_are_what_their_generators_write() {
    for name in ["generate_crm.py", "generate_trade.py"] {
        let path = format!("{}/../examples/{name}", env!("CARGO_MANIFEST_DIR"));
        let output = Command::new("python3").args(["-B", &path, "--check"]).output().expect("python3 runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
