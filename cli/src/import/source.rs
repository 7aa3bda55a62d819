//! Cuts a file into records, however long it is: memory holds one record at a time.
//!
//! A record knows its line and the byte behind it, so that an import can say where a fault is and go on there later.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};

use super::sniff::{Encoding, Format};

/// The longest record, in bytes; the command that it becomes has to fit a line of the gateway.
pub const RECORD_BYTES_MAX: usize = 1 << 19;
/// How much is read at once, in bytes.
const READ_BYTES: usize = 1 << 16;

/// What is wrong with a record as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A quote that is not closed within the longest record.
    UnclosedQuote,
    /// Longer than the longest record.
    TooLong,
    /// Not in the encoding of the file.
    Encoding,
}

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The physical line on which it starts, from 1.
    pub line: u64,
    /// Where the next record starts: byte and line.
    pub next: Place,
    /// Its text without the line end, or what is wrong.
    pub text: Result<String, Fault>,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
}

/// The records of a file.
pub struct Records<R> {
    input: R,
    ended: bool,
    buffer: Vec<u8>,
    /// Where the next record starts within the buffer.
    start: usize,
    place: Place,
    format: Format,
    encoding: Encoding,
    delimiter: u8,
}

impl Records<File> {
    /// The records of a file from a place on.
    pub fn open(mut file: File, place: Place, format: Format, encoding: Encoding, delimiter: u8) -> std::io::Result<Self> {
        file.seek(SeekFrom::Start(place.offset))?;
        Ok(Self::new(file, place, format, encoding, delimiter))
    }
}

/// Where a scan stands within a CSV record (RFC 4180 §2; a quote within an unquoted cell is a character like others).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scan {
    CellStart,
    Unquoted,
    Quoted,
    QuoteInQuoted,
}

impl<R: Read> Records<R> {
    /// The records of an input whose first byte is at `place`.
    pub fn new(input: R, place: Place, format: Format, encoding: Encoding, delimiter: u8) -> Self {
        Self { input, ended: false, buffer: Vec::new(), start: 0, place, format, encoding, delimiter }
    }

    /// The next record that is not blank.
    pub fn next_record(&mut self) -> std::io::Result<Option<Record>> {
        loop {
            let Some((length, fault)) = self.scan()? else { return Ok(None) };
            let bytes = &self.buffer[self.start..self.start + length];
            let line = self.place.line;
            let lines = bytes.split(|byte| *byte == b'\n').count() as u64 - 1;
            self.place = Place { offset: self.place.offset + length as u64, line: line + lines };
            let content = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            self.start += length;
            if fault.is_none() && content.trim_ascii().is_empty() {
                continue;
            }
            let text = match fault {
                Some(fault) => Err(fault),
                None => self.encoding.decode(content).ok_or(Fault::Encoding),
            };
            if fault == Some(Fault::TooLong) {
                self.skip_line()?;
            }
            return Ok(Some(Record { line, next: self.place, text }));
        }
    }

    /// Finds the end of the next record: its length in the buffer, line end included.
    fn scan(&mut self) -> std::io::Result<Option<(usize, Option<Fault>)>> {
        let (mut at, mut state, mut first_line) = (0, Scan::CellStart, None);
        loop {
            while self.start + at == self.buffer.len() {
                if at > RECORD_BYTES_MAX || !self.fill()? {
                    return Ok(cut_short(at, state, first_line));
                }
            }
            let byte = self.buffer[self.start + at];
            at += 1;
            if byte == b'\n' {
                if state != Scan::Quoted {
                    return Ok(if at > RECORD_BYTES_MAX { cut_short(at, state, first_line) } else { Some((at, None)) });
                }
                first_line = first_line.or(Some(at));
            }
            if self.format == Format::Csv {
                state = self.after(state, byte);
            }
        }
    }

    fn after(&self, state: Scan, byte: u8) -> Scan {
        match (state, byte) {
            (Scan::Quoted, b'"') => Scan::QuoteInQuoted,
            (Scan::Quoted, _) | (Scan::CellStart | Scan::QuoteInQuoted, b'"') => Scan::Quoted,
            (_, byte) if byte == self.delimiter => Scan::CellStart,
            _ => Scan::Unquoted,
        }
    }

