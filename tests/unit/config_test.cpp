// SPDX-License-Identifier: Apache-2.0
//
// Configuration: text in, values out, and back.
#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "server/parameters.h"
#include "temporary_folder.h"

namespace redipy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What goes wrong; empty if nothing does.
template <class Work>
Bytes error_of(Work work) {
  try {
    work();
  } catch (const ConfigError& failure) {
    return failure.what();
  }
  return {};
}

Bytes error_in(View text) {
  Config config;
  return error_of([&] { config.load_text(text, "test.conf"); });
}

Settings read(View text) {
  Config config;
  config.load_text(text, "test.conf");
  return config.settings();
}

Settings started(const std::vector<Bytes>& arguments) {
  Config config;
  config.load(arguments);
  return config.settings();
}

Bytes value(const Config& config, View name) {
  const auto found = config.get(name);
  return found.empty() ? "(unknown)" : found.front().second;
}

class ConfigFiles : public ::testing::Test {
 protected:
  Bytes write(View name, View text) const {
    const Bytes path = folder_.file(Bytes(name));
    std::ofstream(path) << text;
    return path;
  }
  static Bytes text_of(const Bytes& path) {
    std::ifstream stream(path);
    return Bytes(std::istreambuf_iterator<char>(stream), {});
  }

  TemporaryFolder folder_;
};

TEST(Config, reads_lines_comments_and_quotes) {
  const Settings settings = read(
      "# a comment\n"
      "\n"
      "  MaxMemory\t100mb  \r\n"
      "requirepass \"a \\\"long\\\" pass\\x21\"\n"
      "logfile '/var/log/a b'");
  EXPECT_EQ(settings.maxmemory, uint64_t{100} << 20);
  EXPECT_EQ(settings.requirepass, "a \"long\" pass!");
  EXPECT_EQ(settings.logfile, "/var/log/a b");
}

TEST(Config, errors_say_file_line_and_what_is_wrong) {
  EXPECT_EQ(error_in("port 1\n\nmaxmemory 10xb\n"), "test.conf:3: 'maxmemory 10xb': argument must be a memory value");
  EXPECT_EQ(error_in("port 70000"), "test.conf:1: 'port 70000': argument must be between 0 and 65535 inclusive");
  EXPECT_EQ(error_in("protected-mode maybe"), "test.conf:1: 'protected-mode maybe': argument must be 'yes' or 'no'");
  EXPECT_EQ(error_in("databases 1 2"), "test.conf:1: 'databases 1 2': wrong number of arguments");
  EXPECT_EQ(error_in("databases"), "test.conf:1: 'databases': wrong number of arguments");
  EXPECT_THAT(error_in("no-such-thing 1"), HasSubstr("no such parameter"));
  EXPECT_THAT(error_in("logfile \"open"), HasSubstr("test.conf:1: 'logfile …': a quote is not closed"));
  EXPECT_THAT(error_in("unixsocketperm 789"), HasSubstr("octal"));
}

TEST(Config, errors_show_no_passwords) {
  EXPECT_THAT(error_in("requirepass secret secret"), Not(HasSubstr("secret")));
  EXPECT_THAT(error_in("requirepass \"secret"), Not(HasSubstr("secret")));
  EXPECT_THAT(error_in("backend main redis://:secret@host"), Not(HasSubstr("secret")));
}

TEST(Config, what_is_not_there_is_refused_with_the_reason) {
  EXPECT_EQ(error_in("save \"\"\nappendonly no\ncluster-enabled no\n"), "");
  EXPECT_THAT(error_in("save 900 1"), HasSubstr("snapshots are not there yet"));
  EXPECT_THAT(error_in("appendonly yes"), HasSubstr("log of changes is not there yet"));
  EXPECT_THAT(error_in("appendfsync always"), HasSubstr("no such parameter"));
}

TEST(Config, the_last_of_several_lines_counts) {
  EXPECT_EQ(read("hz 20\nhz 30\n").hz, 30);
  EXPECT_THAT(read("bind 1.2.3.4\nbind 127.0.0.1 ::1\n").bind, ElementsAre("127.0.0.1", "::1"));
}

TEST(Config, output_limits_are_set_class_by_class) {
  const Settings settings =
      read("client-output-buffer-limit pubsub 1mb 2kb 3\nclient-output-buffer-limit slave 4 5 6\n");
  EXPECT_EQ(settings.output_limits[2].hard_bytes, size_t{1} << 20);
  EXPECT_EQ(settings.output_limits[2].soft_bytes, 2048u);
  EXPECT_EQ(settings.output_limits[2].soft_seconds, 3);
  EXPECT_EQ(settings.output_limits[1].hard_bytes, 4u);
  EXPECT_EQ(settings.output_limits[0].hard_bytes, 0u);
}

TEST(Config, old_names_mean_the_same) {
  EXPECT_EQ(read("hash-max-ziplist-entries 7").hash_max_listpack_entries, 7);
  EXPECT_EQ(read("lua-time-limit 9").busy_reply_threshold, 9);
}

