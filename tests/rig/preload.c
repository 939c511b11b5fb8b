/* Loaded before libc into a process of the binary: it records, or fails, the system calls on the files below RIG_ROOT, or
 * stops readers where LMDB's race is. What it does is said by RIG_MODE:
 *
 *   record   every change of a file or folder, every sync, and every answer, in their order, into RIG_LOG
 *   fail     the RIG_TURN-th call of the kind RIG_KIND fails with RIG_ERROR (a number; 0 is a short write); with RIG_ALL
 *            set, all calls of that kind from then on. RIG_LOG tells whether it came to that
 *   stall    in one of RIG_EVERY snapshots the thread stands still for up to RIG_MICROS between publishing its number
 *            and copying the meta page
 *   die      the process is killed behind the RIG_TURN-th write of a meta page, before LMDB tells the others of it
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(result, name, ...)                                                                                        \
	static result (*real)(__VA_ARGS__);                                                                            \
	if (!real)                                                                                                     \
		real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

enum mode { NOTHING, RECORD, FAIL, STALL, DIE };
enum what { OPENED = 1, WRITTEN, SIZED, SYNCED, RENAMED, FOLDER, REMOVED, LINKED, ANSWERED, FAILED };

static enum mode mode;
static const char *root;
static int log_file = -1;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- fail */

static const char *kind;
static int error, all;
static long turn;
static long seen;

/* ---- stall */

static char *meta_pages, *readers_mutex;
static long every, micros;
static __thread int armed __attribute__((tls_model("initial-exec")));
static __thread uint64_t random_bits __attribute__((tls_model("initial-exec")));

static long number(const char *name)
{
	const char *text = getenv(name);
	return text ? atol(text) : 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *wanted = getenv("RIG_MODE"), *path = getenv("RIG_LOG");
	root = getenv("RIG_ROOT");
	if (!wanted || !root)
		return;
	if (path) {
		int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		log_file = fcntl(file, F_DUPFD_CLOEXEC, 900);
		close(file);
	}
	kind = getenv("RIG_KIND");
	error = (int)number("RIG_ERROR");
	turn = number("RIG_TURN");
	all = getenv("RIG_ALL") != NULL;
	every = number("RIG_EVERY");
	micros = number("RIG_MICROS");
	mode = !strcmp(wanted, "record") ? RECORD : !strcmp(wanted, "fail") ? FAIL : !strcmp(wanted, "stall") ? STALL :
	       !strcmp(wanted, "die") ? DIE : NOTHING;
}

/* Which path is meant; NULL for one that is not below RIG_ROOT. */
static const char *below_root(const char *path)
{
	return root && path && !strncmp(path, root, strlen(root)) ? path : NULL;
}

static const char *path_of(int file, char *buffer)
{
	char link[40];
	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	ssize_t length = readlink(link, buffer, PATH_MAX - 1);
	if (length < 0)
		return NULL;
	buffer[length] = 0;
	return below_root(buffer);
}

static const char *path_at(int folder, const char *path, char *buffer)
{
	if (path[0] == '/' || folder == AT_FDCWD)
		return below_root(path);
	if (!path_of(folder, buffer) || strlen(buffer) + strlen(path) + 2 > PATH_MAX)
		return NULL;
	strcat(buffer, "/");
	return strcat(buffer, path);
}

static uint64_t inode(int file)
{
	struct stat found;
	return fstat(file, &found) ? 0 : found.st_ino;
}

static void note(enum what what, uint64_t flag, uint64_t file, uint64_t offset, const char *path, const char *other,
		 const struct iovec *data, int count, size_t length)
{
	uint64_t head[7] = { what, flag, file, offset, path ? strlen(path) : 0, other ? strlen(other) : 0, length };
	int saved = errno;
	size_t size = sizeof head + head[4] + head[5] + length, at = sizeof head;
	char *record = malloc(size);
	memcpy(record, head, sizeof head);
	memcpy(record + at, path ? path : "", head[4]);
	memcpy(record + (at += head[4]), other ? other : "", head[5]);
	at += head[5];
	for (int i = 0; i < count && length; i++) {
		size_t part = data[i].iov_len < length ? data[i].iov_len : length;
		memcpy(record + at, data[i].iov_base, part);
		at += part;
		length -= part;
	}
	REAL(ssize_t, "write", int, const void *, size_t);
	pthread_mutex_lock(&log_lock);
	for (at = 0; at < size;) {
		ssize_t written = real(log_file, record + at, size - at);
		if (written <= 0)
			abort();
		at += written;
	}
	pthread_mutex_unlock(&log_lock);
	free(record);
	errno = saved;
}

