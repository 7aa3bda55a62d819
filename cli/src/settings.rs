//! Configuration of the commands that look after a running platform: the environment, and behind it what `up` has left in its folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use platform::config::{Config, ConfigError};

/// The files of `up` that hold settings.
const FILES: [&str; 2] = ["demo.env", "secrets.env"];

/// Reads the environment, and what it does not say from `.neuroops/`.
pub fn load() -> Result<Config, ConfigError> {
    let outside = Config::from_env()?;
    // An outside database is all or nothing: one half from the environment and the other from a folder would mix two platforms.
    if outside.database_url.is_some() || outside.database_admin_url.is_some() || outside.database_worker_url.is_some() {
        return Ok(outside);
    }
    let left = FILES.iter().flat_map(|file| read(&outside.dir.join(file))).collect::<HashMap<_, _>>();
    Config::load(|name| platform::config::variable(name).or_else(|| left.get(name).cloned()))
}

/// A setting that a user of the HTTP interface needs, from the environment or from what `up` has left.
pub fn client_setting(name: &str) -> Option<String> {
    let dir = Config::from_env().map_or_else(|_| PathBuf::from(".neuroops"), |config| config.dir);
    platform::config::variable(name).or_else(|| read(&dir.join(FILES[0])).remove(name))
}

/// A value as it stands in a file that shells source.
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Reads `NAME=value` lines; a file that is not there is empty.
pub fn read(path: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let pair = |line: &str| {
        let (name, value) = line.trim().strip_prefix("export ").unwrap_or(line.trim()).split_once('=')?;
        let inner = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        Some((name.to_owned(), inner.map_or_else(|| value.to_owned(), |inner| inner.replace(r"'\''", "'"))))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let values = ["plain", "it's $HOME \"x\"", "'", ""];
        let lines: Vec<String> = (0..).zip(values).map(|(number, value)| format!("export N{number}={}\n", quoted(value))).collect();
        std::fs::write(file.path(), format!("# A note\n{}BARE=a=b\n", lines.concat())).unwrap();
        let known = read(file.path());
        for (number, value) in (0..).zip(values) {
            assert_eq!(known[&format!("N{number}")], value);
        }
        assert_eq!((known["BARE"].as_str(), known.len()), ("a=b", 5));
    }
}
