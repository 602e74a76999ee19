// SPDX-License-Identifier: Apache-2.0
//
// URLs of backends: each kind, each option, and everything that must be refused without telling the password.
#include "core/base/backend_url.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace redipy {
namespace {

using std::chrono::milliseconds;
using Hosts = std::vector<BackendUrl::Host>;
using Kind = BackendUrl::Kind;

/// What is wrong with the URL; empty if nothing is.
Bytes refusal(View text) {
  try {
    (void)parse_backend_url(text);
    return {};
  } catch (const BackendUrlError& error) {
    return error.what();
  }
}

TEST(BackendUrl, names_memory) {
  const BackendUrl url = parse_backend_url("memory:");
  EXPECT_EQ(url.kind, Kind::memory);
  EXPECT_FALSE(url.is_upstream());
  EXPECT_EQ(url.prefix, "");
  EXPECT_EQ(parse_backend_url("MEMORY:?prefix=app%201%00:").prefix, View("app 1\0:", 7));
}

TEST(BackendUrl, names_sqlite_files) {
  EXPECT_EQ(parse_backend_url("sqlite:///var/lib/a%20b/x@1.db").path, "/var/lib/a b/x@1.db");
  EXPECT_EQ(parse_backend_url("sqlite://relative/file.db?prefix=p:").path, "relative/file.db");
  EXPECT_EQ(parse_backend_url("sqlite://file.db").kind, Kind::sqlite);
}

TEST(BackendUrl, names_sql_databases) {
  const BackendUrl url = parse_backend_url("postgresql://ada:s%3Acr%40t@db.example.org:5433/my%2Fdata");
  EXPECT_EQ(url.kind, Kind::postgresql);
  EXPECT_EQ(url.user, "ada");
  EXPECT_EQ(url.password, "s:cr@t");
  EXPECT_EQ(url.hosts, (Hosts{{"db.example.org", 5433}}));
  EXPECT_EQ(url.path, "my/data");
  EXPECT_EQ(url.shown, "postgresql://ada:***@db.example.org:5433/my%2Fdata");
  EXPECT_EQ(parse_backend_url("postgresql://h/d").hosts, (Hosts{{"h", 5432}}));
  EXPECT_EQ(parse_backend_url("mysql://ada@h/d").hosts, (Hosts{{"h", 3306}}));
  EXPECT_FALSE(parse_backend_url("mysql://ada@h/d").password);
}

TEST(BackendUrl, names_the_socket_of_a_database_server) {
  EXPECT_EQ(parse_backend_url("postgresql://ada@%2Frun%2Fpg:5433/d").hosts, (Hosts{{"/run/pg", 5433}}));
  EXPECT_EQ(parse_backend_url("mysql://ada@%2frun%2fdb.sock/d?timeout=2s").hosts, (Hosts{{"/run/db.sock", 3306}}));
  EXPECT_EQ(parse_backend_url("mysql://ada@h/d?timeout=2s").upstream.timeout, milliseconds(2000));
  EXPECT_NE(refusal("redis://%2Frun%2Fredis"), "");
}

TEST(BackendUrl, names_a_redis) {
  const BackendUrl url = parse_backend_url("redis://ada:a:b@[::1]:7000/12?timeout=2s&prefix=p:");
  EXPECT_EQ(url.kind, Kind::redis);
  EXPECT_TRUE(url.is_upstream());
  EXPECT_FALSE(url.tls);
  EXPECT_EQ(url.user, "ada");
  EXPECT_EQ(url.password, "a:b");
  EXPECT_EQ(url.hosts, (Hosts{{"::1", 7000}}));
  EXPECT_EQ(url.database, 12);
  EXPECT_EQ(url.prefix, "p:");
  EXPECT_EQ(url.shown, "redis://ada:***@[::1]:7000/12?timeout=2s&prefix=p:");
  EXPECT_EQ(parse_backend_url("redis://localhost").hosts, (Hosts{{"localhost", 6379}}));
  EXPECT_EQ(parse_backend_url("redis://localhost/").database, 0);
  EXPECT_EQ(parse_backend_url("redis://[fe80::1%25eth0]").hosts, (Hosts{{"fe80::1%eth0", 6379}}));
  EXPECT_TRUE(parse_backend_url("rediss://localhost").tls);
}

TEST(BackendUrl, a_password_needs_no_user_at_a_redis) {
  const BackendUrl url = parse_backend_url("redis://:secret@h:1");
  EXPECT_FALSE(url.user);
  EXPECT_EQ(url.password, "secret");
  EXPECT_EQ(url.shown, "redis://:***@h:1");
  EXPECT_EQ(parse_backend_url("redis://u:@h").password, "");
  EXPECT_EQ(parse_backend_url("redis://u:@h").shown, "redis://u:***@h");
}

TEST(BackendUrl, names_a_unix_socket) {
  const BackendUrl url = parse_backend_url("redis+unix:///run/redis.sock");
  EXPECT_EQ(url.kind, Kind::redis);
  EXPECT_TRUE(url.hosts.empty());
  EXPECT_EQ(url.path, "/run/redis.sock");
  const BackendUrl other = parse_backend_url("redis+unix://u:p@/run/r.sock?db=3");
  EXPECT_EQ(other.password, "p");
  EXPECT_EQ(other.database, 3);
  EXPECT_EQ(other.shown, "redis+unix://u:***@/run/r.sock?db=3");
}

TEST(BackendUrl, names_a_cluster_by_several_hosts) {
  const BackendUrl url = parse_backend_url("rediss+cluster://u:p@a:1,b,[2001:db8::2]:3/0?read=replica");
  EXPECT_EQ(url.kind, Kind::cluster);
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.hosts, (Hosts{{"a", 1}, {"b", 6379}, {"2001:db8::2", 3}}));
  EXPECT_TRUE(url.upstream.read_from_replicas);
  EXPECT_FALSE(parse_backend_url("redis+cluster://a?read=primary").upstream.read_from_replicas);
  EXPECT_FALSE(parse_backend_url("redis+cluster://a").tls);
}

