//! What usage costs: metrics, and the charges that a plan makes on them.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{AMOUNT_MINOR_MAX, Key, Name, rounded};
use crate::rejections;

/// How many charges a plan makes at most.
pub const CHARGES_MAX: usize = 20;
/// How many tiers a charge has at most.
pub const TIERS_MAX: usize = 20;
/// The most of a metric that one record says, and that a tier ends with.
pub const USAGE_MAX: i64 = 1_000_000_000_000;
/// Decimal places of usage and of unit prices.
pub const SCALE_MAX: u32 = 9;

/// How the records of a period become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The number of records.
    Count,
    /// The sum of their values; less than nothing counts as nothing.
    Sum,
    /// The greatest value.
    Max,
    /// The number of different keys.
    UniqueCount,
    /// The value of the record with the latest time.
    Latest,
}

/// A step of a graduated or volume price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The last unit that belongs to it; the last tier has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Decimal>,
    /// Price of a unit, in minor units; may be a fraction.
    pub unit_amount: Decimal,
    /// What is added once as soon as the tier is reached, in minor units.
    #[serde(default)]
    pub flat_amount_minor: i64,
}

/// How a number of units becomes an amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "model", deny_unknown_fields)]
pub enum Price {
    /// Each unit costs the same.
    Standard {
        /// Price of a unit, in minor units; may be a fraction.
        unit_amount: Decimal,
    },
    /// Units are sold in packages; a package that was begun counts.
    Package {
        /// Units in a package.
        package_size: Decimal,
        /// Price of a package, in minor units.
        package_amount_minor: i64,
    },
    /// The units within each tier cost what the tier says.
    Graduated {
        /// The tiers, ascending.
        tiers: Vec<Tier>,
    },
    /// All units cost what the tier says in which the last of them falls.
    Volume {
        /// The tiers, ascending.
        tiers: Vec<Tier>,
    },
}

/// A charge for the use of a metric. It is billed when the period is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// The metric.
    pub metric: Key,
    /// How its records become one number.
    pub aggregation: Aggregation,
    /// What the line of a bill says.
    pub name: Name,
    /// Units of a period that cost nothing.
    #[serde(default)]
    pub free_units: Decimal,
    /// The price of the others.
    pub price: Price,
}

impl Charge {
    /// What so many units of a period cost, in minor units, rounded once, half away from zero.
    pub fn amount_minor(&self, units: Decimal) -> i64 {
        let units = (units - self.free_units).max(Decimal::ZERO);
        if units.is_zero() {
            return 0;
        }
        let amount = match &self.price {
            Price::Standard { unit_amount } => units.checked_mul(*unit_amount),
            Price::Package { package_size, package_amount_minor } => {
                units.checked_div(*package_size).and_then(|packages| packages.ceil().checked_mul(Decimal::from(*package_amount_minor)))
            }
            Price::Graduated { tiers } => graduated(tiers, units),
            Price::Volume { tiers } => volume(tiers, units),
        };
        // What no limit foresees is as much as a line can hold, so that nobody is served for nothing by an overflow.
        rounded(amount.unwrap_or(Decimal::MAX)).min(AMOUNT_MINOR_MAX)
    }

