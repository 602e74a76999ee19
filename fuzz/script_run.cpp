// SPDX-License-Identifier: Apache-2.0
//
// Reads bytes as a graph and, if they are one, runs it with tight limits on a store in memory, twice: what it leaves
// behind in the interpreter must not matter to the next run. Most of the corpus are graphs that use every kind.
#include <cstdint>
#include <memory>

#include "core/base/clock.h"
#include "core/commands/families.h"
#include "core/memory/memory_store.h"
#include "scripting/library.h"
#include "scripting/store_host.h"

namespace {

using namespace redipy;

struct Nobody final : ChangeListener {
  void changed(int, View, Event) override {}
  void missed(int, View) override {}
  void flushing(int, Store&) override {}
  void swapping(int, int, Store&) override {}
};

class Host final : public script::StoreHost {
 public:
  explicit Host(Store& store) : StoreHost(store, {}), store_(store) {}
  void log(int, View) override {}
  void pause() override {}

 private:
  void before() override { store_.select(0); }
  void after(const CommandTable::Entry&, const Args&, bool) override {}
  void call_session(const CommandTable::Entry&, const Args&, Reply& reply) override { reply.ok(); }

  Store& store_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const CommandTable commands(data_families());
  static script::Interpreter interpreter(commands);
  const View text(reinterpret_cast<const char*>(data), size);
  script::Library library(commands);
  script::Script* script = nullptr;
  try {
    script = &library.load(text, {.nesting = 200, .variables = 100, .bytes = 1 << 20});
  } catch (const CommandError&) {
    return 0;
  }
  ManualClock clock;
  Nobody nobody;
  MemoryStore store(clock, 1, nobody);
  const View keys[] = {"a", "b", "c", "d"};
  const View arguments[] = {R"([1,"x",{"y":null},[2.5]])", "3", R"("text")", R"({"k":[],"l":{}})"};
  const script::Limits limits{
      .steps = 20'000, .memory = 4 << 20, .nesting = 200, .result = 1 << 20, .steps_between_pauses = 100};
  Host host(store);
  Bytes result;
  for (int i = 0; i < 2; ++i) {
    try {
      interpreter.run(script->program, {keys, arguments}, limits, host, result);
    } catch (const CommandError&) {
      // Most graphs fail.
    }
  }
  return 0;
}
