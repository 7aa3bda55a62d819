//! TrueType fonts: how wide texts are, and the part of a font that a file must carry.
//!
//! The fonts are in `assets/fonts`. What is read of the format (OpenType 1.9, ISO/IEC 14496-22) are the tables `head`, `hhea`, `maxp`, `hmtx`,
//! `cmap` (format 4), `loca` and `glyf`. Glyphs keep their numbers in a part, so that texts need no translation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Upright and bold.
pub static FACES: LazyLock<[Font; 2]> = LazyLock::new(|| {
    let read = |name, bytes| Font::read(name, bytes).expect("the font comes with the program and is read in a test");
    [
        read("DejaVuSansCondensed", include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf")),
        read("DejaVuSansCondensed-Bold", include_bytes!("../../assets/fonts/DejaVuSansCondensed-Bold.ttf")),
    ]
});

/// The glyph that stands for what a font does not have.
const MISSING: u16 = 0;
/// The tables that a part carries, in the order of the directory.
const TABLES: [&[u8; 4]; 6] = [b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp"];
/// Bytes of the header, and of each entry of the directory.
const HEADER_BYTES: usize = 12;
const ENTRY_BYTES: usize = 16;

/// A font.
pub struct Font {
    /// Its PostScript name.
    pub name: &'static str,
    bytes: &'static [u8],
    glyphs: BTreeMap<char, u16>,
    advances: Vec<u16>,
    units_per_em: f32,
    /// The box around all glyphs, in thousandths of the size.
    pub bounds: [f32; 4],
    /// How far it reaches above the base line, in thousandths of the size.
    pub ascent: f32,
    /// How far it reaches below the base line (below 0), in thousandths of the size.
    pub descent: f32,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

fn i16_at(bytes: &[u8], at: usize) -> Option<i16> {
    u16_at(bytes, at).map(u16::cast_signed)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let quad = bytes.get(at..at + 4)?;
    usize::try_from(u32::from_be_bytes([quad[0], quad[1], quad[2], quad[3]])).ok()
}

impl Font {
    fn read(name: &'static str, bytes: &'static [u8]) -> Option<Self> {
        let mut font = Self {
            name,
            bytes,
            glyphs: BTreeMap::new(),
            advances: Vec::new(),
            units_per_em: 1.0,
            bounds: [0.0; 4],
            ascent: 0.0,
            descent: 0.0,
        };
        let (head, hhea) = (font.table(*b"head")?, font.table(*b"hhea")?);
        font.units_per_em = f32::from(u16_at(head, 18)?);
        for (index, bound) in font.bounds.iter_mut().enumerate() {
            *bound = f32::from(i16_at(head, 36 + 2 * index)?) * 1000.0 / font.units_per_em;
        }
        font.ascent = f32::from(i16_at(hhea, 4)?) * 1000.0 / font.units_per_em;
        font.descent = f32::from(i16_at(hhea, 6)?) * 1000.0 / font.units_per_em;
        let (measured, hmtx) = (usize::from(u16_at(hhea, 34)?), font.table(*b"hmtx")?);
        let count = usize::from(u16_at(font.table(*b"maxp")?, 4)?);
        // The last advance that is given counts for all glyphs after it.
        let advance = |glyph: usize| u16_at(hmtx, 4 * glyph.min(measured.checked_sub(1)?));
        font.advances = (0..count).map(advance).collect::<Option<_>>()?;
        font.glyphs = character_map(font.table(*b"cmap")?)?;
        Some(font)
    }

    fn table(&self, tag: [u8; 4]) -> Option<&'static [u8]> {
        let count = usize::from(u16_at(self.bytes, 4)?);
        let entries = (0..count).map(|index| HEADER_BYTES + ENTRY_BYTES * index);
        let entry = entries.into_iter().find(|entry| self.bytes.get(*entry..*entry + 4) == Some(&tag))?;
        let (offset, length) = (u32_at(self.bytes, entry + 8)?, u32_at(self.bytes, entry + 12)?);
        self.bytes.get(offset..offset + length)
    }

    /// The glyph of a character; 0, an empty box, where the font has none.
    pub fn glyph(&self, character: char) -> u16 {
        self.glyphs.get(&character).copied().unwrap_or(MISSING)
    }

    /// How wide a glyph is, in thousandths of the size.
    pub fn advance(&self, glyph: u16) -> f32 {
        f32::from(self.advances.get(usize::from(glyph)).copied().unwrap_or(0)) * 1000.0 / self.units_per_em
    }

    /// How wide a text is.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.advance(self.glyph(character))).sum::<f32>() * size / 1000.0
    }

    /// Where the outline of a glyph stands in `glyf`.
    fn outline(&self, glyph: usize) -> Option<&'static [u8]> {
        let (loca, glyf) = (self.table(*b"loca")?, self.table(*b"glyf")?);
        let offset = |glyph: usize| match u16_at(self.table(*b"head")?, 50)? {
            0 => Some(2 * usize::from(u16_at(loca, 2 * glyph)?)),
            _ => u32_at(loca, 4 * glyph),
        };
        glyf.get(offset(glyph)?..offset(glyph + 1)?)
    }

    /// The glyphs that a composite glyph is made of.
    fn components(&self, glyph: u16) -> Option<Vec<u16>> {
        const WORDS: u16 = 1 << 0;
        const SCALE: u16 = 1 << 3;
        const MORE: u16 = 1 << 5;
        const TWO_SCALES: u16 = 1 << 6;
        const MATRIX: u16 = 1 << 7;
        let outline = self.outline(glyph.into())?;
        let mut found = Vec::new();
        if outline.is_empty() || i16_at(outline, 0)? >= 0 {
            return Some(found);
        }
        let mut at = 10;
        loop {
            let flags = u16_at(outline, at)?;
            found.push(u16_at(outline, at + 2)?);
            let scales =
                [(SCALE, 2), (TWO_SCALES, 4), (MATRIX, 8)].iter().find(|(flag, _)| flags & flag != 0).map_or(0, |(_, bytes)| *bytes);
            at += 4 + if flags & WORDS == 0 { 2 } else { 4 } + scales;
            if flags & MORE == 0 {
                return Some(found);
            }
        }
    }

    /// A font with the outlines of these glyphs only.
    pub fn part(&self, wanted: impl IntoIterator<Item = u16>) -> Option<Vec<u8>> {
        let mut open: Vec<u16> = std::iter::once(MISSING).chain(wanted).collect();
        let mut kept = BTreeSet::new();
        while let Some(glyph) = open.pop() {
            if kept.insert(glyph) {
                open.extend(self.components(glyph)?);
            }
        }
        let (mut glyf, mut loca) = (Vec::new(), Vec::new());
        for glyph in 0..self.advances.len() {
            loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
            if kept.iter().any(|known| usize::from(*known) == glyph) {
                glyf.extend(self.outline(glyph)?);
                glyf.resize(glyf.len().next_multiple_of(4), 0);
            }
        }
        loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
        let mut head = self.table(*b"head")?.to_vec();
        // Offsets of 32 bits.
        head.get_mut(50..52)?.copy_from_slice(&[0, 1]);
        let content = |tag: &[u8; 4]| match tag {
            b"glyf" => Some(glyf.as_slice()),
            b"head" => Some(head.as_slice()),
            b"loca" => Some(loca.as_slice()),
            other => self.table(*other),
        };
        let contents = TABLES.iter().map(|tag| content(tag).map(|bytes| (**tag, bytes))).collect::<Option<Vec<_>>>()?;
        Some(assembled(&contents))
    }
}

