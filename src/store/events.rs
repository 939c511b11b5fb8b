//! Wakes the other processes that share a store: each process writes to certain files, and the others watch them.
//!
//! There are two such files, because different processes watch them. `bell` is the commit signal: it is written at
//! every commit, and a process watches it while it follows changes. `news` is written when the state of the store as a
//! whole changes, and every process that has the store open watches it. Neither is ever locked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::files::{self, FileId, WatchedFile, write_all_at};
use crate::sync;

use super::folder::Folder;

/// Poll interval. The poller always checks whether the data file was replaced. It also reports commits while the
/// process follows them and file watching is not available.
const LOOK: Duration = Duration::from_millis(500);
/// Poll interval for state changes where file watching is not available, in units of `LOOK`.
const SELDOM: u32 = 4;

/// An event in an open store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreEvent {
    /// A process may have committed.
    Committed,
    /// The state of the store may have changed: it was locked, unlocked or repaired, or a process wants the exclusive
    /// lock.
    StateChanged,
    /// The folder holds another data file or none, and no process of plugin-vault announced that: a person moved,
    /// deleted or copied the folder.
    Replaced,
}

/// The commit signal: the file `bell`, which is written again after each commit. No process locks it, and its content
/// has no meaning.
pub(super) struct CommitSignal(WatchedFile);

impl CommitSignal {
    /// The commit signal at `path`. This writes its one byte at once, so that a later signal needs no room on a full
    /// disk.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        prepare(path)?;
        WatchedFile::open(path).map(Self)
    }

    /// Wakes the processes that watch the file. A process that misses the signal polls a little later.
    pub(super) fn ring(&self) {
        if self.0.strike().is_err() {
            tracing::debug!("the bell could not be rung");
        }
    }
}

/// Creates a watched file with its first byte.
pub(super) fn prepare(path: &Path) -> io::Result<()> {
    let file = files::open_or_create(path)?;
    if file.metadata()?.len() == 0 { write_all_at(&file, b"\n", 0) } else { Ok(()) }
}

/// Writes the first byte of a watched file and closes the file. Every system reports that to the watchers at once.
pub(super) fn strike(path: &Path) -> io::Result<()> {
    write_all_at(&files::open_or_create(path)?, b"\n", 0)
}

/// What this process has seen last of the state of the store.
#[derive(Default)]
pub(super) struct News(Mutex<Seen>);

#[derive(Default, PartialEq, Eq)]
struct Seen {
    announced: String,
    is_locked: bool,
}

impl News {
    /// Whether the folder differs from what was seen last. It becomes what was seen last.
    fn is_new(&self, folder: &Folder) -> bool {
        let mut last = sync::lock(&self.0);
        let is_locked = folder.is_marked_locked().unwrap_or(last.is_locked);
        let seen = Seen { announced: folder.announced(), is_locked };
        let is_new = *last != seen;
        *last = seen;
        is_new
    }
}

/// See [`super::Location::watch`].
pub(super) fn watch(
    folder: &Folder,
    open: FileId,
    news: &Arc<News>,
    heard: impl Fn(StoreEvent) + Send + Sync + 'static,
    leave: impl Fn() + Send + Sync + 'static,
) -> StoreWatcher {
    let (place, known) = (folder.clone(), news.clone());
    let watcher = StoreWatcher::new(folder, open, move |event| {
        if event == StoreEvent::StateChanged {
            if place.is_exclusive_lock_wanted() {
                leave();
            }
            if !known.is_new(&place) {
                return;
            }
        }
        heard(event);
    });
    news.is_new(folder);
    watcher
}

/// Reports the events of one store, until it is dropped.
pub struct StoreWatcher {
    bell: PathBuf,
    /// Absent where file watching is not available.
    watcher: Mutex<Option<RecommendedWatcher>>,
    looks: Poller,
}

impl StoreWatcher {
    /// Watches an open store for state changes; for commits only after `follow_commits`. `heard` is called on a thread
    /// of the watcher and must not block.
    fn new(folder: &Folder, open: FileId, heard: impl Fn(StoreEvent) + Send + Sync + 'static) -> Self {
        let heard: Arc<dyn Fn(StoreEvent) + Send + Sync> = Arc::new(heard);
        // The watch starts before the poller: where the system allows only one more thread, the watch should get it,
        // because it reports at once.
        let watcher = watch_file(&folder.news(), heard.clone());
        let looks = Poller::start(folder.clone(), open, heard);
        let listener = Self { bell: folder.bell(), watcher: Mutex::default(), looks };
        match watcher {
            Ok(watcher) => *listener.watcher() = Some(watcher),
            Err(error) => listener.look_instead(&error),
        }
        listener
    }

