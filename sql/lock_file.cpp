// SPDX-License-Identifier: Apache-2.0
//
// See lock_file.h. flock(), for it counts per open file: two stores in one process keep each other out, too.
#include "sql/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sql/driver.h"

namespace redipy::sql {

LockFile::LockFile(const std::string& path) : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) {
    const SqlError::Kind kind = errno == EROFS    ? SqlError::read_only
                                : errno == ENOSPC ? SqlError::full
                                                  : SqlError::other;
    throw SqlError(kind, "cannot open " + path + ": " + std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const bool taken = errno == EWOULDBLOCK;
  const std::string reason = std::strerror(errno);
  ::close(descriptor_);
  if (taken) throw SqlError(SqlError::owned, "another server has this database: " + path + " is locked");
  throw SqlError(SqlError::other, "cannot lock " + path + ": " + reason);
}

LockFile::~LockFile() { ::close(descriptor_); }

}  // namespace redipy::sql
