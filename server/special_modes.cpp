// SPDX-License-Identifier: Apache-2.0
//
// The ways to start the program that do not serve; see process.h.
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "core/command/table.h"
#include "server/commands_document.h"
#include "server/config.h"
#include "server/process.h"
#include "server/server.h"
#include "server/version.h"

namespace redipy::process {

namespace {

constexpr View usage = R"(usage: redipy-server [FILE.conf | -] [--PARAMETER VALUE ...]...

  FILE.conf            configuration in the syntax of redis.conf; - is the standard input
  --PARAMETER VALUE    a parameter of the configuration; outranks the file

  --check-config       reads file and parameters, says what is wrong with them, starts nothing
  --healthcheck        asks the server that file and parameters describe for a PING; status 0 if it answers
  --print-commands     prints docs/commands.md
  --version, -v        prints the version
  --help, -h           prints this

Examples:

  redipy-server                                  the defaults: 127.0.0.1 and ::1, port 6379, data in memory
  redipy-server /etc/redipy/redipy.conf --port 7000
  redipy-server --port 0 --save ""               takes a free port and prints it
)";

void print(View text) { std::fwrite(text.data(), 1, text.size(), stdout); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Bytes request(std::initializer_list<View> words) {
  Bytes text = "*" + std::to_string(words.size()) + "\r\n";
  for (const View word : words) text += "$" + std::to_string(word.size()) + "\r\n" + Bytes(word) + "\r\n";
  return text;
}

/// The first line of the reply, without its end.
Bytes read_line(int socket) {
  Bytes line;
  char c = 0;
  while (line.size() < 1024) {
    const ssize_t count = ::recv(socket, &c, 1, 0);
    if (count <= 0) throw std::runtime_error("no answer");
    if (c == '\n') break;
    if (c != '\r') line += c;
  }
  return line;
}

void expect_pong(int socket, const Settings& settings) {
  const auto send = [&](const Bytes& text) {
    if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("the request could not be sent");
    }
  };
  if (!settings.requirepass.empty()) {
    send(request({"AUTH", settings.requirepass}));
    const Bytes line = read_line(socket);
    if (line != "+OK") throw std::runtime_error("AUTH: " + line);
  }
  send(request({"PING"}));
  const Bytes line = read_line(socket);
  if (line != "+PONG") throw std::runtime_error("PING: " + line);
}

void connect_and_ping(int family, const sockaddr* address, socklen_t size, const Settings& settings) {
  const Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  constexpr timeval patience{5, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.number(), address, size) != 0) throw std::runtime_error(std::strerror(errno));
  expect_pong(socket.number(), settings);
}

void ping_unix(const Settings& settings) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (settings.unixsocket.size() >= sizeof address.sun_path) throw std::runtime_error("unixsocket: name too long");
  std::memcpy(address.sun_path, settings.unixsocket.data(), settings.unixsocket.size());
  connect_and_ping(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, settings);
}

void ping_tcp(const Bytes& host, const Settings& settings) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(settings.port).c_str(), &hints, &found);
      error != 0) {
    throw std::runtime_error(::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> release(found, ::freeaddrinfo);
  connect_and_ping(found->ai_family, found->ai_addr, found->ai_addrlen, settings);
}

/// Asks at the Unix socket, if there is one, else at the addresses until one answers.
void ping(const Settings& settings) {
  if (!settings.unixsocket.empty()) return ping_unix(settings);
  if (settings.port <= 0) throw std::runtime_error("the configuration names no port to ask at");
  Bytes failures;
  for (const Bytes& written : settings.bind) {
    Bytes host = written.starts_with('-') ? written.substr(1) : written;
    if (host == "*" || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::*" || host == "::") host = "::1";
    try {
      return ping_tcp(host, settings);
    } catch (const std::runtime_error& failure) {
      failures += (failures.empty() ? "" : "; ") + host + ": " + failure.what();
    }
  }
  throw std::runtime_error(failures.empty() ? "the configuration names no address to ask at" : failures);
}

int check_health(const Settings& settings) {
  try {
    ping(settings);
    print("healthy\n");
    return 0;
  } catch (const std::runtime_error& failure) {
    std::fprintf(stderr, "not healthy: %s\n", failure.what());
    return 1;
  }
}

/// Whether `word` is among the arguments as an option; if so it is taken out.
bool take(std::vector<Bytes>& arguments, View word) { return std::erase(arguments, word) > 0; }

}  // namespace

std::optional<int> run_special_mode(const std::vector<Bytes>& arguments, Config& config) {
  if (arguments.empty()) return std::nullopt;
  const Bytes& first = arguments.front();
  if (first == "--version" || first == "-v") {
    print("redipy-server " + Bytes(server_version) + " (as Redis " + Bytes(redis_version) + ")\n");
    return 0;
  }
  if (first == "--help" || first == "-h") {
    print(usage);
    return 0;
  }
  if (first == "--print-commands") {
    const std::vector<Family> families = all_families();
    print(commands_document(CommandTable(families)));
    return 0;
  }
  std::vector<Bytes> rest = arguments;
  if (take(rest, "--check-config")) {
    config.load(rest);
    print("OK\n");
    return 0;
  }
  if (take(rest, "--healthcheck")) {
    config.load(rest);
    return check_health(config.settings());
  }
  return std::nullopt;
}

}  // namespace redipy::process
