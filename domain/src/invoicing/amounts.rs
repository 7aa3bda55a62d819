//! What lines amount to.
//!
//! The rule of rounding: each line is rounded by itself, its price first and then its tax, to whole minor units, halves away from
//! zero (commercial rounding). Everything else is a sum of lines: totals, taxes by rate, entries in the ledger. So a document always
//! adds up, whoever adds, and an invoice of exclusive prices says the same as one of the inclusive prices that follow from it.
//!
//! All of it is done in whole numbers of 128 bits. What does not fit them is far beyond [`AMOUNT_MINOR_MAX`].

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decimals::{Percent, PriceMinor, Quantity};

use super::values::{AMOUNT_MINOR_MAX, TaxCategory, TaxMode};
use crate::kernel::{Currency, Money};
use crate::rejections;

/// What is taken off the price of a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// So much of a hundred.
    Percent(Percent),
    /// An amount of the line's currency, in the line's tax mode; no more than the line amounts to.
    Amount(Money),
}

/// What a line is worth, in minor units: `gross` is `net` and `tax`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Without tax.
    pub net: i64,
    /// The tax.
    pub tax: i64,
    /// With tax.
    pub gross: i64,
}

impl Amounts {
    /// What is left of these after others.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self { net: self.net - other.net, tax: self.tax - other.tax, gross: self.gross - other.gross }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { net: self.net + other.net, tax: self.tax + other.tax, gross: self.gross + other.gross }
    }
}

/// What the amounts of a line follow from.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    /// How many.
    pub quantity: Quantity,
    /// The price of one.
    pub unit_price: PriceMinor,
    /// What is taken off.
    pub discount: Option<Discount>,
    /// The tax rate.
    pub rate: Percent,
    /// The tax as a document of somebody else states it, instead of the one that follows from the rate.
    pub stated_tax: Option<i64>,
}

/// A quotient rounded to a whole number, halves away from zero. The divisor is above zero.
fn rounded(numerator: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (numerator / divisor, numerator % divisor);
    if rest.abs() * 2 >= divisor { quotient + numerator.signum() } else { quotient }
}

/// What stands for a whole in the scaled form of a [`Percent`].
const WHOLE: i128 = 100 * Percent::unit();

impl Price {
    /// The amounts of the line.
    pub fn amounts(&self, mode: TaxMode) -> Result<Amounts, AmountRejection> {
        let base = self.base()?;
        let rate = self.rate.scaled();
        let (net, tax, gross) = match mode {
            TaxMode::Exclusive => {
                let tax = self.stated_tax.map_or_else(|| rounded(base * rate, WHOLE), i128::from);
                (base, tax, base + tax)
            }
            TaxMode::Inclusive => {
                let tax = self.stated_tax.map_or_else(|| rounded(base * rate, WHOLE + rate), i128::from);
                (base - tax, tax, base)
            }
        };
        Ok(Amounts { net: within(net)?, tax: within(tax)?, gross: within(gross)? })
    }

    /// Quantity times price less discount.
    fn base(&self) -> Result<i128, AmountRejection> {
        let product = self.quantity.scaled().checked_mul(self.unit_price.scaled()).ok_or(AmountRejection::TooLarge)?;
        let divisor = Quantity::unit() * PriceMinor::unit();
        let base = match self.discount {
            None => rounded(product, divisor),
            Some(Discount::Percent(percent)) => {
                let kept = product.checked_mul(WHOLE - percent.scaled()).ok_or(AmountRejection::TooLarge)?;
                rounded(kept, divisor * WHOLE)
            }
            Some(Discount::Amount(amount)) => {
                let full = rounded(product, divisor);
                let off = i128::from(amount.amount_minor);
                if off < 0 || off > full {
                    return Err(AmountRejection::DiscountTooLarge);
                }
                full - off
            }
        };
        within(base).map(i128::from)
    }
}

fn within(amount: i128) -> Result<i64, AmountRejection> {
    match i64::try_from(amount) {
        Ok(amount) if amount.abs() <= AMOUNT_MINOR_MAX => Ok(amount),
        _ => Err(AmountRejection::TooLarge),
    }
}

/// The simplest rate that makes of a net amount this tax: that of the fewest decimals; where none does, the nearest.
pub(super) fn rate_of(net: i64, tax: i64) -> Percent {
    let nothing = Percent::try_from(0).expect("0 is a share");
    if net == 0 || (net < 0) != (tax < 0) {
        return nothing;
    }
    let mut found = nothing;
    for places in 0..=4_u32 {
        let unit = 10_i128.pow(places);
        let scaled = rounded(i128::from(tax.abs()) * 100 * unit, i128::from(net.abs()));
        let Ok(scaled) = i64::try_from(scaled) else { return nothing };
        let Ok(rate) = Percent::try_from(Decimal::new(scaled, places)) else { return nothing };
        found = rate;
        if rounded(i128::from(net) * rate.scaled(), WHOLE) == i128::from(tax) {
            break;
        }
    }
    found
}

