// SPDX-License-Identifier: Apache-2.0
//
// Key positions of one request, by the specifications of its command and the few rules beyond them.
#include "core/command/key_finder.h"

#include <algorithm>

#include "core/base/numbers.h"

namespace redipy {

namespace {

/// Where the specification begins; 0 if its keyword is not there.
size_t first_index(const KeySpec& spec, const Args& args) {
  if (spec.begin == KeySpec::at_index) return static_cast<size_t>(spec.index);
  const auto size = static_cast<int>(args.size());
  if (spec.index > 0) {
    for (int i = spec.index; i < size - 1; ++i) {
      if (args.is(static_cast<size_t>(i), spec.keyword)) return static_cast<size_t>(i + 1);
    }
  } else {
    for (int i = size + spec.index; i > 0; --i) {
      if (args.is(static_cast<size_t>(i), spec.keyword)) return static_cast<size_t>(i + 1);
    }
  }
  return 0;
}

bool visit_spec(const KeySpec& spec, const Args& args, FunctionRef<void(FoundKey)> visit) {
  if (spec.begin == KeySpec::begin_unknown) return true;  // it only says that there may be more
  const size_t begin = first_index(spec, args);
  if (begin == 0 || begin >= args.size()) return spec.begin == KeySpec::at_keyword;
  if (spec.find == KeySpec::find_unknown) return true;
  size_t first = begin;
  size_t count = 0;
  const auto step = static_cast<size_t>(spec.step);
  if (spec.find == KeySpec::by_range) {
    size_t last = begin + static_cast<size_t>(std::max<int16_t>(spec.last, 0));
    if (spec.last < 0) {
      last = args.size() + static_cast<size_t>(static_cast<ptrdiff_t>(spec.last));
      if (spec.last == -1 && spec.limit > 1) {
        last = begin + (args.size() - begin) / static_cast<size_t>(spec.limit) - 1;
      }
    }
    if (last < first || last >= args.size()) return false;
    count = (last - first) / step + 1;
  } else {
    const size_t at = begin + static_cast<size_t>(spec.count_index);
    if (at >= args.size()) return false;
    const auto said = parse_integer(args[at]);
    first = begin + static_cast<size_t>(spec.first_key);
    if (!said || *said < 0 || static_cast<size_t>(*said) > args.size()) return false;
    count = static_cast<size_t>(*said);
    if (count > 0 && first + (count - 1) * step >= args.size()) return false;
  }
  for (size_t i = 0; i < count; ++i) visit({first + i * step, spec.flags});
  return true;
}

/// SORT key [BY …] … [STORE destination]: the last STORE counts.
void visit_sort(const Args& args, FunctionRef<void(FoundKey)> visit) {
  visit({1, key::ro | key::access});
  size_t store = 0;
  for (size_t i = 2; i < args.size(); ++i) {
    if (args.is(i, "LIMIT")) {
      i += 2;
    } else if (args.is(i, "GET") || args.is(i, "BY")) {
      i += 1;
    } else if (args.is(i, "STORE") && i + 1 < args.size()) {
      store = ++i;
    }
  }
  if (store != 0) visit({store, key::ow | key::update});
}

/// GEORADIUS key … [STORE key | STOREDIST key]: the last of them counts.
void visit_georadius(const Args& args, FunctionRef<void(FoundKey)> visit) {
  visit({1, key::ro | key::access});
  size_t store = 0;
  for (size_t i = 5; i + 1 < args.size(); ++i) {
    if (args.is(i, "STORE") || args.is(i, "STOREDIST")) store = ++i;
  }
  if (store != 0) visit({store, key::ow | key::update});
}

/// MIGRATE host port key|"" …: the key, or those after KEYS where it is empty.
void visit_migrate(const Args& args, FunctionRef<void(FoundKey)> visit) {
  constexpr KeyFlags flags = key::rw | key::access | key::remove;
  if (!args[3].empty()) return visit({3, flags});
  for (size_t i = 6; i < args.size(); ++i) {
    if (!args.is(i, "KEYS")) continue;
    for (size_t at = i + 1; at < args.size(); ++at) visit({at, flags});
    return;
  }
}

/// SET key value […]: with GET it also reads.
void visit_set(const Args& args, FunctionRef<void(FoundKey)> visit) {
  for (size_t i = 3; i < args.size(); ++i) {
    if (args.is(i, "GET")) return visit({1, key::rw | key::access | key::update});
  }
  visit({1, key::ow | key::update});
}

}  // namespace

bool for_each_key(const Command& command, const Args& args, FunctionRef<void(FoundKey)> visit) {
  switch (command.keys.rule) {
    case KeyRule::none:
      break;
    case KeyRule::sort:
      return visit_sort(args, visit), true;
    case KeyRule::georadius:
      return visit_georadius(args, visit), true;
    case KeyRule::migrate:
      return visit_migrate(args, visit), true;
    case KeyRule::set_get:
      return visit_set(args, visit), true;
  }
  for (uint8_t i = 0; i < command.keys.count; ++i) {
    if (!visit_spec(command.keys.specs[i], args, visit)) return false;
  }
  return true;
}

void for_each_key_pattern(const Command& command, const Args& args, FunctionRef<void(size_t index)> visit) {
  if (command.keys.rule != KeyRule::sort) return;
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if (args.is(i, "LIMIT")) {
      i += 2;
    } else if (args.is(i, "STORE")) {
      i += 1;
    } else if (args.is(i, "BY") || args.is(i, "GET")) {
      if (args[++i].find('*') != View::npos) visit(i);
    }
  }
}

}  // namespace redipy