static void note_path(enum what what, const char *path, const char *other)
{
	if (mode == RECORD && path)
		note(what, 0, 0, 0, path, other, NULL, 0, 0);
}

/* Whether this call is to fail; errno says how, 0 for a short write. */
static int fails(const char *called, const char *path)
{
	if (mode != FAIL || !path || strcmp(called, kind))
		return 0;
	long now = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
	if (now != turn && !(all && now > turn))
		return 0;
	note(FAILED, 0, 0, 0, path, NULL, NULL, 0, 0);
	errno = error;
	return 1;
}

static int fails_file(const char *called, int file)
{
	char buffer[PATH_MAX];
	return mode == FAIL && fails(called, path_of(file, buffer));
}

/* ---- open */

static int opened(int file, int flags)
{
	char buffer[PATH_MAX];
	if (mode == RECORD && file >= 0 && path_of(file, buffer))
		note(OPENED, flags & O_TRUNC, inode(file), 0, buffer, NULL, NULL, 0, 0);
	return file;
}

#define MODE(flags, rights)                                                                                            \
	if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                         \
		va_list list;                                                                                          \
		va_start(list, flags);                                                                                 \
		rights = va_arg(list, mode_t);                                                                         \
		va_end(list);                                                                                          \
	}

#define OPEN(name)                                                                                                     \
	int name(const char *path, int flags, ...)                                                                     \
	{                                                                                                              \
		mode_t rights = 0;                                                                                     \
		MODE(flags, rights);                                                                                   \
		REAL(int, #name, const char *, int, ...);                                                              \
		return fails("open", below_root(path)) ? -1 : opened(real(path, flags, rights), flags);                \
	}
#define OPEN_AT(name)                                                                                                  \
	int name(int folder, const char *path, int flags, ...)                                                         \
	{                                                                                                              \
		char buffer[PATH_MAX];                                                                                 \
		mode_t rights = 0;                                                                                     \
		MODE(flags, rights);                                                                                   \
		REAL(int, #name, int, const char *, int, ...);                                                         \
		if (fails("open", mode ? path_at(folder, path, buffer) : NULL))                                        \
			return -1;                                                                                     \
		return opened(real(folder, path, flags, rights), flags);                                               \
	}
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

/* ---- write */

static void wrote(int file, const struct iovec *data, int count, ssize_t length, off_t offset)
{
	char buffer[PATH_MAX];
	if (mode == DIE && length > 0 && offset < 2 * getpagesize() && path_of(file, buffer) && strstr(buffer, "/data.mdb") &&
	    __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST) == turn)
		kill(getpid(), SIGKILL);
	if (mode != RECORD || length <= 0 || !path_of(file, buffer))
		return;
	int flags = fcntl(file, F_GETFL);
	note(WRITTEN, (flags & O_DSYNC) != 0, inode(file), offset, NULL, NULL, data, count, length);
}

/* Before it goes out: no reader can have acted on it yet. */
static void answers(int file, const struct iovec *data, int count, size_t length)
{
	struct stat found;
	if (mode == RECORD && file != log_file && !fstat(file, &found) && S_ISFIFO(found.st_mode))
		note(ANSWERED, 0, 0, 0, NULL, NULL, data, count, length);
}

static size_t sum(const struct iovec *data, int count)
{
	size_t length = 0;
	while (count--)
		length += data[count].iov_len;
	return length;
}

ssize_t write(int file, const void *bytes, size_t length)
{
	struct iovec data = { (void *)bytes, length };
	REAL(ssize_t, "write", int, const void *, size_t);
	answers(file, &data, 1, length);
	if (fails_file("write", file)) {
		if (errno)
			return -1;
		return real(file, bytes, (length + 1) / 2);
	}
	ssize_t written = real(file, bytes, length);
	if (mode == RECORD && written > 0)
		wrote(file, &data, 1, written, lseek(file, 0, SEEK_CUR) - written);
	return written;
}

ssize_t writev(int file, const struct iovec *data, int count)
{
	REAL(ssize_t, "writev", int, const struct iovec *, int);
	answers(file, data, count, sum(data, count));
	if (fails_file("write", file)) {
		if (errno)
			return -1;
		return write(file, data[0].iov_base, (data[0].iov_len + 1) / 2);
	}
	ssize_t written = real(file, data, count);
	if (mode == RECORD && written > 0)
		wrote(file, data, count, written, lseek(file, 0, SEEK_CUR) - written);
	return written;
}

#define PWRITE(name)                                                                                                   \
	ssize_t name(int file, const void *bytes, size_t length, off_t offset)                                         \
	{                                                                                                              \
		struct iovec data = { (void *)bytes, length };                                                         \
		REAL(ssize_t, #name, int, const void *, size_t, off_t);                                                \
		if (fails_file("write", file)) {                                                                       \
			if (errno)                                                                                     \
				return -1;                                                                             \
			return real(file, bytes, (length + 1) / 2, offset);                                            \
		}                                                                                                      \
		ssize_t written = real(file, bytes, length, offset);                                                   \
		wrote(file, &data, 1, written, offset);                                                                \
		return written;                                                                                        \
	}
#define PWRITEV(name)                                                                                                  \
	ssize_t name(int file, const struct iovec *data, int count, off_t offset)                                      \
	{                                                                                                              \
		REAL(ssize_t, #name, int, const struct iovec *, int, off_t);                                           \
		if (fails_file("write", file)) {                                                                       \
			if (errno)                                                                                     \
				return -1;                                                                             \
			return pwrite(file, data[0].iov_base, (data[0].iov_len + 1) / 2, offset);                      \
		}                                                                                                      \
		ssize_t written = real(file, data, count, offset);                                                     \
		wrote(file, data, count, written, offset);                                                             \
		return written;                                                                                        \
	}
PWRITE(pwrite)
PWRITE(pwrite64)
PWRITEV(pwritev)
PWRITEV(pwritev64)

/* ---- sync and size */

#define SYNC(name)                                                                                                     \
	int name(int file)                                                                                             \
	{                                                                                                              \
		char buffer[PATH_MAX];                                                                                 \
		REAL(int, #name, int);                                                                                 \
		if (fails_file("sync", file))                                                                          \
			return -1;                                                                                     \
		int outcome = real(file);                                                                              \
		if (mode == RECORD && !outcome && path_of(file, buffer))                                               \
			note(SYNCED, 0, inode(file), 0, NULL, NULL, NULL, 0, 0);                                       \
		return outcome;                                                                                        \
	}
SYNC(fsync)
SYNC(fdatasync)

static int sized(int outcome, int file, off_t size, int exact)
{
	char buffer[PATH_MAX];
	if (mode == RECORD && !outcome && path_of(file, buffer))
		note(SIZED, exact, inode(file), size, NULL, NULL, NULL, 0, 0);
	return outcome;
}

#define TRUNCATE(name)                                                                                                 \
	int name(int file, off_t size)                                                                                 \
	{                                                                                                              \
		REAL(int, #name, int, off_t);                                                                          \
		return fails_file("allocate", file) ? -1 : sized(real(file, size), file, size, 1);                     \
	}
#define ALLOCATE(name)                                                                                                 \
	int name(int file, int how, off_t offset, off_t length)                                                        \
	{                                                                                                              \
		REAL(int, #name, int, int, off_t, off_t);                                                              \
		if (fails_file("allocate", file))                                                                      \
			return -1;                                                                                     \
		return sized(real(file, how, offset, length), file, offset + length, 0);                               \
	}
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)
ALLOCATE(fallocate)
ALLOCATE(fallocate64)

/* ---- names and locks */

static int renamed(int outcome, const char *from, const char *to)
{
	if (!outcome)
		note_path(RENAMED, from, to);
	return outcome;
}

int rename(const char *from, const char *to)
{
	REAL(int, "rename", const char *, const char *);
	return fails("rename", below_root(from)) ? -1 : renamed(real(from, to), below_root(from), to);
}

int renameat(int folder, const char *from, int other, const char *to)
{
	char one[PATH_MAX], two[PATH_MAX];
	REAL(int, "renameat", int, const char *, int, const char *);
	const char *old = path_at(folder, from, one), *new = path_at(other, to, two);
	return fails("rename", old) ? -1 : renamed(real(folder, from, other, to), old, new);
}

int renameat2(int folder, const char *from, int other, const char *to, unsigned how)
{
	char one[PATH_MAX], two[PATH_MAX];
	REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
	const char *old = path_at(folder, from, one), *new = path_at(other, to, two);
	return fails("rename", old) ? -1 : renamed(real(folder, from, other, to, how), old, new);
}

int link(const char *from, const char *to)
{
	REAL(int, "link", const char *, const char *);
	int outcome = real(from, to);
	if (!outcome)
		note_path(LINKED, below_root(from), to);
	return outcome;
}

int linkat(int folder, const char *from, int other, const char *to, int how)
{
	char one[PATH_MAX], two[PATH_MAX];
	REAL(int, "linkat", int, const char *, int, const char *, int);
	int outcome = real(folder, from, other, to, how);
	if (!outcome)
		note_path(LINKED, path_at(folder, from, one), path_at(other, to, two));
	return outcome;
}

int mkdir(const char *path, mode_t rights)
{
	REAL(int, "mkdir", const char *, mode_t);
	struct stat found;
	if (fails("folder", below_root(path)))
		return -1;
	int outcome = real(path, rights);
	if (mode == RECORD && !outcome && below_root(path) && !stat(path, &found))
		note(FOLDER, 0, found.st_ino, 0, path, NULL, NULL, 0, 0);
	return outcome;
}

int mkdirat(int folder, const char *path, mode_t rights)
{
	char buffer[PATH_MAX];
	REAL(int, "mkdirat", int, const char *, mode_t);
	struct stat found;
	const char *whole = path_at(folder, path, buffer);
	if (fails("folder", whole))
		return -1;
	int outcome = real(folder, path, rights);
	if (mode == RECORD && !outcome && whole && !stat(whole, &found))
		note(FOLDER, 0, found.st_ino, 0, whole, NULL, NULL, 0, 0);
	return outcome;
}

static int removed(int outcome, const char *path)
{
	if (!outcome)
		note_path(REMOVED, path, NULL);
	return outcome;
}

int unlink(const char *path)
{
	REAL(int, "unlink", const char *);
	return fails("remove", below_root(path)) ? -1 : removed(real(path), below_root(path));
}

int rmdir(const char *path)
{
	REAL(int, "rmdir", const char *);
	return fails("remove", below_root(path)) ? -1 : removed(real(path), below_root(path));
}

int unlinkat(int folder, const char *path, int how)
{
	char buffer[PATH_MAX];
	REAL(int, "unlinkat", int, const char *, int);
	const char *whole = path_at(folder, path, buffer);
	return fails("remove", whole) ? -1 : removed(real(folder, path, how), whole);
}

int flock(int file, int how)
{
	REAL(int, "flock", int, int);
	return fails_file("lock", file) ? -1 : real(file, how);
}

/* ---- mmap, and readers that stand still */

static uint64_t next_random(void)
{
	if (!random_bits)
		random_bits = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)&random_bits ^ getpid();
	random_bits ^= random_bits << 13;
	random_bits ^= random_bits >> 7;
	return random_bits ^= random_bits << 17;
}

/* The thread has published its number, and is about to copy the meta page. */
static void stand_still(int signal_number, siginfo_t *info, void *context)
{
	(void)context;
	char *at = info->si_addr;
	if (!meta_pages || at < meta_pages || at >= meta_pages + 2 * getpagesize()) {
		signal(signal_number, SIG_DFL);
		return;
	}
	if (armed) {
		struct timespec time = { 0, (long)(next_random() % micros) * 1000 };
		armed = 0;
		nanosleep(&time, NULL);
	}
	mprotect(meta_pages, 2 * getpagesize(), PROT_READ);
}

static void *mapped(void *map, int file)
{
	char buffer[PATH_MAX];
	if (mode != STALL || map == MAP_FAILED || file < 0 || !path_of(file, buffer))
		return map;
	const char *name = strrchr(buffer, '/');
	if (!strcmp(name, "/lock.mdb")) {
		readers_mutex = map;
	} else if (!strcmp(name, "/data.mdb")) {
		struct sigaction action = { .sa_sigaction = stand_still, .sa_flags = SA_SIGINFO };
		sigaction(SIGSEGV, &action, NULL);
		meta_pages = map;
	}
	return map;
}

#define MMAP(name)                                                                                                     \
	void *name(void *at, size_t length, int rights, int flags, int file, off_t offset)                             \
	{                                                                                                              \
		REAL(void *, #name, void *, size_t, int, int, int, off_t);                                             \
		if (file >= 0 && fails_file("map", file))                                                              \
			return MAP_FAILED;                                                                             \
		return mapped(real(at, length, rights, flags, file, offset), file);                                    \
	}
MMAP(mmap)
MMAP(mmap64)

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	REAL(int, "pthread_mutex_lock", pthread_mutex_t *);
	/* The lock file begins with the readers' mutex; the writers' lies in the next cache line. */
	char *at = (char *)mutex;
	if (meta_pages && readers_mutex && at >= readers_mutex && at < readers_mutex + 64 && next_random() % every == 0) {
		armed = 1;
		mprotect(meta_pages, 2 * getpagesize(), PROT_NONE);
	}
	return real(mutex);
}
