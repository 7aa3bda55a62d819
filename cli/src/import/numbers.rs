//! Reads numbers and amounts of money as people and spreadsheets write them.
//!
//! A number is plain or it is nothing: `1,204`, `1 204.50`, `$1,250,000` and `(12.00)` are read, `51-200`, `~250` and `1.2M` are not.
//! Which of `.` and `,` separates the decimals is not guessed from a cell, because `12.500` means different things in
//! different countries: it is the point unless `--decimal-comma` says otherwise.

use domain::kernel::{Currency, Money};

/// Which sign separates the decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notation {
    /// `1,234.56`.
    #[default]
    Point,
    /// `1.234,56`.
    Comma,
}

/// A decimal number, digit by digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    whole: String,
    /// Without zeros at the end.
    fraction: String,
}

/// Signs that stand for one currency only; `$` and `¥` do not.
const SIGNS: [(&str, &str); 10] = [
    ("€", "EUR"),
    ("£", "GBP"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₫", "VND"),
    ("₪", "ILS"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₦", "NGN"),
    ("zł", "PLN"),
];
/// Signs that several currencies share.
const SHARED_SIGNS: [&str; 2] = ["$", "¥"];

impl Decimal {
    /// Reads a plain number.
    pub fn read(text: &str, notation: Notation) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => (true, inner.trim()),
            None => match text.strip_prefix(['-', '\u{2212}']) {
                Some(rest) => (true, rest),
                None => (false, text.strip_prefix('+').unwrap_or(text)),
            },
        };
        let (point, group) = match notation {
            Notation::Point => ('.', ','),
            Notation::Comma => (',', '.'),
        };
        let (whole, fraction) = match text.split_once(point) {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (text, ""),
        };
        let whole = ungrouped(whole, group)?;
        Some(Self { negative, whole, fraction: fraction.trim_end_matches('0').to_owned() })
    }

    /// The number times ten to the `exponent`, if that is a whole number of 64 bits.
    pub fn scaled(&self, exponent: u8) -> Option<i64> {
        let missing = usize::from(exponent).checked_sub(self.fraction.len())?;
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}{}{}", self.whole, self.fraction, "0".repeat(missing)).parse().ok()
    }

    /// The number as JSON writes it.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        let sign = if self.negative { "-" } else { "" };
        if self.fraction.is_empty() {
            return self.scaled(0).map(serde_json::Value::from);
        }
        serde_json::from_str(&format!("{sign}{}.{}", self.whole.trim_start_matches('0').parse::<u64>().unwrap_or(0), self.fraction)).ok()
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let point = if self.fraction.is_empty() { "" } else { "." };
        write!(f, "{}{}{point}{}", if self.negative { "-" } else { "" }, self.whole, self.fraction)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Drops the separators between thousands; they are all the same, and stand where they should.
fn ungrouped(text: &str, group: char) -> Option<String> {
    let is_separator = |c: char| c == group || c.is_whitespace() || matches!(c, '\'' | '’');
    let Some(separator) = text.chars().find(|c| is_separator(*c)) else { return is_digits(text).then(|| text.to_owned()) };
    let mut groups = text.split(separator);
    let first = groups.next().filter(|first| is_digits(first) && first.len() <= 3)?;
    let mut digits = first.to_owned();
    for group in groups {
        if !is_digits(group) || group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

/// An amount as a cell holds it: the number, and the currency if a sign or a code stands beside it.
fn split_sign(text: &str) -> (&str, Option<Currency>) {
    let text = text.trim();
    let without = |sign: &str| text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)).map(str::trim);
    for (sign, code) in SIGNS {
        if let Some(rest) = without(sign) {
            return (rest, Currency::try_from(code).ok());
        }
    }
    if let Some(rest) = SHARED_SIGNS.iter().find_map(|sign| without(sign)) {
        return (rest, None);
    }
    let code_at_start = text.split_at_checked(3);
    let code_at_end = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at)).map(|(rest, code)| (code, rest));
    for (code, rest) in [code_at_start, code_at_end].into_iter().flatten() {
        if let Ok(currency) = Currency::try_from(code) {
            return (rest.trim(), Some(currency));
        }
    }
    (text, None)
}

