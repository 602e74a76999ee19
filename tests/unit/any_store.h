// SPDX-License-Identifier: Apache-2.0
//
// Tests that are written against the contract of Store and run on every store: TEST_P of a suite derived from
// AnyStore, instantiated with REDIPY_ON_ALL_STORES. Stores in tables commit now and then, in between commands.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "memory_store_fixture.h"
#include "sql_databases.h"

namespace redipy {

inline std::string store_kind_name(const testing::TestParamInfo<StoreKind>& info) { return kind_name(info.param); }

inline std::vector<StoreKind> all_kinds() {
  std::vector<StoreKind> kinds = sql_kinds();
  kinds.insert(kinds.begin(), StoreKind::memory);
  return kinds;
}

struct AnyStore : CommandRunner, testing::TestWithParam<StoreKind> {
  AnyStore()
      : memory_(GetParam() == StoreKind::memory ? std::make_unique<MemoryStore>(clock, 4, listener) : nullptr),
        sql_(memory_ ? nullptr : std::make_unique<sql::SqlStore>(database_.driver(), clock, 4, listener)),
        store(memory_ ? static_cast<Store&>(*memory_) : *sql_) {}

  void set_options(const Options& options) {
    if (memory_) {
      memory_->set_options(options);
    } else {
      sql_->set_options(sql_options(options));
    }
  }
  /// Databases' indexes take only so much.
  size_t longest_name() const { return memory_ ? SIZE_MAX : sql_->driver().longest_name(); }
  /// How often something random is tried: less where each statement is a round trip.
  int rounds(int most) const {
    return GetParam() == StoreKind::memory || GetParam() == StoreKind::sqlite ? most : most / 8;
  }
  uint64_t hits() const { return memory_ ? memory_->statistics().hits : sql_->statistics().hits; }
  uint64_t misses() const { return memory_ ? memory_->statistics().misses : sql_->statistics().misses; }
  uint64_t expired() const { return memory_ ? memory_->statistics().expired : sql_->statistics().expired; }
  size_t keys(int database) const { return memory_ ? memory_->usage(database).keys : sql_->usage(database).keys; }
  size_t expires(int database) const {
    return memory_ ? memory_->usage(database).expires : sql_->usage(database).expires;
  }

 private:
  Store& under_test() override { return store; }
  void after_command() override {
    if (sql_ && ++commands_ % (sql_->driver().remote() ? 20 : 5) == 0) {
      sql_->commit_batch();
      sql_->begin_batch();
    }
  }

  SqlDatabase database_{GetParam()};
  std::unique_ptr<MemoryStore> memory_;
  std::unique_ptr<sql::SqlStore> sql_;
  size_t commands_ = 0;

 public:
  Store& store;
};

#define REDIPY_ON_ALL_STORES(suite) INSTANTIATE_TEST_SUITE_P(On, suite, testing::ValuesIn(all_kinds()), store_kind_name)

}  // namespace redipy
