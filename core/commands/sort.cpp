// SPDX-License-Identifier: Apache-2.0
//
// SORT: the elements of a list, set or sorted set in an order of their own, by weights kept at other keys, or unsorted,
// and instead of them values found at other keys.
//
// Elements, weights and values are copied into one piece of memory first, since each look-up by a pattern and the
// write to the destination end the life of a store's views. Each copy ends with a NUL for strcoll(3).
#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "core/base/numbers.h"
#include "core/commands/families.h"
#include "core/store/store.h"

namespace redipy {
namespace {

struct Options {
  View by;  ///< a pattern with '*'; empty: by the element itself
  bool unsorted = false;
  bool descending = false;
  bool alphabetic = false;
  int64_t offset = 0;
  int64_t limit = -1;
  std::vector<View> values;  ///< GET
  std::optional<View> destination;
};

Options read_options(const Args& args, bool may_store) {
  Options options;
  for (size_t i = 2; i < args.size(); ++i) {
    const size_t left = args.size() - i - 1;
    if (args.is(i, "ASC")) {
      options.descending = false;
    } else if (args.is(i, "DESC")) {
      options.descending = true;
    } else if (args.is(i, "ALPHA")) {
      options.alphabetic = true;
    } else if (args.is(i, "LIMIT") && left >= 2) {
      options.offset = args.integer(i + 1);
      options.limit = args.integer(i + 2);
      i += 2;
    } else if (may_store && args.is(i, "STORE") && left >= 1) {
      options.destination = args[++i];
    } else if (args.is(i, "BY") && left >= 1) {
      options.by = args[++i];
      // One pattern without '*' is enough: a later one does not bring sorting back.
      if (options.by.find('*') == View::npos) options.unsorted = true;
    } else if (args.is(i, "GET") && left >= 1) {
      options.values.push_back(args[++i]);
    } else {
      throw CommandError(error::syntax);
    }
  }
  return options;
}

/// Bytes copied to one growing piece of memory, and named by where they are.
class Copies {
 public:
  struct Place {
    size_t offset = 0;
    size_t size = 0;
  };

  Place add(View bytes) {
    const Place place{bytes_.size(), bytes.size()};
    bytes_.append(bytes).push_back('\0');
    return place;
  }
  /// Holds until the next add().
  View view(Place place) const { return {bytes_.data() + place.offset, place.size}; }
  const char* text(Place place) const { return bytes_.data() + place.offset; }

 private:
  Bytes bytes_;
};

struct Element {
  Copies::Place bytes;
  std::optional<Copies::Place> word;  ///< what it is compared by with ALPHA and BY; nullopt is lowest
  double weight = 0;                  ///< what it is compared by otherwise
};

/// The value that a pattern names for an element: at the key that the pattern is with its first '*' replaced by the
/// element; "key->field" is a field of the hash there, "#" the element itself. Nullopt if there is none.
std::optional<View> look_up(Store& store, View pattern, View element, Bytes& key) {
  if (pattern == "#") return element;
  const size_t star = pattern.find('*');
  if (star == View::npos) return std::nullopt;
  View field;
  const size_t arrow = pattern.find("->", star + 1);
  if (arrow != View::npos && arrow + 2 < pattern.size()) {
    field = pattern.substr(arrow + 2);
    pattern = pattern.substr(0, arrow);
  }
  key.assign(pattern.substr(0, star)).append(element).append(pattern.substr(star + 1));
  try {
    if (!field.empty()) {
      const Hash* hash = store.hash(key);
      return hash ? hash->get(field) : std::nullopt;
    }
    const String* string = store.string(key);
    return string ? std::optional(string->get()) : std::nullopt;
  } catch (const WrongType&) {  // a value of another type is no weight and no result
    return std::nullopt;
  }
}

/// A weight as strtod(3) reads it from a C string, where that takes all of it; nothing at all is 0.
std::optional<double> read_weight(View text) {
  text = text.substr(0, text.find('\0'));
  if (text.empty()) return 0;
  const size_t blanks = text.find_first_not_of(" \t\n\v\f\r");
  if (blanks != View::npos) text.remove_prefix(blanks);
  return parse_double(text);
}

class Sorter {
 public:
  Sorter(Store& store, const Args& args, Options& options) : store_(store), options_(options) { load(args[1]); }

