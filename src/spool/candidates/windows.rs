//! Directories that are this user's alone, by Windows' means: an owner, and an access list of their own.
//!
//! A directory that is made here is owned by the process's user and lets nobody in but that user, the system and the
//! administrators, whatever the directory around it says. One that is found is known by its owner. So a directory that was
//! named is never used itself, whose access list may be anything; `maxim-<user>` within it is.

use std::ffi::c_void;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{CloseHandle, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo,
    SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, OWNER_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateDirectoryW, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, READ_CONTROL,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// The process's user, as `S-1-5-…`; empty where the system does not say, and then nothing is that user's.
pub fn user_id() -> &'static str {
    static USER: OnceLock<String> = OnceLock::new();
    USER.get_or_init(|| find_user().unwrap_or_default())
}

fn find_user() -> Option<String> {
    /// A SID has 68 bytes at most, and is behind what points to it.
    #[repr(C)]
    struct Found(TOKEN_USER, [u8; 68]);
    let mut token = ptr::null_mut();
    let mut found = MaybeUninit::<Found>::zeroed();
    let (size, mut needed) = (size_of::<Found>() as u32, 0);
    // SAFETY: the calls write to the places given, of the sizes given; the token is closed; what is read is what was
    // written, while it is there.
    unsafe {
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) == 0 {
            return None;
        }
        let place = found.as_mut_ptr().cast();
        let is_told = GetTokenInformation(token, TokenUser, place, size, &mut needed) != 0;
        CloseHandle(token);
        if is_told { text_of((*found.as_ptr()).0.User.Sid) } else { None }
    }
}

/// # Safety
/// It is a SID.
unsafe fn text_of(sid: PSID) -> Option<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the caller's; the text ends with a zero, and is freed.
    unsafe {
        if ConvertSidToStringSidW(sid, &mut text) == 0 {
            return None;
        }
        let length = (0..).take_while(|at| *text.add(*at) != 0).count();
        let copy = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Some(copy)
    }
}

/// Whether the process's user owns a file or directory, which is open with `READ_CONTROL`.
pub fn is_ours(file: &File) -> bool {
    let (mut owner, mut descriptor) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open; the call gives a descriptor that is freed, and the owner within it.
    let owner = unsafe {
        let told = GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &mut owner,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut descriptor,
        );
        if told != 0 {
            return false;
        }
        let text = text_of(owner);
        LocalFree(descriptor);
        text
    };
    owner.is_some_and(|owner| owner == user_id())
}

/// Opens a file to be written, made if it is not there.
pub fn open_to_try(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Opens whatever is at a path, a link itself, to be looked at and no more.
pub fn open_to_look(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.access_mode(FILE_READ_ATTRIBUTES | READ_CONTROL);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    options.open(path)
}

/// Whether what is open is a directory, and no link to one.
pub fn is_directory(file: &File) -> io::Result<bool> {
    let attributes = file.metadata()?.file_attributes();
    Ok(attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT) == FILE_ATTRIBUTE_DIRECTORY)
}

/// The user's own place for what is not to move with a profile, and if there is none that for temporary files.
pub fn default_places() -> Vec<PathBuf> {
    let local = std::env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|path| path.is_absolute());
    let last = std::env::temp_dir().join(own_name());
    local.map(|local| local.join("maxim")).into_iter().chain([last]).collect()
}

/// Windows has no file system in memory.
pub fn hot_place() -> Option<PathBuf> {
    None
}

/// The name of this user's directory within one that others may use.
pub fn own_name() -> String {
    format!("maxim-{}", user_id())
}

/// Whether a directory that was named can be used itself: see above.
pub fn is_ours_alone(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Makes one directory whose parent exists.
pub fn make_one(path: &Path) -> io::Result<()> {
    let wide = |text: &mut dyn Iterator<Item = u16>| text.chain([0]).collect::<Vec<u16>>();
    let user = user_id();
    let access = format!("O:{user}D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)");
    let access = wide(&mut access.encode_utf16());
    let path = wide(&mut path.as_os_str().encode_wide());
    let mut descriptor = ptr::null_mut::<c_void>();
    // SAFETY: both texts end with a zero; the descriptor is freed behind its last use.
    unsafe {
        let (text, revision) = (access.as_ptr(), SDDL_REVISION_1);
        if ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text,
            revision,
            &mut descriptor,
            ptr::null_mut(),
        ) == 0
        {
            return Err(io::Error::last_os_error());
        }
        let attributes = SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: descriptor,
            bInheritHandle: 0,
        };
        let made = CreateDirectoryW(path.as_ptr(), &attributes) != 0;
        let error = io::Error::last_os_error();
        LocalFree(descriptor);
        if made { Ok(()) } else { Err(error) }
    }
}

/// Refuses a directory that somebody else could put files into. Whether it can be written to shows when it is.
pub fn check(path: &Path) -> io::Result<()> {
    let found = open_to_look(path)?;
    let is_safe = is_directory(&found)? && is_ours(&found);
    if is_safe { Ok(()) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
}

/// Whose what is under a name is, for whoever runs the host.
pub fn owner(path: &Path, _: &Metadata) -> String {
    let is_ours = open_to_look(path).is_ok_and(|found| is_ours(&found));
    if is_ours { "this user" } else { "another user" }.to_owned()
}
