// SPDX-License-Identifier: Apache-2.0
//
// The parser of backend URLs, in the order of a URL's parts: scheme, user and password, hosts, path, query. Which
// option goes with which kind of backend is a table at the end of the query's part.
#include "core/base/backend_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>

#include "core/base/numbers.h"
#include "core/base/text.h"

namespace redipy {

namespace {

using Kind = BackendUrl::Kind;

[[noreturn]] void refuse(View text) { throw BackendUrlError(Bytes(text)); }

[[noreturn]] void refuse_option(View name, View text) {
  throw BackendUrlError("option '" + Bytes(name) + "' " + Bytes(text));
}

struct Scheme {
  View name;
  Kind kind;
  bool tls;
  bool unix_socket;
  uint16_t port;  // the usual one
};

constexpr Scheme schemes[] = {
    {"memory", Kind::memory, false, false, 0},
    {"sqlite", Kind::sqlite, false, false, 0},
    {"postgresql", Kind::postgresql, false, false, 5432},
    {"mysql", Kind::mysql, false, false, 3306},
    {"redis", Kind::redis, false, false, 6379},
    {"rediss", Kind::redis, true, false, 6379},
    {"redis+unix", Kind::redis, false, true, 0},
    {"redis+cluster", Kind::cluster, false, false, 6379},
    {"rediss+cluster", Kind::cluster, true, false, 6379},
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

/// `part` says which part of the URL it is, for the error.
Bytes decode(View text, View part, bool may_hold_nul = false) {
  Bytes decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) refuse("a '%' in the " + Bytes(part) + " is not followed by two hexadecimal digits");
    const int byte = high * 16 + low;
    if (byte == 0 && !may_hold_nul) refuse("%00 in the " + Bytes(part));
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

/// What no URL of ours holds unescaped, wherever it stands.
void check_bytes(View text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f) refuse("a blank or control character must be escaped");
    if (c == '#') refuse("a '#' must be escaped as %23");
  }
}

// --- hosts

uint16_t read_port(View text) {
  const auto port = parse_unsigned(text);
  if (!port || *port == 0 || *port > 65535) refuse("the port must be a number from 1 to 65535");
  return static_cast<uint16_t>(*port);
}

/// The address in brackets; a zone is set off by %25.
Bytes read_ipv6(View text) {
  const size_t zone = text.find('%');
  Bytes address(text.substr(0, zone));
  in6_addr parsed{};
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) refuse("what is in brackets is no IPv6 address");
  if (zone == View::npos) return address;
  if (text.substr(zone, 3) != "%25" || text.size() == zone + 3) refuse("the zone of the IPv6 address must follow %25");
  return address + "%" + decode(text.substr(zone + 3), "zone");
}

Bytes read_host_name(View text) {
  if (text.empty()) refuse("a host is missing");
  for (const char c : text) {
    const bool letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '.' && c != '_') {
      refuse("a host's name has a character that no host's name has (IPv6 addresses stand in brackets)");
    }
  }
  return Bytes(text);
}

/// A database server's Unix socket, whose path stands in the place of a name: escaped, so it begins with %2F.
bool is_socket(View text) { return lower(text.substr(0, 3)) == "%2f"; }

BackendUrl::Host read_host(View text, const Scheme& scheme) {
  BackendUrl::Host host;
  host.port = scheme.port;
  View rest;
  const bool database = scheme.kind == Kind::postgresql || scheme.kind == Kind::mysql;
  if (database && is_socket(text)) {
    const size_t colon = std::min(text.find(':'), text.size());
    host.name = decode(text.substr(0, colon), "socket's path");
    rest = text.substr(colon);
  } else if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    if (close == View::npos) refuse("a '[' is not closed");
    host.name = read_ipv6(text.substr(1, close - 1));
    rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') refuse("an address in brackets is followed by something else than a port");
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    host.name = read_host_name(text.substr(0, colon));
    rest = text.substr(colon);
  }
  if (!rest.empty()) host.port = read_port(rest.substr(1));
  return host;
}

void read_hosts(BackendUrl& url, View text, const Scheme& scheme) {
  if (scheme.unix_socket) {
    if (!text.empty()) refuse("a Unix socket's path begins with '/'");
    return;
  }
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    url.hosts.push_back(read_host(text.substr(begin, comma - begin), scheme));
    begin = comma + 1;
  }
  if (url.hosts.size() > 1 && url.kind != Kind::cluster) refuse("only a cluster has several hosts");
}

// --- user and password

/// Reads them from what stands before the '@'. Returns how many bytes of it, at its end, are the password.
size_t read_user(BackendUrl& url, View text) {
  const size_t colon = std::min(text.find(':'), text.size());
  if (colon > 0) url.user = decode(text.substr(0, colon), "user");
  if (colon < text.size()) url.password = decode(text.substr(colon + 1), "password");
  if (!url.user && !url.password) refuse("there is an '@' but no user or password");
  if (url.is_upstream() && !url.password) refuse("there is a user but no password (user:password@)");
  if (!url.is_upstream() && !url.user) refuse("there is a password but no user");
  return text.size() - std::min(text.size(), colon + 1);
}

