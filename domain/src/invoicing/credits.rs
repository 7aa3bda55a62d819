//! Credit notes: what they credit of the lines of a document, and what is left.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, apportion, tax_on, tax_within};
use super::decimals::Percent;
use super::lines::{Description, DocumentLine, LineRejection, Target};
use super::values::{TaxCategory, TaxMode, ValueRejection};
use crate::kernel::{AggregateId, Currency, Money};
use crate::rejections;

/// What is to be credited of one line.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineCredit {
    /// The line.
    pub line_id: AggregateId,
    /// How much of it, with tax; all that is left of it where no amount is given.
    #[serde(default)]
    pub amount: Option<Money>,
}

/// A line of a credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditLine {
    /// The line of the document that is credited.
    pub line_id: AggregateId,
    /// What it was for.
    pub description: Description,
    /// Why the tax rate applies.
    pub tax_category: TaxCategory,
    /// The tax rate.
    pub tax_rate_percent: Percent,
    /// Where the net amount was posted.
    #[serde(flatten)]
    pub target: Target,
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
}

impl DocumentLine for CreditLine {
    fn line_id(&self) -> &AggregateId {
        &self.line_id
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn tax_key(&self) -> (TaxCategory, Percent) {
        (self.tax_category, self.tax_rate_percent)
    }

    fn amounts(&self) -> Amounts {
        Amounts { net: self.net.amount_minor, tax: self.tax.amount_minor, gross: self.gross.amount_minor }
    }

    fn target(&self) -> Target {
        self.target.clone()
    }

    /// A credit follows the line that it credits; it is never converted.
    fn in_mode(&self, _: TaxMode) -> Result<Self, LineRejection> {
        Ok(self.clone())
    }
}

/// What has been credited of each line so far.
pub type Credited = BTreeMap<AggregateId, (i64, i64)>;

/// What is left of a line to be credited.
pub fn left_of<L: DocumentLine>(line: &L, credited: &Credited) -> Amounts {
    let (net, tax) = credited.get(line.line_id()).copied().unwrap_or_default();
    line.amounts().less(Amounts { net, tax, gross: net + tax })
}

/// Adds what a credit note credits.
pub fn add_credited(credited: &mut Credited, lines: &[CreditLine]) {
    for line in lines {
        let sums = credited.entry(line.line_id.clone()).or_default();
        *sums = (sums.0 + line.net.amount_minor, sums.1 + line.tax.amount_minor);
    }
}

/// The lines of a credit note: the named ones, or an amount spread over all in proportion to what is left of them, or all that is left.
pub fn credit_lines<L: DocumentLine>(
    lines: &[L],
    credited: &Credited,
    named: &[LineCredit],
    amount: Option<Money>,
    currency: Currency,
) -> Result<Vec<CreditLine>, CreditRejection> {
    let left: Vec<Amounts> = lines.iter().map(|line| left_of(line, credited)).collect();
    let all: i64 = left.iter().map(|amounts| amounts.gross).sum();
    if let Some(stranger) =
        amount.iter().chain(named.iter().filter_map(|line| line.amount.as_ref())).find(|amount| amount.currency != currency)
    {
        return Err(CreditRejection::Value(ValueRejection::CurrencyMismatch(stranger.currency, currency)));
    }
    let parts: Vec<i64> = match (named, amount) {
        ([], None) => left.iter().map(|amounts| amounts.gross).collect(),
        ([], Some(amount)) if amount.amount_minor <= 0 || amount.amount_minor > all => {
            return Err(CreditRejection::OutOfRange(Money::new(all.max(0), currency)));
        }
        ([], Some(amount)) => apportion(amount.amount_minor, &left.iter().map(|amounts| amounts.gross).collect::<Vec<_>>()),
        (named, None) => named_parts(lines, &left, named, currency)?,
        (_, Some(_)) => return Err(CreditRejection::Ambiguous),
    };
    let credit = |((line, left), part): ((&L, &Amounts), i64)| {
        let tax = if part == left.gross { left.tax } else { tax_within(part, *left) };
        (part != 0).then(|| credit_line(line, part, tax, currency))
    };
    something(lines.iter().zip(&left).zip(parts).filter_map(credit).collect())
}

/// The lines of a credit note for a net amount, spread over all lines in proportion to what is left of them; their tax follows.
pub fn credit_net<L: DocumentLine>(
    lines: &[L],
    credited: &Credited,
    net: Money,
    currency: Currency,
) -> Result<Vec<CreditLine>, CreditRejection> {
    if net.currency != currency {
        return Err(CreditRejection::Value(ValueRejection::CurrencyMismatch(net.currency, currency)));
    }
    let left: Vec<Amounts> = lines.iter().map(|line| left_of(line, credited)).collect();
    let nets: Vec<i64> = left.iter().map(|amounts| amounts.net).collect();
    let all: i64 = nets.iter().sum();
    if net.amount_minor <= 0 || net.amount_minor > all {
        return Err(CreditRejection::OutOfRange(Money::new(all.max(0), currency)));
    }
    let credit = |((line, left), part): ((&L, &Amounts), i64)| {
        let tax = if part == left.net { left.tax } else { tax_on(part, *left) };
        (part != 0).then(|| credit_line(line, part + tax, tax, currency))
    };
    something(lines.iter().zip(&left).zip(apportion(net.amount_minor, &nets)).filter_map(credit).collect())
}

/// Refuses a credit of nothing.
fn something(credits: Vec<CreditLine>) -> Result<Vec<CreditLine>, CreditRejection> {
    let total: i64 = credits.iter().map(|line| line.gross.amount_minor).sum();
    if total <= 0 { Err(CreditRejection::NothingLeft) } else { Ok(credits) }
}

fn credit_line<L: DocumentLine>(line: &L, part: i64, tax: i64, currency: Currency) -> CreditLine {
    let money = |amount_minor| Money::new(amount_minor, currency);
    CreditLine {
        line_id: line.line_id().clone(),
        description: line.description().clone(),
        tax_category: line.tax_key().0,
        tax_rate_percent: line.tax_key().1,
        target: line.target(),
        net: money(part - tax),
        tax: money(tax),
        gross: money(part),
    }
}

fn named_parts<L: DocumentLine>(
    lines: &[L],
    left: &[Amounts],
    named: &[LineCredit],
    currency: Currency,
) -> Result<Vec<i64>, CreditRejection> {
    let mut parts = vec![0; lines.len()];
    for credit in named {
        let index = lines.iter().position(|line| *line.line_id() == credit.line_id);
        let index = index.ok_or_else(|| CreditRejection::UnknownLine(credit.line_id.to_string()))?;
        let most = left[index].gross;
        let part = credit.amount.map_or(most, |amount| amount.amount_minor);
        if part == 0 || parts[index] != 0 || part.signum() != most.signum() || part.abs() > most.abs() {
            return Err(CreditRejection::LineOutOfRange(credit.line_id.to_string(), Money::new(most, currency)));
        }
        parts[index] = part;
    }
    Ok(parts)
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why nothing can be credited.
    pub enum CreditRejection in "invoicing" {
        /// A value of it.
        #[error("{0}")]
        Value(ValueRejection) => "currency_mismatch" ["amount", "lines"],
        /// Lines and an amount.
        #[error("Name the lines to credit or an amount to spread over all lines, not both.")]
        Ambiguous => "credit_ambiguous" ["lines", "amount"],
        /// More than is left.
        #[error("The amount to credit is more than 0 and at most {0}, which is what is left.")]
        OutOfRange(Money) => "credit_out_of_range" ["amount"],
        /// More of a line than is left.
        #[error("Of the line `{0}`, {1} is left to be credited; name it once with no more than that.")]
        LineOutOfRange(String, Money) => "line_credit_out_of_range" ["lines"],
        /// No such line.
        #[error("The document has no line `{0}`.")]
        UnknownLine(String) => "line_unknown" ["lines"],
        /// Everything is credited.
        #[error("Nothing is left to be credited.")]
        NothingLeft => "nothing_to_credit" ["lines", "amount"],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::invoicing::lines::{InvoiceLine, InvoiceLineInput, numbered};

    fn line(id: &str, net: i64, rate: i64) -> InvoiceLine {
        let input = json!({
            "line_id": id, "description": "x", "unit_price": { "amount_minor": net, "currency": "EUR" }, "tax_rate_percent": rate
        });
        let input: InvoiceLineInput = serde_json::from_value(input).unwrap();
        input.line(numbered(1), Currency::EUR, TaxMode::Exclusive).unwrap()
    }

    fn euro(amount_minor: i64) -> Money {
        Money::new(amount_minor, Currency::EUR)
    }

    fn sums(lines: &[CreditLine]) -> Vec<(i64, i64)> {
        lines.iter().map(|line| (line.net.amount_minor, line.tax.amount_minor)).collect()
    }

    #[test]
    fn a_credit_takes_lines_or_an_amount_or_all_that_is_left() {
        let lines = [line("a", 1_000, 20), line("b", 500, 0)];
        let credit = |named: &[LineCredit], amount, credited: &Credited| credit_lines(&lines, credited, named, amount, Currency::EUR);
        let named = |id: &str, amount| LineCredit { line_id: id.parse().unwrap(), amount };
        let none = Credited::new();
        assert_eq!(sums(&credit(&[], None, &none).unwrap()), [(1_000, 200), (500, 0)]);
        assert_eq!(sums(&credit(&[named("a", Some(euro(600)))], None, &none).unwrap()), [(500, 100)]);
        assert_eq!(sums(&credit(&[], Some(euro(170)), &none).unwrap()), [(100, 20), (50, 0)]);
        let mut credited = Credited::new();
        add_credited(&mut credited, &credit(&[named("b", None)], None, &none).unwrap());
        assert_eq!(sums(&credit(&[], None, &credited).unwrap()), [(1_000, 200)]);
        let code = |result: Result<Vec<CreditLine>, CreditRejection>| crate::kernel::Rejection::from(result.unwrap_err()).code;
        assert_eq!(code(credit(&[named("b", None)], None, &credited)), "invoicing.line_credit_out_of_range");
        assert_eq!(code(credit(&[named("a", Some(euro(1_201)))], None, &none)), "invoicing.line_credit_out_of_range");
        assert_eq!(code(credit(&[named("c", None)], None, &none)), "invoicing.line_unknown");
        assert_eq!(code(credit(&[], Some(euro(1_701)), &none)), "invoicing.credit_out_of_range");
        assert_eq!(code(credit(&[], Some(euro(0)), &none)), "invoicing.credit_out_of_range");
        assert_eq!(code(credit(&[named("a", None)], Some(euro(1)), &none)), "invoicing.credit_ambiguous");
        let rest = credit(&[], None, &credited).unwrap();
        add_credited(&mut credited, &rest);
        assert_eq!(code(credit(&[], None, &credited)), "invoicing.nothing_to_credit");
    }

    #[test]
    fn a_net_amount_is_credited_with_the_tax_that_belongs_to_it() {
        let lines = [line("a", 1_000, 20), line("b", 500, 0)];
        let credit = |net, credited: &Credited| credit_net(&lines, credited, euro(net), Currency::EUR);
        let none = Credited::new();
        assert_eq!(sums(&credit(150, &none).unwrap()), [(100, 20), (50, 0)]);
        assert_eq!(sums(&credit(1_500, &none).unwrap()), [(1_000, 200), (500, 0)]);
        assert!(credit(0, &none).is_err() && credit(1_501, &none).is_err());
        let mut credited = Credited::new();
        add_credited(&mut credited, &credit(1_499, &none).unwrap());
        let last = credit(1, &credited).unwrap();
        add_credited(&mut credited, &last);
        assert!(lines.iter().all(|line| left_of(line, &credited) == Amounts::default()), "nothing is left of any line");
    }

    proptest! {
        #[test]
        fn credits_of_any_amounts_end_with_nothing_left_of_any_line(
            nets in prop::collection::vec((-500_i64..5_000, 0_i64..30), 1..8), cuts in prop::collection::vec(1_i64..3_000, 0..8)
        ) {
            let lines: Vec<InvoiceLine> =
                nets.iter().enumerate().filter(|(_, (net, _))| *net != 0).map(|(index, (net, rate))| line(&index.to_string(), *net, *rate)).collect();
            let total: i64 = lines.iter().map(|line| line.gross.amount_minor).sum();
            prop_assume!(total > 0);
            let mut credited = Credited::new();
            let mut left = total;
            for cut in cuts {
                let amount = cut.min(left);
                if amount == 0 { break; }
                let credit = credit_lines(&lines, &credited, &[], Some(euro(amount)), Currency::EUR).unwrap();
                prop_assert_eq!(credit.iter().map(|line| line.gross.amount_minor).sum::<i64>(), amount);
                prop_assert!(credit.iter().all(|line| line.net.amount_minor + line.tax.amount_minor == line.gross.amount_minor));
                add_credited(&mut credited, &credit);
                left -= amount;
                for line in &lines {
                    let rest = left_of(line, &credited);
                    prop_assert!(rest.gross.abs() <= line.gross.amount_minor.abs() && rest.tax * line.tax.amount_minor >= 0);
                }
            }
            if left > 0 {
                let rest = credit_lines(&lines, &credited, &[], None, Currency::EUR).unwrap();
                add_credited(&mut credited, &rest);
            }
            for line in &lines {
                prop_assert_eq!(left_of(line, &credited), Amounts::default());
            }
        }
    }
}
