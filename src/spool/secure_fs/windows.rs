//! Safe directories and files by Windows' means: reached by path from a directory that is held open, so that nobody can
//! rename or remove it or what it is in; told apart by volume and index; never through a reparse point.
//!
//! What is in a directory that is this user's alone (`candidates/windows.rs`) is taken for this user's.

use crate::process::file_facts;
use crate::spool::candidates::system as places;
use crate::spool::file_facts::{FileFacts, Inode, write_zeros};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use windows_sys::Win32::Foundation::{ERROR_SHARING_VIOLATION, ERROR_TOO_MANY_OPEN_FILES};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_DISPOSITION_INFO, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, FileDispositionInfo, SetFileInformationByHandle,
};

/// Whether a directory can be renamed while a file in it is open.
pub const MOVES_WHAT_IS_OPEN: bool = false;

/// A file of ours that is held open.
pub struct OwnDescriptor {
    file: Mutex<Option<File>>,
    pub inode: Inode,
}

impl OwnDescriptor {
    pub fn new(file: File) -> io::Result<OwnDescriptor> {
        let inode = Inode::of(&file)?;
        Ok(OwnDescriptor { file: Mutex::new(Some(file)), inode })
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes at the beginning of the file.
    pub fn write_at_start(&self, bytes: &[u8]) -> io::Result<()> {
        let file = self.file();
        write_all_at(file.as_ref().ok_or(io::ErrorKind::NotFound)?, bytes, 0)
    }

    /// Whether it is still there.
    pub fn is_open(&self) -> bool {
        self.file().is_some()
    }

    /// As a host does not close what it does not know, there is nothing to be forgotten.
    pub fn forget(&self) {}

    /// Removes the file and closes it, in one moment for whoever else would open it.
    pub fn remove(&self) {
        if let Some(file) = self.file().take() {
            let gone = FILE_DISPOSITION_INFO { DeleteFile: true };
            let (place, size) = ((&raw const gone).cast(), size_of_val(&gone) as u32);
            // SAFETY: the handle is open, and the structure is of the kind that is said. If it fails the file stays.
            unsafe { SetFileInformationByHandle(file.as_raw_handle(), FileDispositionInfo, place, size) };
        }
    }
}

impl Inode {
    fn of(file: &File) -> io::Result<Inode> {
        file_facts(file).map(|found| Inode { device: found.device, number: found.number })
    }
}

/// Whether something failed because no handle was to be had.
pub fn lacks_descriptors(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_TOO_MANY_OPEN_FILES as i32)
}

/// A directory that everything else is found from.
pub struct Base {
    path: PathBuf,
    /// `None` until there is one to be had.
    kept: Mutex<Option<File>>,
}

impl Base {
    /// An existing directory. Its path is absolute.
    pub fn open(path: &Path) -> io::Result<Arc<Base>> {
        let kept = Mutex::new(Some(held(path)?));
        Ok(Arc::new(Base { path: path.to_owned(), kept }))
    }

    /// One for which no handle is to be had at the moment: [`Base::renew`] tries again.
    pub fn unopened(path: &Path) -> Arc<Base> {
        Arc::new(Base { path: path.to_owned(), kept: Mutex::new(None) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn kept(&self) -> MutexGuard<'_, Option<File>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a handle for it. While there is, nobody can remove it.
    pub fn is_opened(&self) -> bool {
        self.kept().is_some()
    }

    /// Opens it if that could not be done before. Gives whether it had been removed, which it never is.
    pub fn renew(&self) -> io::Result<bool> {
        let mut kept = self.kept();
        if kept.is_none() {
            *kept = Some(held(&self.path)?);
        }
        Ok(false)
    }

    /// No process is forked.
    pub fn close_inherited(&self) {}

    /// Where it is, if it is held.
    fn at(&self, below: &Path) -> io::Result<PathBuf> {
        if !self.is_opened() {
            return Err(io::Error::from_raw_os_error(ERROR_TOO_MANY_OPEN_FILES as i32));
        }
        Ok(if below.as_os_str().is_empty() { self.path.clone() } else { self.path.join(below) })
    }

    /// What is known of what is there.
    pub fn look(&self, below: &Path) -> io::Result<FileFacts> {
        let file = places::open_to_look(&self.at(below)?)?;
        let (found, is_directory) = (file_facts(&file)?, places::is_directory(&file)?);
        Ok(FileFacts {
            inode: Inode { device: found.device, number: found.number },
            is_directory,
            length: found.size,
            changed: found.modified,
            is_private: is_directory && places::is_ours(&file),
        })
    }

    /// Makes one directory whose parent exists.
    pub fn make_directory(&self, below: &Path) -> io::Result<()> {
        places::make_one(&self.at(below)?)
    }

    /// The names of all that is in a directory, or nothing if not all can be told.
    pub fn names(&self, below: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(self.at(below)?)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn open_with(&self, below: &Path, options: &mut OpenOptions) -> io::Result<File> {
        // With the first of the flags a directory is opened, and then found to be one.
        options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
        let file = options.open(self.at(below)?)?;
        let is_link = file.metadata()?.file_type().is_symlink();
        let is_safe = !is_link && file_facts(&file)?.is_file;
        if is_safe { Ok(file) } else { Err(io::Error::from(io::ErrorKind::InvalidData)) }
    }

    /// Opens an existing regular file for reading.
    pub fn open_to_read(&self, below: &Path) -> io::Result<File> {
        self.open_with(below, OpenOptions::new().read(true))
    }

    /// Opens an existing regular file for reading and writing.
    pub fn open_to_write(&self, below: &Path) -> io::Result<File> {
        self.open_with(below, OpenOptions::new().read(true).write(true))
    }

    /// Makes a file that does not exist yet.
    pub fn create(&self, below: &Path) -> io::Result<File> {
        self.open_with(below, OpenOptions::new().read(true).write(true).create_new(true))
    }

    /// Opens a lock file, and by that holds it: nobody else can open it to write. `WouldBlock` if somebody else does.
    pub fn open_lock(&self, below: &Path) -> io::Result<File> {
        self.open_with(below, &mut exclusive()).map_err(|error| match error.raw_os_error() {
            Some(code) if code == ERROR_SHARING_VIOLATION as i32 => {
                io::Error::from(io::ErrorKind::WouldBlock)
            }
            _ => error,
        })
    }

    /// Makes a lock file, held from the moment on when it is there.
    pub fn create_lock(&self, below: &Path) -> io::Result<File> {
        self.open_with(below, exclusive().create_new(true))
    }

    pub fn remove_file(&self, below: &Path) -> io::Result<()> {
        fs::remove_file(self.at(below)?)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, below: &Path) -> io::Result<()> {
        fs::remove_dir(self.at(below)?)
    }

    pub fn rename(&self, below: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.at(below)?, self.at(to)?)
    }
}

/// A directory, held: whoever would rename or remove it is refused meanwhile.
fn held(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .access_mode(FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)
}

/// For the file of a lock: others may read and remove it, and not write.
fn exclusive() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).access_mode(FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE);
    options.share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE);
    options
}

/// Has all of a file really be there.
pub fn allocate(file: &File, size: usize) -> io::Result<()> {
    write_zeros(file, size)
}

/// Writes all of `bytes` at a place in a file.
pub fn write_all_at(file: &File, mut bytes: &[u8], at: usize) -> io::Result<()> {
    let mut at = at as u64;
    while !bytes.is_empty() {
        match file.seek_write(bytes, at) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
            Ok(written) => {
                bytes = &bytes[written..];
                at += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether nobody else holds a lock file: it could be opened.
pub fn is_unlocked(_: &File) -> bool {
    true
}
