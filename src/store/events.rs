//! How processes that share a store wake each other: files that one writes to and the others watch.
//!
//! There are two, since different processes watch them. `bell` is written at every commit, and a process watches it
//! while it follows changes. `news` is written when the state of the store as a whole changes, and every process that
//! has the store open watches it. Neither is ever locked.

#[cfg(unix)]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::files::{self, FileId};
use crate::sync;

use super::folder::Folder;
use super::lmdb::meta_page::write_all_at;

/// How often a process looks: whether the data file was replaced; and for changes, while it follows them and can't listen.
const LOOK: Duration = Duration::from_millis(500);
/// And for what befalls the store, where it can't listen, in looks.
const SELDOM: u32 = 4;

/// What was heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreEvent {
    /// Somebody may have committed.
    Committed,
    /// Something may have befallen the store: unlocked, mended, or somebody wants it alone.
    StateChanged,
    /// Another data file lies in the folder, or none, and no process of ours said so: a person moved, deleted or copied
    /// the folder.
    Replaced,
}

/// The file `bell`, which is written again after each commit. Nothing locks it, and its content says nothing.
pub(super) struct CommitSignal {
    /// Kept open: a commit pays for one system call.
    #[cfg(unix)]
    file: File,
    /// A write through a handle that stays open is reported late here, so each write closes its own.
    #[cfg(not(unix))]
    path: PathBuf,
}

impl CommitSignal {
    /// The bell at `path`. Its one byte is written at once, so that ringing needs no room on a full disk.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        prepare(path)?;
        Ok(Self {
            #[cfg(unix)]
            file: files::open_or_create(path)?,
            #[cfg(not(unix))]
            path: path.to_owned(),
        })
    }

    /// Wakes the processes that watch it. One that misses it looks a little later.
    pub(super) fn ring(&self) {
        #[cfg(unix)]
        let rung = write_all_at(&self.file, b"\n", 0);
        #[cfg(not(unix))]
        let rung = strike(&self.path);
        if rung.is_err() {
            tracing::debug!("the bell could not be rung");
        }
    }
}

/// Makes a file that is watched, with its first byte in it.
pub(super) fn prepare(path: &Path) -> io::Result<()> {
    let file = files::open_or_create(path)?;
    if file.metadata()?.len() == 0 { write_all_at(&file, b"\n", 0) } else { Ok(()) }
}

/// Writes the first byte of a file that is watched, and closes it: on every system the watch reports that at once.
pub(super) fn strike(path: &Path) -> io::Result<()> {
    write_all_at(&files::open_or_create(path)?, b"\n", 0)
}

/// What was announced last of the state of the store, as far as this process has been told.
#[derive(Default)]
pub(super) struct News(Mutex<String>);

impl News {
    /// Whether this is not what was announced last; from now on it is.
    fn is_new(&self, announced: String) -> bool {
        let mut last = sync::lock(&self.0);
        let is_new = *last != announced;
        *last = announced;
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
            if !known.is_new(place.announced()) {
                return;
            }
        }
        heard(event);
    });
    news.is_new(folder.announced());
    watcher
}

/// Hears the bells of one store, until it is dropped.
pub struct StoreWatcher {
    bell: PathBuf,
    /// Absent where no watch can be had.
    watcher: Mutex<Option<RecommendedWatcher>>,
    looks: Poller,
}

impl StoreWatcher {
    /// Listens for what befalls a store that is open; for commits only while they are followed. `heard` is called on a
    /// thread of the listener's own and must not block.
    fn new(folder: &Folder, open: FileId, heard: impl Fn(StoreEvent) + Send + Sync + 'static) -> Self {
        let heard: Arc<dyn Fn(StoreEvent) + Send + Sync> = Arc::new(heard);
        // The watch first: where there is but one thread more, it is the one that hears at once.
        let watcher = watch_file(&folder.news(), heard.clone());
        let looks = Poller::start(folder.data_file(), open, heard);
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

    /// Listens for commits from now on, or no longer.
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
        // Files are opened and closed all the time; what rings is a write.
        let Ok(event) = event else { return };
        if !matches!(event.kind, EventKind::Any | EventKind::Modify(ModifyKind::Any | ModifyKind::Data(_))) {
            return;
        }
        let is_call = event.paths.iter().any(|path| path.file_name() == call.as_deref());
        heard(if is_call { StoreEvent::StateChanged } else { StoreEvent::Committed });
    })?;
    // Where the system starts no thread, `notify` does not say so: every later call and its drop panic. Only this call
    // returns an error then.
    if let Err(error) = watcher.configure(notify::Config::default()) {
        std::mem::forget(watcher);
        return Err(error);
    }
    watcher.watch(news, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// A thread that looks now and then: always whether the data file is still the one that is open, which no watch of a
/// file reports when the folder above it is moved away; and for the rest where a watch can't be had.
struct Poller(Arc<Look>);

/// What is looked for.
#[derive(Default)]
struct Look {
    /// Commits are followed.
    follows: AtomicBool,
    /// A watch could not be had.
    unwatched: AtomicBool,
    over: AtomicBool,
}

impl Poller {
    fn start(data: PathBuf, open: FileId, heard: Arc<dyn Fn(StoreEvent) + Send + Sync>) -> Self {
        let look = Arc::new(Look::default());
        let wanted = look.clone();
        let run = move || {
            let (mut there, mut turn) = (Some(open), 0_u32);
            while !wanted.over.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                let now = match files::id_at(&data) {
                    Ok(file) => Some(file),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    // Nothing is known, so nothing has changed.
                    Err(_) => there,
                };
                if std::mem::replace(&mut there, now) != now && !wanted.over.load(Ordering::Relaxed) {
                    heard(StoreEvent::Replaced);
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
        // Where no thread can be had, nothing is heard, and everything that waits has a deadline.
        let _ = std::thread::Builder::new().name("looks".into()).spawn(run);
        Self(look)
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}
