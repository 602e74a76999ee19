// SPDX-License-Identifier: Apache-2.0
//
// See wal_vfs.h. Of the log's format (https://sqlite.org/fileformat2.html#walformat) it knows that a frame's head has
// 24 bytes, and in bytes 4 to 7 the size of the database if the frame ends a transaction, else zero.
#include "sql/wal_vfs.h"

#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/view.h"

namespace redipy::sql {

namespace {

constexpr const char* vfs_name = "redipy-wal";
constexpr size_t frame_head_size = 24;
constexpr size_t most_gathered = size_t{1} << 20;
constexpr size_t most_written = 64 * 1024;  // at once: the system's file takes less than 128 KiB

sqlite3_vfs* real_vfs = nullptr;

/// An open log; the system's file follows it in memory.
struct Log {
  sqlite3_file base;
  Bytes gathered;
  sqlite3_int64 offset = 0;                                             // where it belongs in the file
  enum : uint8_t { between, in_frame, in_last_frame } place = between;  // of what comes next

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  int flush() {
    int code = SQLITE_OK;
    for (size_t done = 0; done < gathered.size() && code == SQLITE_OK; done += most_written) {
      const View piece = View(gathered).substr(done, most_written);
      code = real()->pMethods->xWrite(real(), piece.data(), static_cast<int>(piece.size()),
                                      offset + static_cast<sqlite3_int64>(done));
    }
    gathered.clear();
    return code;
  }

  int append(View bytes, sqlite3_int64 at) {
    const bool follows = gathered.empty() || at == offset + static_cast<sqlite3_int64>(gathered.size());
    if (!follows || gathered.size() + bytes.size() > most_gathered) {
      const int code = flush();
      if (code != SQLITE_OK) return code;
    }
    if (gathered.empty()) offset = at;
    gathered += bytes;
    if (bytes.size() == frame_head_size) {
      constexpr char none[4] = {};
      place = std::memcmp(bytes.data() + 4, none, sizeof none) == 0 ? in_frame : in_last_frame;
      return SQLITE_OK;
    }
    // What is no part of a frame, as the log's own head, does not wait for one.
    return std::exchange(place, between) == in_frame ? SQLITE_OK : flush();
  }
};

Log& log_of(sqlite3_file* file) { return *reinterpret_cast<Log*>(file); }

/// Calls the real file's method once what was gathered is written.
template <class Method, class... Arguments>
int behind_all(sqlite3_file* file, Method method, Arguments... arguments) {
  Log& log = log_of(file);
  const int code = log.flush();
  return code != SQLITE_OK ? code : (log.real()->pMethods->*method)(log.real(), arguments...);
}

int close(sqlite3_file* file) {
  Log& log = log_of(file);
  const int written = log.flush();
  const int closed = log.real()->pMethods->xClose(log.real());
  log.~Log();
  return written != SQLITE_OK ? written : closed;
}

int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  return behind_all(file, &sqlite3_io_methods::xRead, to, size, at);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  try {
    return log_of(file).append(View(static_cast<const char*>(bytes), static_cast<size_t>(size)), at);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

int truncate(sqlite3_file* file, sqlite3_int64 size) { return behind_all(file, &sqlite3_io_methods::xTruncate, size); }
int sync(sqlite3_file* file, int flags) { return behind_all(file, &sqlite3_io_methods::xSync, flags); }
int size(sqlite3_file* file, sqlite3_int64* to) { return behind_all(file, &sqlite3_io_methods::xFileSize, to); }
int lock(sqlite3_file* file, int kind) { return behind_all(file, &sqlite3_io_methods::xLock, kind); }
int unlock(sqlite3_file* file, int kind) { return behind_all(file, &sqlite3_io_methods::xUnlock, kind); }
int is_reserved(sqlite3_file* file, int* to) { return behind_all(file, &sqlite3_io_methods::xCheckReservedLock, to); }
int control(sqlite3_file* file, int what, void* about) {
  return behind_all(file, &sqlite3_io_methods::xFileControl, what, about);
}
int sector_size(sqlite3_file* file) {
  sqlite3_file* real = log_of(file).real();
  return real->pMethods->xSectorSize(real);
}
int characteristics(sqlite3_file* file) {
  sqlite3_file* real = log_of(file).real();
  return real->pMethods->xDeviceCharacteristics(real);
}

const sqlite3_io_methods log_methods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close;
  methods.xRead = read;
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  methods.xFileSize = size;
  methods.xLock = lock;
  methods.xUnlock = unlock;
  methods.xCheckReservedLock = is_reserved;
  methods.xFileControl = control;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = characteristics;
  return methods;
}();

int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_used) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return real_vfs->xOpen(real_vfs, path, file, flags, flags_used);
  Log* const log = new (file) Log();
  const int code = real_vfs->xOpen(real_vfs, path, log->real(), flags, flags_used);
  if (code == SQLITE_OK) {
    log->base.pMethods = &log_methods;
    return code;
  }
  // A file that has methods is closed even if it could not be opened.
  if (log->real()->pMethods != nullptr) log->real()->pMethods->xClose(log->real());
  log->~Log();
  file->pMethods = nullptr;
  return code;
}

}  // namespace

const char* wal_vfs() {
  static sqlite3_vfs vfs = [] {
    real_vfs = sqlite3_vfs_find(nullptr);
    sqlite3_vfs made = *real_vfs;
    made.zName = vfs_name;
    made.szOsFile += static_cast<int>(sizeof(Log));
    made.pNext = nullptr;
    made.xOpen = open;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs_name : nullptr;
}

}  // namespace redipy::sql
