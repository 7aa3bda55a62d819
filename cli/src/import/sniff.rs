//! Finds out what kind of file it is, before anything is sent: a file that is read wrongly fails at once and not in every row.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::usage;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with `,`, `;` or tabs between the cells.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// How characters are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// Windows-1252, which contains Latin-1.
    #[value(name = "windows-1252", aliases = ["latin-1", "latin1", "iso-8859-1", "cp1252"])]
    Windows1252,
}

/// The characters of Windows-1252 from 0x80 to 0x9f; all others are those of Unicode.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–',
    '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The text, where the bytes are one.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Windows1252 => Some(
                bytes
                    .iter()
                    .map(|byte| match byte {
                        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                        byte => char::from(*byte),
                    })
                    .collect(),
            ),
        }
    }
}

/// How much of a file is looked at, in bytes.
const HEAD_BYTES: usize = 1 << 18;
/// Hexadecimal digits of the digest that name the file.
const DIGEST_CHARS: usize = 16;
const BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// What is known of a file.
pub struct Sniffed {
    /// The file.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Option<SystemTime>,
    /// How rows are written.
    pub format: Format,
    /// What stands between cells.
    pub delimiter: u8,
    /// Where the content starts, behind a byte order mark.
    pub start: u64,
    /// Names the content: digest of its size and its beginning, so that a large file need not be read twice.
    pub digest: String,
}

/// Opens a file and looks at its beginning.
pub fn sniff(path: &Path, format: Option<Format>, encoding: Encoding) -> anyhow::Result<Sniffed> {
    let mut file = File::open(path).map_err(|error| usage(format!("cannot open {}: {error}", path.display())))?;
    let meta = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if !meta.is_file() {
        return Err(usage(format!("{} is not a file", path.display())));
    }
    let mut head = Vec::new();
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head).with_context(|| format!("cannot read {}", path.display()))?;
    file.seek(SeekFrom::Start(0))?;
    let name = path.display();
    if let Some(fault) = fault_of(&head, encoding) {
        return Err(usage(format!("{name} {fault}")));
    }
    let content = head.strip_prefix(BOM).unwrap_or(&head);
    let format = match format {
        Some(format) => format,
        None => guess(path, content),
    };
    if format == Format::Ndjson && content.trim_ascii_start().starts_with(b"[") {
        return Err(usage(format!("{name} is one JSON array; write one object a line: jq -c '.[]' {name} > rows.ndjson")));
    }
    let digest = Sha256::new().chain_update(meta.len().to_be_bytes()).chain_update(&head).finalize();
    let mut digest = hex::encode(digest);
    digest.truncate(DIGEST_CHARS);
    let start = (head.len() - content.len()) as u64;
    Ok(Sniffed { file, size: meta.len(), modified: meta.modified().ok(), format, delimiter: delimiter(content), start, digest })
}

/// What makes a file unreadable as a whole.
fn fault_of(head: &[u8], encoding: Encoding) -> Option<&'static str> {
    let utf16 = "is UTF-16; save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 in.csv > out.csv";
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Some(utf16);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Some("is a spreadsheet; save it as CSV (UTF-8)");
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Some("is compressed; unpack it first");
    }
    let nulls = head.split(|byte| *byte == 0).count() - 1;
    if nulls > head.len() / 4 {
        return Some(utf16);
    }
    if nulls > 0 && nulls > head.len() / 64 {
        return Some("is not a text file");
    }
    if head.strip_prefix(BOM).unwrap_or(head).trim_ascii().is_empty() {
        return Some("is empty");
    }
    if encoding == Encoding::Utf8 {
        // One bad row is that row's fault; if most rows with letters beyond ASCII are bad, the encoding is another.
        let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii()).collect();
        let bad = lines.iter().filter(|line| std::str::from_utf8(line).is_err()).count();
        if bad >= 3 && bad * 2 > lines.len() {
            return Some("is not UTF-8; it looks like Windows-1252 (Latin-1): give --encoding windows-1252, or save it as UTF-8");
        }
    }
    None
}

fn guess(path: &Path, content: &[u8]) -> Format {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "csv" | "tsv" | "tab" => Format::Csv,
        "ndjson" | "jsonl" | "json" => Format::Ndjson,
        _ if content.trim_ascii_start().starts_with(b"{") => Format::Ndjson,
        _ => Format::Csv,
    }
}

/// The separator that occurs most often in the header, outside quotes.
fn delimiter(content: &[u8]) -> u8 {
    let (mut counts, mut quoted) = ([(b',', 0_u32), (b';', 0), (b'\t', 0)], false);
    for byte in content.trim_ascii_start() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => counts.iter_mut().filter(|(candidate, _)| candidate == byte).for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_recognises_files_that_it_cannot_read() {
        let latin = "Jürgen\n".chars().map(|c| c as u8).collect::<Vec<u8>>().repeat(3);
        let utf16: Vec<u8> = "name,email\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, expected) in [
            (&b"\xff\xfea\0"[..], Some("UTF-16")),
            (&utf16, Some("UTF-16")),
            (b"PK\x03\x04abc", Some("spreadsheet")),
            (b"\x1f\x8b\x08", Some("compressed")),
            (b"\xef\xbb\xbf \n", Some("empty")),
            (&latin, Some("--encoding windows-1252")),
            ("name\nJürgen\n".as_bytes(), None),
            (b"name\nJ\xfcrgen\nAnna\n", None),
        ] {
            let fault = fault_of(bytes, Encoding::Utf8);
            assert!(
                fault.is_some() == expected.is_some() && fault.unwrap_or("").contains(expected.unwrap_or("")),
                "{fault:?} {expected:?}"
            );
        }
        assert_eq!(fault_of(&latin, Encoding::Windows1252), None);
        assert_eq!(Encoding::Windows1252.decode(b"J\xfcrgen \x80").as_deref(), Some("Jürgen €"));
    }

    #[test]
    fn import_finds_the_separator_in_the_header() {
        assert_eq!(delimiter(b"a,b;c,d\n;;;;;;"), b',');
        assert_eq!(delimiter(b"\"a,b,c\";d;e\n"), b';');
        assert_eq!(delimiter(b"a\tb"), b'\t');
        assert_eq!(delimiter(b"email"), b',');
    }
}
