// SPDX-License-Identifier: Apache-2.0
//
// The rows of all parameters, and the few whose values are not just a number, a text or a choice.
#include "server/parameters.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "core/base/numbers.h"
#include "core/base/text.h"
#include "server/backend_state.h"
#include "server/notifications.h"

namespace redipy {

namespace {

using Words = Parameter::Words;
using Lines = Parameter::Lines;

Bytes joined(std::span<const Bytes> words) {
  Bytes text;
  for (const Bytes& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

const Bytes& only_word(Words words) {
  if (words.size() != 1) throw ValueError("wrong number of arguments");
  return words.front();
}

Bytes one_of(std::span<const View> values) {
  Bytes text = "argument(s) must be one of the following: ";
  for (const View value : values) text += (value == values.front() ? "" : ", ") + Bytes(value);
  return text;
}

size_t choose(const Bytes& word, std::span<const View> values) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](View value) { return equals_ignore_case(value, word); });
  if (found == values.end()) throw ValueError(one_of(values));
  return static_cast<size_t>(found - values.begin());
}

// --- bind

void parse_bind(Settings& settings, Words words) {
  constexpr size_t most_addresses = 16;
  if (words.size() > most_addresses) throw ValueError("Too many bind addresses specified.");
  settings.bind.assign(words.begin(), words.end());
  if (settings.bind.size() == 1 && settings.bind.front().empty()) settings.bind.clear();
}
Bytes print_bind(const Settings& settings) { return joined(settings.bind); }
Lines bind_lines(const Settings& settings) { return {settings.bind.empty() ? std::vector<Bytes>{""} : settings.bind}; }

// --- port: 0 is no TCP; that --port 0 means something else, the command line knows

void parse_port(Settings& settings, Words words) {
  const auto port = parse_integer(only_word(words));
  if (!port) throw ValueError("argument couldn't be parsed into an integer");
  if (*port < 0 || *port > 65535) throw ValueError("argument must be between 0 and 65535 inclusive");
  settings.port = *port == 0 ? -1 : static_cast<int>(*port);
}
Bytes print_port(const Settings& settings) { return std::to_string(std::max(settings.port, 0)); }

// --- dir: kept absolute, as the server's working folder is another one later

void parse_directory(Settings& settings, Words words) {
  const Bytes path = from_starting_folder(only_word(words));
  struct stat status {};
  if (path.find('\0') != Bytes::npos) throw ValueError(std::strerror(EINVAL));
  if (::stat(path.c_str(), &status) != 0) throw ValueError(std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) throw ValueError(std::strerror(ENOTDIR));
  settings.dir = path;
}
Bytes print_directory(const Settings& settings) {
  const Bytes path = from_starting_folder(settings.dir);
  std::error_code error;
  const auto canonical = std::filesystem::canonical(path, error);
  return error ? path : canonical.string();
}

// --- locale-collate

void parse_locale(Settings& settings, Words words) {
  const Bytes& name = only_word(words);
  if (!name.empty()) {  // the environment's may be missing
    const locale_t locale = ::newlocale(LC_COLLATE_MASK, name.c_str(), nullptr);
    if (locale == nullptr) throw ValueError("Invalid locale name");
    ::freelocale(locale);
  }
  settings.locale_collate = name;
}
Bytes print_locale(const Settings& settings) { return settings.locale_collate; }

// --- hz: bounded as Redis does it, without an error

void parse_hz(Settings& settings, Words words) {
  const auto hz = parse_integer(only_word(words));
  if (!hz) throw ValueError("argument couldn't be parsed into an integer");
  if (*hz < 0 || *hz > std::numeric_limits<int>::max()) {
    throw ValueError("argument must be between 0 and 2147483647 inclusive");
  }
  settings.hz = static_cast<int>(std::clamp<int64_t>(*hz, 1, 500));
}
Bytes print_hz(const Settings& settings) { return std::to_string(settings.hz); }

// --- maxmemory-policy

constexpr View policies[] = {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
                             "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};
constexpr Options::Eviction policy_values[] = {Options::Eviction::volatile_lru,    Options::Eviction::volatile_lfu,
                                               Options::Eviction::volatile_random, Options::Eviction::volatile_ttl,
                                               Options::Eviction::allkeys_lru,     Options::Eviction::allkeys_lfu,
                                               Options::Eviction::allkeys_random,  Options::Eviction::noeviction};

void parse_policy(Settings& settings, Words words) {
  settings.maxmemory_policy = policy_values[choose(only_word(words), policies)];
}
Bytes print_policy(const Settings& settings) {
  const auto* found = std::find(std::begin(policy_values), std::end(policy_values), settings.maxmemory_policy);
  return Bytes(policies[found - std::begin(policy_values)]);
}

// --- client-output-buffer-limit: class hard soft seconds [class hard soft seconds …]

constexpr View client_classes[] = {"normal", "replica", "pubsub"};
constexpr View client_classes_as_printed[] = {"normal", "slave", "pubsub"};  // CONFIG GET: Redis's old word

void parse_output_limits(Settings& settings, Words words) {
  if (words.empty() || words.size() % 4 != 0)
    throw ValueError("Wrong number of arguments in buffer limit configuration.");
  auto limits = settings.output_limits;
  for (size_t i = 0; i < words.size(); i += 4) {
    const View name = equals_ignore_case(words[i], "slave") ? View("replica") : View(words[i]);
    const auto* found = std::find_if(std::begin(client_classes), std::end(client_classes),
                                     [&](View known) { return equals_ignore_case(known, name); });
    if (found == std::end(client_classes)) {
      throw ValueError("Invalid client class specified in buffer limit configuration.");
    }
    const auto hard = parse_memory_size(words[i + 1]);
    const auto soft = parse_memory_size(words[i + 2]);
    const auto seconds = parse_integer(words[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0 || *seconds > std::numeric_limits<int>::max()) {
      throw ValueError("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    limits[static_cast<size_t>(found - std::begin(client_classes))] = {*hard, *soft, *seconds};
  }
  settings.output_limits = limits;
}

Lines output_limit_lines(const Settings& settings) {
  Lines lines;
  for (size_t i = 0; i < settings.output_limits.size(); ++i) {
    const OutputLimit& limit = settings.output_limits[i];
    lines.push_back({Bytes(client_classes[i]), std::to_string(limit.hard_bytes), std::to_string(limit.soft_bytes),
                     std::to_string(limit.soft_seconds)});
  }
  return lines;
}
Bytes print_output_limits(const Settings& settings) {
  Lines lines = output_limit_lines(settings);
  Bytes text;
  for (size_t i = 0; i < lines.size(); ++i) {
    lines[i].front() = client_classes_as_printed[i];
    text += (i == 0 ? "" : " ") + joined(lines[i]);
  }
  return text;
}

// --- notify-keyspace-events

void parse_notifications(Settings& settings, Words words) {
  const auto flags = notify::parse(only_word(words));
  if (!flags) throw ValueError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  settings.notify_keyspace_events = *flags;
}
Bytes print_notifications(const Settings& settings) { return notify::format(settings.notify_keyspace_events); }

// --- latency-tracking-info-percentiles

void parse_percentiles(Settings& settings, Words words) {
  std::vector<double> percentiles;
  if (words.size() != 1 || !words.front().empty()) {
    for (const Bytes& word : words) {
      const auto number = parse_double(word);
      if (!number) throw ValueError("Invalid latency-tracking-info-percentiles parameters");
      if (*number < 0 || *number > 100) {
        throw ValueError("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
      }
      percentiles.push_back(*number);
    }
  }
  settings.latency_tracking_info_percentiles = std::move(percentiles);
}
Lines percentile_lines(const Settings& settings) {
  std::vector<Bytes> words;
  for (const double percentile : settings.latency_tracking_info_percentiles) {
    char text[double_text_size];
    words.emplace_back(text, format_double(percentile, text));
  }
  if (words.empty()) words.emplace_back();
  return {words};
}
Bytes print_percentiles(const Settings& settings) { return joined(percentile_lines(settings).front()); }

// --- backend name url, route pattern backend. URLs may hold passwords: print() must never show one.

void parse_backend(Settings& settings, Words words) {
  if (words.size() != 2) throw ValueError("wrong number of arguments: a name and a URL are needed");
  const auto& [name, url] = std::pair(words[0], words[1]);
  if (name.empty()) throw ValueError("a backend needs a name");
  try {
    static_cast<void>(read_backend_url(url));
  } catch (const std::runtime_error& fault) {
    throw ValueError(fault.what());
  }
  for (const auto& [known, known_url] : settings.backends) {
    if (known == name) throw ValueError("there are two backends of this name");
  }
  settings.backends.emplace_back(name, url);
}
Lines backend_lines(const Settings& settings) {
  Lines lines;
  for (const auto& [name, url] : settings.backends) lines.push_back({name, url});
  return lines;
}
Bytes print_backends(const Settings& settings) {
  Bytes text;
  for (const auto& line : backend_lines(settings)) text += (text.empty() ? "" : " ") + joined(line);
  return text;
}

void parse_route(Settings& settings, Words words) {
  if (words.size() != 2) throw ValueError("wrong number of arguments: a pattern and a backend's name are needed");
  const auto known = [&](const auto& backend) { return backend.first == words[1]; };
  if (std::none_of(settings.backends.begin(), settings.backends.end(), known)) {
    throw ValueError("no backend of this name was named before");
  }
  for (const auto& route : settings.routes) {
    if (route.first == words[0]) throw ValueError("there are two routes of this pattern");
  }
  settings.routes.emplace_back(words[0], words[1]);
}
Lines route_lines(const Settings& settings) {
  Lines lines;
  for (const auto& [pattern, name] : settings.routes) lines.push_back({pattern, name});
  return lines;
}
Bytes print_routes(const Settings& settings) {
  Bytes text;
  for (const auto& line : route_lines(settings)) text += (text.empty() ? "" : " ") + joined(line);
  return text;
}

// --- the rows

constexpr View allowances[] = {"no", "yes", "local"};
constexpr View durabilities[] = {"always", "everysec", "relaxed"};
constexpr View log_levels[] = {"debug", "verbose", "notice", "warning", "nothing"};
constexpr View facilities[] = {"user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};

constexpr int64_t any_int = std::numeric_limits<int>::max();
constexpr int64_t any_long = std::numeric_limits<int64_t>::max();
constexpr int64_t mebibyte = 1 << 20;

constexpr auto immutable = Parameter::immutable;
constexpr auto guarded = Parameter::guarded;
constexpr auto sensitive = Parameter::sensitive;
constexpr auto hidden = Parameter::hidden;
constexpr auto list = Parameter::list;
constexpr auto keyed = Parameter::keyed;
constexpr auto own = Parameter::own;

using S = Settings;
using Switch = Parameter::Switch;
using Text = Parameter::Text;
using Choice = Parameter::Choice;
using Number = Parameter::Number;
using Fixed = Parameter::Fixed;
using Custom = Parameter::Custom;

const Parameter rows[] = {
    // network
    {"bind", Custom{parse_bind, print_bind, bind_lines}, list},
    {"port", Custom{parse_port, print_port}},
    {"unixsocket", Text{&S::unixsocket}, immutable},
    {"unixsocketperm", Number{&S::unixsocketperm, 0, 0777, Number::octal}, immutable},
    {"protected-mode", Switch{&S::protected_mode}},
    {"tcp-backlog", Number{&S::tcp_backlog, 0, any_int}, immutable},
    {"timeout", Number{&S::timeout, 0, any_int}},
    {"tcp-keepalive", Number{&S::tcp_keepalive, 0, any_int}},
    {"io-threads", Number{&S::io_threads, 1, 128}, immutable},
    {"io-threads-do-reads", Fixed{"yes", "network threads always read"}, immutable},
    {"tls-port", Fixed{"0", "TLS is not there yet"}},

    // who may ask
    {"requirepass", Text{&S::requirepass}, sensitive},
    {"maxclients", Number{&S::maxclients, 1, any_int}},
    {"enable-debug-command", Choice{&S::enable_debug_command, allowances}, immutable},
    {"enable-protected-configs", Choice{&S::enable_protected_configs, allowances}, immutable},
    {"enable-module-command", Fixed{"no", "there are no modules"}, immutable},
    {"aclfile", Fixed{"", "users besides the default one are not there yet"}, immutable},

    // general
    {"databases", Number{&S::databases, 1, any_int}, immutable},
    {"dir", Custom{parse_directory, print_directory}, guarded},
    {"pidfile", Text{&S::pidfile}, immutable},
    {"loglevel", Choice{&S::loglevel, log_levels}},
    {"logfile", Text{&S::logfile}, immutable},
    {"syslog-enabled", Switch{&S::syslog_enabled}, immutable},
    {"syslog-ident", Text{&S::syslog_ident}, immutable},
    {"syslog-facility", Choice{&S::syslog_facility, facilities}, immutable},
    {"daemonize", Switch{&S::daemonize}, immutable},
    {"supervised", Fixed{"auto", "systemd is told whenever it asks to be"}, immutable},
    {"always-show-logo", Fixed{"no", "there is no logo"}, immutable},
    {"locale-collate", Custom{parse_locale, print_locale}},
    {"test-clock", Switch{&S::test_clock}, immutable | hidden},

    // backends
    {"backend", Custom{parse_backend, print_backends, backend_lines}, immutable | sensitive | list | keyed | own},
    {"route", Custom{parse_route, print_routes, route_lines}, immutable | list | keyed | own},
    {"sql-durability", Choice{&S::sql_durability, durabilities}},
    {"sql-cache-size", Number{&S::sql_cache_size, 0, any_long, Number::bytes}},
    {"state-file", Text{&S::state_file}, immutable | own},
    {"save", Fixed{"", "snapshots are not there yet: data in memory ends with the process"}, list},
    {"appendonly", Fixed{"no", "the log of changes is not there yet: data in memory ends with the process"}},
    {"cluster-enabled", Fixed{"no", "this server is no node of a cluster"}, immutable},
    {"replicaof", Fixed{"", "replication is not there yet"}, immutable | list, "slaveof"},

    // memory
    {"maxmemory", Number{&S::maxmemory, 0, any_long, Number::bytes}},
    {"maxmemory-policy", Custom{parse_policy, print_policy}},
    {"maxmemory-samples", Number{&S::maxmemory_samples, 1, any_int}},
    {"maxmemory-eviction-tenacity", Number{&S::maxmemory_eviction_tenacity, 0, 100}},
    {"lfu-log-factor", Number{&S::lfu_log_factor, 0, any_int}},
    {"lfu-decay-time", Number{&S::lfu_decay_time, 0, any_int}},
    {"maxmemory-clients", Number{&S::maxmemory_clients, -100, any_long, Number::bytes_or_percent}},
    {"active-expire-effort", Number{&S::active_expire_effort, 1, 10}},
    {"hz", Custom{parse_hz, print_hz}},
    {"dynamic-hz", Switch{&S::dynamic_hz}},
    {"lazyfree-lazy-eviction", Switch{&S::lazyfree_lazy_eviction}},
    {"lazyfree-lazy-expire", Switch{&S::lazyfree_lazy_expire}},
    {"lazyfree-lazy-server-del", Switch{&S::lazyfree_lazy_server_del}},
    {"lazyfree-lazy-user-del", Switch{&S::lazyfree_lazy_user_del}},
    {"lazyfree-lazy-user-flush", Switch{&S::lazyfree_lazy_user_flush}},
    {"activedefrag", Fixed{"no", "Active defragmentation cannot be enabled: it is not there"}},
    {"activerehashing", Fixed{"yes", "tables grow in steps, with the commands that fill them"}},
    {"oom-score-adj", Fixed{"no", "the kernel's choice of processes to end is not touched"}},

    // compact values
    {"hash-max-listpack-entries", Number{&S::hash_max_listpack_entries}, 0, "hash-max-ziplist-entries"},
    {"hash-max-listpack-value", Number{&S::hash_max_listpack_value, 0, any_long, Number::bytes}, 0,
     "hash-max-ziplist-value"},
    {"set-max-listpack-entries", Number{&S::set_max_listpack_entries}},
    {"set-max-listpack-value", Number{&S::set_max_listpack_value}},
    {"zset-max-listpack-entries", Number{&S::zset_max_listpack_entries}, 0, "zset-max-ziplist-entries"},
    {"zset-max-listpack-value", Number{&S::zset_max_listpack_value, 0, any_long, Number::bytes}, 0,
     "zset-max-ziplist-value"},
    {"set-max-intset-entries", Number{&S::set_max_intset_entries}},
    {"list-max-listpack-size", Number{&S::list_max_listpack_size, std::numeric_limits<int>::min(), any_int}, 0,
     "list-max-ziplist-size"},
    {"list-compress-depth", Number{&S::list_compress_depth, 0, any_int}},
    {"hll-sparse-max-bytes", Number{&S::hll_sparse_max_bytes, 0, any_long, Number::bytes}},

    // limits of requests and replies
    {"proto-max-bulk-len", Number{&S::proto_max_bulk_len, mebibyte, any_long, Number::bytes}},
    {"client-query-buffer-limit", Number{&S::client_query_buffer_limit, mebibyte, any_long, Number::bytes}},
    {"client-output-buffer-limit", Custom{parse_output_limits, print_output_limits, output_limit_lines}, list | keyed},
    {"sanitize-dump-payload", Fixed{"yes", "what RESTORE is given is always checked"}},
    {"key-load-delay", Fixed{"0", "nothing is loaded from files"}, hidden},
    {"rdbcompression", Fixed{"yes", "DUMP always compresses what gains by it"}},
    {"rdbchecksum", Fixed{"yes", "what DUMP writes always has a checksum"}, immutable},

    // scripts
    {"busy-reply-threshold", Number{&S::busy_reply_threshold}, 0, "lua-time-limit"},
    {"script-max-steps", Number{&S::script_max_steps}},
    {"script-max-memory", Number{&S::script_max_memory, mebibyte, any_long, Number::bytes}},
    {"script-max-result", Number{&S::script_max_result, 1, any_long, Number::bytes}},
    {"script-max-time", Number{&S::script_max_time}},
    {"script-max-nesting", Number{&S::script_max_nesting, 1, 4000}},
    {"script-max-variables", Number{&S::script_max_variables, 1, 1'000'000}},
    {"script-max-source", Number{&S::script_max_source, 1, any_long, Number::bytes}},

    // watching
    {"slowlog-log-slower-than", Number{&S::slowlog_log_slower_than, -1, any_long}},
    {"slowlog-max-len", Number{&S::slowlog_max_len}},
    {"latency-monitor-threshold", Number{&S::latency_monitor_threshold}},
    {"latency-tracking", Switch{&S::latency_tracking}},
    {"latency-tracking-info-percentiles", Custom{parse_percentiles, print_percentiles, percentile_lines}, list},
    {"notify-keyspace-events", Custom{parse_notifications, print_notifications}},
    {"tracking-table-max-keys", Number{&S::tracking_table_max_keys}},
};

// --- what a kind of value means

struct Parser {
  Settings& settings;
  Words words;

  void operator()(const Switch& kind) const {
    const Bytes& word = only_word(words);
    const bool yes = equals_ignore_case(word, "yes");
    if (!yes && !equals_ignore_case(word, "no")) throw ValueError("argument must be 'yes' or 'no'");
    settings.*kind.field = yes;
  }
  void operator()(const Text& kind) const { settings.*kind.field = only_word(words); }
  void operator()(const Choice& kind) const {
    settings.*kind.field = kind.values[choose(only_word(words), kind.values)];
  }
  void operator()(const Number& kind) const {
    const int64_t number = read(kind);
    std::visit(
        [&](auto field) {
          auto& value = settings.*field;
          value = static_cast<std::remove_reference_t<decltype(value)>>(number);
        },
        kind.field);
  }
  void operator()(const Fixed& kind) const {
    if (equals_ignore_case(joined(words), kind.value)) return;
    throw ValueError("argument must be '" + Bytes(kind.value) + "': " + Bytes(kind.reason));
  }
  void operator()(const Custom& kind) const { kind.parse(settings, words); }

  int64_t read(const Number& kind) const {
    const Bytes& word = only_word(words);
    if (kind.unit == Number::bytes_or_percent && word.ends_with('%')) {
      const auto percent = parse_integer(View(word).substr(0, word.size() - 1));
      if (!percent || *percent < 0) throw ValueError("argument must be a memory or percent value");
      if (*percent > -kind.least) {
        throw ValueError("percentage argument must be less or equal to " + std::to_string(-kind.least));
      }
      return -*percent;
    }
    if (kind.unit == Number::bytes || kind.unit == Number::bytes_or_percent) {
      const auto size = word.empty() ? 0 : parse_memory_size(word);
      if (!size) {
        throw ValueError(kind.unit == Number::bytes ? "argument must be a memory value"
                                                    : "argument must be a memory or percent value");
      }
      const int64_t least = std::max<int64_t>(kind.least, 0);
      if (*size > static_cast<uint64_t>(kind.most) || *size < static_cast<uint64_t>(least)) refuse(least, kind.most);
      return static_cast<int64_t>(*size);
    }
    if (kind.unit == Number::octal) {
      int64_t number = 0;
      const bool octal = !word.empty() && word.size() < 10 &&
                         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '7'; });
      if (!octal) throw ValueError("argument couldn't be parsed as an octal number");
      for (const char digit : word) number = number * 8 + (digit - '0');
      if (number < kind.least || number > kind.most) refuse(kind.least, kind.most);
      return number;
    }
    const auto number = parse_integer(word);
    if (!number) throw ValueError("argument couldn't be parsed into an integer");
    if (*number < kind.least || *number > kind.most) refuse(kind.least, kind.most);
    return *number;
  }
  [[noreturn]] static void refuse(int64_t least, int64_t most) {
    throw ValueError("argument must be between " + std::to_string(least) + " and " + std::to_string(most) +
                     " inclusive");
  }
};

struct Printer {
  const Settings& settings;

  Bytes operator()(const Switch& kind) const { return settings.*kind.field ? "yes" : "no"; }
  Bytes operator()(const Text& kind) const { return settings.*kind.field; }
  Bytes operator()(const Choice& kind) const { return settings.*kind.field; }
  Bytes operator()(const Number& kind) const {
    return std::visit(
        [&](auto field) -> Bytes {
          const auto number = static_cast<int64_t>(settings.*field);
          if (kind.unit == Number::bytes_or_percent && number < 0) return std::to_string(-number) + "%";
          if (kind.unit != Number::octal) return std::to_string(number);
          char text[24];
          std::snprintf(text, sizeof text, "%llo", static_cast<unsigned long long>(number));
          return text;
        },
        kind.field);
  }
  Bytes operator()(const Fixed& kind) const { return Bytes(kind.value); }
  Bytes operator()(const Custom& kind) const { return kind.print(settings); }
};

}  // namespace

void Parameter::parse(Settings& settings, Words words) const {
  // What takes several words may be given them in one: CONFIG SET bind "127.0.0.1 ::1".
  if (is(list) && words.size() == 1 && words.front().find(' ') != Bytes::npos) {
    const auto parts = split_words(words.front());
    if (!parts) throw ValueError("unbalanced quotes");
    return std::visit(Parser{settings, *parts}, value);
  }
  std::visit(Parser{settings, words}, value);
}

Bytes Parameter::print(const Settings& settings) const { return std::visit(Printer{settings}, value); }

Parameter::Lines Parameter::lines(const Settings& settings) const {
  if (const Custom* custom = std::get_if<Custom>(&value); custom && custom->lines) return custom->lines(settings);
  return {{print(settings)}};
}

std::span<const Parameter> parameters() { return rows; }

Bytes from_starting_folder(const Bytes& path) {
  static const std::filesystem::path start = [] {
    std::error_code error;
    return std::filesystem::current_path(error);
  }();
  return (start / path).lexically_normal().string();
}

const Parameter* find_parameter(View name) {
  for (const Parameter& row : rows) {
    if (equals_ignore_case(row.name, name) || (!row.alias.empty() && equals_ignore_case(row.alias, name))) return &row;
  }
  return nullptr;
}

}  // namespace redipy
