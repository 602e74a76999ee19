// SPDX-License-Identifier: Apache-2.0
// What was changed about backends at run time: as text, together with the configuration, and on disk whatever moment
// the process is killed at.
#include "server/backend_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "server/state_file.h"
#include "temporary_folder.h"

namespace redipy {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

Bytes error_of(View text) {
  try {
    read_backend_state(text);
  } catch (const BackendStateError& fault) {
    return fault.what();
  }
  return "no error";
}

TEST(BackendStateText, is_readable_lines) {
  BackendState state;
  state.removed = {"old"};
  state.added = {{"side", "redis://u:p@h:6379"}};
  state.unrouted = {"archive:*"};
  state.routed = {{"side:*", "side"}};
  EXPECT_EQ(write_backend_state(state),
            "redipy-state 1\n"
            "removed old\n"
            "backend side redis://u:p@h:6379\n"
            "unrouted archive:*\n"
            "route side:* side\n"
            "end\n");
}

TEST(BackendStateText, reads_back_what_was_written) {
  BackendState state;
  state.removed = {"a b", "'"};
  state.added = {{"new\nline", "memory:"}, {"\xff", "memory:?prefix=x:"}};
  state.unrouted = {"", "#*", "\""};
  state.routed = {{Bytes("\0*", 2), "\xff"}, {"[ab]\\*", "new\nline"}};
  EXPECT_EQ(read_backend_state(write_backend_state(state)), state);
  EXPECT_EQ(read_backend_state(write_backend_state({})), BackendState());
}

TEST(BackendStateText, errors_say_which_line) {
  EXPECT_THAT(error_of(""), HasSubstr("line 1: this is no state file"));
  EXPECT_THAT(error_of("something else\n"), HasSubstr("line 1: this is no state file"));
  EXPECT_THAT(error_of("redipy-state 2\nend\n"), HasSubstr("line 1: version '2'"));
  EXPECT_THAT(error_of("redipy-state\nend\n"), HasSubstr("line 1: wrong number"));
  EXPECT_THAT(error_of("redipy-state 1\n"), HasSubstr("the end is missing"));
  EXPECT_THAT(error_of("redipy-state 1\nend"), HasSubstr("line 2: the line is not finished"));
  EXPECT_THAT(error_of("redipy-state 1\nend\nend\n"), HasSubstr("line 3: something follows"));
  EXPECT_THAT(error_of("redipy-state 1\n\nend\n"), HasSubstr("line 2: an empty line"));
  EXPECT_THAT(error_of("redipy-state 1\nmoved x\nend\n"), HasSubstr("line 2: 'moved' is not known"));
  EXPECT_THAT(error_of("redipy-state 1\nroute x\nend\n"), HasSubstr("line 2: wrong number"));
  EXPECT_THAT(error_of("redipy-state 1\nroute x a\nroute x b\nend\n"), HasSubstr("line 3: there are two routes"));
  EXPECT_THAT(error_of("redipy-state 1\nbackend x memory:\nbackend x memory:\nend\n"),
              HasSubstr("line 3: there are two"));
  EXPECT_THAT(error_of("redipy-state 1\nremoved x\nremoved x\nend\n"), HasSubstr("line 3: 'x' stands there twice"));
  EXPECT_THAT(error_of("redipy-state 1\nremoved \"x\nend\n"), HasSubstr("line 2: a quote"));
  EXPECT_THAT(error_of("redipy-state 1\nbackend x nonsense\nend\n"), HasSubstr("line 2: backend URL: "));
}

TEST(BackendStateText, errors_show_no_password) {
  const Bytes error = error_of("redipy-state 1\nbackend x redis://u:geheim@h@h:1\nend\n");
  EXPECT_THAT(error, HasSubstr("line 2: "));
  EXPECT_THAT(error, Not(HasSubstr("geheim")));
}

TEST(BackendStateText, cut_anywhere_is_an_error) {
  BackendState state;
  state.added = {{"side", "redis://u:p@h:6379"}};
  state.routed = {{"side:*", "side"}};
  const Bytes text = write_backend_state(state);
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(error_of(View(text).substr(0, length)), "no error") << length;
  }
}

const BackendState::Pairs backends = {{"main", "memory:"}, {"old", "redis://h"}};
const BackendState::Pairs routes = {{"old:*", "old"}, {"main:*", "main"}};

TEST(BackendPlanning, without_a_state_the_configuration_is_in_force) {
  const BackendPlan plan = plan_backends(backends, routes, {});
  EXPECT_EQ(plan.backends, backends);
  EXPECT_EQ(plan.routes, routes);
  EXPECT_THAT(plan.differences, IsEmpty());
}

TEST(BackendPlanning, what_changed_at_run_time_outranks_the_configuration_and_is_told) {
  BackendState state;
  note_added(state, "side", "redis://u:geheim@side");
  note_routed(state, "side:*", "side");
  note_unrouted(state, routes, "old:*");
  note_removed(state, backends, "old");
  const BackendPlan plan = plan_backends(backends, routes, state);
  EXPECT_THAT(plan.backends, ElementsAre(Pair("main", "memory:"), Pair("side", "redis://u:geheim@side")));
  EXPECT_THAT(plan.routes, ElementsAre(Pair("main:*", "main"), Pair("side:*", "side")));
  EXPECT_THAT(plan.differences,
              ElementsAre(HasSubstr("'old' was removed"), HasSubstr("'side' was added: redis://u:***@"),
                          HasSubstr("'old:*' was taken away"), HasSubstr("'side:*' to 'side'")));
}