// --- path

void read_path(BackendUrl& url, View path, const Scheme& scheme) {
  if (scheme.unix_socket) {
    url.path = decode(path, "path");
    if (url.path.size() < 2 || url.path.back() == '/') refuse("the path of the Unix socket is missing");
    return;
  }
  if (!path.empty()) path.remove_prefix(1);  // the '/'
  if (path.find('/') != View::npos) refuse("the path has a second '/' (escape it as %2F if the name has one)");
  if (!url.is_upstream()) {
    url.path = decode(path, "database's name");
    if (url.path.empty()) refuse("the database's name is missing");
    return;
  }
  if (path.empty()) return;
  const auto database = parse_unsigned(path);
  if (!database || *database > std::numeric_limits<int>::max()) refuse("the path must be the number of a database");
  if (url.kind == Kind::cluster && *database != 0) refuse("a cluster has no database but 0");
  url.database = static_cast<int>(*database);
}

// --- query

template <typename T>
T one_of(View name, View value, std::initializer_list<std::pair<View, T>> choices) {
  Bytes names;
  for (const auto& [word, meaning] : choices) {
    if (value == word) return meaning;
    if (!names.empty()) names += " or ";
    names += word;
  }
  refuse_option(name, "must be " + names);
}

std::chrono::milliseconds read_time(View name, View value) {
  int64_t unit = 1;
  if (value.ends_with("ms")) {
    value.remove_suffix(2);
  } else if (value.ends_with("s")) {
    value.remove_suffix(1);
    unit = 1000;
  }
  const auto count = parse_unsigned(value);
  constexpr int64_t longest = 3'600'000;
  if (!count || *count == 0 || *count > static_cast<uint64_t>(longest / unit)) {
    refuse_option(name, "must be a time from 1ms to 3600s");
  }
  return std::chrono::milliseconds(static_cast<int64_t>(*count) * unit);
}

int read_number(View name, View value, int least, int most) {
  const auto number = parse_integer(value);
  if (!number || *number < least || *number > most) {
    refuse_option(name, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<int>(*number);
}

Bytes read_text(View name, const Bytes& value) {
  if (value.empty()) refuse_option(name, "is empty");
  return value;
}

/// What SORT puts an element for, and what begins the channels that Redis itself publishes on, would be misread.
Bytes read_prefix(View name, const Bytes& value) {
  if (value.find('*') != Bytes::npos) refuse_option(name, "must not hold a '*'");
  if (value == "_" || value.starts_with("__")) refuse_option(name, "must not begin with '__' or be '_'");
  return read_text(name, value);
}

enum Applies : uint8_t { everywhere, to_upstreams, to_servers, to_unix_sockets, to_clusters, to_tls };

struct Option {
  View name;
  Applies applies;
  void (*read)(BackendUrl& url, View name, const Bytes& value);
};

constexpr Option known_options[] = {
    {"prefix", everywhere,
     [](BackendUrl& url, View name, const Bytes& value) { url.prefix = read_prefix(name, value); }},
    {"pool", to_upstreams,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.pool = read_number(name, value, 1, 64); }},
    {"timeout", to_servers,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.timeout = read_time(name, value); }},
    {"connect-timeout", to_upstreams,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.connect_timeout = read_time(name, value); }},
    {"lua", to_upstreams,
     [](BackendUrl& url, View name, const Bytes& value) {
       url.upstream.lua_trusted = one_of<bool>(name, value, {{"trusted", true}});
     }},
    {"config", to_upstreams,
     [](BackendUrl& url, View name, const Bytes& value) {
       url.upstream.relay_config = one_of<bool>(name, value, {{"relay", true}});
     }},
    {"db", to_unix_sockets,
     [](BackendUrl& url, View name, const Bytes& value) {
       url.database = read_number(name, value, 0, std::numeric_limits<int>::max());
     }},
    {"read", to_clusters,
     [](BackendUrl& url, View name, const Bytes& value) {
       url.upstream.read_from_replicas = one_of<bool>(name, value, {{"primary", false}, {"replica", true}});
     }},
    {"cacert", to_tls,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.ca_file = read_text(name, value); }},
    {"cert", to_tls,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.certificate_file = read_text(name, value); }},
    {"key", to_tls,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.key_file = read_text(name, value); }},
    {"sni", to_tls,
     [](BackendUrl& url, View name, const Bytes& value) { url.upstream.server_name = read_text(name, value); }},
    {"tls-verify", to_tls,
     [](BackendUrl& url, View name, const Bytes& value) {
       url.upstream.verify = one_of<bool>(name, value, {{"yes", true}, {"no", false}});
     }},
};

