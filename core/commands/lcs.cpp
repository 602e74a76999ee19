// SPDX-License-Identifier: Apache-2.0
//
// The longest common subsequence by its textbook recurrence. length(i, j) is the answer for the first i bytes of `a`
// and the first j bytes of `b`:
//
//   length(i, j) = length(i-1, j-1) + 1                      where a[i-1] == b[j-1]
//                = max(length(i-1, j), length(i, j-1))       elsewhere
//
// The sequence and its ranges are read off the whole table, walking back from its last corner; of two equal neighbours
// the one that shortens `b` is taken, as clients see which one in the reply. The length alone needs only one row.
#include "core/commands/lcs.h"

#include <vector>

#include "core/store/store.h"

namespace redipy {
namespace {

struct Options {
  bool length_only = false;
  bool ranges = false;
  bool with_lengths = false;
  int64_t least_length = 0;
};

Options read_options(const Args& args) {
  Options options;
  for (size_t i = 3; i < args.size(); ++i) {
    if (args.is(i, "IDX")) {
      options.ranges = true;
    } else if (args.is(i, "LEN")) {
      options.length_only = true;
    } else if (args.is(i, "WITHMATCHLEN")) {
      options.with_lengths = true;
    } else if (args.is(i, "MINMATCHLEN") && i + 1 < args.size()) {
      options.least_length = args.integer(++i);
    } else {
      throw CommandError(error::syntax);
    }
  }
  if (options.length_only && options.ranges) {
    throw CommandError("ERR If you want both the length and indexes, please just use IDX.");
  }
  return options;
}

uint32_t common_length(View a, View b) {
  std::vector<uint32_t> row(b.size() + 1);
  for (const char byte : a) {
    uint32_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const uint32_t above = row[j];
      row[j] = byte == b[j - 1] ? diagonal + 1 : std::max(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row.back();
}

/// All lengths, row by row: length(i, j).
class Table {
 public:
  Table(View a, View b) : width_(b.size() + 1), lengths_((a.size() + 1) * width_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      const uint32_t* above = &lengths_[(i - 1) * width_];
      uint32_t* row = &lengths_[i * width_];
      for (size_t j = 1; j <= b.size(); ++j) {
        row[j] = a[i - 1] == b[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
      }
    }
  }

  uint32_t operator()(size_t i, size_t j) const { return lengths_[i * width_ + j]; }

 private:
  size_t width_;
  std::vector<uint32_t> lengths_;
};

/// Calls matched(i, j) for each pair of positions that the subsequence consists of, from the last to the first.
template <typename Matched>
void walk_back(const Table& length, View a, View b, Matched matched) {
  size_t i = a.size();
  size_t j = b.size();
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      matched(--i, --j);
    } else if (length(i - 1, j) > length(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
}

void reply_sequence(View a, View b, Reply& reply) {
  const Table length(a, b);
  Bytes sequence(length(a.size(), b.size()), '\0');
  size_t left = sequence.size();
  walk_back(length, a, b, [&](size_t i, size_t) { sequence[--left] = a[i]; });
  reply.bulk(sequence);
}

/// A run of matches: the same bytes at [first_in_a, …) and [first_in_b, …).
struct Run {
  size_t first_in_a = 0;
  size_t first_in_b = 0;
  size_t size = 0;
};

void reply_ranges(View a, View b, const Options& options, Reply& reply) {
  const Table length(a, b);
  reply.map(2);
  reply.bulk("matches");
  const Reply::Open matches = reply.open_array();
  size_t count = 0;
  const auto reply_range = [&](size_t first, size_t size) {
    reply.array(2);
    reply.integer(static_cast<int64_t>(first));
    reply.integer(static_cast<int64_t>(first + size - 1));
  };
  Run run;
  const auto finish = [&] {
    const auto size = static_cast<int64_t>(run.size);
    if (size == 0 || size < options.least_length) return;
    reply.array(options.with_lengths ? 3 : 2);
    reply_range(run.first_in_a, run.size);
    reply_range(run.first_in_b, run.size);
    if (options.with_lengths) reply.integer(size);
    ++count;
  };
  walk_back(length, a, b, [&](size_t i, size_t j) {
    if (run.size > 0 && i + 1 == run.first_in_a && j + 1 == run.first_in_b) {
      run = {i, j, run.size + 1};
    } else {
      finish();
      run = {i, j, 1};
    }
  });
  finish();
  reply.close(matches, count);
  reply.bulk("len");
  reply.integer(length(a.size(), b.size()));
}

}  // namespace

void lcs(Store& store, const Args& args, Reply& reply) {
  Bytes a;  // copied: the second look-up may reuse what the first one's view looks at
  View b;
  try {
    if (const String* string = store.string(args[1])) a = string->get();
    if (const String* string = store.string(args[2])) b = string->get();
  } catch (const WrongType&) {
    throw CommandError("ERR The specified keys must contain string values");
  }
  const Options options = read_options(args);
  constexpr size_t longest = 0xfffffffe;
  if (a.size() >= longest || b.size() >= longest) throw CommandError("ERR String too long for LCS");
  const size_t cells = (a.size() + 1) * (b.size() + 1);
  if (cells > store.limits().max_string_bytes / sizeof(uint32_t)) {
    throw CommandError("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }

  if (options.ranges) {
    reply_ranges(a, b, options, reply);
  } else if (options.length_only) {
    reply.integer(common_length(a, b));
  } else {
    reply_sequence(a, b, reply);
  }
}

}  // namespace redipy