TEST(BackendUrl, reads_every_option) {
  const BackendUrl url = parse_backend_url(
      "rediss://h?pool=64&timeout=250ms&connect-timeout=3600s&lua=trusted&config=relay&cacert=/a%26b&cert=/c&key=/k&"
      "sni=name&tls-verify=no");
  EXPECT_EQ(url.options.size(), 10u);
  EXPECT_EQ(url.options[5], (std::pair<Bytes, Bytes>("cacert", "/a&b")));
  const UpstreamOptions& upstream = url.upstream;
  EXPECT_EQ(upstream.pool, 64);
  EXPECT_EQ(upstream.timeout, milliseconds(250));
  EXPECT_EQ(upstream.connect_timeout, milliseconds(3'600'000));
  EXPECT_TRUE(upstream.lua_trusted);
  EXPECT_TRUE(upstream.relay_config);
  EXPECT_EQ(upstream.ca_file, "/a&b");
  EXPECT_EQ(upstream.certificate_file, "/c");
  EXPECT_EQ(upstream.key_file, "/k");
  EXPECT_EQ(upstream.server_name, "name");
  EXPECT_FALSE(upstream.verify);
  EXPECT_EQ(parse_backend_url("redis://h?timeout=70").upstream.timeout, milliseconds(70));
  EXPECT_EQ(parse_backend_url("redis://h?prefix=a+b=c%3F").prefix, "a+b=c?");
}