TEST(Config, a_port_of_zero_means_none_in_a_file_and_any_on_the_command_line) {
  EXPECT_EQ(read("port 0").port, -1);
  EXPECT_EQ(started({"--port", "0"}).port, 0);
}

TEST(Config, text_may_not_include_files) { EXPECT_THAT(error_in("include /etc/passwd"), HasSubstr("included here")); }

TEST(Config, the_command_line_is_read_as_redis_server_reads_it) {
  EXPECT_EQ(started({"--port", "7000", "--maxmemory 10mb", "--maxmemory-policy", "allkeys-lru"}).maxmemory, 10u << 20);
  EXPECT_THAT(started({"--bind", "127.0.0.1", "::1", "--hz", "20"}).bind, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(started({"--save", "--hz", "20"}).hz, 20);
  EXPECT_EQ(started({"--hz", "20", "--save"}).hz, 20);
  EXPECT_EQ(started({"--logfile", "--strange", "--hz", "20"}).logfile, "--strange");
  EXPECT_EQ(started({"--client-output-buffer-limit", "pubsub 1 2 3"}).output_limits[2].soft_bytes, 2u);
  EXPECT_EQ(error_of([] {
              started({"--port", "6379", "6380"});
            }),
            "command line: 'port 6379 6380': wrong number of arguments");
  EXPECT_EQ(error_of([] { started({"--port"}); }), "command line: 'port': wrong number of arguments");
}

TEST(Config, get_matches_names_and_aliases) {
  const Config config;
  EXPECT_THAT(config.get("MAXMEMORY"), ElementsAre(std::pair<Bytes, Bytes>("MAXMEMORY", "0")));
  EXPECT_THAT(config.get("hash-max-*-entries"),
              ElementsAre(std::pair<Bytes, Bytes>("hash-max-listpack-entries", "512"),
                          std::pair<Bytes, Bytes>("hash-max-ziplist-entries", "512")));
  EXPECT_THAT(config.get("nothing*"), IsEmpty());
  EXPECT_THAT(config.get("test-clo*"), IsEmpty()) << "hidden from patterns";
  EXPECT_EQ(value(config, "test-clock"), "no");
}

TEST(Config, every_value_can_be_set_to_itself) {
  Config config;
  for (const Parameter& parameter : parameters()) {
    if (parameter.is(Parameter::immutable)) continue;
    const Bytes before = parameter.print(config.settings());
    EXPECT_EQ(error_of([&] { config.set({{parameter.name, before}}); }), "") << parameter.name;
    EXPECT_EQ(parameter.print(config.settings()), before) << parameter.name;
  }
}

TEST(Config, set_changes_all_or_nothing) {
  Config config;
  config.set({{"maxmemory", "1mb"}, {"hz", "50"}});
  EXPECT_EQ(config.settings().maxmemory, 1u << 20);
  EXPECT_EQ(config.settings().hz, 50);
  EXPECT_EQ(
      error_of([&] {
        config.set({{"maxmemory", "2mb"}, {"maxmemory-clients", "200%"}});
      }),
      "CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be less or "
      "equal to 100");
  EXPECT_EQ(config.settings().maxmemory, 1u << 20);
}

TEST(Config, set_refuses_in_the_words_of_redis) {
  Config config;
  EXPECT_EQ(error_of([&] {
              config.set({{"foo", "1"}});
            }),
            "Unknown option or number of arguments for CONFIG SET - 'foo'");
  EXPECT_EQ(error_of([&] {
              config.set({{"databases", "3"}});
            }),
            "CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config");
  EXPECT_EQ(error_of([&] {
              config.set({{"hz", "3"}, {"HZ", "4"}});
            }),
            "CONFIG SET failed (possibly related to argument 'HZ') - duplicate parameter");
  EXPECT_EQ(error_of([&] {
              config.set({{"dir", "/"}}, false);
            }),
            "CONFIG SET failed (possibly related to argument 'dir') - can't set protected config");
}

TEST(Config, a_refusal_on_change_brings_the_old_values_back) {
  Config config;
  config.on_change = [](const Settings&) { throw ConfigError("Unable to listen", "port"); };
  EXPECT_EQ(error_of([&] {
              config.set({{"hz", "50"}, {"port", "7"}});
            }),
            "CONFIG SET failed (possibly related to argument 'port') - Unable to listen");
  EXPECT_EQ(config.settings().hz, 10);
  EXPECT_EQ(config.settings().port, 6379);
}

TEST_F(ConfigFiles, include_reads_other_files_and_patterns) {
  write("a1.conf", "hz 20\n");
  write("a2.conf", "timeout 7\n");
  const Bytes path =
      write("main.conf", "include " + folder_.file("a*.conf") + "\ninclude " + folder_.file("none*") + "\nhz 30\n");
  const Settings settings = started({path});
  EXPECT_EQ(settings.hz, 30);
  EXPECT_EQ(settings.timeout, 7);
}

TEST_F(ConfigFiles, an_error_in_an_included_file_names_that_file) {
  const Bytes other = write("other.conf", "\nhz many\n");
  const Bytes path = write("main.conf", "include " + other + "\n");
  EXPECT_THAT(error_of([&] { started({path}); }), HasSubstr(other + ":2: 'hz many'"));
}

TEST_F(ConfigFiles, files_that_include_themselves_or_are_missing_are_errors) {
  const Bytes path = write("main.conf", "include " + folder_.file("main.conf") + "\n");
  EXPECT_THAT(error_of([&] { started({path}); }), HasSubstr("includes itself"));
  const Bytes missing = write("missing.conf", "include " + folder_.file("none.conf") + "\n");
  EXPECT_THAT(error_of([&] { started({missing}); }), HasSubstr("missing.conf:1: Cannot open"));
  EXPECT_THAT(error_of([&] { started({folder_.file("none.conf")}); }), HasSubstr("No such file"));
}

TEST_F(ConfigFiles, reload_takes_all_or_nothing) {
  Config config;
  const Bytes path = write("main.conf", "hz 20\n");
  config.load({path, "--timeout", "5"});
  write("main.conf", "hz 40\nmaxmemory 1mb\n");
  config.reload();
  EXPECT_EQ(config.settings().hz, 40);
  EXPECT_EQ(config.settings().timeout, 5);

  write("main.conf", "hz 60\nmaxmemory nonsense\n");
  EXPECT_THAT(error_of([&] { config.reload(); }), HasSubstr("main.conf:2"));
  EXPECT_EQ(config.settings().hz, 40);

  write("main.conf", "hz 60\ndatabases 3\n");
  EXPECT_EQ(error_of([&] { config.reload(); }), "databases cannot change while the server runs");
  EXPECT_EQ(config.settings().hz, 40);
}

TEST_F(ConfigFiles, rewrite_keeps_comments_order_and_lines_that_hold) {
  Config config;
  const Bytes path = write("main.conf",
                           "# mine\n"
                           "maxmemory 100mb\n"
                           "\n"
                           "  # more\n"
                           "hz 20\n"
                           "hz 20\n"
                           "client-output-buffer-limit pubsub 1mb 1mb 1\n");
  ::chmod(path.c_str(), 0600);
  config.load({path});
  config.set({{"hz", "30"}, {"requirepass", "a b"}, {"client-output-buffer-limit", "normal 1 2 3"}});
  config.rewrite();
  EXPECT_EQ(text_of(path),
            "# mine\n"
            "maxmemory 100mb\n"
            "\n"
            "  # more\n"
            "hz 30\n"
            "client-output-buffer-limit pubsub 1mb 1mb 1\n"
            "\n"
            "# Generated by CONFIG REWRITE\n"
            "requirepass \"a b\"\n"
            "client-output-buffer-limit normal 1 2 3\n");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);

  config.rewrite();
  Config again;
  again.load({path});
  for (const Parameter& parameter : parameters()) {
    EXPECT_EQ(parameter.lines(again.settings()), parameter.lines(config.settings())) << parameter.name;
  }
}

