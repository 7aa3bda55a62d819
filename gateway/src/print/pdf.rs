//! Writes pages as PDF 1.7 (ISO 32000-1), with the parts of the fonts that they need. The same document is always the same file.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Date, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use projections::document::Document;

use super::font::{FACES, Font};
use super::layout::{self, Item, PAGE_HEIGHT, PAGE_WIDTH};

/// The names of the faces in the pages' resources.
const FACE_NAMES: [Name<'static>; 2] = [Name(b"F0"), Name(b"F1")];
/// How glyphs are numbered in texts: by their two bytes.
const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// How high capitals are in the fonts that come with the program, and how thick their stems; programs without the fonts would use them.
const CAP_HEIGHT: f32 = 729.0;
/// See [`CAP_HEIGHT`].
const STEM: f32 = 90.0;

/// The glyphs of a face that were used, each with a character that it shows.
type Used = BTreeMap<u16, char>;

/// Counts the objects of a file.
struct Refs(i32);

impl Refs {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// The document as a PDF file.
pub fn render(document: &Document) -> Vec<u8> {
    let pages = layout::pages(document);
    let mut refs = Refs(0);
    let (catalog, tree, info) = (refs.next(), refs.next(), refs.next());
    let mut pdf = Pdf::new();
    let mut used: [Used; 2] = [Used::new(), Used::new()];
    let page_refs: Vec<(Ref, Ref)> = pages.iter().map(|_| (refs.next(), refs.next())).collect();
    let face_refs = [refs.next(), refs.next()];
    pdf.catalog(catalog).pages(tree).lang(TextStr("en"));
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(page_refs.iter().map(|(page, _)| *page)).count(count);
    for (items, (page, content)) in pages.iter().zip(&page_refs) {
        let mut writer = pdf.page(*page);
        writer.parent(tree).media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT)).contents(*content);
        let mut resources = writer.resources();
        let mut fonts = resources.fonts();
        for (name, face) in FACE_NAMES.iter().zip(face_refs) {
            fonts.pair(*name, face);
        }
        fonts.finish();
        resources.finish();
        writer.finish();
        pdf.stream(*content, &drawn(items, &mut used));
    }
    for (index, used) in used.iter().enumerate() {
        write_face(&mut pdf, &mut refs, face_refs[index], &FACES[index], used);
    }
    let mut about = pdf.document_info(info);
    about.title(TextStr(&document.title)).producer(TextStr("NeuroOps"));
    if let Some(name) = document.sender.first() {
        about.author(TextStr(name));
    }
    if let Some(date) = document.date {
        about.creation_date(day(date));
    }
    about.finish();
    pdf.finish()
}

fn day(date: chrono::NaiveDate) -> Date {
    use chrono::Datelike as _;
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    Date::new(u16::try_from(date.year()).unwrap_or(1)).month(part(date.month())).day(part(date.day())).utc_offset_hour(0)
}

/// The content of a page.
fn drawn(items: &[Item], used: &mut [Used; 2]) -> Vec<u8> {
    let mut content = Content::new();
    for item in items {
        match item {
            Item::Text { x, y, style, text } => {
                let glyphs: Vec<u8> = text
                    .chars()
                    .flat_map(|character| {
                        let glyph = FACES[style.face].glyph(character);
                        used[style.face].entry(glyph).or_insert(character);
                        glyph.to_be_bytes()
                    })
                    .collect();
                content.set_fill_gray(style.grey);
                content.begin_text().set_font(FACE_NAMES[style.face], style.size);
                content.set_text_matrix([1.0, 0.0, 0.0, 1.0, round(*x), round(PAGE_HEIGHT - y)]);
                content.show(Str(&glyphs)).end_text();
            }
            Item::Rule { from, to, y, width } => {
                let y = round(PAGE_HEIGHT - y);
                content.set_stroke_gray(0.35).set_line_width(*width).move_to(round(*from), y).line_to(round(*to), y).stroke();
            }
        }
    }
    content.finish().to_vec()
}

/// A hundredth of a point is finer than any printer.
fn round(length: f32) -> f32 {
    (length * 100.0).round() / 100.0
}

/// Six letters that tell parts of one font with other glyphs apart (ISO 32000-1, 9.6.4).
fn tag(used: &Used) -> String {
    let hash = used.keys().fold(0xcbf2_9ce4_8422_2325_u64, |hash, glyph| (hash ^ u64::from(*glyph)).wrapping_mul(0x0100_0000_01b3));
    (0..6).map(|place| char::from(b'A' + u8::try_from((hash >> (place * 8)) % 26).unwrap_or(0))).collect()
}

fn write_face(pdf: &mut Pdf, refs: &mut Refs, face: Ref, font: &Font, used: &Used) {
    let (cid, descriptor, unicode, file) = (refs.next(), refs.next(), refs.next(), refs.next());
    let name = format!("{}+{}", tag(used), font.name);
    let name = Name(name.as_bytes());
    pdf.type0_font(face).base_font(name).encoding_predefined(Name(b"Identity-H")).descendant_font(cid).to_unicode(unicode);
    let mut cid_font = pdf.cid_font(cid);
    cid_font.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(descriptor).default_width(0.0);
    cid_font.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid_font.widths();
    for glyph in used.keys() {
        widths.same(*glyph, *glyph, round(font.advance(*glyph)));
    }
    widths.finish();
    cid_font.finish();
    let [left, bottom, right, top] = font.bounds;
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(round(left), round(bottom), round(right), round(top)))
        .italic_angle(0.0)
        .ascent(round(font.ascent))
        .descent(round(font.descent))
        .cap_height(CAP_HEIGHT)
        .stem_v(STEM)
        .font_file2(file);
    let mut map = UnicodeCmap::new(Name(b"Glyphs"), SYSTEM);
    for (glyph, character) in used {
        map.pair(*glyph, *character);
    }
    pdf.cmap(unicode, &map.finish());
    // A font that comes with the program has all its glyphs.
    let part = font.part(used.keys().copied()).unwrap_or_default();
    pdf.stream(file, &part).pair(Name(b"Length1"), i32::try_from(part.len()).unwrap_or(0));
}
