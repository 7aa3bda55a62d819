//! The secrets of a platform that `up` brings: made at its first start, kept in `.neuroops/secrets.env`, readable by its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use platform::clock;
use uuid::Uuid;

use crate::settings;

/// The name of the keys that sign checkpoints.
pub const AUDIT_SIGNING_KEY: &str = "AUDIT_SIGNING_KEY";

/// What must not be known to others.
pub struct Secrets {
    /// Signs access tokens.
    pub jwt_secret_key: String,
    /// Seals secrets that are stored.
    pub sealing_key: String,
    /// Password of the application role.
    pub app_password: String,
    /// Password of the worker role.
    pub worker_password: String,
    /// Password of the demo user.
    pub demo_password: String,
    /// Sign checkpoints; several with commas.
    pub audit_signing_key: String,
    /// The tenant that is made at the first start.
    pub demo_tenant_id: Uuid,
}

impl Secrets {
    /// Reads the secrets of the folder, or makes them.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("secrets.env");
        let mut known = settings::read(&path);
        let demo_tenant_id = known.remove("DEMO_TENANT_ID").and_then(|id| id.parse().ok()).unwrap_or_else(clock::new_id);
        let mut take = |name: &str| known.remove(name).map_or_else(random, Ok);
        let secrets = Self {
            jwt_secret_key: take("JWT_SECRET_KEY")?,
            sealing_key: take("SECRETS_KEY")?,
            app_password: take("APP_PASSWORD")?,
            worker_password: take("WORKER_PASSWORD")?,
            demo_password: take("DEMO_PASSWORD")?,
            audit_signing_key: take(AUDIT_SIGNING_KEY)?,
            demo_tenant_id,
        };
        let lines = [
            ("JWT_SECRET_KEY", &secrets.jwt_secret_key),
            ("SECRETS_KEY", &secrets.sealing_key),
            ("APP_PASSWORD", &secrets.app_password),
            ("WORKER_PASSWORD", &secrets.worker_password),
            ("DEMO_PASSWORD", &secrets.demo_password),
            (AUDIT_SIGNING_KEY, &secrets.audit_signing_key),
            ("DEMO_TENANT_ID", &demo_tenant_id.to_string()),
        ];
        write_private(&path, &lines.map(|(name, value)| format!("{name}={value}\n")).concat())?;
        Ok(secrets)
    }
}

/// Puts a new key before those that sign checkpoints; the one that signed before goes on beside it, and older ones are dropped.
pub fn rotate_audit_key(dir: &Path) -> Result<()> {
    Secrets::load(dir)?;
    let path = dir.join("secrets.env");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(match line.split_once('=') {
            Some((AUDIT_SIGNING_KEY, keys)) => {
                let before = keys.split(',').next().unwrap_or_default().trim();
                format!("{AUDIT_SIGNING_KEY}={},{before}\n", random()?)
            }
            _ => format!("{line}\n"),
        });
    }
    write_private(&path, &lines.concat())
}

/// 32 bytes from the kernel, as 64 hexadecimal digits.
pub fn random() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("no random bytes from the kernel")?;
    Ok(hex::encode(bytes))
}

/// Replaces a file at once, readable by its owner alone.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        drop(std::fs::remove_file(&temporary));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().with_context(|| format!("{} cannot be written; check the folder's permissions and free space", path.display()))
}