/// What an amount could not be read for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountFault {
    /// Not a plain number, or with more decimals than the currency has.
    Unreadable,
    /// Nothing says which currency is meant.
    NoCurrency,
}

/// Reads an amount in major units. `currency` comes from the row; `fallback` is for rows that name none.
pub fn amount(text: &str, currency: Option<Currency>, fallback: Option<Currency>, notation: Notation) -> Result<Money, AmountFault> {
    let (number, beside) = split_sign(text);
    if beside.zip(currency).is_some_and(|(beside, currency)| beside != currency) {
        return Err(AmountFault::Unreadable);
    }
    let number = Decimal::read(number, notation).ok_or(AmountFault::Unreadable)?;
    let currency = currency.or(beside).or(fallback).ok_or(AmountFault::NoCurrency)?;
    let amount_minor = number.scaled(currency.exponent()).ok_or(AmountFault::Unreadable)?;
    Ok(Money::new(amount_minor, currency))
}

/// Reads an ISO 4217 code in any letter case.
pub fn currency(text: &str) -> Option<Currency> {
    Currency::try_from(text.trim().to_uppercase().as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_reads_plain_numbers_only() {
        let whole = |text: &str| Decimal::read(text, Notation::Point).and_then(|number| number.scaled(0));
        for (text, expected) in [
            ("12", Some(12)),
            (" 1,204 ", Some(1_204)),
            ("1 204", Some(1_204)),
            ("1\u{202f}204", Some(1_204)),
            ("1'204'000", Some(1_204_000)),
            ("12.0", Some(12)),
            ("-5", Some(-5)),
            ("(5)", Some(-5)),
            ("+5", Some(5)),
            ("1,20", None),
            ("1,2345", None),
            ("1,204 000", None),
            ("12.5", None),
            ("51-200", None),
            ("~250", None),
            ("1.2M", None),
            ("n/a", None),
            ("", None),
            (".", None),
            ("1.", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }

    #[test]
    fn import_reads_amounts_in_major_units() {
        let euro = Some(Currency::EUR);
        let code = |code: &str| Currency::try_from(code).unwrap();
        for (text, row, expected) in [
            ("40124", euro, Ok(4_012_400)),
            ("25,693", euro, Ok(2_569_300)),
            ("8969.99", euro, Ok(896_999)),
            ("0.5", euro, Ok(50)),
            ("-1.05", euro, Ok(-105)),
            ("9888.0", Some(code("JPY")), Ok(9_888)),
            ("1.25", Some(code("KWD")), Ok(1_250)),
            ("9888.5", Some(code("JPY")), Err(AmountFault::Unreadable)),
            ("1.234", euro, Err(AmountFault::Unreadable)),
            ("12.500,00 €", euro, Err(AmountFault::Unreadable)),
            ("£5", euro, Err(AmountFault::Unreadable)),
            ("£5", None, Ok(500)),
            ("EUR 5", None, Ok(500)),
            ("5 EUR", None, Ok(500)),
            ("$5", None, Err(AmountFault::NoCurrency)),
            ("$5", Some(code("CAD")), Ok(500)),
            ("TBD", euro, Err(AmountFault::Unreadable)),
            ("10-20k", euro, Err(AmountFault::Unreadable)),
            ("é5", euro, Err(AmountFault::Unreadable)),
        ] {
            assert_eq!(amount(text, row, None, Notation::Point).map(|money| money.amount_minor), expected, "{text}");
        }
        assert_eq!(amount("12.500,00 €", None, None, Notation::Comma), Ok(Money::new(1_250_000, Currency::EUR)));
        assert_eq!(amount("1.250", euro, None, Notation::Comma), Ok(Money::new(125_000, Currency::EUR)));
    }

    #[test]
    fn import_reads_currency_codes_in_any_case() {
        assert_eq!(currency(" eur "), Some(Currency::EUR));
        for bad in ["EURO", "$", "XXZ", "US Dollar", ""] {
            assert_eq!(currency(bad), None, "{bad}");
        }
    }
}