    /// Refuses prices that mean nothing.
    pub fn check(&self) -> Result<(), PriceRejection> {
        let invalid = |what: &str| Err(PriceRejection::Invalid(self.metric.to_string(), what.to_owned()));
        let amount = |minor: i64| (0..=AMOUNT_MINOR_MAX).contains(&minor);
        let limit = Decimal::from(USAGE_MAX);
        let number = |value: &Decimal| (Decimal::ZERO..=limit).contains(value) && value.scale() <= SCALE_MAX;
        if !number(&self.free_units) {
            return invalid("free units are a number from 0, with at most 9 decimals");
        }
        match &self.price {
            Price::Standard { unit_amount } if !number(unit_amount) => {
                invalid("a unit's price is a number from 0, with at most 9 decimals")
            }
            Price::Package { package_size, .. } if !number(package_size) || package_size.is_zero() => invalid("a package holds something"),
            Price::Package { package_amount_minor, .. } if !amount(*package_amount_minor) => invalid("a package's price is too large"),
            Price::Graduated { tiers } | Price::Volume { tiers } => {
                let (last, others) = match tiers.split_last() {
                    Some(split) if tiers.len() <= TIERS_MAX => split,
                    _ => return invalid("there are 1 to 20 tiers"),
                };
                if !tiers.iter().all(|tier| number(&tier.unit_amount) && amount(tier.flat_amount_minor)) {
                    return invalid("a tier's prices are numbers from 0, with at most 9 decimals");
                }
                let ends: Option<Vec<Decimal>> = others.iter().map(|tier| tier.up_to).collect();
                let ascending = ends.is_some_and(|ends| {
                    ends.iter().all(|end| number(end) && !end.is_zero()) && ends.windows(2).all(|pair| pair[0] < pair[1])
                });
                if last.up_to.is_some() || !ascending {
                    return invalid("tiers ascend by `up_to`, and the last one has none");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn graduated(tiers: &[Tier], units: Decimal) -> Option<Decimal> {
    let (mut total, mut from) = (Decimal::ZERO, Decimal::ZERO);
    for tier in tiers {
        let end = tier.up_to.map_or(units, |end| end.min(units));
        if end <= from {
            break;
        }
        total = total.checked_add((end - from).checked_mul(tier.unit_amount)?)?.checked_add(tier.flat_amount_minor.into())?;
        from = end;
    }
    Some(total)
}

fn volume(tiers: &[Tier], units: Decimal) -> Option<Decimal> {
    let tier = tiers.iter().find(|tier| tier.up_to.is_none_or(|end| units <= end))?;
    units.checked_mul(tier.unit_amount)?.checked_add(tier.flat_amount_minor.into())
}

rejections! {
    /// Why a charge is refused.
    pub enum PriceRejection in "billing" {
        /// A price that means nothing.
        #[error("The charge on `{0}` cannot be: {1}.")]
        Invalid(String, String) => "charge_invalid" ["charges"],
        /// Two charges on one number.
        #[error("The plan charges `{0}` twice in the same way; put both into one charge.")]
        Twice(String) => "charge_twice" ["charges"],
        /// Too many.
        #[error("A plan makes at most {0} charges.")]
        TooMany(usize) => "too_many_charges" ["charges"],
    }
}

/// Refuses charges that mean nothing, and two on the same number.
pub fn check_charges(charges: &[Charge]) -> Result<(), PriceRejection> {
    if charges.len() > CHARGES_MAX {
        return Err(PriceRejection::TooMany(CHARGES_MAX));
    }
    for (index, charge) in charges.iter().enumerate() {
        charge.check()?;
        if charges[..index].iter().any(|other| other.metric == charge.metric && other.aggregation == charge.aggregation) {
            return Err(PriceRejection::Twice(charge.metric.to_string()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn charge(price: &serde_json::Value) -> Charge {
        serde_json::from_value(json!({ "metric": "calls", "aggregation": "sum", "name": "Calls", "price": price })).unwrap()
    }

    fn cost(price: &serde_json::Value, units: &str) -> i64 {
        charge(price).amount_minor(units.parse().unwrap())
    }

    fn tiers() -> serde_json::Value {
        json!([
            { "up_to": "10", "unit_amount": "5" },
            { "up_to": "20", "unit_amount": "4", "flat_amount_minor": 100 },
            { "unit_amount": "1.5", "flat_amount_minor": 1000 }
        ])
    }

    #[test]
    fn a_standard_price_is_rounded_once() {
        let price = json!({ "model": "standard", "unit_amount": "0.3" });
        for (units, minor) in [("0", 0), ("1", 0), ("2", 1), ("1000", 300), ("-5", 0), ("1.6", 0), ("1.7", 1)] {
            assert_eq!(cost(&price, units), minor, "{units}");
        }
    }

    #[test]
    fn a_package_that_was_begun_counts() {
        let price = json!({ "model": "package", "package_size": "100", "package_amount_minor": 700 });
        for (units, minor) in [("0", 0), ("1", 700), ("100", 700), ("100.1", 1400), ("250", 2100)] {
            assert_eq!(cost(&price, units), minor, "{units}");
        }
    }

    #[test]
    fn graduated_units_cost_what_their_own_tier_says() {
        let price = json!({ "model": "graduated", "tiers": tiers() });
        for (units, minor) in [("0", 0), ("1", 5), ("10", 50), ("11", 154), ("20", 190), ("22", 1193), ("21.5", 1192)] {
            assert_eq!(cost(&price, units), minor, "{units}");
        }
    }

    #[test]
    fn in_a_volume_price_the_last_unit_decides_for_all() {
        let price = json!({ "model": "volume", "tiers": tiers() });
        for (units, minor) in [("0", 0), ("10", 50), ("11", 144), ("20", 180), ("22", 1033)] {
            assert_eq!(cost(&price, units), minor, "{units}");
        }
    }

    #[test]
    fn free_units_come_first() {
        let mut charge = charge(&json!({ "model": "standard", "unit_amount": "2" }));
        charge.free_units = Decimal::from(100);
        assert_eq!((charge.amount_minor(Decimal::from(100)), charge.amount_minor(Decimal::from(103))), (0, 6));
    }

    #[test]
    fn no_amount_overflows() {
        let price = json!({ "model": "graduated", "tiers": [{ "unit_amount": "1000000000000", "flat_amount_minor": 1 }] });
        assert_eq!(cost(&price, "1000000000000"), AMOUNT_MINOR_MAX);
        assert_eq!(charge(&json!({ "model": "standard", "unit_amount": "1" })).amount_minor(Decimal::MAX), AMOUNT_MINOR_MAX);
    }

    #[test]
    fn prices_that_mean_nothing_are_refused() {
        for price in [
            json!({ "model": "standard", "unit_amount": "-1" }),
            json!({ "model": "standard", "unit_amount": "0.0000000001" }),
            json!({ "model": "package", "package_size": "0", "package_amount_minor": 1 }),
            json!({ "model": "package", "package_size": "1", "package_amount_minor": -1 }),
            json!({ "model": "volume", "tiers": [] }),
            json!({ "model": "volume", "tiers": [{ "up_to": "5", "unit_amount": "1" }] }),
            json!({ "model": "volume", "tiers": [{ "unit_amount": "1" }, { "unit_amount": "1" }] }),
            json!({ "model": "graduated", "tiers": [{ "up_to": "5", "unit_amount": "1" }, { "up_to": "5", "unit_amount": "1" }, { "unit_amount": "1" }] }),
            json!({ "model": "graduated", "tiers": vec![json!({ "unit_amount": "1" }); 21] }),
        ] {
            assert!(matches!(charge(&price).check(), Err(PriceRejection::Invalid(..))), "{price}");
        }
        let good = charge(&json!({ "model": "volume", "tiers": tiers() }));
        assert_eq!(check_charges(std::slice::from_ref(&good)), Ok(()));
        assert_eq!(check_charges(&[good.clone(), good.clone()]), Err(PriceRejection::Twice("calls".into())));
        assert_eq!(check_charges(&vec![good; 21]), Err(PriceRejection::TooMany(20)));
    }
}
