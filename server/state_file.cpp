// SPDX-License-Identifier: Apache-2.0
//
// See state_file.h.
#include "server/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace redipy {

namespace {

constexpr mode_t only_owner = S_IRUSR | S_IWUSR;

/// A file descriptor that is closed whatever happens.
struct Descriptor {
  explicit Descriptor(int of) : number(of) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

bool write_all(int descriptor, View text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

void StateFile::fail(View what) const {
  throw std::runtime_error(Bytes(what) + " " + path_ + ": " + std::strerror(errno));
}

std::optional<Bytes> StateFile::read() const {
  if (!is_kept()) return std::nullopt;
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0 && errno == ENOENT) return std::nullopt;
  if (file.number < 0) fail("Cannot open");
  Bytes text;
  char some[16 * 1024];
  while (true) {
    const ssize_t count = ::read(file.number, some, sizeof some);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("Cannot read");
    if (count == 0) return text;
    text.append(some, static_cast<size_t>(count));
  }
}

void StateFile::write(View text) const {
  if (!is_kept()) return;
  const std::optional<Bytes> before = read();
  try {
    replace(text);
  } catch (const std::runtime_error&) {
    // It may have come as far as the new name, and be in force after the next start although it was refused.
    try {
      if (before) {
        replace(*before);
      } else {
        ::unlink(path_.c_str());
      }
    } catch (const std::runtime_error&) {
      // The disk is as it is; the caller hears of the first failure.
    }
    throw;
  }
}

void StateFile::replace(View text) const {
  const Bytes fresh = path_ + ".new";
  before_step();
  {
    ::unlink(fresh.c_str());  // of a process that was ended half way; its rights may be others
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, only_owner));
    if (file.number < 0) fail("Cannot write beside");
    before_step();
    if (!write_all(file.number, text.substr(0, text.size() / 2))) fail("Cannot write beside");
    before_step();
    if (!write_all(file.number, text.substr(text.size() / 2))) fail("Cannot write beside");
    before_step();
    if (::fsync(file.number) != 0) fail("Cannot sync what is written beside");
  }
  before_step();
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) fail("Cannot replace");
  before_step();
  const Bytes folder = std::filesystem::path(path_).parent_path();
  const Descriptor entry(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (entry.number < 0 || ::fsync(entry.number) != 0) fail("Cannot sync the folder of");
  before_step();
}

}  // namespace redipy
