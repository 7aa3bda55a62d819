//! Views of source text in which comments, or comments and literals, are blanked, so that rules can search plain text.
//! Every view has the length and the line ends of the original, so offsets and lines stay true.

/// A Rust file in the views that rules need.
pub struct RustSource {
    /// Comments and the content of string and character literals blanked.
    pub code: String,
    /// Comments blanked, literals kept.
    pub code_and_strings: String,
    /// Byte ranges of items under `#[cfg(test)]`.
    tests: Vec<(usize, usize)>,
}

impl RustSource {
    /// Reads a file.
    pub fn new(text: &str) -> Self {
        let (code, code_and_strings) = blank_rust(text);
        let tests = test_items(&code);
        Self { code, code_and_strings, tests }
    }

    /// Whether the offset lies within an item under `#[cfg(test)]`.
    pub fn is_test(&self, offset: usize) -> bool {
        self.tests.iter().any(|(from, to)| (*from..*to).contains(&offset))
    }
}

/// The 1-based line of a byte offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].split(|byte| *byte == b'\n').count()
}

/// Whether a byte can be part of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Offsets at which `needle` stands with no identifier character at either side.
pub fn words<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    text.match_indices(needle).map(|(at, _)| at).filter(move |at| {
        let before = *at == 0 || !is_word(bytes[at - 1]);
        let after = bytes.get(at + needle.len()).is_none_or(|byte| !is_word(*byte));
        before && after
    })
}

/// The end of the group that the bracket at `open` starts (past its closing bracket), counting that kind of bracket only.
pub fn group_end(code: &str, open: usize) -> usize {
    let bytes = code.as_bytes();
    let start = bytes[open];
    let end = match start {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    };
    let mut depth = 0;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        if *byte == start {
            depth += 1;
        } else if *byte == end {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    bytes.len()
}

/// SQL with its comments blanked and in lower case.
pub fn sql_code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = if rest.starts_with(b"--") {
            at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            at + find(rest, b"*/", 2).map_or(rest.len(), |found| found + 2)
        } else if rest[0] == b'\'' {
            at = skip_quoted(bytes, at);
            continue;
        } else {
            at += 1;
            continue;
        };
        blank(&mut out[at..end]);
        at = end;
    }
    string_of(out).to_ascii_lowercase()
}

fn skip_quoted(bytes: &[u8], open: usize) -> usize {
    bytes[open + 1..].iter().position(|byte| *byte == b'\'').map_or(bytes.len(), |found| open + 1 + found + 1)
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    (from..=bytes.len().saturating_sub(needle.len())).find(|at| bytes[*at..].starts_with(needle))
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

fn string_of(bytes: Vec<u8>) -> String {
    // Whole tokens are blanked, so what is left is still UTF-8; should a malformed file defeat that, the search goes on.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).replace('\u{fffd}', "?"))
}

enum Token {
    Comment(usize),
    /// Where the content starts, where it ends, and where the token ends.
    Literal(usize, usize, usize),
    Other(usize),
}

fn blank_rust(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut code, mut with_strings) = (bytes.to_vec(), bytes.to_vec());
    let mut at = 0;
    while at < bytes.len() {
        at = match token(bytes, at) {
            Token::Comment(end) => {
                blank(&mut code[at..end]);
                blank(&mut with_strings[at..end]);
                end
            }
            Token::Literal(from, to, end) => {
                blank(&mut code[from..to]);
                end
            }
            Token::Other(end) => end,
        };
    }
    (string_of(code), string_of(with_strings))
}

