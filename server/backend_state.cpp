// SPDX-License-Identifier: Apache-2.0
//
// See backend_state.h.
#include "server/backend_state.h"

#include <algorithm>

#include "core/base/text.h"

namespace redipy {

namespace {

constexpr View title = "redipy-state";
constexpr View version = "1";
constexpr View last_line = "end";
constexpr size_t most_bytes = size_t{16} << 20;

using Pairs = BackendState::Pairs;

bool contains(const std::vector<Bytes>& names, View name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
Pairs::const_iterator find(const Pairs& pairs, View first) {
  return std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == first; });
}
bool contains(const Pairs& pairs, View first) { return find(pairs, first) != pairs.end(); }

/// A word as split_words() reads it back.
Bytes word(View text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\' && c != '#';
  });
  return plain ? Bytes(text) : quote(text);
}

void put_line(Bytes& text, std::initializer_list<View> words) {
  const View* first = words.begin();
  text += *first;
  for (const View* each = first + 1; each != words.end(); ++each) text += " " + word(*each);
  text += '\n';
}

/// Reads line by line.
class Reader {
 public:
  explicit Reader(View text) : text_(text) {}

  BackendState read() {
    if (text_.size() > most_bytes) fail("the file is longer than " + std::to_string(most_bytes) + " bytes");
    if (!next() || words_[0] != title) fail("this is no state file");
    expect(1);
    if (words_[1] != version) fail("version '" + shown(words_[1]) + "' is not known: the file is of a newer server");
    while (true) {
      if (!next()) fail("the end is missing");
      if (words_[0] == last_line) break;
      take();
    }
    expect(0);
    if (next()) fail("something follows the end");
    return std::move(state_);
  }

 private:
  [[noreturn]] void fail(const Bytes& why) const {
    throw BackendStateError("line " + std::to_string(std::max<size_t>(line_, 1)) + ": " + why);
  }
  static Bytes shown(View text) {
    const Bytes quoted = quote(text.substr(0, 64));
    return quoted.substr(1, quoted.size() - 2);
  }
  void expect(size_t words) const {
    if (words_.size() != words + 1) fail("wrong number of words after '" + shown(words_[0]) + "'");
  }

  /// The words of the next line; false at the end.
  bool next() {
    if (text_.empty()) return false;
    ++line_;
    const size_t end = text_.find('\n');
    if (end == View::npos) fail("the line is not finished");
    const View line = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    if (line.find('\0') != View::npos) fail("a NUL");
    auto words = split_words(line);
    if (!words) fail("a quote is not closed, or not followed by a blank");
    if (words->empty()) fail("an empty line");
    words_ = std::move(*words);
    return true;
  }

  void take() {
    const Bytes& what = words_[0];
    if (what == "backend") {
      expect(2);
      if (words_[1].empty()) fail("a backend needs a name");
      if (contains(state_.added, words_[1])) fail("there are two backends of this name");
      try {
        static_cast<void>(parse_backend_url(words_[2]));
      } catch (const BackendUrlError& fault) {
        fail(Bytes("backend URL: ") + fault.what());
      }
      state_.added.emplace_back(words_[1], words_[2]);
    } else if (what == "route") {
      expect(2);
      if (contains(state_.routed, words_[1])) fail("there are two routes of this pattern");
      state_.routed.emplace_back(words_[1], words_[2]);
    } else if (what == "removed" || what == "unrouted") {
      expect(1);
      std::vector<Bytes>& names = what == "removed" ? state_.removed : state_.unrouted;
      if (contains(names, words_[1])) fail("'" + shown(words_[1]) + "' stands there twice");
      names.push_back(words_[1]);
    } else {
      fail("'" + shown(what) + "' is not known");
    }
  }

  View text_;
  size_t line_ = 0;
  std::vector<Bytes> words_;
  BackendState state_;
};

