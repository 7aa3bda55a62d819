//! Where the files of exports are: a folder that workers write and gateways read, behind an interface that object storage fits too.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use platform::clock;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use uuid::Uuid;

/// Folders of exports that one look at the store goes through at most.
const PLACES_MAX: usize = 10_000;
/// Exports hold what tenants know of people: their files are for the platform's user and group.
const FOLDER_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;

/// Where the files of one export are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The export.
    pub export_id: String,
}

/// A file that is being read.
pub struct Opened {
    /// Its whole size.
    pub bytes: u64,
    /// Its content, from where it was asked for.
    pub content: Box<dyn AsyncRead + Send + Unpin>,
}

/// Keeps the files of exports. A name is one that the exporter has made.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// Writes a small file, whole or not at all.
    async fn put(&self, place: &Place, name: &str, content: &[u8]) -> io::Result<()>;
    /// Reads a small file, if it is there.
    async fn get(&self, place: &Place, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// Begins a file, which is there once it is finished and not before.
    async fn create(&self, place: &Place, name: &str) -> io::Result<Box<dyn FileWriter>>;
    /// Opens a file from a byte on, if it is there.
    async fn open(&self, place: &Place, name: &str, from: u64) -> io::Result<Option<Opened>>;
    /// Removes all files of an export but these: what a worker that was killed has left unfinished.
    async fn keep_only(&self, place: &Place, names: &[&str]) -> io::Result<()>;
    /// Removes an export's files, if there are any.
    async fn remove(&self, place: &Place) -> io::Result<()>;
    /// The exports that have files.
    async fn places(&self) -> io::Result<Vec<Place>>;
}

/// A file that is being written. Dropped unfinished, it is gone.
#[async_trait]
pub trait FileWriter: Send {
    /// Adds bytes.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the file be there, durably.
    async fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A folder.
pub struct FileStore {
    root: PathBuf,
}

impl FileStore {
    /// A store in this folder, which is made if it is not there.
    pub fn open(root: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        Ok(Self { root: root.canonicalize()? })
    }

    fn folder(&self, place: &Place) -> PathBuf {
        self.root.join(place.tenant_id.hyphenated().to_string()).join(&place.export_id)
    }

    /// The path of a file. Names of exports and files are made of letters, digits and a few signs; nothing else gets this far.
    fn path(&self, place: &Place, name: &str) -> io::Result<PathBuf> {
        let single = |text: &str| !text.is_empty() && !text.contains(['/', '\\', '\0']) && text.bytes().any(|byte| byte != b'.');
        if !single(name) || !single(&place.export_id) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"));
        }
        Ok(self.folder(place).join(name))
    }

    async fn begin(&self, place: &Place, name: &str) -> io::Result<PartialFile> {
        let path = self.path(place, name)?;
        let folder = self.folder(place);
        fs::create_dir_all(&folder).await?;
        for made in [folder.parent().unwrap_or(&folder), &folder] {
            fs::set_permissions(made, std::fs::Permissions::from_mode(FOLDER_MODE)).await?;
        }
        // A name of its own: another worker that believes in its lease may write the same file at the same time.
        let partial = folder.join(format!(".{name}.{}", clock::new_id().simple()));
        let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&partial).await?;
        Ok(PartialFile { file: Some(file), partial, path })
    }
}

/// A file under a name of its own, until it is renamed.
struct PartialFile {
    file: Option<File>,
    partial: PathBuf,
    path: PathBuf,
}

impl PartialFile {
    async fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(bytes).await,
            None => Err(io::Error::other("the file is finished")),
        }
    }

    async fn rename(mut self) -> io::Result<()> {
        if let Some(mut file) = self.file.take() {
            file.flush().await?;
            file.sync_all().await?;
        }
        fs::rename(&self.partial, &self.path).await
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // After the renaming there is nothing under this name any more.
        drop(std::fs::remove_file(&self.partial));
    }
}

#[async_trait]
impl FileWriter for PartialFile {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.add(bytes).await
    }

    async fn finish(self: Box<Self>) -> io::Result<()> {
        self.rename().await
    }
}