TEST_F(ConfigFiles, rewrite_outranks_what_an_included_file_says) {
  const Bytes other = write("other.conf", "hz 20\n");
  const Bytes path = write("main.conf", "hz 15\ninclude " + other + "\n");
  Config config;
  config.load({path});
  config.set({{"hz", "50"}});
  config.rewrite();
  EXPECT_EQ(started({path}).hz, 50);
  EXPECT_EQ(text_of(other), "hz 20\n");
}

TEST_F(ConfigFiles, rewrite_does_not_write_a_port_that_the_system_picked) {
  const Bytes path = write("main.conf", "hz 20\n");
  Config config;
  config.load({path, "--port", "0"});
  config.listens_at(40000);
  EXPECT_EQ(value(config, "port"), "40000");
  config.rewrite();
  EXPECT_EQ(text_of(path), "hz 20\n");
  config.reload();
  EXPECT_EQ(config.settings().port, 40000);
}

TEST(Config, rewrite_without_a_file_is_refused) {
  Config config;
  EXPECT_EQ(error_of([&] { config.rewrite(); }), "The server is running without a config file");
}

TEST(Config, the_file_that_we_ship_says_the_defaults) {
  std::ifstream stream(REDIPY_SOURCE "/conf/redipy.conf");
  const Bytes text(std::istreambuf_iterator<char>(stream), {});
  ASSERT_FALSE(text.empty());
  Config config;
  config.load_text(text, "redipy.conf");
  for (const Parameter& parameter : parameters()) {
    EXPECT_EQ(parameter.lines(config.settings()), parameter.lines(Settings())) << parameter.name;
  }
}

TEST(Config, the_file_that_we_ship_speaks_of_every_parameter) {
  std::ifstream stream(REDIPY_SOURCE "/conf/redipy.conf");
  const Bytes text(std::istreambuf_iterator<char>(stream), {});
  for (const Parameter& parameter : parameters()) {
    const bool redundant = std::holds_alternative<Parameter::Fixed>(parameter.value) || parameter.is(Parameter::hidden);
    if (redundant) continue;
    const Bytes name(parameter.name);
    const bool found = text.find("\n" + name + " ") != Bytes::npos || text.find("\n# " + name + " ") != Bytes::npos;
    EXPECT_TRUE(found) << name;
  }
}

}  // namespace
}  // namespace redipy
