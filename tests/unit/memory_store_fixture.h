// SPDX-License-Identifier: Apache-2.0
//
// A memory store with a clock that a test moves, and a listener that writes down what it hears.
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/memory/memory_store.h"

namespace redipy {

/// Writes "set a", for another database than 0 "1:set a".
class RecordingListener final : public ChangeListener {
 public:
  void changed(int database, View key, Event event) override { add(database, event_name(event), key); }
  void missed(int database, View key) override { add(database, "keymiss", key); }
  void flushing(int database, Store& store) override {
    heard.push_back("flushing " + std::to_string(database) + " of " + std::to_string(store.size()));
  }
  void swapping(int first, int second, Store&) override {
    heard.push_back("swapping " + std::to_string(first) + " " + std::to_string(second));
  }

  std::vector<std::string> heard;

 private:
  void add(int database, View what, View key) {
    heard.push_back((database == 0 ? "" : std::to_string(database) + ":") + std::string(what) + " " + std::string(key));
  }
};

/// Runs commands on a store and says what its listener heard.
struct CommandRunner {
  virtual ~CommandRunner() = default;

  ManualClock clock;
  RecordingListener listener;

  /// One command: what it did, by the listener's account.
  template <class Body>
  std::vector<std::string> run(Call call, Body body) {
    Store& store = under_test();
    listener.heard.clear();
    store.begin(call);
    body();
    store.end();
    after_command();
    return listener.heard;
  }
  template <class Body>
  std::vector<std::string> write(Event event, Body body) {
    return run({.write = true, .event = event}, body);
  }
  void set(View key, View value, Expiry expiry = {Expiry::none}) {
    write(Event::set, [&] { under_test().put_string(key, value, expiry); });
  }
  /// "-" if absent.
  std::string get(View key) {
    std::string value = "-";
    run({}, [&] {
      if (const String* string = under_test().string(key)) value = string->get();
    });
    return value;
  }
  std::string encoding(View key) {
    std::string name = "-";
    run({}, [&] {
      if (const auto info = under_test().object(key)) name = info->encoding;
    });
    return name;
  }
  int64_t in(int64_t ms) const { return clock.now_ms() + ms; }

 private:
  virtual Store& under_test() = 0;
  virtual void after_command() {}
};

struct MemoryStoreFixture : CommandRunner {
  MemoryStore store{clock, 4, listener};

 private:
  Store& under_test() override { return store; }
};

}  // namespace redipy