/// `None` for what is not there.
fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl ExportStore for FileStore {
    async fn put(&self, place: &Place, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = self.begin(place, name).await?;
        file.add(content).await?;
        file.rename().await
    }

    async fn get(&self, place: &Place, name: &str) -> io::Result<Option<Vec<u8>>> {
        if_there(fs::read(self.path(place, name)?).await)
    }

    async fn create(&self, place: &Place, name: &str) -> io::Result<Box<dyn FileWriter>> {
        Ok(Box::new(self.begin(place, name).await?))
    }

    async fn open(&self, place: &Place, name: &str, from: u64) -> io::Result<Option<Opened>> {
        let Some(mut file) = if_there(File::open(self.path(place, name)?).await)? else { return Ok(None) };
        let bytes = file.metadata().await?.len();
        file.seek(io::SeekFrom::Start(from.min(bytes))).await?;
        Ok(Some(Opened { bytes, content: Box::new(file.take(bytes.saturating_sub(from))) }))
    }

    async fn keep_only(&self, place: &Place, names: &[&str]) -> io::Result<()> {
        self.path(place, "x")?;
        let Some(mut entries) = if_there(fs::read_dir(self.folder(place)).await)? else { return Ok(()) };
        while let Some(entry) = entries.next_entry().await? {
            if !entry.file_name().to_str().is_some_and(|name| names.contains(&name)) {
                if_there(fs::remove_file(entry.path()).await)?;
            }
        }
        Ok(())
    }

    async fn remove(&self, place: &Place) -> io::Result<()> {
        // The path of any file of it, for the check of the names.
        self.path(place, "x")?;
        if_there(fs::remove_dir_all(self.folder(place)).await).map(|_| ())
    }

    async fn places(&self) -> io::Result<Vec<Place>> {
        let mut found = Vec::new();
        let mut tenants = fs::read_dir(&self.root).await?;
        while let Some(tenant) = tenants.next_entry().await? {
            let Some(tenant_id) = tenant.file_name().to_str().and_then(|name| Uuid::parse_str(name).ok()) else { continue };
            let Some(mut exports) = if_there(fs::read_dir(tenant.path()).await)? else { continue };
            while let Some(export) = exports.next_entry().await? {
                if let Ok(export_id) = export.file_name().into_string() {
                    found.push(Place { tenant_id, export_id });
                }
                if found.len() == PLACES_MAX {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str) -> Place {
        Place { tenant_id: Uuid::from_u128(7), export_id: id.to_owned() }
    }

    #[tokio::test]
    async fn a_file_is_there_once_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::open(folder.path()).unwrap();
        let mut writer = store.create(&place("x"), "part").await.unwrap();
        writer.write(b"abc").await.unwrap();
        assert!(store.open(&place("x"), "part", 0).await.unwrap().is_none());
        writer.finish().await.unwrap();
        let mut opened = store.open(&place("x"), "part", 1).await.unwrap().unwrap();
        let mut text = String::new();
        opened.content.read_to_string(&mut text).await.unwrap();
        assert_eq!((opened.bytes, text.as_str()), (3, "bc"));
        assert_eq!(store.places().await.unwrap(), [place("x")]);
        store.remove(&place("x")).await.unwrap();
        store.remove(&place("x")).await.unwrap();
        assert_eq!(store.places().await.unwrap(), []);
    }

    #[tokio::test]
    async fn an_unfinished_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::open(folder.path()).unwrap();
        let mut writer = store.create(&place("x"), "part").await.unwrap();
        writer.write(b"abc").await.unwrap();
        drop(writer);
        let left = std::fs::read_dir(store.folder(&place("x"))).unwrap().count();
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn what_a_killed_worker_has_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::open(folder.path()).unwrap();
        for name in ["a", "b", ".b.partial"] {
            store.put(&place("x"), name, name.as_bytes()).await.unwrap();
        }
        store.keep_only(&place("x"), &["a"]).await.unwrap();
        assert_eq!(store.get(&place("x"), "a").await.unwrap().as_deref(), Some(&b"a"[..]));
        assert_eq!(store.get(&place("x"), "b").await.unwrap(), None);
        assert_eq!(std::fs::read_dir(store.folder(&place("x"))).unwrap().count(), 1);
        store.keep_only(&place("y"), &[]).await.unwrap();
    }

    #[tokio::test]
    async fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::open(folder.path()).unwrap();
        for (id, name) in [("..", "x"), ("x", ".."), ("a/b", "x"), ("x", "a/../../b"), ("", "x"), ("x", "")] {
            assert!(store.get(&place(id), name).await.is_err(), "{id} {name}");
            assert!(store.put(&place(id), name, b"").await.is_err(), "{id} {name}");
        }
        assert!(store.remove(&place("..")).await.is_err());
    }
}