fn token(bytes: &[u8], at: usize) -> Token {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => Token::Comment(at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Token::Comment(block_comment_end(bytes, at)),
        [b'"', ..] => quoted(bytes, at),
        [b'\'', ..] => character(bytes, at),
        [first, ..] if is_word(*first) => {
            let end = at + rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
            match (&bytes[at..end], bytes.get(end)) {
                (b"r" | b"br" | b"cr", Some(b'"' | b'#')) => raw(bytes, end).unwrap_or(Token::Other(end)),
                _ => Token::Other(end),
            }
        }
        _ => Token::Other(at + 1),
    }
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn quoted(bytes: &[u8], open: usize) -> Token {
    let mut at = open + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let close = at.min(bytes.len());
    Token::Literal(open + 1, close, (close + 1).min(bytes.len()))
}

/// A character literal, or the quote of a lifetime.
fn character(bytes: &[u8], open: usize) -> Token {
    // The longest literal is '\u{10ffff}'.
    const CHARACTER_BYTES_MAX: usize = 12;
    let window = &bytes[open + 1..bytes.len().min(open + 1 + CHARACTER_BYTES_MAX)];
    let escaped = window.first() == Some(&b'\\');
    let close = window.iter().enumerate().skip(if escaped { 2 } else { 1 }).find(|(_, byte)| **byte == b'\'').map(|(at, _)| at);
    let one = |content: &[u8]| std::str::from_utf8(content).is_ok_and(|text| text.chars().count() == 1);
    match close {
        Some(length) if escaped || one(&window[..length]) => Token::Literal(open + 1, open + 1 + length, open + 2 + length),
        _ => Token::Other(open + 1),
    }
}

fn raw(bytes: &[u8], from: usize) -> Option<Token> {
    let hashes = bytes[from..].iter().take_while(|byte| **byte == b'#').count();
    let open = from + hashes;
    if bytes.get(open) != Some(&b'"') {
        // A raw identifier such as r#type.
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(hashes + 1, b'#');
    let close = find(bytes, &end, open + 1).unwrap_or(bytes.len());
    Some(Token::Literal(open + 1, close, (close + end.len()).min(bytes.len())))
}

fn test_items(code: &str) -> Vec<(usize, usize)> {
    let mut items = Vec::new();
    for attribute in ["#[cfg(", "#![cfg("] {
        for (at, _) in code.match_indices(attribute) {
            let end = group_end(code, at + attribute.find('[').unwrap_or_default());
            let condition = &code[at..end];
            if words(condition, "test").next().is_none() || condition.contains("not(test") {
                continue;
            }
            let inner = attribute.starts_with("#!");
            items.push((at, if inner { code.len() } else { item_end(code, end) }));
        }
    }
    items
}

/// The end of the item that starts at `from`: its closing brace or its semicolon.
fn item_end(code: &str, from: usize) -> usize {
    let bytes = code.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => return group_end(code, at),
            b';' => return at + 1,
            b'(' | b'[' => at = group_end(code, at),
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        let text = "let a = \"x // y\"; // z\n/* a /* b */ c */ let c = '\\'';\nfn f<'a>(x: &'a str) { r#\"q\"q\"# }";
        let source = RustSource::new(text);
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.code.lines().count(), 3);
        for gone in ["x //", "z", "/*", "q"] {
            assert!(!source.code.contains(gone), "{gone}: {}", source.code);
        }
        assert!(source.code.contains("fn f<'a>(x: &'a str)"));
        assert!(source.code_and_strings.contains("x // y"));
        assert!(!source.code_and_strings.contains("// z"));
    }

    #[test]
    fn raw_identifiers_and_umlauts_do_not_confuse() {
        let source = RustSource::new("let r#type = 'ß'; let x = b'\\x00'; let tokyo = \"東京 // \"; done()");
        assert!(source.code.contains("r#type") && source.code.contains("done()"), "{}", source.code);
        assert!(!source.code.contains("東"));
    }

    #[test]
    fn items_for_tests_are_found() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { \"}\" }\n}\nfn c() {}\n#[cfg(not(test))]\nfn d() {}\n";
        let source = RustSource::new(text);
        let of = |needle: &str| source.is_test(text.find(needle).unwrap());
        assert_eq!(["fn a", "fn b", "fn c", "fn d"].map(of), [false, true, false, false]);
    }

    #[test]
    fn sql_comments_go_and_strings_stay() {
        assert_eq!(sql_code("A -- b\n'--c' /* d */E"), "a     \n'--c'        e");
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(words("crm crms a_crm crm.x", "crm").collect::<Vec<_>>(), [0, 15]);
    }
}