  void sort() {
    if (!options_.unsorted) {
      weigh();
      order();
    }
    elements_.erase(elements_.begin() + static_cast<ptrdiff_t>(first_ + count_), elements_.end());
    elements_.erase(elements_.begin(), elements_.begin() + static_cast<ptrdiff_t>(first_));
  }

  void write_reply(Reply& reply) {
    reply.array(elements_.size() * std::max<size_t>(options_.values.size(), 1));
    for (const Element& element : elements_) {
      if (options_.values.empty()) reply.bulk(copies_.view(element.bytes));
      for (const View pattern : options_.values) {
        reply.bulk(look_up(store_, pattern, copies_.view(element.bytes), key_));
      }
    }
  }

  /// Makes the result the list at `destination` and returns its size; absent values are empty there.
  size_t store_at(View destination) {
    std::vector<Copies::Place> places;
    for (const Element& element : elements_) {
      if (options_.values.empty()) places.push_back(element.bytes);
      for (const View pattern : options_.values) {
        const auto value = look_up(store_, pattern, copies_.view(element.bytes), key_);
        // An element itself lies where add() may move it from.
        places.push_back(pattern == "#" ? element.bytes : copies_.add(value.value_or(View())));
      }
    }
    store_.remove(destination);
    if (places.empty()) return 0;
    std::vector<View> values;
    values.reserve(places.size());
    for (const Copies::Place place : places) values.push_back(copies_.view(place));
    store_.make_list(destination).push(End::back, values);
    return values.size();
  }

 private:
  /// Copies the elements; of a list or sorted set that is not to be sorted only those within the limit.
  void load(View key) {
    const auto add = [&](View bytes) { elements_.push_back({copies_.add(bytes), std::nullopt, 0}); };
    switch (store_.type(key)) {
      case Type::none:
        cut(0);
        return;
      case Type::list: {
        const List& list = *store_.list(key);
        const RankRange range = own_order(list.size());
        if (range.count > 0) list.range(range, add);
        if (options_.unsorted && options_.descending) std::reverse(elements_.begin(), elements_.end());
        return;
      }
      case Type::sorted_set: {
        const SortedSet& sorted_set = *store_.sorted_set(key);
        const RankRange range = own_order(sorted_set.size());
        if (range.count > 0) sorted_set.range(range, false, [&](View member, double) { add(member); });
        if (options_.unsorted && options_.descending) std::reverse(elements_.begin(), elements_.end());
        return;
      }
      case Type::set: {
        // A set has no order that could be stored twice alike.
        if (options_.unsorted && options_.destination) {
          options_.unsorted = false;
          options_.alphabetic = true;
          options_.by = {};
        }
        const Set& set = *store_.set(key);
        cut(set.size());
        elements_.reserve(set.size());
        set.for_each([&](View member) { return add(member), true; });
        return;
      }
      default:
        throw WrongType();
    }
  }

  /// What LIMIT leaves of `size` elements.
  void cut(size_t size) {
    const auto length = static_cast<int64_t>(size);
    const int64_t first = std::clamp<int64_t>(options_.offset, 0, length);
    const int64_t count = options_.limit < 0 ? length : options_.limit;
    first_ = static_cast<size_t>(first);
    count_ = static_cast<size_t>(std::min(count, length - first));
  }

  /// The ranks to copy of a collection with an order: all that are to be sorted, or those that are left as they are.
  RankRange own_order(size_t size) {
    cut(size);
    if (!options_.unsorted) return {0, size};
    const RankRange range{options_.descending ? size - first_ - count_ : first_, count_};
    first_ = 0;
    return range;
  }

