//! Whether Stripe sent it: `Stripe-Signature` (<https://docs.stripe.com/webhooks#verify-manually>).
//!
//! The header has a time and any number of signatures, `t=1492774577,v1=5257…,v1=…,v0=…`. A signature of scheme `v1` is the HMAC-SHA256
//! of `<time>.<body>` under the endpoint's secret. Others are not looked at, so that nobody can choose a weaker scheme.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use platform::config::Secret;

/// How far the time of a delivery may be from ours, in seconds.
pub const TOLERANCE_S: i64 = 300;
/// The longest header that is looked at.
const HEADER_BYTES_MAX: usize = 4096;
/// How many signatures of one header are tried.
const SIGNATURES_MAX: usize = 16;

/// Why a delivery is not believed to be Stripe's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No header, or one that cannot be read.
    #[error("the signature is missing or cannot be read")]
    Malformed,
    /// Too old, or from the future.
    #[error("the signature's time is more than five minutes from ours")]
    Expired,
    /// No signature fits.
    #[error("no signature fits the body")]
    Mismatch,
}

/// Believes a delivery if any of its signatures fits under any of the secrets, and its time is not far from `now`.
pub fn verify(header: &str, body: &[u8], secrets: &[Secret], now: DateTime<Utc>) -> Result<(), SignatureError> {
    let (time, signatures) = read(header).ok_or(SignatureError::Malformed)?;
    let mut message = Vec::with_capacity(body.len() + time.len() + 1);
    message.extend_from_slice(time.as_bytes());
    message.push(b'.');
    message.extend_from_slice(body);
    // Every pair is looked at, whether or not one has fitted already, and each comparison takes the same time for every signature.
    let mut fits = false;
    for secret in secrets {
        let key = DecodingKey::from_secret(secret.expose().as_bytes());
        for signature in &signatures {
            fits |= crypto::verify(signature, &message, &key, Algorithm::HS256).unwrap_or(false);
        }
    }
    if !fits {
        return Err(SignatureError::Mismatch);
    }
    // After the signature, so that a forger does not learn what our clock says.
    let sent: i64 = time.parse().map_err(|_| SignatureError::Malformed)?;
    if (now.timestamp() - sent).abs() > TOLERANCE_S { Err(SignatureError::Expired) } else { Ok(()) }
}

/// The time as it stands in the header, and the signatures of scheme `v1` in base64url, as the library wants them.
fn read(header: &str) -> Option<(&str, Vec<String>)> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let pairs: Vec<(&str, &str)> = header.split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
    let mut times = pairs.iter().filter(|(name, _)| *name == "t").map(|(_, time)| *time);
    let time = times.next().filter(|time| !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()))?;
    if times.next().is_some() {
        return None;
    }
    let signatures: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| *name == "v1")
        .take(SIGNATURES_MAX)
        .filter_map(|(_, signature)| hex::decode(signature).ok())
        .map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes))
        .collect();
    (!signatures.is_empty()).then_some((time, signatures))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;

    use super::*;

    const NOW: i64 = 1_780_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    fn signed(time: i64, body: &[u8], secret: &str) -> String {
        let message = [time.to_string().as_bytes(), b".", body].concat();
        let signature = crypto::sign(&message, &EncodingKey::from_secret(secret.as_bytes()), Algorithm::HS256).unwrap();
        hex::encode(BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap())
    }

    fn check(header: &str, secrets: &[&str]) -> Result<(), SignatureError> {
        let secrets: Vec<Secret> = secrets.iter().map(|text| secret(text)).collect();
        verify(header, BODY, &secrets, now())
    }

    #[test]
    fn the_signature_is_the_hmac_of_rfc_4231() {
        // Test case 2 of RFC 4231, whose message is split at its only full stop for want of one.
        let key = DecodingKey::from_secret(b"Jefe");
        let mac = hex::decode("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.encode(mac);
        assert!(crypto::verify(&signature, b"what do ya want for nothing?", &key, Algorithm::HS256).unwrap());
    }

    #[test]
    fn any_current_signature_under_any_secret_will_do() {
        let good = signed(NOW, BODY, "whsec_a");
        let bad = signed(NOW, BODY, "whsec_x");
        for header in [
            format!("t={NOW},v1={good}"),
            format!("t={NOW},v1={bad},v1={good}"),
            format!("v1={good}, t={NOW}"),
            format!("t={NOW},v0=00,v1={good},v2=x"),
        ] {
            assert_eq!(check(&header, &["whsec_a"]), Ok(()), "{header}");
            assert_eq!(check(&header, &["whsec_new", "whsec_a"]), Ok(()), "{header}");
            assert_eq!(check(&header, &["whsec_new"]), Err(SignatureError::Mismatch), "{header}");
        }
        assert_eq!(check(&format!("t={NOW},v1={good}"), &[]), Err(SignatureError::Mismatch));
    }

    #[test]
    fn what_is_altered_forged_or_unreadable_is_refused() {
        let good = signed(NOW, BODY, "whsec_a");
        let other_body = signed(NOW, b"{}", "whsec_a");
        let other_time = signed(NOW - 1, BODY, "whsec_a");
        for signature in [&other_body, &other_time, &good[..62].to_owned(), &format!("{good}00"), &"0".repeat(64)] {
            assert_eq!(check(&format!("t={NOW},v1={signature}"), &["whsec_a"]), Err(SignatureError::Mismatch), "{signature}");
        }
        for header in [
            String::new(),
            format!("v1={good}"),
            format!("t={NOW}"),
            format!("t={NOW},v0={good}"),
            format!("t={NOW},v1=xyz"),
            format!("t=-{NOW},v1={good}"),
            format!("t={NOW},t={NOW},v1={good}"),
            format!("t=,v1={good}"),
            format!("t={NOW},v1={good},{}", "x".repeat(5_000)),
        ] {
            assert_eq!(check(&header, &["whsec_a"]), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn five_minutes_are_tolerated_and_no_more() {
        for (time, expected) in
            [(NOW - 300, Ok(())), (NOW + 300, Ok(())), (NOW - 301, Err(SignatureError::Expired)), (NOW + 301, Err(SignatureError::Expired))]
        {
            let header = format!("t={time},v1={}", signed(time, BODY, "whsec_a"));
            assert_eq!(check(&header, &["whsec_a"]), expected, "{time}");
        }
    }
}