/// What the lines of one tax category and rate amount to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaxSum {
    /// Why the rate applies.
    pub tax_category: TaxCategory,
    /// The rate.
    pub tax_rate_percent: Percent,
    /// What is taxed.
    pub net: Money,
    /// The tax.
    pub tax: Money,
}

/// What a document amounts to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax: what is to be paid.
    pub gross: Money,
    /// The same by category and rate, in that order.
    pub taxes: Vec<TaxSum>,
}

impl Totals {
    /// The sums over lines, given as category, rate and amounts.
    pub fn of(lines: impl IntoIterator<Item = (TaxCategory, Percent, Amounts)>, currency: Currency) -> Result<Self, AmountRejection> {
        let mut all = Amounts::default();
        let mut groups: std::collections::BTreeMap<(TaxCategory, Percent), Amounts> = std::collections::BTreeMap::new();
        for (category, rate, amounts) in lines {
            let group = groups.entry((category, rate)).or_default();
            *group = group.plus(amounts);
            all = all.plus(amounts);
            for amount in [all.net, all.tax, all.gross, group.net, group.tax] {
                within(amount.into())?;
            }
        }
        let money = |amount_minor| Money::new(amount_minor, currency);
        let taxes = groups.into_iter().map(|((tax_category, tax_rate_percent), group)| TaxSum {
            tax_category,
            tax_rate_percent,
            net: money(group.net),
            tax: money(group.tax),
        });
        Ok(Self { net: money(all.net), tax: money(all.tax), gross: money(all.gross), taxes: taxes.collect() })
    }
}

/// Divides an amount in proportion to weights, to the minor unit: each gets its share rounded down, and what is left over goes, one
/// unit each, to the largest fractions, the first of equals first. The weights add up to more than nothing, and the amount is at
/// most their sum; so no part exceeds its weight.
pub fn apportion(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum <= 0 {
        return vec![0; weights.len()];
    }
    let shares = weights.iter().map(|weight| i128::from(amount) * i128::from(*weight));
    let mut parts: Vec<(i128, i128)> = shares.map(|share| (share.div_euclid(sum), share.rem_euclid(sum))).collect();
    let given: i128 = parts.iter().map(|(part, _)| part).sum();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(parts[*index].1), *index));
    let left_over = usize::try_from(i128::from(amount) - given).unwrap_or(0);
    for index in order.into_iter().take(left_over) {
        parts[index].0 += 1;
    }
    parts.into_iter().map(|(part, _)| i64::try_from(part).unwrap_or(0)).collect()
}

/// The tax within a part of a gross amount, in proportion; all of it within the whole.
pub fn tax_within(part: i64, of: Amounts) -> i64 {
    proportion(part, of.tax, of.gross)
}

/// The tax on a part of a net amount, in proportion; all of it on the whole.
pub fn tax_on(part: i64, of: Amounts) -> i64 {
    proportion(part, of.tax, of.net)
}

fn proportion(part: i64, tax: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let sign = i128::from(whole.signum());
    let tax = rounded(i128::from(part) * i128::from(tax) * sign, i128::from(whole.abs()));
    i64::try_from(tax).unwrap_or(0)
}

