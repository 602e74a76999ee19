// SPDX-License-Identifier: Apache-2.0
//
// A file whose lock says that a server has the database beside it. The lock goes with the process, however it ends;
// the file stays.
#pragma once

#include <string>

namespace redipy::sql {

class LockFile {
 public:
  /// Takes the lock. Throws SqlError: owned, if another process (or another LockFile of this one) has it.
  explicit LockFile(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int descriptor_;
};

}  // namespace redipy::sql
