// SPDX-License-Identifier: Apache-2.0
//
// Rows of parameters of one statement that wait to be sent together. The bytes are copied: whoever wrote them may have
// changed them by then.
#pragma once

#include <vector>

#include "sql/arena.h"
#include "sql/driver.h"

namespace redipy::sql {

class WriteQueue {
 public:
  bool empty() const { return values_.empty(); }
  Statement statement() const { return statement_; }
  size_t rows() const { return rows_; }
  size_t width() const { return values_.size() / rows_; }
  std::span<const Value> row(size_t i) const { return {values_.data() + i * width(), width()}; }
  const Value& at(size_t row, size_t column) const { return values_[row * width() + column]; }

  /// Only of the same statement as what waits.
  void add(Statement statement, std::span<const Value> parameters) {
    statement_ = statement;
    ++rows_;
    for (Value value : parameters) {
      if (value.kind == Value::bytes) {
        value.view = arena_.keep(value.view);
        bytes_ += value.view.size();
      }
      values_.push_back(value);
    }
  }
  /// Long enough to be sent.
  bool full() const { return rows_ >= most_rows || bytes_ >= most_bytes; }
  void clear() {
    values_.clear();
    arena_.clear();
    rows_ = bytes_ = 0;
  }

 private:
  static constexpr size_t most_rows = 1000;
  static constexpr size_t most_bytes = size_t{4} << 20;

  Statement statement_ = Statement::count;
  size_t rows_ = 0;
  size_t bytes_ = 0;
  std::vector<Value> values_;  // a row behind the other
  Arena arena_;
};

}  // namespace redipy::sql
