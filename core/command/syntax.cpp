// SPDX-License-Identifier: Apache-2.0
//
// See syntax.h.
#include "core/command/syntax.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <span>
#include <utility>

#include "core/base/text.h"

namespace redipy {

namespace {

constexpr View key_names[] = {"key",       "newkey", "source", "destination", "destkey",
                              "sourcekey", "key1",   "key2",   "dst",         "src"};
constexpr View integer_names[] = {"count",          "seconds",  "milliseconds", "offset",        "start",
                                  "stop",           "end",      "index",        "numkeys",       "db",
                                  "destination-db", "len",      "rank",         "num-matches",   "maxlen",
                                  "cursor",         "port",     "bit",          "ttl",           "frequency",
                                  "index1",         "index2",   "decrement",    "min-match-len", "numreplicas",
                                  "client-id",      "protover", "limit",        "bits",          "version",
                                  "columns",        "rows",     "samples"};
constexpr View number_names[] = {"score", "longitude", "latitude", "radius", "width", "height", "weight", "timeout"};

bool among(View name, std::span<const View> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Argument::Type type_of(View name) {
  if (among(name, key_names)) return Argument::key;
  if (among(name, integer_names)) return Argument::integer;
  if (among(name, number_names)) return Argument::number;
  if (name == "pattern") return Argument::pattern;
  if (name.starts_with("unix-time")) return Argument::unix_time;
  return Argument::string;
}

bool is_token(View word) {
  return std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

std::vector<View> split(View syntax) {
  std::vector<View> parts;
  while (!syntax.empty()) {
    size_t length = 1;
    if (View("[]<>| ").find(syntax[0]) == View::npos) length = std::min(syntax.find_first_of("[]<>| "), syntax.size());
    if (syntax[0] != ' ') parts.push_back(syntax.substr(0, length));
    syntax.remove_prefix(length);
  }
  return parts;
}

/// An argument, and the words that it was made of: what is to be repeated is known by them.
struct Item {
  Argument argument;
  std::vector<View> words;
};
using Items = std::vector<Item>;

/// A bare word that has to be there: what follows is its value.
bool is_literal(const Item& item) { return item.argument.type == Argument::pure_token && !item.argument.optional; }

/// Several items as one argument.
Argument together(Items items) {
  if (items.size() == 1) return std::move(items.front().argument);
  Argument whole;
  size_t first = 0;
  if (is_literal(items.front())) {
    if (items.size() == 2 && items[1].argument.type != Argument::pure_token && items[1].argument.token.empty()) {
      items[1].argument.token = items.front().argument.token;
      return std::move(items[1].argument);
    }
    whole.token = items.front().argument.token;
    first = 1;
  }
  whole.name = items.front().argument.name;
  whole.type = Argument::block;
  for (size_t i = first; i < items.size(); ++i) whole.arguments.push_back(std::move(items[i].argument));
  return whole;
}

class Parser {
 public:
  explicit Parser(View syntax) : parts_(split(syntax)) {}

  std::vector<Argument> all() {
    Items items = sequence();
    assert(at_ == parts_.size());
    std::vector<Argument> arguments;
    for (size_t i = 0; i < items.size(); ++i) {
      // At the top, a literal word belongs to the one argument after it.
      const bool literal = is_literal(items[i]);
      if (literal && i + 1 < items.size() && !items[i + 1].argument.optional &&
          items[i + 1].argument.type != Argument::pure_token) {
        Items pair;
        pair.push_back(std::move(items[i]));
        pair.push_back(std::move(items[i + 1]));
        arguments.push_back(together(std::move(pair)));
        ++i;
      } else {
        arguments.push_back(std::move(items[i].argument));
      }
    }
    return arguments;
  }

 private:
  bool next_is(View part) const { return at_ < parts_.size() && parts_[at_] == part; }

  Items sequence() {
    Items items;
    while (at_ < parts_.size()) {
      const View part = parts_[at_];
      if (part == "]" || part == ">" || part == "|") break;
      if (part == "[" || part == "<") {
        if (part == "[" && repeats(items)) continue;
        items.push_back(group(part == "["));
        continue;
      }
      ++at_;
      Item item;
      item.words = {part};
      item.argument.name = lower(part);
      item.argument.type = is_token(part) ? Argument::pure_token : type_of(part);
      if (item.argument.type == Argument::pure_token) item.argument.token = part;
      items.push_back(std::move(item));
    }
    return items;
  }

  /// `[ … ]` or `< … >`.
  Item group(bool optional) {
    const size_t begin = at_++;
    std::vector<Argument> alternatives;
    for (;;) {
      Items items = sequence();
      assert(!items.empty());
      alternatives.push_back(together(std::move(items)));
      if (!next_is("|")) break;
      ++at_;
    }
    assert(next_is(optional ? "]" : ">"));
    ++at_;
    Item item;
    item.words.assign(parts_.begin() + static_cast<ptrdiff_t>(begin), parts_.begin() + static_cast<ptrdiff_t>(at_));
    if (alternatives.size() == 1) {
      item.argument = std::move(alternatives.front());
    } else {
      item.argument.type = Argument::one_of;
      for (const Argument& alternative : alternatives) {
        item.argument.name += (item.argument.name.empty() ? "" : "-or-") + alternative.name;
      }
      if (alternatives.size() > 3) item.argument.name = "choice";
      item.argument.arguments = std::move(alternatives);
    }
    item.argument.optional = item.argument.optional || optional;
    return item;
  }

  /// Reads `[x ...]`, if that is what comes, and marks the x before it. Without one, x itself is optional.
  bool repeats(Items& items) {
    size_t end = at_ + 1;
    while (end < parts_.size() && parts_[end] != "..." && parts_[end] != "[" && parts_[end] != "]") ++end;
    if (end + 1 >= parts_.size() || parts_[end] != "..." || parts_[end + 1] != "]") return false;
    const std::vector<View> wanted(parts_.begin() + static_cast<ptrdiff_t>(at_) + 1,
                                   parts_.begin() + static_cast<ptrdiff_t>(end));
    at_ = end + 2;
    std::vector<View> words;
    for (size_t first = items.size(); first-- > 0 && words.size() < wanted.size();) {
      words.insert(words.begin(), items[first].words.begin(), items[first].words.end());
      if (words != wanted) continue;
      Items repeated(std::make_move_iterator(items.begin() + static_cast<ptrdiff_t>(first)),
                     std::make_move_iterator(items.end()));
      items.resize(first);
      const bool with_token = repeated.size() > 1 && is_literal(repeated.front());
      Item item{together(std::move(repeated)), words};
      item.argument.multiple = true;
      item.argument.multiple_token = with_token;
      items.push_back(std::move(item));
      return true;
    }
    assert(false && "nothing before [x ...] is x");
    return true;
  }

  std::vector<View> parts_;
  size_t at_ = 0;
};

}  // namespace

View argument_type_name(Argument::Type type) {
  constexpr View names[] = {"key",       "string",     "integer", "double", "pattern",
                            "unix-time", "pure-token", "oneof",   "block"};
  return names[type];
}

ElementArguments element_arguments(View syntax) {
  const auto names_one = [](View part) { return part.starts_with("field") || part.starts_with("member"); };
  const std::vector<View> parts = split(syntax);
  ElementArguments result;
  int depth = 0;
  uint8_t argument = 0;
  size_t at = 0;
  for (; at < parts.size(); ++at) {
    const View part = parts[at];
    if (part == "[" || part == "<") {
      ++depth;
      result.after_options = true;
    }
    if (part == "]" || part == ">") --depth;
    if (depth > 0 || View("[]<>| ").find(part[0]) != View::npos) continue;
    ++argument;
    if (names_one(part)) break;
  }
  if (at == parts.size()) return {};
  result.first = argument;
  // `[… member ...]` behind it says that it comes again.
  const auto opening = std::find(parts.begin() + static_cast<ptrdiff_t>(at), parts.end(), "[");
  const auto closing = std::find(opening, parts.end(), "]");
  if (closing == parts.end() || *(closing - 1) != "...") return result;
  result.step = static_cast<uint8_t>(closing - opening - 2);
  result.behind = static_cast<uint8_t>(closing - 1 - std::find_if(opening, closing, names_one));
  return result;
}

std::vector<Argument> parse_syntax(View syntax) { return Parser(syntax).all(); }

}  // namespace redipy
