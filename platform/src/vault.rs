//! Secrets that the platform makes and must be able to use again: sealed with a key of the configuration, so that who reads the database,
//! its backups or its replicas does not learn them.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::config::Secret;

/// The form of what is sealed: this byte, the key's id, the nonce, the ciphertext with its tag.
const FORM: u8 = 1;
/// Bytes of a key's id: the beginning of its SHA-256.
const KEY_ID_BYTES: usize = 8;
/// Bytes of a secret that is made here. Standard Webhooks 1.0 asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// Why a secret is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key that is not 32 bytes in hexadecimal digits.
    #[error("a key of secrets is not 64 hexadecimal digits")]
    Key,
    /// Sealed with a key that is not configured, bound to something else, or altered.
    #[error("a sealed secret cannot be opened with the keys of SECRETS_KEY")]
    Sealed,
    /// No randomness.
    #[error("the system gives no random bytes")]
    Random,
    /// Postgres failed.
    #[error("the secret could not be read or stored")]
    Database(#[from] sqlx::Error),
}

struct Key {
    id: [u8; KEY_ID_BYTES],
    key: LessSafeKey,
}

/// Seals and opens. The first key seals; all of them open, so that a key can be replaced by another.
pub struct Vault {
    keys: Vec<Key>,
    random: SystemRandom,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault with these keys, 64 hexadecimal digits each; at least one.
    pub fn new(keys: &[Secret]) -> Result<Self, VaultError> {
        let read = |secret: &Secret| {
            let bytes = hex::decode(secret.expose()).map_err(|_| VaultError::Key)?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| VaultError::Key)?;
            let mut id = [0; KEY_ID_BYTES];
            id.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..KEY_ID_BYTES]);
            Ok(Key { id, key: LessSafeKey::new(key) })
        };
        let keys = keys.iter().map(read).collect::<Result<Vec<_>, VaultError>>()?;
        if keys.is_empty() { Err(VaultError::Key) } else { Ok(Self { keys, random: SystemRandom::new() }) }
    }

    /// Seals bytes for one place; elsewhere they cannot be opened.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Key { id, key } = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| VaultError::Random)?;
        let mut text = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut text).map_err(|_| VaultError::Random)?;
        Ok([&[FORM], id.as_slice(), &nonce, &text].concat())
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (&form, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        let (id, rest) = rest.split_at_checked(KEY_ID_BYTES).ok_or(VaultError::Sealed)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError::Sealed)?;
        let key = self.keys.iter().find(|key| form == FORM && key.id == id).ok_or(VaultError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Sealed)?;
        let mut text = text.to_vec();
        let plain = key.key.open_in_place(nonce, Aad::from(place), &mut text).map_err(|_| VaultError::Sealed)?;
        Ok(plain.to_vec())
    }

    /// The tenant's secret of that id; one that is not there yet is made. The transaction sees the tenant.
    pub async fn secret(&self, connection: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<TenantSecret, VaultError> {
        const READ: &str = "SELECT sealed FROM runtime.sealed_secrets WHERE tenant_id = $1 AND secret_id = $2";
        const STORE: &str = "INSERT INTO runtime.sealed_secrets (tenant_id, secret_id, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let place = [tenant.as_bytes().as_slice(), id.as_bytes()].concat();
        let known: Option<Vec<u8>> = sqlx::query_scalar(READ).bind(tenant).bind(id).fetch_optional(&mut *connection).await?;
        let sealed = if let Some(sealed) = known {
            sealed
        } else {
            let mut fresh = [0; SECRET_BYTES];
            self.random.fill(&mut fresh).map_err(|_| VaultError::Random)?;
            let sealed = self.seal(&place, &fresh)?;
            sqlx::query(STORE).bind(tenant).bind(id).bind(sealed).execute(&mut *connection).await?;
            // Another may have been quicker, and then it is theirs that counts.
            sqlx::query_scalar(READ).bind(tenant).bind(id).fetch_one(connection).await?
        };
        Ok(TenantSecret(self.open(&place, &sealed)?))
    }
}

/// A secret that is shared with a tenant's system.
#[derive(Clone, PartialEq, Eq)]
pub struct TenantSecret(Vec<u8>);

impl TenantSecret {
    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// As it is given to its owner: `whsec_` and base64 (Standard Webhooks 1.0).
    pub fn shown(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(&self.0))
    }
}

impl fmt::Debug for TenantSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: &str) -> Secret {
        Secret::new(digit.repeat(64))
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_under_its_key_only() {
        let (old, new, both) =
            (Vault::new(&[key("a")]).unwrap(), Vault::new(&[key("b")]).unwrap(), Vault::new(&[key("b"), key("a")]).unwrap());
        let sealed = old.seal(b"here", b"plain").unwrap();
        assert!(!sealed.windows(5).any(|window| window == b"plain"));
        assert_eq!(old.open(b"here", &sealed).unwrap(), b"plain");
        assert_eq!(both.open(b"here", &sealed).unwrap(), b"plain");
        assert!(old.open(b"there", &sealed).is_err() && new.open(b"here", &sealed).is_err());
        assert_ne!(sealed, old.seal(b"here", b"plain").unwrap(), "no nonce comes twice");
        assert_eq!(new.open(b"x", &both.seal(b"x", b"y").unwrap()).unwrap(), b"y");
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(old.open(b"here", &altered).is_err(), "byte {index}");
            assert!(old.open(b"here", &sealed[..index]).is_err(), "{index} bytes");
        }
    }

    #[test]
    fn keys_are_32_bytes_and_are_not_shown() {
        for bad in ["", "ab", &"g".repeat(64), &"a".repeat(63), &"ä".repeat(32)] {
            assert!(Vault::new(&[Secret::new(bad)]).is_err(), "{bad}");
        }
        assert!(Vault::new(&[]).is_err());
        assert_eq!(format!("{:?}", Vault::new(&[key("a")]).unwrap()), "Vault { keys: 1, .. }");
        assert_eq!(format!("{:?}", TenantSecret(vec![1])), "***");
        assert_eq!(TenantSecret(vec![0; 24]).shown(), format!("whsec_{}", "A".repeat(32)));
    }
}