  void weigh() {
    if (options_.by.empty() && options_.alphabetic) return;
    bool all_numbers = true;
    for (Element& element : elements_) {
      std::optional<View> word = copies_.view(element.bytes);
      if (!options_.by.empty()) word = look_up(store_, options_.by, *word, key_);
      if (!word) continue;
      if (options_.alphabetic) {
        element.word = copies_.add(*word);
      } else if (const auto weight = read_weight(*word)) {
        element.weight = *weight;
      } else {
        all_numbers = false;
      }
    }
    if (!all_numbers) throw CommandError("ERR One or more scores can't be converted into double");
  }

  /// Bytes for a list that is stored, so that it is the same everywhere; else as people in this locale sort.
  int compare_words(Copies::Place a, Copies::Place b) const {
    if (options_.destination) return copies_.view(a).compare(copies_.view(b));
    return std::strcoll(copies_.text(a), copies_.text(b));
  }

  int compare(const Element& a, const Element& b) const {
    if (!options_.alphabetic) {
      if (a.weight != b.weight) return a.weight < b.weight ? -1 : 1;
      return copies_.view(a.bytes).compare(copies_.view(b.bytes));
    }
    if (options_.by.empty()) return compare_words(a.bytes, b.bytes);
    if (!a.word || !b.word) return static_cast<int>(a.word.has_value()) - static_cast<int>(b.word.has_value());
    return compare_words(*a.word, *b.word);
  }

  void order() {
    const auto before = [&](const Element& a, const Element& b) {
      const int order = compare(a, b);
      if (order != 0) return options_.descending ? order > 0 : order < 0;
      return a.bytes.offset < b.bytes.offset;  // equals stay in the order they came in
    };
    const auto end = elements_.begin() + static_cast<ptrdiff_t>(first_ + count_);
    if (end == elements_.end()) {
      std::sort(elements_.begin(), end, before);
    } else {
      std::partial_sort(elements_.begin(), end, elements_.end(), before);
    }
  }

  Store& store_;
  Options& options_;
  Copies copies_;
  std::vector<Element> elements_;
  size_t first_ = 0;  ///< which of elements_ are asked for
  size_t count_ = 0;
  Bytes key_;  ///< the key that a pattern makes
};

void sort_as(Store& store, const Args& args, Reply& reply, bool may_store) {
  Options options = read_options(args, may_store);
  Sorter sorter(store, args, options);
  sorter.sort();
  if (options.destination) {
    reply.integer(static_cast<int64_t>(sorter.store_at(*options.destination)));
  } else {
    sorter.write_reply(reply);
  }
}

// SORT key [options]
void sort(Store& store, const Args& args, Reply& reply) { sort_as(store, args, reply, true); }

// SORT_RO key [options but STORE]
void sort_ro(Store& store, const Args& args, Reply& reply) { sort_as(store, args, reply, false); }

/// Keys that depend on what the collection holds, or on a word that may stand anywhere.
constexpr Keys unknown_keys(KeyFlags flags) {
  Keys keys = first_key(flags);
  keys.specs[0].begin = KeySpec::begin_unknown;
  keys.specs[0].find = KeySpec::find_unknown;
  return keys;
}

constexpr KeyFlags read = key::ro | key::access;
constexpr Flags both = flag::movable_keys | flag::dangerous;

constexpr Command rows[] = {
    {"SORT",
     "key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] [ASC | DESC] [ALPHA] "
     "[STORE destination]",
     -2, flag::write | flag::denyoom | both,
     with_rule(first_key(read) + unknown_keys(read) + unknown_keys(key::ow | key::update), KeyRule::sort), sort,
     Event::sortstore, "Sorts a list, set or sorted set, and returns or stores the result.", "1.0.0",
     "O(N+M*log(N)) for N elements of which M are returned; O(N) where nothing is sorted"},
    {"SORT_RO", "key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] [ASC | DESC] [ALPHA]",
     -2, flag::read | both, first_key(read) + unknown_keys(read), sort_ro, Event::none,
     "Sorts a list, set or sorted set, and returns the result.", "7.0.0",
     "O(N+M*log(N)) for N elements of which M are returned; O(N) where nothing is sorted"},
};

}  // namespace

std::span<const Command> sort_rows() { return rows; }

}  // namespace redipy
