//! The journal is written before the cloud is asked: what a run creates is known even if the run is killed.
//!
//! A file of JSON lines, appended to without buffering in the process, so that a killed process loses nothing that
//! it did. In memory only what is not yet gone is kept, so the size does not grow with the run.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::cleaner::{Entry, Scope};

/// The version of the file's format, in its first line.
const FORMAT: u32 = 1;

/// What a run created and what of it is not yet gone. A clone is the same journal.
#[derive(Clone, Debug)]
pub struct Journal {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    file: Option<(PathBuf, File)>,
    next: u64,
    open: BTreeMap<u64, (Uuid, Entry)>,
}

/// The journal's file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// It cannot be opened, read or written.
    #[error("the journal {path} cannot be used")]
    File {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A line of it is not what a journal holds.
    #[error("line {line} of the journal {path} cannot be read")]
    Line {
        /// Where it is.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why not.
        source: serde_json::Error,
    },
    /// A later version wrote it.
    #[error("the journal {path} has format {found}; this version reads formats up to {FORMAT}")]
    Newer {
        /// Where it is.
        path: PathBuf,
        /// The format it has.
        found: u32,
    },
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Line {
    Journal { format: u32 },
    Intent { seq: u64, owner: Uuid, kind: String, name: String, scope: Scope },
    Created { seq: u64, id: String },
    Gone { seq: u64 },
}

/// An intent that was written down; says what became of it.
///
/// Dropped without a word, as by an interrupted iteration, it leaves the intent in the journal: the cloud may have
/// done what was asked of it.
#[derive(Debug)]
#[must_use = "say what became of the intent: `created` or `failed`"]
pub struct Intent {
    seq: u64,
    journal: Journal,
}

impl Journal {
    /// A journal that lives as long as the process.
    pub fn in_memory() -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { file: None, next: 1, open: BTreeMap::new() })) }
    }

    /// A journal in this file; what an earlier process left open in it is open here too.
    pub fn at(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref().to_path_buf();
        let failed = |source| JournalError::File { path: path.clone(), source };
        let file = OpenOptions::new().create(true).append(true).read(true).open(&path).map_err(failed)?;
        let mut inner = Inner { file: None, next: 1, open: BTreeMap::new() };
        let mut empty = true;
        let mut lines = BufReader::new(&file).lines().enumerate().peekable();
        while let Some((index, text)) = lines.next() {
            let text = text.map_err(failed)?;
            empty = false;
            match serde_json::from_str(&text) {
                Ok(Line::Journal { format }) if format > FORMAT => {
                    return Err(JournalError::Newer { path, found: format });
                }
                Ok(line) => inner.replay(line),
                // A process that was killed while it wrote leaves half a line at the end, and nothing was sent for it.
                Err(_) if lines.peek().is_none() => (),
                Err(source) => return Err(JournalError::Line { path, line: index + 1, source }),
            }
        }
        inner.file = Some((path, file));
        let journal = Self { inner: Arc::new(Mutex::new(inner)) };
        if empty {
            journal.lock().append(&Line::Journal { format: FORMAT })?;
        }
        Ok(journal)
    }

    /// Writes down that something is about to be created; only then may the cloud be asked.
    pub fn intent(&self, owner: Uuid, kind: &str, name: &str, scope: &Scope) -> Result<Intent, JournalError> {
        let mut inner = self.lock();
        let seq = inner.next;
        let (kind, name) = (kind.to_owned(), name.to_owned());
        inner.append(&Line::Intent {
            seq,
            owner,
            kind: kind.clone(),
            name: name.clone(),
            scope: scope.clone(),
        })?;
        inner.next += 1;
        inner.open.insert(seq, (owner, Entry { kind, name, id: None, scope: scope.clone() }));
        Ok(Intent { seq, journal: self.clone() })
    }

    /// Writes down that the resource of this kind and id is gone. One that is not in the journal is no error.
    pub fn gone(&self, kind: &str, id: &str) -> Result<(), JournalError> {
        self.close(|entry| entry.kind == kind && entry.id.as_deref() == Some(id))
    }

    /// Writes down that an intent was looked for by its name and led to nothing.
    pub fn nothing_came(&self, kind: &str, name: &str) -> Result<(), JournalError> {
        self.close(|entry| entry.kind == kind && entry.id.is_none() && entry.name == name)
    }

    /// What of this workload is not known to be gone, latest first.
    pub fn open(&self, owner: Uuid) -> Vec<Entry> {
        let inner = self.lock();
        inner.open.values().rev().filter(|(of, _)| *of == owner).map(|(_, entry)| entry.clone()).collect()
    }

    /// The workloads that have something which is not known to be gone, in the order in which they began to create.
    pub fn owners(&self) -> Vec<Uuid> {
        let mut owners = Vec::new();
        for (owner, _) in self.lock().open.values() {
            if !owners.contains(owner) {
                owners.push(*owner);
            }
        }
        owners
    }

    /// How much is not known to be gone, of all workloads.
    pub fn len(&self) -> usize {
        self.lock().open.len()
    }

    /// Whether everything is known to be gone.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file it is kept in, if it is.
    pub fn path(&self) -> Option<PathBuf> {
        self.lock().file.as_ref().map(|(path, _)| path.clone())
    }

    fn close(&self, which: impl Fn(&Entry) -> bool) -> Result<(), JournalError> {
        let mut inner = self.lock();
        let found = inner.open.iter().find(|(_, (_, entry))| which(entry)).map(|(seq, _)| *seq);
        found.map_or(Ok(()), |seq| inner.end(seq))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intent {
    /// The cloud answered: it exists under this id.
    pub fn created(self, id: impl Into<String>) -> Result<(), JournalError> {
        let id = id.into();
        let mut inner = self.journal.lock();
        inner.append(&Line::Created { seq: self.seq, id: id.clone() })?;
        if let Some((_, entry)) = inner.open.get_mut(&self.seq) {
            entry.id = Some(id);
        }
        Ok(())
    }

    /// The cloud refused: nothing was created. Not for requests whose answer was lost.
    pub fn failed(self) -> Result<(), JournalError> {
        self.journal.lock().end(self.seq)
    }
}

impl Inner {
    fn replay(&mut self, line: Line) {
        match line {
            Line::Journal { .. } => (),
            Line::Intent { seq, owner, kind, name, scope } => {
                self.next = self.next.max(seq + 1);
                self.open.insert(seq, (owner, Entry { kind, name, id: None, scope }));
            }
            Line::Created { seq, id } => {
                if let Some((_, entry)) = self.open.get_mut(&seq) {
                    entry.id = Some(id);
                }
            }
            Line::Gone { seq } => {
                self.open.remove(&seq);
            }
        }
    }

    fn end(&mut self, seq: u64) -> Result<(), JournalError> {
        self.append(&Line::Gone { seq })?;
        self.open.remove(&seq);
        Ok(())
    }

    fn append(&mut self, line: &Line) -> Result<(), JournalError> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::other).unwrap_or_default();
        text.push(b'\n');
        // One write for the whole line: lines of several processes do not mix, and a kill leaves at most one half.
        file.write_all(&text).map_err(|source| JournalError::File { path: path.clone(), source })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_finds_what_the_first_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.journal");
        let (owner, scope) = (Uuid::new_v4(), Scope::owner("project-1"));
        {
            let journal = Journal::at(&path).unwrap();
            journal.intent(owner, "nova.server", "a", &scope).unwrap().created("id-a").unwrap();
            journal.intent(owner, "nova.server", "b", &scope).unwrap().created("id-b").unwrap();
            journal.intent(owner, "nova.server", "refused", &scope).unwrap().failed().unwrap();
            drop(journal.intent(owner, "nova.server", "lost", &scope).unwrap());
            journal.gone("nova.server", "id-a").unwrap();
        }
        // Killed in the middle of a line.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"op\":\"inte").unwrap();
        let journal = Journal::at(&path).unwrap();
        assert_eq!(journal.owners(), [owner]);
        let left: Vec<_> = journal.open(owner).into_iter().map(|e| (e.name, e.id)).collect();
        assert_eq!(left, [("lost".to_owned(), None), ("b".to_owned(), Some("id-b".to_owned()))]);
        assert!(journal.open(Uuid::new_v4()).is_empty());
        journal.nothing_came("nova.server", "lost").unwrap();
        assert_eq!(journal.len(), 1);
    }

    #[test]
    fn a_newer_format_and_a_broken_line_are_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("{\"op\":\"journal\",\"format\":99}\n", "format 99"),
            ("what\n{\"op\":\"gone\",\"seq\":1}\n", "line 1"),
        ] {
            let path = folder.path().join("j");
            std::fs::write(&path, text).unwrap();
            let error = Journal::at(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
