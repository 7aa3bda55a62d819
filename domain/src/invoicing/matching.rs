//! Which invoice a payment is for, by what the payer wrote.

use crate::kernel::fold;

/// The shortest number that is looked for, in letters and digits: shorter ones are found everywhere.
const LETTERS_MIN: usize = 4;

/// The words of a text: runs of letters and digits, as they are compared.
fn words(text: &str) -> Vec<String> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a reference names the document of this number: all of it, whatever stands between its parts, and not as a part of another.
pub fn names(reference: &str, number: &str) -> bool {
    let wanted = words(number).concat();
    if wanted.chars().count() < LETTERS_MIN {
        return false;
    }
    let words = words(reference);
    (0..words.len()).any(|first| {
        let mut joined = String::new();
        words[first..].iter().any(|word| {
            joined.push_str(word);
            joined == wanted
        })
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_number_is_found_however_it_is_written() {
        for reference in ["INV-0001", "Invoice inv 0001, thanks", "inv0001", "RE: INV/0001.", "2026 INV-0001 Acme"] {
            assert!(names(reference, "INV-0001"), "{reference}");
        }
    }

    #[test]
    fn a_part_of_a_number_is_none() {
        for reference in ["INV-00012", "XINV-0001", "INV-0002", "0001", "", "INV"] {
            assert!(!names(reference, "INV-0001"), "{reference}");
        }
        assert!(!names("order 17", "17"), "short numbers are found everywhere");
    }
}
