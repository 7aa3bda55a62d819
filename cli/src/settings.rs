//! Configuration of the commands that look after a running platform: the environment, and behind it what `up` has left in its folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use platform::config::{Config, ConfigError};

/// The files of `up` that hold settings.
const FILES: [&str; 2] = ["demo.env", "secrets.env"];

/// Reads the environment, and what it does not say from `.neuroops/`.
pub fn load() -> Result<Config, ConfigError> {
    let dir = Config::from_env()?.dir;
    let left = FILES.iter().flat_map(|file| read(&dir.join(file))).collect::<HashMap<_, _>>();
    // An outside database is all or nothing: one half from the environment and the other from a folder would mix two platforms.
    let outside = Config::from_env()?;
    let from_folder = outside.database_url.is_none() && outside.database_admin_url.is_none() && outside.database_worker_url.is_none();
    Config::load(|name| platform::config::variable(name).or_else(|| left.get(name).filter(|_| from_folder).cloned()))
}

/// A setting that a user of the HTTP interface needs, from the environment or from what `up` has left.
pub fn client_setting(name: &str) -> Option<String> {
    let dir = Config::from_env().map_or_else(|_| PathBuf::from(".neuroops"), |config| config.dir);
    platform::config::variable(name).or_else(|| read(&dir.join(FILES[0])).remove(name))
}

/// Reads `NAME=value` lines; a file that is not there is empty.
pub fn read(path: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let pair = |line: &str| {
        let (name, value) = line.trim().strip_prefix("export ").unwrap_or(line.trim()).split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect()
}
