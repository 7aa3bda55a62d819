//! Where everything of a document stands: pages of A4 with texts and rules. Lengths are points (1/72 inch), counted from the upper left.

use projections::document::{Align, Document, Table};
use unicode_normalization::UnicodeNormalization as _;

use super::font::FACES;

/// The size of a page (ISO 216 A4).
pub const PAGE_WIDTH: f32 = 595.28;
/// See [`PAGE_WIDTH`].
pub const PAGE_HEIGHT: f32 = 841.89;

const LEFT: f32 = 57.0;
const RIGHT: f32 = PAGE_WIDTH - 57.0;
const TOP: f32 = 57.0;
/// Nothing of the text stands below.
const BOTTOM: f32 = PAGE_HEIGHT - 92.0;
/// The rule above the foot.
const FOOT: f32 = PAGE_HEIGHT - 74.0;
/// Where the window of an envelope shows the recipient (DIN 5008, form B).
const RECIPIENT_TOP: f32 = 150.0;
/// Where what is said of the document stands, beside the recipient.
const FACTS_LEFT: f32 = 340.0;

const BODY: f32 = 9.0;
const SMALL: f32 = 7.5;
const HEADING: f32 = 16.0;
/// From one line to the next, in sizes.
const LEADING: f32 = 1.4;
/// Between the columns of a table.
const GAP: f32 = 8.0;
/// Above and below the texts of a row.
const ROW_PADDING: f32 = 3.0;

/// How many lines a cell or a note has at most; what is beyond is cut, with a sign that it is.
const LINES_MAX: usize = 60;
/// How many lines a party, and what is said of the document, take above the table at most.
const HEAD_LINES_MAX: usize = 12;
/// How many lines of a row are kept on one page.
const LINES_KEPT: usize = 8;

/// The style of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Index into the faces: upright or bold.
    pub face: usize,
    /// Its size.
    pub size: f32,
    /// From black (0) to white (1).
    pub grey: f32,
}

const PLAIN: Style = Style { face: 0, size: BODY, grey: 0.0 };
const STRONG: Style = Style { face: 1, size: BODY, grey: 0.0 };
const QUIET: Style = Style { face: 0, size: SMALL, grey: 0.35 };

impl Style {
    fn width(self, text: &str) -> f32 {
        FACES[self.face].width(text, self.size)
    }

    fn leading(self) -> f32 {
        self.size * LEADING
    }
}

/// Something on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A text without line ends, at its base line.
    Text {
        /// From the left.
        x: f32,
        /// From the top.
        y: f32,
        /// How it looks.
        style: Style,
        /// The text.
        text: String,
    },
    /// A horizontal line.
    Rule {
        /// Where it begins.
        from: f32,
        /// Where it ends.
        to: f32,
        /// From the top.
        y: f32,
        /// How thick it is.
        width: f32,
    },
}

/// The pages of a document.
pub fn pages(document: &Document) -> Vec<Vec<Item>> {
    let mut sheet = Sheet { pages: vec![Vec::new()], y: TOP, title: clean(&document.title) };
    sheet.head(document);
    sheet.table(&document.table, LEFT, RIGHT);
    sheet.sums(document);
    if let Some((title, table)) = document.summary.as_ref().filter(|(_, table)| !table.rows.is_empty()) {
        sheet.y += 14.0;
        let rows = f32::from(u16::try_from(table.rows.len().min(4)).unwrap_or(4)) + 3.0;
        sheet.need(rows * (PLAIN.leading() + 2.0 * ROW_PADDING));
        sheet.line(LEFT, STRONG, title);
        sheet.table(table, LEFT, LEFT + (RIGHT - LEFT) * 0.62);
    }
    for (title, text) in &document.notes {
        sheet.note(title, text);
    }
    sheet.feet(&document.footer);
    sheet.pages
}

/// A text as it is printed: composed (NFC), so that accents stand on their letters, and without control characters.
fn clean(text: &str) -> String {
    text.nfc().map(|character| if character.is_control() && character != '\n' { ' ' } else { character }).collect()
}