bool applies(const Option& option, const BackendUrl& url, const Scheme& scheme) {
  switch (option.applies) {
    case everywhere:
      return true;
    case to_upstreams:
      return url.is_upstream();
    case to_servers:
      return url.kind != Kind::memory && url.kind != Kind::sqlite;
    case to_unix_sockets:
      return scheme.unix_socket;
    case to_clusters:
      return url.kind == Kind::cluster;
    case to_tls:
      return url.tls;
  }
  return false;
}

void read_option(BackendUrl& url, View text, const Scheme& scheme) {
  const size_t equals = std::min(text.find('='), text.size());
  const View name = text.substr(0, equals);
  const auto* option = std::find_if(std::begin(known_options), std::end(known_options),
                                    [&](const Option& known) { return known.name == name; });
  if (option == std::end(known_options)) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!plain) refuse("an option's name is missing or malformed");
    refuse_option(name, "is unknown");
  }
  if (equals == text.size()) refuse_option(name, "has no value");
  if (!applies(*option, url, scheme)) {
    refuse_option(name, "does not apply to " + Bytes(scheme.name) + (scheme.kind == Kind::memory ? ":" : "://"));
  }
  for (const auto& [other, value] : url.options) {
    if (other == name) refuse_option(name, "is there twice");
  }
  Bytes value = decode(text.substr(equals + 1), name, option->applies == everywhere);
  option->read(url, name, value);
  url.options.emplace_back(name, std::move(value));
}

void read_query(BackendUrl& url, View query, const Scheme& scheme) {
  for (size_t begin = 0; begin <= query.size();) {
    const size_t stop = std::min(query.find('&', begin), query.size());
    read_option(url, query.substr(begin, stop - begin), scheme);
    begin = stop + 1;
  }
  if (url.upstream.certificate_file.empty() != url.upstream.key_file.empty()) {
    refuse("options 'cert' and 'key' go together");
  }
}

const Scheme& read_scheme(View text) {
  const size_t colon = text.find(':');
  const Bytes name = lower(text.substr(0, std::min(colon, text.size())));
  for (const Scheme& scheme : schemes) {
    if (colon != View::npos && scheme.name == name) return scheme;
  }
  Bytes names;
  for (const Scheme& scheme : schemes) names += (names.empty() ? "" : ", ") + Bytes(scheme.name);
  refuse("it must begin with one of " + names + ", and a colon");
}

}  // namespace

BackendUrl parse_backend_url(View text) {
  check_bytes(text);
  const Scheme& scheme = read_scheme(text);
  BackendUrl url;
  url.kind = scheme.kind;
  url.tls = scheme.tls;
  url.shown = text;

  View rest = text.substr(scheme.name.size() + 1);
  const size_t question = std::min(rest.find('?'), rest.size());
  const View query = rest.substr(std::min(question + 1, rest.size()));
  const bool has_query = question < rest.size();
  rest = rest.substr(0, question);

  if (url.kind == Kind::memory) {
    if (!rest.empty()) refuse("nothing but options follows memory:");
  } else {
    if (!rest.starts_with("//")) refuse("the scheme must be followed by ://");
    rest.remove_prefix(2);
    if (url.kind == Kind::sqlite) {
      url.path = decode(rest, "path");
      if (url.path.empty() || url.path.back() == '/') refuse("the file's name is missing");
    } else {
      const size_t at = rest.find('@');
      const size_t slash = std::min(rest.find('/'), rest.size());
      // Where a password holds one of these, unescaped, what is behind it would be taken for something else, and shown.
      if (query.find('@') != View::npos || (at != View::npos && (at > slash || rest.find('@', at + 1) != View::npos))) {
        refuse(
            "there is a '/', '?' or '@' in the user or password, or an '@' behind the host: escape it (%2F, %3F, %40)");
      }
      View authority = rest.substr(0, slash);
      if (at != View::npos) {
        const size_t hidden = read_user(url, authority.substr(0, at));
        authority.remove_prefix(at + 1);
        if (url.password) {
          url.shown.replace(static_cast<size_t>(authority.data() - text.data()) - 1 - hidden, hidden, "***");
        }
      }
      read_hosts(url, authority, scheme);
      read_path(url, rest.substr(slash), scheme);
    }
  }
  if (has_query) read_query(url, query, scheme);
  return url;
}

Bytes hide_password(View text) {
  Bytes shown(text);
  const size_t slashes = shown.find("://");
  const size_t at = shown.rfind('@');
  if (slashes == Bytes::npos || at == Bytes::npos || at < slashes + 3) return shown;
  const size_t colon = shown.find(':', slashes + 3);
  const size_t begin = colon < at ? colon + 1 : slashes + 3;
  return shown.replace(begin, at - begin, "***");
}

}  // namespace redipy
