//! The files that a template may include.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::refusal;
use super::scan::scan;

/// The longest file that is included.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// The folder of a task file, and what has been read of it. A clone is the same folder.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: Option<PathBuf>,
    read: Arc<Mutex<BTreeMap<String, Arc<str>>>>,
    /// The namespaces of the task file; none when `namespace` is something else.
    namespaces: Option<Arc<HashSet<String>>>,
}

impl Files {
    pub(super) fn new(folder: Option<&Path>, namespaces: Option<HashSet<String>>) -> Self {
        let folder = folder.map(Path::to_path_buf);
        Self { folder, read: Arc::default(), namespaces: namespaces.map(Arc::new) }
    }

    /// Everything that has been read, by name.
    pub(super) fn all(&self) -> BTreeMap<String, Arc<str>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The text of this file; nothing when it is not there; or why it cannot be had.
    pub(super) fn get(&self, name: &str) -> Result<Option<Arc<str>>, String> {
        if let Some(text) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Some(Arc::clone(text)));
        }
        let Some(folder) = &self.folder else {
            return Err(format!("`{name}` cannot be included: this text is in no folder"));
        };
        let Some(text) = read(folder, name)? else { return Ok(None) };
        let mut scan = scan(&text);
        if self.namespaces.is_none() {
            scan.forget_namespaces();
        }
        let namespaces = self.namespaces.as_deref().cloned().unwrap_or_default();
        if let Some((line, why)) = refusal(&scan, &namespaces, false) {
            return Err(format!("`{name}`, line {line}: {why}"));
        }
        let text: Arc<str> = text.into();
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&text));
        Ok(Some(text))
    }
}

fn read(folder: &Path, name: &str) -> Result<Option<String>, String> {
    let mut path = folder.to_path_buf();
    for step in name.split('/').filter(|step| !matches!(*step, "" | ".")) {
        if step == ".." || step.contains(['\\', '\0']) || Path::new(step).is_absolute() {
            return Err(format!(
                "`{name}` is outside of the folder of the task; a template includes what is below it"
            ));
        }
        path.push(step);
    }
    let cannot = |why: &dyn std::fmt::Display| format!("`{name}` cannot be read: {why}");
    match path.metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(cannot(&error)),
        // Reading a device or a pipe may never end.
        Ok(data) if !data.is_file() => return Err(cannot(&"it is no file")),
        Ok(data) if data.len() > MAX_BYTES => return Err(cannot(&"it has more than 10 MB")),
        Ok(_) => (),
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(|error| cannot(&error))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(cannot(&format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()))),
    }
}