/// Breaks a text into lines that fit, at spaces where there are any.
fn broken(text: &str, style: Style, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in clean(text).lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if style.width(&longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            // A word that no line holds is cut where it must be.
            for character in word.chars() {
                line.push(character);
                if style.width(&line) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        lines.push(line);
        if lines.len() > LINES_MAX {
            break;
        }
    }
    if lines.len() > LINES_MAX {
        lines.truncate(LINES_MAX);
        if let Some(last) = lines.last_mut() {
            while style.width(last) + style.width(" …") > width && last.pop().is_some() {}
            last.push_str(" …");
        }
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

struct Sheet {
    pages: Vec<Vec<Item>>,
    /// Where the next line's top is.
    y: f32,
    title: String,
}

impl Sheet {
    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    /// A text whose line begins at `y`.
    fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        if !text.is_empty() {
            self.put(Item::Text { x, y: y + style.size, style, text: text.to_owned() });
        }
    }

    fn text_to(&mut self, right: f32, y: f32, style: Style, text: &str) {
        self.text(right - style.width(text), y, style, text);
    }

    fn rule(&mut self, from: f32, to: f32, y: f32, width: f32) {
        self.put(Item::Rule { from, to, y, width });
    }

    fn line(&mut self, x: f32, style: Style, text: &str) {
        self.text(x, self.y, style, &clean(text));
        self.y += style.leading();
    }

    /// Begins a new page where less than so much is left.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
            let title = self.title.clone();
            self.text(LEFT, self.y, QUIET, &title);
            self.y += 2.0 * QUIET.leading();
        }
    }

    /// What stands above the table.
    fn head(&mut self, document: &Document) {
        if let Some((name, rest)) = document.sender.split_first() {
            self.text(LEFT, TOP, Style { face: 1, size: 13.0, grey: 0.0 }, &clean(name));
            let mut y = TOP;
            for line in rest.iter().take(HEAD_LINES_MAX - 4) {
                self.text_to(RIGHT, y, QUIET, &clean(line));
                y += QUIET.leading();
            }
            let back: Vec<String> = document.sender.iter().take(4).map(|line| clean(line)).collect();
            let back = broken(&back.join(" · "), Style { size: 6.5, ..QUIET }, FACTS_LEFT - LEFT - 20.0);
            self.text(LEFT, RECIPIENT_TOP - 12.0, Style { size: 6.5, ..QUIET }, &back[0]);
        }
        self.y = RECIPIENT_TOP;
        let address = Style { size: 10.0, ..PLAIN };
        for line in document.recipient.iter().flat_map(|line| broken(line, address, FACTS_LEFT - LEFT - 20.0)).take(HEAD_LINES_MAX) {
            self.line(LEFT, address, &line);
        }
        let beside = self.facts(&document.facts);
        self.y = self.y.max(beside).max(RECIPIENT_TOP + 90.0) + 22.0;
        let heading = Style { face: 1, size: HEADING, grey: 0.0 };
        if let Some(mark) = &document.mark {
            self.text_to(RIGHT, self.y, Style { grey: 0.45, ..heading }, &clean(mark));
        }
        let title = self.title.clone();
        self.line(LEFT, heading, &title);
        self.y += 2.0;
        if let Some(introduction) = &document.introduction {
            for line in broken(introduction, PLAIN, RIGHT - LEFT) {
                self.line(LEFT, PLAIN, &line);
            }
        }
        self.y += 10.0;
    }

    /// Labels on the left and values on the right; tells where they end.
    fn facts(&mut self, facts: &[(String, String)]) -> f32 {
        let mut y = RECIPIENT_TOP;
        for (label, value) in facts.iter().take(HEAD_LINES_MAX) {
            let label = clean(label);
            let free = RIGHT - FACTS_LEFT - QUIET.width(&label) - GAP;
            self.text(FACTS_LEFT, y + BODY - SMALL, QUIET, &label);
            for line in broken(value, PLAIN, free).iter().take(3) {
                self.text_to(RIGHT, y, PLAIN, line);
                y += PLAIN.leading();
            }
        }
        y
    }

    fn table(&mut self, table: &Table, from: f32, to: f32) {
        let weights: f32 = table.columns.iter().map(|column| f32::from(column.weight)).sum();
        let gaps = GAP * f32::from(u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(0));
        let mut x = from;
        let columns: Vec<(f32, f32, Align)> = table
            .columns
            .iter()
            .map(|column| {
                let width = (to - from - gaps) * f32::from(column.weight) / weights.max(1.0);
                let place = (x, width, column.align);
                x += width + GAP;
                place
            })
            .collect();
        let titles: Vec<&str> = table.columns.iter().map(|column| column.title.as_str()).collect();
        self.need(4.0 * (PLAIN.leading() + 2.0 * ROW_PADDING));
        self.titles(&titles, &columns, (from, to));
        for row in &table.rows {
            let cells: Vec<Vec<String>> = row.iter().zip(&columns).map(|(cell, (_, width, _))| broken(cell, PLAIN, *width)).collect();
            self.row(&cells, &columns, &titles, (from, to));
        }
    }

    fn titles(&mut self, titles: &[&str], columns: &[(f32, f32, Align)], (from, to): (f32, f32)) {
        let style = Style { face: 1, ..QUIET };
        for (title, (x, width, align)) in titles.iter().zip(columns) {
            match align {
                Align::Left => self.text(*x, self.y, style, &clean(title)),
                Align::Right => self.text_to(x + width, self.y, style, &clean(title)),
            }
        }
        self.y += style.leading() + ROW_PADDING;
        self.rule(from, to, self.y, 0.8);
        self.y += ROW_PADDING;
    }

    /// A row, on one page if it is not long.
    fn row(&mut self, cells: &[Vec<String>], columns: &[(f32, f32, Align)], titles: &[&str], edges: (f32, f32)) {
        let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
        for index in 0..lines {
            let together = if index == 0 { lines.min(LINES_KEPT) } else { 1 };
            let height = f32::from(u16::try_from(together).unwrap_or(1)) * PLAIN.leading() + ROW_PADDING;
            let page = self.pages.len();
            self.need(height);
            if self.pages.len() > page {
                self.titles(titles, columns, edges);
            }
            for (cell, (x, width, align)) in cells.iter().zip(columns) {
                let Some(line) = cell.get(index) else { continue };
                match align {
                    Align::Left => self.text(*x, self.y, PLAIN, line),
                    Align::Right => self.text_to(x + width, self.y, PLAIN, line),
                }
            }
            self.y += PLAIN.leading();
        }
        self.y += ROW_PADDING - 1.0;
        self.rule(edges.0, edges.1, self.y, 0.25);
        self.y += ROW_PADDING + 1.0;
    }

    fn sums(&mut self, document: &Document) {
        let rows = f32::from(u16::try_from(document.sums.len()).unwrap_or(u16::MAX));
        self.need((rows + 1.0) * (PLAIN.leading() + 3.0));
        self.y += 4.0;
        for sum in &document.sums {
            let style = if sum.strong { Style { size: 10.5, ..STRONG } } else { PLAIN };
            self.need(style.leading() + 6.0);
            if sum.strong {
                self.rule(FACTS_LEFT, RIGHT, self.y, 0.8);
                self.y += 4.0;
            }
            self.text(FACTS_LEFT, self.y, style, &clean(&sum.label));
            self.text_to(RIGHT, self.y, style, &clean(&sum.value));
            self.y += style.leading() + 1.0;
        }
    }

    fn note(&mut self, title: &str, text: &str) {
        self.y += 10.0;
        self.need(3.0 * PLAIN.leading());
        if !title.is_empty() {
            self.line(LEFT, STRONG, title);
        }
        for line in broken(text, PLAIN, RIGHT - LEFT) {
            self.need(PLAIN.leading());
            self.line(LEFT, PLAIN, &line);
        }
    }

    /// What stands at the foot of each page, now that their number is known.
    fn feet(&mut self, footer: &[String]) {
        let count = self.pages.len();
        let lines: Vec<String> = footer.iter().flat_map(|line| broken(line, QUIET, RIGHT - LEFT - 70.0)).take(4).collect();
        for (index, page) in self.pages.iter_mut().enumerate() {
            page.push(Item::Rule { from: LEFT, to: RIGHT, y: FOOT, width: 0.25 });
            let mut y = FOOT + 5.0 + QUIET.size;
            let number = format!("Page {} of {count}", index + 1);
            page.push(Item::Text { x: RIGHT - QUIET.width(&number), y, style: QUIET, text: number });
            for line in &lines {
                page.push(Item::Text { x: LEFT, y, style: QUIET, text: line.clone() });
                y += QUIET.leading();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use projections::document::Sum;

    use super::*;

    fn document(rows: usize) -> Document {
        let mut table = Table::new(&[("Description", Align::Left, 70), ("Amount", Align::Right, 30)]);
        table.rows = (1..=rows).map(|row| vec![format!("Line {row}"), format!("{row}.00")]).collect();
        let sums = vec![Sum { label: "Total".into(), value: "EUR 1.00".into(), strong: true }];
        let footer = vec!["Engines Ltd.".to_owned()];
        Document { title: "Invoice 1".into(), table, sums, footer, ..Document::default() }
    }

    fn texts(page: &[Item]) -> Vec<&str> {
        let mut texts = Vec::new();
        for item in page {
            if let Item::Text { text, .. } = item {
                texts.push(text.as_str());
            }
        }
        texts
    }

    #[test]
    fn lines_flow_over_pages_under_repeated_titles_and_none_is_lost() {
        let pages = pages(&document(200));
        assert!(pages.len() > 2, "{} pages", pages.len());
        let all: Vec<&str> = pages.iter().flat_map(|page| texts(page)).collect();
        for row in 1..=200 {
            assert_eq!(all.iter().filter(|text| **text == format!("Line {row}")).count(), 1, "line {row}");
        }
        let count = pages.len();
        for (index, page) in pages.iter().enumerate() {
            let texts = texts(page);
            assert!(texts.contains(&format!("Page {} of {count}", index + 1).as_str()));
            assert_eq!(texts.contains(&"Description"), texts.iter().any(|text| text.starts_with("Line ")), "page {index}");
        }
    }

    #[test]
    fn nothing_stands_outside_the_page_or_in_its_foot() {
        let mut document = document(60);
        document.recipient = vec!["W".repeat(400), "x ".repeat(400)];
        document.facts = vec![("A label".into(), "value ".repeat(100)), ("Long".into(), "9".repeat(300))];
        document.notes = vec![("Note".into(), "word ".repeat(3_000)), (String::new(), "\n".repeat(500))];
        document.table.rows.push(vec!["M".repeat(2_000), "1".repeat(200)]);
        let pages = pages(&document);
        for item in pages.iter().flatten() {
            if let Item::Text { x, y, style, text } = item {
                assert!(*x >= LEFT - 0.01 && x + style.width(text) <= RIGHT + 0.01, "{text} reaches from {x} to {}", x + style.width(text));
                let foot = text.starts_with("Page ") || text == "Engines Ltd.";
                assert!(*y <= if foot { PAGE_HEIGHT } else { BOTTOM + 1.0 }, "{text} stands at {y}");
            }
        }
    }

    #[test]
    fn texts_are_broken_at_spaces_composed_and_bounded() {
        let lines = broken("one two three", PLAIN, PLAIN.width("one two "));
        assert_eq!(lines, ["one two", "three"]);
        assert_eq!(broken("Z\u{307}o\u{301}\tx", PLAIN, 500.0), ["Żó x"]);
        let long = broken(&"a\n".repeat(1_000), PLAIN, 100.0);
        assert_eq!((long.len(), long.last().map(String::as_str)), (LINES_MAX, Some("a …")));
    }
}
