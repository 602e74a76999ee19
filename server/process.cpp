// SPDX-License-Identifier: Apache-2.0
//
// See process.h.
#include "server/process.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "core/base/heap.h"
#include "server/config.h"
#include "server/parameters.h"
#include "server/version.h"

namespace redipy::process {

namespace {

int syslog_facility(const Bytes& name) {
  if (name == "user") return LOG_USER;
  constexpr int locals[] = {LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
                            LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7};
  return locals[static_cast<size_t>(name.back() - '0')];
}

void open_log(const Settings& settings) {
  std::vector<spdlog::sink_ptr> sinks;
  if (settings.logfile.empty()) {
    sinks.push_back(std::make_shared<spdlog::sinks::stdout_sink_mt>());
  } else {
    sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.logfile));
  }
  for (const auto& sink : sinks) sink->set_pattern("%P %Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  if (settings.syslog_enabled) {
    sinks.push_back(std::make_shared<spdlog::sinks::syslog_sink_mt>(settings.syslog_ident, LOG_PID | LOG_NDELAY,
                                                                    syslog_facility(settings.syslog_facility), false));
  }
  auto logger = std::make_shared<spdlog::logger>("redipy", sinks.begin(), sinks.end());
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  set_log_level(settings.loglevel);
}

/// The first process ends, the rest of the program runs in a session of its own, without a terminal.
void leave_terminal() {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("Cannot run in the background: " + Bytes(std::strerror(errno)));
  if (child > 0) ::_exit(0);
  ::setsid();
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0) return;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
  if (nowhere > STDERR_FILENO) ::close(nowhere);
}

/// Tells systemd, if it asked to be told: one datagram to the socket that NOTIFY_SOCKET names.
void notify_supervisor(View state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (!name || *name == '\0') return;
  sockaddr_un address{};
  const size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // an abstract one
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
}

}  // namespace

void set_log_level(const Bytes& level) {
  using enum spdlog::level::level_enum;
  constexpr std::pair<View, spdlog::level::level_enum> levels[] = {
      {"debug", trace}, {"verbose", debug}, {"notice", info}, {"warning", warn}, {"nothing", off}};
  for (const auto& [name, value] : levels) {
    if (name == level) spdlog::set_level(value);
  }
}

void enter_folder(const Bytes& path) {
  if (::chdir(path.c_str()) != 0) throw std::runtime_error(std::strerror(errno));
}

int allow_clients(int count, int io_threads) {
  // Besides clients: the log, listeners, event loops (two epolls, a timer and an event each), what libraries open.
  const rlim_t others = 32 + 4 * static_cast<rlim_t>(io_threads);
  const rlim_t wanted = static_cast<rlim_t>(count) + others;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return count;
  rlimit raised{wanted, std::max(limit.rlim_max, wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return count;
  raised = {std::min(wanted, limit.rlim_max), limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  if (limit.rlim_cur >= wanted) return count;
  return limit.rlim_cur > others ? static_cast<int>(limit.rlim_cur - others) : 1;
}

void set_collation(const Bytes& locale) {
  if (std::setlocale(LC_COLLATE, locale.c_str()) == nullptr) {
    spdlog::warn("There is no such locale as the environment names: SORT ALPHA compares bytes");
  }
}

void prepare(Config& config) {
  const Settings& settings = config.settings();
  try {
    enter_folder(from_starting_folder(settings.dir));
  } catch (const std::runtime_error& failure) {
    throw std::runtime_error("Cannot enter dir '" + settings.dir + "': " + failure.what());
  }
  open_log(settings);
  set_collation(settings.locale_collate);
  if (settings.daemonize) leave_terminal();
  heap::start_purging();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of whoever writes
  const int allowed = allow_clients(settings.maxclients, settings.io_threads);
  if (allowed < settings.maxclients) {
    spdlog::warn("The limit of open files allows {} clients only: maxclients is {} instead of {}", allowed, allowed,
                 settings.maxclients);
    config.lower_maxclients(allowed);
  }
}

void announce_ready(const Settings& settings, int port) {
  if (!settings.pidfile.empty()) {
    std::ofstream file(settings.pidfile, std::ios::trunc);
    file << ::getpid() << '\n';
    if (!file.flush()) spdlog::warn("Cannot write pidfile {}: {}", settings.pidfile, std::strerror(errno));
  }
  Bytes places;
  if (port != 0) places = "port " + std::to_string(port);
  if (!settings.unixsocket.empty()) places += (places.empty() ? "unix " : ", unix ") + settings.unixsocket;
  std::printf("redipy-server %.*s ready: %s\n", static_cast<int>(server_version.size()), server_version.data(),
              places.c_str());
  std::fflush(stdout);
  if (!settings.logfile.empty() || settings.syslog_enabled) spdlog::info("Ready: {}", places);
  notify_supervisor("READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nSTATUS=Ready: " + places);
}

void finish(const Settings& settings) {
  notify_supervisor("STOPPING=1");
  if (!settings.pidfile.empty()) ::unlink(settings.pidfile.c_str());
  spdlog::info("Bye");
  spdlog::shutdown();
}

}  // namespace redipy::process