Bytes shown_url(View url) {
  try {
    return parse_backend_url(url).shown;
  } catch (const BackendUrlError&) {
    return hide_password(url);
  }
}

}  // namespace

BackendUrl read_backend_url(View url) {
  BackendUrl parsed;
  try {
    parsed = parse_backend_url(url);
  } catch (const BackendUrlError& fault) {
    throw std::runtime_error(Bytes("backend URL: ") + fault.what());
  }
  return parsed;
}

Bytes write_backend_state(const BackendState& state) {
  Bytes text;
  put_line(text, {title, version});
  for (const Bytes& name : state.removed) put_line(text, {"removed", name});
  for (const auto& [name, url] : state.added) put_line(text, {"backend", name, url});
  for (const Bytes& pattern : state.unrouted) put_line(text, {"unrouted", pattern});
  for (const auto& [pattern, name] : state.routed) put_line(text, {"route", pattern, name});
  put_line(text, {last_line});
  return text;
}

BackendState read_backend_state(View text) { return Reader(text).read(); }

BackendPlan plan_backends(const Pairs& backends, const Pairs& routes, const BackendState& state) {
  BackendPlan plan;
  const auto differs = [&](Bytes text) { plan.differences.push_back(std::move(text)); };

  for (const auto& [name, url] : backends) {
    const bool first = &name == &backends.front().first;
    if (const auto added = find(state.added, name); added != state.added.end() && !contains(state.removed, name)) {
      if (added->second != url) {
        differs("backend '" + name + "' is at " + shown_url(added->second) + ", where it was added, not at " +
                shown_url(url));
      }
      plan.backends.push_back(*added);
    } else if (contains(state.removed, name)) {
      if (first) {
        throw BackendStateError("backend '" + name + "' was removed while the server ran, and is now the default");
      }
      differs("backend '" + name + "' was removed");
    } else {
      plan.backends.emplace_back(name, url);
    }
  }
  for (const auto& [name, url] : state.added) {
    if (contains(plan.backends, name)) continue;
    differs("backend '" + name + "' was added: " + shown_url(url));
    plan.backends.emplace_back(name, url);
  }

  for (const auto& [pattern, name] : routes) {
    if (contains(state.unrouted, pattern)) {
      differs("route '" + pattern + "' was taken away");
    } else if (!contains(state.routed, pattern)) {
      plan.routes.emplace_back(pattern, name);
    }
  }
  for (const auto& [pattern, name] : state.routed) {
    const auto configured = find(routes, pattern);
    if (configured != routes.end() && configured->second == name && !contains(state.unrouted, pattern)) {
      plan.routes.emplace_back(pattern, name);
      continue;
    }
    differs(Bytes("route '").append(pattern).append("' to '").append(name).append("' was added"));
    plan.routes.emplace_back(pattern, name);
  }
  for (const auto& [pattern, name] : plan.routes) {
    if (contains(plan.backends, name)) continue;
    const View why = contains(state.removed, name) ? ": it was removed while the server ran" : "";
    throw BackendStateError(Bytes("route '")
                                .append(pattern)
                                .append("' leads to backend '")
                                .append(name)
                                .append("', which is not there")
                                .append(why));
  }
  return plan;
}

void note_added(BackendState& state, View name, View url) { state.added.emplace_back(name, url); }

void note_removed(BackendState& state, const Pairs& backends, View name) {
  std::erase_if(state.added, [&](const auto& pair) { return pair.first == name; });
  if (contains(backends, name) && !contains(state.removed, name)) state.removed.emplace_back(name);
}

void note_routed(BackendState& state, View pattern, View name) { state.routed.emplace_back(pattern, name); }

void note_unrouted(BackendState& state, const Pairs& routes, View pattern) {
  std::erase_if(state.routed, [&](const auto& pair) { return pair.first == pattern; });
  if (contains(routes, pattern) && !contains(state.unrouted, pattern)) state.unrouted.emplace_back(pattern);
}

}  // namespace redipy
