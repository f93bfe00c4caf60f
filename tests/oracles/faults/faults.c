/* Loaded before libc: fails one system call on files whose path holds FAULT_MATCH, the FAULT_AT-th in order.
 *
 * FAULT_MODE: eio, enospc: the call fails and does nothing. after_eio: the call succeeds and says that it failed.
 * short: a write takes only half. kill: the process dies as by SIGKILL in front of the call. Calls are counted and the
 * count is written to FAULT_COUNT at exit. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static int matches(const char *path) {
  const char *wanted = getenv("FAULT_MATCH");
  return wanted && path && strstr(path, wanted) != NULL;
}

static int matches_fd(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return matches(path);
}

/* 0: let it pass. 1: fail in front. 2: fail behind. 3: short. */
static int verdict(int hit) {
  if (!hit || !getenv("FAULT_AT")) return 0;
  if (++calls != atol(getenv("FAULT_AT"))) return 0;
  const char *mode = getenv("FAULT_MODE");
  if (!strcmp(mode, "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(mode, "short")) return 3;
  if (!strcmp(mode, "after_eio")) return 2;
  errno = strcmp(mode, "enospc") ? EIO : ENOSPC;
  return 1;
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (file) {
    fprintf(file, "%ld", calls);
    fclose(file);
  }
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t pwrite64(int fd, const void *raw, size_t size, off64_t place) {
  REAL(pwrite64);
  int found = verdict(matches_fd(fd));
  if (found == 1) return -1;
  if (found == 3) size = size > 1 ? size / 2 : size;
  ssize_t taken = real(fd, raw, size, place);
  if (found == 2) { errno = EIO; return -1; }
  return taken;
}
ssize_t pwrite(int fd, const void *raw, size_t size, off_t place) { return pwrite64(fd, raw, size, place); }

#define SIMPLE(name)                                   \
  int name(int fd) {                                   \
    REAL(name);                                        \
    int found = verdict(matches_fd(fd));               \
    if (found == 1) return -1;                         \
    int answer = real(fd);                             \
    if (found == 2) { errno = EIO; return -1; }        \
    return answer;                                     \
  }
SIMPLE(fsync)
SIMPLE(fdatasync)

int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  int found = verdict(matches_fd(fd));
  if (found == 1) return -1;
  int answer = real(fd, size);
  if (found == 2) { errno = EIO; return -1; }
  return answer;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  int found = verdict(matches(path) && (flags & (O_WRONLY | O_RDWR)));
  if (found == 1) return -1;
  int fd = real(path, flags, mode);
  if (found == 2 && fd >= 0) { close(fd); errno = EIO; return -1; }
  return fd;
}
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open64(path, flags, mode);
}
