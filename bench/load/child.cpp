// SPDX-License-Identifier: Apache-2.0
//
// Children; see child.h.
#include "bench/load/child.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace redipy::bench {

Child::Child(const std::vector<std::string>& command, int core) : id_(-1) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (core >= 0) CPU_SET(static_cast<unsigned>(core), &cores);

  id_ = ::fork();
  if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (id_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (core >= 0) ::sched_setaffinity(0, sizeof cores, &cores);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

Child::~Child() {
  if (!is_running()) return;
  ::kill(id_, SIGTERM);
  const timespec pause{0, 5'000'000};
  for (int i = 0; i < 1000 && is_running(); ++i) ::nanosleep(&pause, nullptr);
  if (!is_running()) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

bool Child::is_running() {
  if (status_ >= 0) return false;
  int status = 0;
  if (::waitpid(id_, &status, WNOHANG) == 0) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

}  // namespace redipy::bench