    /// Drops the rest of a line that is too long.
    fn skip_line(&mut self) -> std::io::Result<()> {
        if self.start > 0 && self.buffer.get(self.start - 1) == Some(&b'\n') {
            return Ok(());
        }
        loop {
            let rest = &self.buffer[self.start..];
            let end = rest.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            let taken = end.unwrap_or(rest.len());
            self.start += taken;
            self.place.offset += taken as u64;
            self.place.line += u64::from(end.is_some());
            if end.is_some() || !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Reads more; `false` at the end of the input.
    fn fill(&mut self) -> std::io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + READ_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(!self.ended)
    }
}

/// What a record is that does not end before the limit or the end of the file.
fn cut_short(at: usize, state: Scan, first_line: Option<usize>) -> Option<(usize, Option<Fault>)> {
    match (at, first_line) {
        (0, _) => None,
        // The lines that a quote swallowed are records of their own.
        (at, Some(first_line)) if state == Scan::Quoted || at > RECORD_BYTES_MAX => Some((first_line, Some(Fault::UnclosedQuote))),
        (at, _) if at > RECORD_BYTES_MAX => Some((at, Some(Fault::TooLong))),
        (at, _) => Some((at, (state == Scan::Quoted).then_some(Fault::UnclosedQuote))),
    }
}

/// The cells of a CSV record.
pub fn cells(record: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(record.len().max(1))
        .from_reader(record.as_bytes());
    let mut row = csv::StringRecord::new();
    match reader.read_record(&mut row) {
        Ok(true) => row.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(out.len()).min(3);
            out[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn records(bytes: &[u8], format: Format) -> Vec<Record> {
        let place = Place { offset: 0, line: 1 };
        let mut records = Records::new(Trickle(bytes), place, format, Encoding::Utf8, b',');
        std::iter::from_fn(|| records.next_record().unwrap()).collect()
    }

    fn texts(bytes: &[u8], format: Format) -> Vec<(u64, Result<String, Fault>)> {
        records(bytes, format).into_iter().map(|record| (record.line, record.text)).collect()
    }

    #[test]
    fn import_counts_physical_lines_across_quoted_line_ends() {
        let file = b"a,b\r\n\"x\r\ny\",\"1 \"\"2\"\"\"\r\n\r\n5\" tape,z\nlast";
        let expected: Vec<(u64, Result<String, Fault>)> = vec![
            (1, Ok("a,b".to_owned())),
            (2, Ok("\"x\r\ny\",\"1 \"\"2\"\"\"".to_owned())),
            (5, Ok("5\" tape,z".to_owned())),
            (6, Ok("last".to_owned())),
        ];
        assert_eq!(texts(file, Format::Csv), expected);
        assert_eq!(cells("\"x\r\ny\",\"1 \"\"2\"\"\",5\" tape,", b','), ["x\r\ny", "1 \"2\"", "5\" tape", ""]);
    }

    #[test]
    fn import_goes_on_behind_a_record_that_cannot_be_read() {
        let mut file = b"a\n\"open\nb\nc\xff\n".to_vec();
        file.extend(std::iter::repeat_n(b'x', RECORD_BYTES_MAX * 2));
        file.extend(b"\nd\n");
        let expected = vec![
            (1, Ok("a".to_owned())),
            (2, Err(Fault::UnclosedQuote)),
            (3, Ok("b".to_owned())),
            (4, Err(Fault::Encoding)),
            (5, Err(Fault::TooLong)),
            (6, Ok("d".to_owned())),
        ];
        assert_eq!(texts(&file, Format::Csv), expected);
        let lines = texts(b"{\"a\":\"\\\"\"}\n\n{}", Format::Ndjson);
        assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn import_can_go_on_at_any_record() {
        let file = b"a,b\n\"x\ny\",2\n\nc,d\n\"open\ne,f";
        let all = records(file, Format::Csv);
        for (index, record) in all.iter().enumerate() {
            let rest = &file[usize::try_from(record.next.offset).unwrap()..];
            let mut again = Records::new(rest, record.next, Format::Csv, Encoding::Utf8, b',');
            let rest: Vec<Record> = std::iter::from_fn(|| again.next_record().unwrap()).collect();
            assert_eq!(rest, all[index + 1..]);
        }
    }
}
