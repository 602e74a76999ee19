// SPDX-License-Identifier: Apache-2.0
//
// What a GET and a SET cost from bytes to bytes, without a socket: requests are parsed, looked up in the command table,
// run by the memory backend in batches, and replied to in a buffer. And how many bytes a key takes.
// Usage: commands [keys] [value bytes] [GET|SET: only that, for a profiler]. Read on: core/memory/memory_backend.h.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/heap.h"
#include "core/base/random.h"
#include "core/commands/families.h"
#include "core/memory/memory_backend.h"
#include "core/resp/reply_writer.h"
#include "core/resp/request_parser.h"

namespace redipy {
namespace {

constexpr size_t key_size = 16;

struct NoListener final : ChangeListener {
  void changed(int, View, Event) override { ++changes; }
  void missed(int, View) override {}
  void flushing(int, Store&) override {}
  void swapping(int, int, Store&) override {}
  uint64_t changes = 0;
};

struct NoObserver final : BatchObserver {
  void ran(const Request&, const Args&) override { ++commands; }
  void refused(const Request&, const Args&, View error) override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(error.size()), error.data());
    std::exit(1);
  }
  void rejected(const Request& request, const Args& args, View error) override { refused(request, args, error); }
  uint64_t commands = 0;
};

/// Of this thread: what others do on the machine counts less.
double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Writes "key:000000001234".
void append_key(std::string& out, uint64_t number) {
  char key[key_size] = {'k', 'e', 'y', ':'};
  for (size_t i = key_size; i > 4; --i, number /= 10) key[i - 1] = static_cast<char>('0' + number % 10);
  out += "$16\r\n";
  out.append(key, key_size);
  out += "\r\n";
}

class Bench {
 public:
  Bench(size_t keys, size_t value_size) : keys_(keys), value_(value_size, 'v') {}

  void load() {
    const size_t before = heap::used();
    run("SET, new keys", 128, true, keys_, false);
    const double bytes = static_cast<double>(heap::used() - before) / static_cast<double>(keys_);
    std::printf("%-28s %7.1f bytes\n", "per key", bytes);
  }

  void run(const char* what, size_t pipeline, bool set, size_t commands, bool at_random = true) {
    double ns = 0;
    std::string input;
    std::vector<std::pair<size_t, size_t>> pieces;
    constexpr size_t at_once = 100'000;
    for (size_t done = 0; done < commands;) {
      input.clear();
      pieces.clear();
      for (size_t n = 0; n < at_once && done < commands;) {
        const size_t begin = input.size();
        for (size_t i = 0; i < pipeline && done < commands; ++i, ++n, ++done) {
          input += set ? "*3\r\n$3\r\nSET\r\n" : "*2\r\n$3\r\nGET\r\n";
          append_key(input, at_random ? random_.below(keys_) : done);
          if (set) input += "$" + std::to_string(value_.size()) + "\r\n" + value_ + "\r\n";
        }
        pieces.emplace_back(begin, input.size());
      }
      const double start = cpu_ns();
      for (const auto& [begin, end] : pieces) serve(View(input).substr(begin, end - begin));
      ns += cpu_ns() - start;
    }
    std::printf("%-28s %7.1f ns (pipeline %zu)\n", what, ns / static_cast<double>(commands), pipeline);
    std::fflush(stdout);
  }

 private:
  void serve(View input) {
    words_.clear();
    requests_.clear();
    out_.clear();
    const char* at = input.data();
    const char* end = at + input.size();
    while (at < end) {
      const auto first = static_cast<uint32_t>(words_.size());
      if (parser_.parse(at, end, words_, {}) != RequestParser::Result::complete) std::abort();
      requests_.push_back({table_.find(words_[first]), first, static_cast<uint32_t>(words_.size()) - first});
    }
    Batch batch;
    batch.words = words_;
    batch.requests = requests_;
    batch.reply = &reply_;
    batch.observer = &observer_;
    backend_.run(batch);
  }

  size_t keys_;
  std::string value_;
  Random random_{1};
  SystemClock clock_;
  NoListener listener_;
  NoObserver observer_;
  CommandTable table_{data_families()};
  MemoryBackend backend_{clock_, 16, listener_};
  RequestParser parser_;
  std::vector<View> words_;
  std::vector<Request> requests_;
  Buffer out_;
  ReplyWriter reply_{out_, 2};
};

}  // namespace
}  // namespace redipy

int main(int argc, char** argv) {
  const size_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const size_t value_size = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 32;
  const std::string only = argc > 3 ? argv[3] : "";
  redipy::Bench bench(keys, value_size);
  bench.load();
  constexpr size_t commands = 5'000'000;
  for (const size_t pipeline : {128, 16, 1}) {
    if (only.empty() || only == "GET") bench.run("GET", pipeline, false, commands);
    if (only.empty() || only == "SET") bench.run("SET, same size", pipeline, true, commands);
    if (!only.empty()) break;
  }
}