TEST(BackendPlanning, what_was_added_and_taken_away_again_leaves_nothing) {
  BackendState state;
  note_added(state, "side", "memory:");
  note_routed(state, "side:*", "side");
  note_unrouted(state, routes, "side:*");
  note_removed(state, backends, "side");
  EXPECT_TRUE(state.empty());
}

TEST(BackendPlanning, a_backend_removed_and_added_again_is_at_its_new_place) {
  BackendState state;
  note_unrouted(state, routes, "old:*");
  note_removed(state, backends, "old");
  note_added(state, "old", "redis://new");
  note_routed(state, "old:*", "old");
  const BackendPlan plan = plan_backends(backends, routes, state);
  EXPECT_THAT(plan.backends, ElementsAre(Pair("main", "memory:"), Pair("old", "redis://new")));
  EXPECT_THAT(plan.routes, ElementsAre(Pair("main:*", "main"), Pair("old:*", "old")));
  note_unrouted(state, routes, "old:*");
  note_removed(state, backends, "old");
  EXPECT_THAT(plan_backends(backends, routes, state).backends, ElementsAre(Pair("main", "memory:")));
}

TEST(BackendPlanning, what_the_configuration_says_later_does_not_take_an_added_one_away) {
  BackendState state;
  note_added(state, "old", "memory:?prefix=x:");
  note_routed(state, "old:*", "main");
  const BackendPlan plan = plan_backends(backends, routes, state);
  EXPECT_THAT(plan.backends, ElementsAre(Pair("main", "memory:"), Pair("old", "memory:?prefix=x:")));
  EXPECT_THAT(plan.routes, ElementsAre(Pair("main:*", "main"), Pair("old:*", "main")));
}

TEST(BackendPlanning, contradictions_are_errors) {
  BackendState state;
  state.removed = {"main"};
  EXPECT_THROW(plan_backends(backends, {}, state), BackendStateError);
  state = {};
  state.routed = {{"x:*", "nosuch"}};
  EXPECT_THROW(plan_backends(backends, routes, state), BackendStateError);
  state = {};
  state.removed = {"old"};
  EXPECT_THROW(plan_backends(backends, routes, state), BackendStateError);
}

class StateFileTest : public testing::Test {
 protected:
  /// Writes in a process of its own that is killed before its step `step`, counted from 0; false if there is no such.
  bool write_and_be_killed(View text, int step) const {
    const pid_t child = ::fork();
    if (child == 0) {
      StateFile file(path());
      file.before_step = [left = step]() mutable {
        if (left-- == 0) ::raise(SIGKILL);
      };
      file.write(text);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }
  Bytes path() const { return folder.file("redipy.state"); }

  TemporaryFolder folder;
};

TEST_F(StateFileTest, holds_what_was_written_and_is_its_owners_only) {
  const StateFile file(path());
  EXPECT_EQ(file.read(), std::nullopt);
  file.write("one");
  file.write("another");
  EXPECT_EQ(file.read(), "another");
  struct stat about {};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(StateFileTest, killed_at_any_step_it_holds_the_old_or_the_new) {
  const StateFile file(path());
  bool seen_old = false;
  bool seen_new = false;
  int step = 0;
  for (;; ++step) {
    file.write("what was there before");
    if (!write_and_be_killed("new", step)) break;
    const auto text = file.read();
    EXPECT_THAT(text, AnyOf(Eq("what was there before"), Eq("new"))) << step;
    EXPECT_FALSE(seen_new && text != "new") << step;
    (text == "new" ? seen_new : seen_old) = true;
  }
  EXPECT_GE(step, 6);
  EXPECT_TRUE(seen_old && seen_new);
  EXPECT_EQ(file.read(), "new");
}

TEST_F(StateFileTest, killed_at_the_first_writing_there_is_nothing_or_all) {
  const StateFile file(path());
  for (int step = 0;; ++step) {
    std::filesystem::remove(path());
    if (!write_and_be_killed("new", step)) break;
    EXPECT_THAT(file.read(), AnyOf(Eq(std::nullopt), Eq("new"))) << step;
  }
}

TEST_F(StateFileTest, an_error_leaves_what_was_there) {
  const StateFile nowhere(folder.file("nosuch/redipy.state"));
  EXPECT_THROW(nowhere.write("x"), std::runtime_error);
  const StateFile file(path());
  file.write("old");
  std::filesystem::create_directory(path() + ".new");  // in the way of what is written beside
  EXPECT_THROW(file.write("new"), std::runtime_error);
  EXPECT_EQ(file.read(), "old");
}

TEST(StateFileKeptNowhere, holds_nothing) {
  const StateFile file("");
  file.write("x");
  EXPECT_EQ(file.read(), std::nullopt);
}

}  // namespace
}  // namespace redipy