TEST(BackendUrl, is_refused_with_the_reason) {
  const std::pair<View, View> cases[] = {
      {"", "it must begin with one of"},
      {"redis", "it must begin with one of"},
      {"http://h", "it must begin with one of"},
      {"redis+sentinel://h", "it must begin with one of"},
      {"redis:h", "must be followed by ://"},
      {"redis:/h", "must be followed by ://"},
      {"memory://", "nothing but options"},
      {"memory:x", "nothing but options"},
      {"sqlite:file.db", "must be followed by ://"},
      {"sqlite://", "the file's name is missing"},
      {"sqlite:///", "the file's name is missing"},
      {"sqlite://a%00.db", "%00 in the path"},
      {"sqlite://a.db%2", "a '%' in the path"},
      {"sqlite://a.db%zz", "a '%' in the path"},
      {"postgresql://h", "the database's name is missing"},
      {"postgresql://h/", "the database's name is missing"},
      {"postgresql://h/a/b", "second '/'"},
      {"postgresql://:p@h/d", "no user"},
      {"mysql://a,b/d", "only a cluster"},
      {"redis://", "a host is missing"},
      {"redis:///1", "a host is missing"},
      {"redis://:6379", "a host is missing"},
      {"redis://u:p@", "a host is missing"},
      {"redis://h:", "the port must be"},
      {"redis://h:0", "the port must be"},
      {"redis://h:65536", "the port must be"},
      {"redis://h:+1", "the port must be"},
      {"redis://h:1:2", "the port must be"},
      {"redis://h:01", "the port must be"},
      {"redis://::1", "a host is missing"},
      {"redis://fe80::1", "the port must be"},
      {"redis://[::1", "not closed"},
      {"redis://[::1]7", "something else than a port"},
      {"redis://[1.2.3.4]", "no IPv6 address"},
      {"redis://[]", "no IPv6 address"},
      {"redis://[fe80::1%eth0]", "zone"},
      {"redis://[fe80::1%25]", "zone"},
      {"redis://h%41", "a host's name"},
      {"redis://h!", "a host's name"},
      {"redis://a,b", "only a cluster"},
      {"redis+cluster://a,,b", "a host is missing"},
      {"redis+cluster://a,", "a host is missing"},
      {"redis+cluster://a/1", "no database but 0"},
      {"redis://h/x", "the number of a database"},
      {"redis://h/-1", "the number of a database"},
      {"redis://h/99999999999", "the number of a database"},
      {"redis://h/1/2", "second '/'"},
      {"redis://@h", "no user or password"},
      {"redis://user@h", "no password"},
      {"redis://u:p%@h", "a '%' in the password"},
      {"redis://u%4:p@h", "a '%' in the user"},
      {"redis://u:p%00@h", "%00 in the password"},
      {"redis+unix://run/r.sock", "begins with '/'"},
      {"redis+unix://", "path of the Unix socket is missing"},
      {"redis+unix:///", "path of the Unix socket is missing"},
      {"redis://h#x", "'#'"},
      {"redis://h x", "a blank"},
      {"redis://h\n", "a blank"},
      {"redis://h?", "an option's name is missing"},
      {"redis://h?&", "an option's name is missing"},
      {"redis://h?pool=1&", "an option's name is missing"},
      {"redis://h?=1", "an option's name is missing"},
      {"redis://h?pool", "option 'pool' has no value"},
      {"redis://h?Pool=1", "option 'Pool' is unknown"},
      {"redis://h?size=1", "option 'size' is unknown"},
      {"redis://h?pool=1&pool=1", "option 'pool' is there twice"},
      {"redis://h?pool=0", "option 'pool' must be a number from 1 to 64"},
      {"redis://h?pool=65", "option 'pool' must be a number from 1 to 64"},
      {"redis://h?pool=", "option 'pool' must be a number from 1 to 64"},
      {"redis://h?timeout=0", "option 'timeout' must be a time"},
      {"redis://h?timeout=1h", "option 'timeout' must be a time"},
      {"redis://h?timeout=3601s", "option 'timeout' must be a time"},
      {"redis://h?connect-timeout=-1", "option 'connect-timeout' must be a time"},
      {"redis://h?timeout=18446744073709551615s", "option 'timeout' must be a time"},
      {"redis://h?prefix=", "option 'prefix' is empty"},
      {"redis://h?prefix=a*", "option 'prefix' must not hold a '*'"},
      {"redis://h?prefix=%5F_a", "option 'prefix' must not begin with '__'"},
      {"redis://h?prefix=_", "option 'prefix' must not begin with '__'"},
      {"redis://h?prefix=%1", "a '%' in the prefix"},
      {"redis://h?lua=yes", "option 'lua' must be trusted"},
      {"redis://h?config=1", "option 'config' must be relay"},
      {"redis://h?read=replica", "option 'read' does not apply to redis://"},
      {"redis+cluster://h?read=any", "option 'read' must be primary or replica"},
      {"redis://h?cacert=/a", "option 'cacert' does not apply to redis://"},
      {"redis://h?db=1", "option 'db' does not apply to redis://"},
      {"redis+unix:///s?db=x", "option 'db' must be a number"},
      {"redis+unix:///s?tls-verify=no", "option 'tls-verify' does not apply to redis+unix://"},
      {"rediss://h?tls-verify=maybe", "option 'tls-verify' must be yes or no"},
      {"rediss://h?cert=/c", "go together"},
      {"rediss://h?key=/k", "go together"},
      {"rediss://h?key=%00", "%00 in the key"},
      {"memory:?pool=1", "option 'pool' does not apply to memory:"},
      {"mysql://h/d?pool=1", "option 'pool' does not apply to mysql://"},
      {"postgresql://%2Fa%/d", "a '%' in the socket's path"},
      {"sqlite://f?timeout=1", "option 'timeout' does not apply to sqlite://"},
  };
  for (const auto& [url, reason] : cases) {
    EXPECT_NE(refusal(url).find(reason), Bytes::npos) << url << ": " << refusal(url);
  }
}