    fn watcher(&self) -> MutexGuard<'_, Option<RecommendedWatcher>> {
        sync::lock(&self.watcher)
    }

    /// Starts or stops watching for commits.
    pub fn follow_commits(&self, follow: bool) {
        let mut watcher = self.watcher();
        if self.looks.0.follows.swap(follow, Ordering::Relaxed) == follow {
            return;
        }
        let Some(watcher) = &mut *watcher else { return };
        let outcome = if follow {
            watcher.watch(&self.bell, RecursiveMode::NonRecursive)
        } else {
            watcher.unwatch(&self.bell)
        };
        if let Err(error) = outcome {
            self.look_instead(&error);
        }
    }

    fn look_instead(&self, error: &notify::Error) {
        tracing::debug!(%error, "the store's files can't be watched; they are looked at now and then");
        self.looks.0.unwatched.store(true, Ordering::Relaxed);
    }
}

fn watch_file(
    news: &Path,
    heard: Arc<dyn Fn(StoreEvent) + Send + Sync>,
) -> notify::Result<RecommendedWatcher> {
    let call = news.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Files are opened and closed all the time. Only a write is a signal.
        let Ok(event) = event else { return };
        if !matches!(event.kind, EventKind::Any | EventKind::Modify(ModifyKind::Any | ModifyKind::Data(_))) {
            return;
        }
        let is_call = event.paths.iter().any(|path| path.file_name() == call.as_deref());
        heard(if is_call { StoreEvent::StateChanged } else { StoreEvent::Committed });
    })?;
    // Where the system starts no thread, `notify` does not report it: every later call and its drop panic. Only this
    // call returns an error then.
    if let Err(error) = watcher.configure(notify::Config::default()) {
        std::mem::forget(watcher);
        return Err(error);
    }
    watcher.watch(news, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// A polling thread. It always checks whether the data file is still the open one: no watch of a file reports that the
/// folder above it was moved away. It also checks whether the store was locked: a process that is killed right after it
/// has marked the store announces nothing. It polls for the other events where file watching is not available.
struct Poller(Arc<Look>);

/// What the polling thread polls for.
#[derive(Default)]
struct Look {
    /// The process follows commits.
    follows: AtomicBool,
    /// File watching is not available.
    unwatched: AtomicBool,
    over: AtomicBool,
}

impl Poller {
    fn start(folder: Folder, open: FileId, heard: Arc<dyn Fn(StoreEvent) + Send + Sync>) -> Self {
        let look = Arc::new(Look::default());
        let wanted = look.clone();
        let run = move || {
            let (data, mut there, mut turn) = (folder.data_file(), Some(open), 0_u32);
            let mut was_locked = false;
            while !wanted.over.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                let now = match files::id_at(&data) {
                    Ok(file) => Some(file),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    // The check failed, so it does not count as a change.
                    Err(_) => there,
                };
                if std::mem::replace(&mut there, now) != now && !wanted.over.load(Ordering::Relaxed) {
                    heard(StoreEvent::Replaced);
                }
                let is_locked = folder.is_marked_locked().unwrap_or(was_locked);
                // Not only at a change: a store that was unlocked and locked again since the last check looks the same.
                if std::mem::replace(&mut was_locked, is_locked) || is_locked {
                    heard(StoreEvent::StateChanged);
                }
                turn = turn.wrapping_add(1);
                if wanted.unwatched.load(Ordering::Relaxed) {
                    if wanted.follows.load(Ordering::Relaxed) {
                        heard(StoreEvent::Committed);
                    }
                    if turn.is_multiple_of(SELDOM) {
                        heard(StoreEvent::StateChanged);
                    }
                }
            }
        };
        // If the system starts no thread, no event is reported. Everything that waits for one has a deadline.
        let _ = std::thread::Builder::new().name("looks".into()).spawn(run);
        Self(look)
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}
