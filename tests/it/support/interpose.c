/* Stands between the gateway and the system, for tests that must see or spoil what SIGKILL cannot show: whether a
 * sync came before an answer, a disk that fails, a clock that leaps. Compiled by the tests, loaded with LD_PRELOAD.
 *
 * The test and the gateway share one page, the file named by TRAO_TEST_CONTROL. Every field is a 64-bit integer in
 * the machine's byte order; support/interpose.rs names them in the same order. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile int64_t hold_sync;      /* test: a sync of the write-ahead log waits while this is 1 */
  volatile int64_t fail_sync;      /* test: a sync of the write-ahead log fails with EIO while this is 1 */
  volatile int64_t read_only;      /* test: writes to files fail with EROFS while this is 1 */
  volatile int64_t clock_offset_s; /* test: seconds added to the wall clock */
  volatile int64_t syncs;          /* gateway: syncs of the write-ahead log that were done */
  volatile int64_t syncs_begun;    /* gateway: syncs of the write-ahead log that were begun */
};

static struct control *control(void) {
  static struct control *page;
  if (page == NULL) {
    const char *path = getenv("TRAO_TEST_CONTROL");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) abort();
    close(fd);
  }
  return page;
}

static int names_wal(int fd) {
  char link[64], path[PATH_MAX];
  strcpy(link, "/proc/self/fd/");
  char digits[16];
  int n = 0, v = fd;
  do { digits[n++] = '0' + v % 10; v /= 10; } while (v > 0);
  char *end = link + strlen(link);
  while (n > 0) *end++ = digits[--n];
  *end = 0;
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 4) return 0;
  path[length] = 0;
  return strcmp(path + length - 4, "-wal") == 0;
}

static int is_file(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct control *c = control();
  if (!names_wal(fd)) return real(fd);
  __atomic_add_fetch(&c->syncs_begun, 1, __ATOMIC_SEQ_CST);
  struct timespec moment = {0, 1000000};
  while (__atomic_load_n(&c->hold_sync, __ATOMIC_SEQ_CST)) nanosleep(&moment, NULL);
  if (__atomic_load_n(&c->fail_sync, __ATOMIC_SEQ_CST)) {
    errno = EIO;
    return -1;
  }
  int result = real(fd);
  __atomic_add_fetch(&c->syncs, 1, __ATOMIC_SEQ_CST);
  return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

#define REFUSE_WHEN_READ_ONLY(fd)                      \
  if (control()->read_only && is_file(fd)) {           \
    errno = EROFS;                                     \
    return -1;                                         \
  }

ssize_t write(int fd, const void *bytes, size_t n) {
  static ssize_t (*real)(int, const void *, size_t);
  if (real == NULL) real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  REFUSE_WHEN_READ_ONLY(fd)
  return real(fd, bytes, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (real == NULL) real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  REFUSE_WHEN_READ_ONLY(fd)
  return real(fd, bytes, n, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return pwrite64(fd, bytes, n, at); }

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += control()->clock_offset_s;
  return result;
}
