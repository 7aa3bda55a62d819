//! Amounts as Stripe counts them. Its minor units are those of ISO 4217 but for a few currencies
//! (<https://docs.stripe.com/currencies#minor-units>).

use domain::kernel::{Currency, Money};

/// How many times larger Stripe's number is than ours, or smaller.
enum Scale {
    Same,
    /// Stripe counts hundredths where ISO 4217 has none.
    Hundredths,
    /// Stripe counts whole units where ISO 4217 has hundredths.
    Whole,
    /// Three decimals, of which the last must be zero.
    Thousandths,
}

fn scale(currency: Currency) -> Scale {
    match currency.code() {
        "ISK" | "UGX" => Scale::Hundredths,
        "MGA" => Scale::Whole,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => Scale::Thousandths,
        _ => Scale::Same,
    }
}

/// The amount as Stripe counts it; nothing where Stripe cannot express it.
pub fn to_stripe(amount: Money) -> Option<i64> {
    let minor = amount.amount_minor;
    match scale(amount.currency) {
        Scale::Same => Some(minor),
        Scale::Hundredths => minor.checked_mul(100),
        Scale::Whole => (minor % 100 == 0).then_some(minor / 100),
        Scale::Thousandths => (minor % 10 == 0).then_some(minor),
    }
}

/// An amount that Stripe names; nothing where the currency is not known or the amount cannot be expressed.
pub fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency = Currency::try_from(currency.to_ascii_uppercase().as_str()).ok()?;
    let minor = match scale(currency) {
        Scale::Same | Scale::Thousandths => amount,
        Scale::Hundredths => (amount % 100 == 0).then_some(amount / 100)?,
        Scale::Whole => amount.checked_mul(100)?,
    };
    Some(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_back_as_they_went() {
        for (code, ours, theirs) in [
            ("EUR", 1_234, Some(1_234)),
            ("JPY", 500, Some(500)),
            ("ISK", 500, Some(50_000)),
            ("MGA", 1_200, Some(12)),
            ("MGA", 1_250, None),
            ("KWD", 1_230, Some(1_230)),
            ("KWD", 1_235, None),
        ] {
            let money = Money::new(ours, Currency::try_from(code).unwrap());
            assert_eq!(to_stripe(money), theirs, "{code} {ours}");
            if let Some(theirs) = theirs {
                assert_eq!(from_stripe(theirs, &code.to_lowercase()), Some(money));
            }
        }
        assert_eq!(from_stripe(150, "isk"), None);
        assert_eq!(from_stripe(1, "xxx"), None);
    }
}
