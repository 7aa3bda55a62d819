//! The second verifier, on the same exports.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::super::manifest::Encoding;
use super::forgery::{Chance, Forger};
use super::history::{Export, History, named, signing_key};
use super::refusal;

/// Forgeries that both verifiers look at.
const FORGERIES: usize = 300;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
/// Looks at many exports in one process: a line each, `ok` or the reason.
const MANY: &str = "
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_audit_export as verifier
for line in sys.stdin:
    folder, key, kept = line.rstrip('\\n').split('\\t')
    note = open(kept, encoding='utf-8', newline='').read() if kept else None
    try:
        verifier.verify(folder, [verifier.read_key(key)], note)
        print('ok')
    except verifier.Wrong as wrong:
        print(str(wrong).replace('\\n', ' '))
";

fn put(folder: &Path, export: &Export) {
    std::fs::create_dir(folder).expect("a folder");
    for (name, bytes) in export {
        std::fs::write(folder.join(name), bytes).expect("a file");
    }
}

/// What the second verifier says of each export.
fn verdicts(history: &History, kept: &str, exports: &[Export]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("kept.txt");
    std::fs::write(&note, kept).expect("a file");
    let key = named(&signing_key(1), history.tenant);
    let mut lines = String::new();
    for (number, export) in exports.iter().enumerate() {
        let path = folder.path().join(number.to_string());
        put(&path, export);
        let _ = writeln!(lines, "{}\t{}\t{}", path.display(), key.key.to_text(&key.name), note.display());
    }
    let input = folder.path().join("lines");
    std::fs::write(&input, lines).expect("a file");
    let output = Command::new("python3")
        .args(["-c", MANY, FOLDER])
        .stdin(std::fs::File::open(input).expect("a file"))
        .output()
        .expect("python3 runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdicts: Vec<String> = told.lines().map(str::to_owned).collect();
    assert_eq!(verdicts.len(), exports.len());
    verdicts
}

#[test]
fn both_verifiers_accept_what_is_genuine() {
    let history = History::made_up(9, 300);
    let ranges = [(0..300, 120), (0..300, 300), (0..0, 7), (100..260, 120), (299..300, 1), (300..300, 256)];
    for (range, size) in ranges {
        let export = history.export(Encoding::Ndjson, range, 300, Some(size));
        let kept = history.checkpoint(size);
        assert_eq!(refusal(&export, &history, Some(&kept)), None);
        assert_eq!(verdicts(&history, &kept, &[export]), ["ok"]);
    }
}

#[test]
fn both_verifiers_find_out_the_same_forgeries() {
    let (forger, mut chance) = (Forger::new(), Chance::new(20_261_121));
    let mut exports: Vec<Export> = forger.genuine().map(Clone::clone).to_vec();
    exports.extend((0..FORGERIES).map(|_| forger.forge(&mut chance).1));
    let ours: Vec<bool> = exports.iter().map(|export| refusal(export, &forger.history, Some(&forger.kept)).is_none()).collect();
    let theirs: Vec<bool> = verdicts(&forger.history, &forger.kept, &exports).iter().map(|verdict| verdict == "ok").collect();
    assert_eq!(ours, theirs);
    assert_eq!(theirs.iter().filter(|genuine| **genuine).count(), 2);
}

#[test]
fn the_second_verifier_is_a_program_with_one_clear_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = History::made_up(9, 20);
    let path = folder.path().join("export");
    put(&path, &history.export(Encoding::Ndjson, 0..20, 20, None));
    let run = |key: &str| {
        let script = Path::new(FOLDER).join("verify_audit_export.py");
        Command::new("python3").arg("-B").arg(script).arg(&path).args(["--key", key]).output().expect("python3 runs")
    };
    let key = |number: u8| {
        let key = named(&signing_key(number), history.tenant);
        key.key.to_text(&key.name)
    };
    let good = run(&key(1));
    assert!(good.status.success() && String::from_utf8_lossy(&good.stdout).starts_with("Verified: the 20 events"));
    let wrong = run(&key(2));
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("not signed by a key that you gave"));
}