/// A file of these tables.
fn assembled(tables: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let count = u16::try_from(tables.len()).unwrap_or(u16::MAX);
    let power = u16::try_from(count.ilog2()).unwrap_or(0);
    let range = 16 << power;
    let mut file: Vec<u8> = [0x0001_u16, 0, count, range, power, count * 16 - range].iter().flat_map(|word| word.to_be_bytes()).collect();
    let mut offset = HEADER_BYTES + ENTRY_BYTES * tables.len();
    let word = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    for (tag, content) in tables {
        file.extend(tag);
        file.extend(checksum(content).to_be_bytes());
        file.extend(word(offset));
        file.extend(word(content.len()));
        offset += content.len().next_multiple_of(4);
    }
    for (_, content) in tables {
        file.extend(*content);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}

/// The sum of the table's words of 32 bits.
fn checksum(content: &[u8]) -> u32 {
    let word = |quad: &[u8]| {
        let mut word = [0; 4];
        word[..quad.len()].copy_from_slice(quad);
        u32::from_be_bytes(word)
    };
    content.chunks(4).map(word).fold(0, u32::wrapping_add)
}

/// The characters of the basic multilingual plane and their glyphs (`cmap` subtable of format 4).
fn character_map(cmap: &[u8]) -> Option<BTreeMap<char, u16>> {
    let count = usize::from(u16_at(cmap, 2)?);
    let offsets = (0..count).filter_map(|index| u32_at(cmap, 4 + 8 * index + 4));
    let map = offsets.filter_map(|offset| cmap.get(offset..)).find(|map| u16_at(map, 0) == Some(4))?;
    let segments = usize::from(u16_at(map, 6)?) / 2;
    let (ends, starts) = (14, 16 + 2 * segments);
    let (deltas, ranges) = (starts + 2 * segments, starts + 4 * segments);
    let mut glyphs = BTreeMap::new();
    for segment in 0..segments {
        let field = |list: usize| u16_at(map, list + 2 * segment);
        let (end, start, delta, range) = (field(ends)?, field(starts)?, field(deltas)?, field(ranges)?);
        for code in start..=end {
            let glyph = if range == 0 {
                code.wrapping_add(delta)
            } else {
                // The offset counts from where it stands itself.
                let at = ranges + 2 * segment + usize::from(range) + 2 * usize::from(code - start);
                match u16_at(map, at)? {
                    0 => 0,
                    glyph => glyph.wrapping_add(delta),
                }
            };
            if let Some(character) = char::from_u32(code.into()).filter(|_| glyph != 0 && code != u16::MAX) {
                glyphs.insert(character, glyph);
            }
        }
    }
    Some(glyphs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_have_the_letters_of_european_names() {
        for font in FACES.iter() {
            for character in "Łukasz Żółć, Zoë, Ğ, Đặng, Ærøskøbing, Ελλάδα, Київ, Հայաստան, საქართველო — „“ € £ ¥ ₹ ₴ ½ №".chars()
            {
                assert_ne!(font.glyph(character), MISSING, "{character}");
            }
            assert_eq!(font.glyph('株'), MISSING);
        }
    }

    #[test]
    fn widths_are_those_of_the_glyphs() {
        let [upright, bold] = &*FACES;
        assert!(upright.width("iiii", 10.0) < upright.width("MMMM", 10.0));
        assert!(upright.width("Invoice", 10.0) < bold.width("Invoice", 10.0));
        let difference = upright.width("Żółć", 20.0) - 2.0 * upright.width("Żółć", 10.0);
        assert!(difference.abs() < 0.001);
    }

    #[test]
    fn a_part_holds_the_outlines_that_it_needs_and_is_small() {
        let font = &FACES[0];
        let glyphs: BTreeSet<u16> = "Zoë Żółć".chars().map(|character| font.glyph(character)).collect();
        let bytes: &'static [u8] = Vec::leak(font.part(glyphs.iter().copied()).unwrap());
        assert!(bytes.len() < 20_000, "{} bytes", bytes.len());
        let part = Font { bytes, glyphs: BTreeMap::new(), advances: font.advances.clone(), ..Font::read("x", font.bytes).unwrap() };
        let composed = font.components(font.glyph('ż')).unwrap();
        assert!(!composed.is_empty(), "a letter with an accent is made of two");
        for glyph in glyphs.iter().chain(&font.components(font.glyph('ë')).unwrap()) {
            let outline = font.outline((*glyph).into()).unwrap();
            assert_eq!(part.outline((*glyph).into()).unwrap()[..outline.len()], *outline, "glyph {glyph}");
        }
        assert!(part.outline(font.glyph('Q').into()).unwrap().is_empty());
    }
}