TEST(BackendUrl, an_error_never_tells_the_password) {
  for (const View url : {
           "redis://u:hunter2@@h",       "redis://u:hun@ter2@h",       "redis://u:hunter2/x@h",
           "redis://u:1?hunter2@h",      "redis://u:hunter2@h:x",      "redis://u:hunter2@h!",
           "redis://u:hunter2%@h",       "redis://u:hunter2@h/x",      "redis://u:hunter2",
           "redis://u:1/hunter2",        "http://u:hunter2@h",         "redis://u:hunter2@h?x=1",
           "redis://u:hunter2@h?pool=@", "redis://u:hunter2@h#",       "redis://u: hunter2@h",
           "redis:u:hunter2@h",          "redis://u:1?pool=hunter2@h", "redis://u:1?hunter2=@h",
           "memory:hunter2@h",           "redis+unix://u:hunter2@h/s",
       }) {
    const Bytes error = refusal(url);
    EXPECT_FALSE(error.empty()) << url;
    EXPECT_EQ(error.find("hunter2"), Bytes::npos) << url << ": " << error;
  }
}

TEST(BackendUrl, an_at_sign_behind_the_host_must_be_escaped) {
  EXPECT_NE(refusal("redis://h?prefix=a@b"), "");
  EXPECT_EQ(parse_backend_url("redis://h?prefix=a%40b").prefix, "a@b");
}

TEST(BackendUrl, hides_what_may_be_a_password_in_any_text) {
  EXPECT_EQ(hide_password("redis://u:p@ss@h:1"), "redis://u:***@h:1");
  EXPECT_EQ(hide_password("redis://:p/a?b@h"), "redis://:***@h");
  EXPECT_EQ(hide_password("redis://secret@h"), "redis://***@h");
  EXPECT_EQ(hide_password("redis://h:1/2"), "redis://h:1/2");
  EXPECT_EQ(hide_password("memory:"), "memory:");
  EXPECT_EQ(hide_password(""), "");
}

}  // namespace
}  // namespace redipy