rejections! {
    /// Why lines cannot be added up.
    pub enum AmountRejection in "invoicing" {
        /// Beyond what a document carries.
        #[error("The document would amount to more than can be added up; check quantities and prices.")]
        TooLarge => "amount_too_large" ["lines", "quantity", "unit_price"],
        /// More taken off than there is.
        #[error("A discount is between 0 and what the line amounts to.")]
        DiscountTooLarge => "discount_out_of_range" ["discount"],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(quantity: &str, unit_price: &str, rate: &str) -> Price {
        Price {
            quantity: quantity.parse().unwrap(),
            unit_price: unit_price.parse().unwrap(),
            discount: None,
            rate: rate.parse().unwrap(),
            stated_tax: None,
        }
    }

    fn triple(price: &Price, mode: TaxMode) -> (i64, i64, i64) {
        let amounts = price.amounts(mode).unwrap();
        (amounts.net, amounts.tax, amounts.gross)
    }

    #[test]
    fn halves_are_rounded_away_from_zero_first_in_the_price_and_then_in_the_tax() {
        use TaxMode::{Exclusive, Inclusive};
        assert_eq!(triple(&price("3", "33.5", "0"), Exclusive), (101, 0, 101));
        assert_eq!(triple(&price("-3", "33.5", "0"), Exclusive), (-101, 0, -101));
        assert_eq!(triple(&price("1", "50", "19"), Exclusive), (50, 10, 60), "9.5 becomes 10");
        assert_eq!(triple(&price("1", "11900", "19"), Inclusive), (10_000, 1_900, 11_900));
        assert_eq!(triple(&price("1", "100", "7"), Inclusive), (93, 7, 100));
        assert_eq!(triple(&price("0.001", "0.25", "19"), Exclusive), (0, 0, 0));
    }

    #[test]
    fn discounts_come_off_before_tax() {
        let percent = Price { discount: Some(Discount::Percent("12.5".parse().unwrap())), ..price("2", "1000", "20") };
        assert_eq!(triple(&percent, TaxMode::Exclusive), (1_750, 350, 2_100));
        let off = |amount| Price { discount: Some(Discount::Amount(Money::new(amount, Currency::EUR))), ..price("2", "1000", "20") };
        assert_eq!(triple(&off(2_000), TaxMode::Exclusive), (0, 0, 0));
        assert_eq!(off(2_001).amounts(TaxMode::Exclusive), Err(AmountRejection::DiscountTooLarge));
        assert_eq!(off(-1).amounts(TaxMode::Exclusive), Err(AmountRejection::DiscountTooLarge));
    }

    #[test]
    fn what_somebody_else_states_as_tax_stands() {
        let stated = Price { stated_tax: Some(189), ..price("1", "1000", "19") };
        assert_eq!(triple(&stated, TaxMode::Exclusive), (1_000, 189, 1_189));
        assert_eq!(triple(&stated, TaxMode::Inclusive), (811, 189, 1_000));
    }

    #[test]
    fn a_rate_is_found_from_what_it_led_to() {
        let rates = [(1_250_000, 237_500), (6_000, 420), (10_000, 888), (-5_000, -950), (100, 0), (0, 5), (300, -3), (100, 500)];
        let found = rates.map(|(net, tax)| rate_of(net, tax).to_string());
        assert_eq!(found, ["19", "7", "8.88", "19", "0", "0", "0", "0"]);
    }

    #[test]
    fn what_cannot_be_added_up_is_refused() {
        assert_eq!(price("999999999", "999999999999", "0").amounts(TaxMode::Exclusive), Err(AmountRejection::TooLarge));
        let much = Amounts { net: AMOUNT_MINOR_MAX, tax: 0, gross: AMOUNT_MINOR_MAX };
        let zero = Percent::try_from(0).unwrap();
        assert!(Totals::of([(TaxCategory::Zero, zero, much)], Currency::EUR).is_ok());
        let twice = Totals::of([(TaxCategory::Zero, zero, much), (TaxCategory::Zero, zero, much)], Currency::EUR);
        assert_eq!(twice, Err(AmountRejection::TooLarge));
    }

    #[test]
    fn what_is_left_over_goes_to_the_largest_fractions() {
        assert_eq!(apportion(100, &[1, 1, 1].map(|weight| weight * 100)), [34, 33, 33]);
        assert_eq!(apportion(10, &[100, -50, 50]), [10, -5, 5]);
        assert_eq!(apportion(5, &[0, 0]), [0, 0]);
    }

    fn decimal(max: i64, places: u32) -> impl Strategy<Value = String> {
        let unit = 10_i64.pow(places);
        (-max * unit..max * unit).prop_map(move |scaled| {
            let sign = if scaled < 0 { "-" } else { "" };
            format!("{sign}{}.{:0width$}", scaled.abs() / unit, scaled.abs() % unit, width = places as usize)
        })
    }

    fn rate() -> impl Strategy<Value = String> {
        (0..=1_000_000_i64).prop_map(|scaled| format!("{}.{:04}", scaled / 10_000, scaled % 10_000))
    }

    fn any_price() -> impl Strategy<Value = Price> {
        let discount = prop_oneof![Just(None), rate().prop_map(|text| Some(Discount::Percent(text.parse().unwrap())))];
        (decimal(1_000, 6), decimal(1_000_000, 6), rate(), discount)
            .prop_map(|(quantity, unit_price, rate, discount)| Price { discount, ..price(&quantity, &unit_price, &rate) })
    }

    proptest! {
        #[test]
        fn net_and_tax_are_gross_and_close_to_what_they_round(price in any_price()) {
            for mode in [TaxMode::Exclusive, TaxMode::Inclusive] {
                let amounts = price.amounts(mode).unwrap();
                prop_assert_eq!(amounts.net + amounts.tax, amounts.gross);
                // Twice the error of the tax is at most one minor unit.
                let exact = |base: i64, divisor: i128| (i128::from(base) * price.rate.scaled(), divisor);
                let (numerator, divisor) = match mode {
                    TaxMode::Exclusive => exact(amounts.net, WHOLE),
                    TaxMode::Inclusive => exact(amounts.gross, WHOLE + price.rate.scaled()),
                };
                prop_assert!((i128::from(amounts.tax) * divisor - numerator).abs() * 2 <= divisor);
            }
        }

        #[test]
        fn inclusive_prices_that_follow_from_exclusive_ones_mean_the_same(net in -1_000_000_000_i64..1_000_000_000, rate in rate()) {
            let exclusive = price("1", &net.to_string(), &rate).amounts(TaxMode::Exclusive).unwrap();
            let inclusive = price("1", &exclusive.gross.to_string(), &rate).amounts(TaxMode::Inclusive).unwrap();
            prop_assert_eq!(exclusive, inclusive);
        }

        // The other way round a net amount may not reach every gross amount: no more than one minor unit is between them.
        #[test]
        fn exclusive_prices_that_follow_from_inclusive_ones_are_at_most_a_unit_away(gross in -1_000_000_000_i64..1_000_000_000, rate in rate()) {
            let inclusive = price("1", &gross.to_string(), &rate).amounts(TaxMode::Inclusive).unwrap();
            let exclusive = price("1", &inclusive.net.to_string(), &rate).amounts(TaxMode::Exclusive).unwrap();
            prop_assert_eq!(exclusive.net, inclusive.net);
            prop_assert!((exclusive.gross - inclusive.gross).abs() <= 1);
        }

        #[test]
        fn a_rate_that_is_found_leads_to_the_same_tax(net in 1_i64..100_000_000, whole in 0_i64..=30) {
            let exclusive = price("1", &net.to_string(), &whole.to_string()).amounts(TaxMode::Exclusive).unwrap();
            let again = price("1", &net.to_string(), &rate_of(net, exclusive.tax).to_string()).amounts(TaxMode::Exclusive).unwrap();
            prop_assert_eq!(exclusive, again);
        }

        #[test]
        fn totals_are_the_sums_of_the_lines(prices in prop::collection::vec(any_price(), 0..20), inclusive in any::<bool>()) {
            let mode = if inclusive { TaxMode::Inclusive } else { TaxMode::Exclusive };
            let amounts: Vec<_> = prices.iter().map(|price| (TaxCategory::Standard, price.rate, price.amounts(mode).unwrap())).collect();
            let totals = Totals::of(amounts.clone(), Currency::EUR).unwrap();
            let sum = |part: fn(&Amounts) -> i64| amounts.iter().map(|(_, _, amounts)| part(amounts)).sum::<i64>();
            prop_assert_eq!(totals.net.amount_minor, sum(|amounts| amounts.net));
            prop_assert_eq!(totals.tax.amount_minor, sum(|amounts| amounts.tax));
            prop_assert_eq!(totals.gross.amount_minor, sum(|amounts| amounts.gross));
            prop_assert_eq!(totals.net.amount_minor + totals.tax.amount_minor, totals.gross.amount_minor);
            prop_assert_eq!(totals.taxes.iter().map(|sum| sum.net.amount_minor).sum::<i64>(), totals.net.amount_minor);
            prop_assert_eq!(totals.taxes.iter().map(|sum| sum.tax.amount_minor).sum::<i64>(), totals.tax.amount_minor);
            prop_assert!(totals.taxes.windows(2).all(|pair| pair[0].tax_rate_percent < pair[1].tax_rate_percent));
        }

        #[test]
        fn parts_add_up_and_stay_within_their_weights(weights in prop::collection::vec(-1_000_i64..10_000, 1..10), share in 0.0_f64..=1.0) {
            let sum: i64 = weights.iter().sum();
            prop_assume!(sum > 0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any amount up to the sum will do")]
            let amount = (sum as f64 * share) as i64;
            let parts = apportion(amount, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part.abs() <= weight.abs() && part * weight >= 0);
            }
        }

        #[test]
        fn the_tax_within_a_part_is_no_more_than_the_tax(gross in 1_i64..1_000_000, rate in rate(), share in 0.0_f64..=1.0) {
            let whole = price("1", &gross.to_string(), &rate).amounts(TaxMode::Inclusive).unwrap();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any part will do")]
            let part = (gross as f64 * share) as i64;
            let tax = tax_within(part, whole);
            prop_assert!((0..=whole.tax).contains(&tax) && tax <= part);
            prop_assert_eq!(tax_within(whole.gross, whole), whole.tax);
        }
    }
}
