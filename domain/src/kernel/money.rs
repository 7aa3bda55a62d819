//! Money: an integer in minor units, an ISO 4217 currency and the exponent that relates the two.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code, such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text or a sum is not money.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MoneyError {
    /// Not three capital letters of ISO 4217.
    #[error("`{0}` is not an ISO 4217 currency code such as EUR")]
    UnknownCurrency(String),
    /// Two currencies met in one sum.
    #[error("cannot add {0} to {1}")]
    CurrencyMismatch(Currency, Currency),
    /// The sum does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
}

/// Codes in use (ISO 4217 list one, without the codes for metals, funds and tests).
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The code as text.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// The number of decimal digits of the minor unit (ISO 4217): 2 for most, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF"
            | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.as_str().try_into()
    }
}

impl TryFrom<&str> for Currency {
    type Error = MoneyError;

    fn try_from(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if CODES.split(' ').any(|known| known == text) => Ok(Self(code)),
            _ => Err(MoneyError::UnknownCurrency(text.chars().take(16).collect())),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": CODES.split(' ').collect::<Vec<_>>(), "description": "ISO 4217 code" })
    }
}

/// An amount of one currency. `{"amount_minor": 1250, "currency": "EUR"}` is € 12.50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in minor units (cents for EUR, yen for JPY).
    #[schemars(range(min = -9_000_000_000_000_000i64, max = 9_000_000_000_000_000i64))]
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Adds two amounts of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(other.currency, self.currency));
        }
        let amount_minor = self.amount_minor.checked_add(other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount_minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = u32::from(self.currency.exponent());
        let unit = 10_u64.pow(exponent);
        let amount = self.amount_minor.unsigned_abs();
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        write!(f, "{sign}{}", amount / unit)?;
        if exponent > 0 {
            write!(f, ".{:0width$}", amount % unit, width = exponent as usize)?;
        }
        write!(f, " {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_prints_with_its_exponent() {
        let currency = |code: &str| Currency::try_from(code).unwrap();
        assert_eq!(Money::new(-5, Currency::EUR).to_string(), "-0.05 EUR");
        assert_eq!(Money::new(1250, currency("JPY")).to_string(), "1250 JPY");
        assert_eq!(Money::new(1250, currency("KWD")).to_string(), "1.250 KWD");
    }

    #[test]
    fn currencies_never_mix_and_sums_never_wrap() {
        let euro = Money::new(i64::MAX, Currency::EUR);
        assert_eq!(euro.checked_add(Money::new(1, Currency::EUR)), Err(MoneyError::Overflow));
        let dollar = Money::new(1, Currency::try_from("USD").unwrap());
        assert!(matches!(euro.checked_add(dollar), Err(MoneyError::CurrencyMismatch(..))));
        assert!(Currency::try_from("eur").is_err() && Currency::try_from("EURO").is_err());
    }
}
