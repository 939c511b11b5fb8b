//! The locks between the threads of this process. Each is taken although a thread may have panicked while it held it:
//! what it guards is whole after each statement, and a process that answers no more is worse than a message in the log.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// Waits for a lock.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a lock that others may have at the same time.
pub fn read<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a lock that no other may have at the same time.
pub fn write<T: ?Sized>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a lock go until it is told that something has changed.
pub fn wait<'m, T>(changed: &Condvar, guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
    changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// The same, for so long at most.
pub fn wait_timeout<'m, T>(changed: &Condvar, guard: MutexGuard<'m, T>, most: Duration) -> MutexGuard<'m, T> {
    changed.wait_timeout(guard, most).unwrap_or_else(PoisonError::into_inner).0
}
