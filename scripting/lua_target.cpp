// SPDX-License-Identifier: Apache-2.0
//
// See lua_target.h. A pattern is a row of elements: stars, and sets of bytes of which one has to stand there. What set
// an element means is asked of glob_match, byte by byte, so that Lua judges exactly as it does.
#include "scripting/lua_target.h"

#include <algorithm>
#include <bitset>

#include "core/base/glob.h"
#include "scripting/lua_text.h"

namespace redipy::script {

namespace {

constexpr size_t most_stars = 2;  // inside a pattern of Lua, whose effort grows by a power with each

struct Element {
  bool star = false;
  std::bitset<256> bytes;

  bool one() const { return !star && bytes.count() == 1; }
  char byte() const {
    size_t at = 0;
    while (!bytes[at]) ++at;
    return static_cast<char>(at);
  }
};

/// How long the element is at the beginning of a pattern.
size_t element_size(View pattern) {
  if (pattern[0] == '\\') return std::min<size_t>(pattern.size(), 2);
  if (pattern[0] != '[') return 1;
  size_t at = 1;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  while (at < pattern.size()) {
    if (pattern[at] == '\\' && pattern.size() - at >= 2) {
      at += 2;
    } else if (pattern[at] == ']') {
      return at + 1;
    } else {
      at += pattern.size() - at >= 3 && pattern[at + 1] == '-' ? 3 : 1;
    }
  }
  return at;
}

std::vector<Element> elements_of(View pattern) {
  std::vector<Element> made;
  while (!pattern.empty()) {
    const View element = pattern.substr(0, element_size(pattern));
    pattern.remove_prefix(element.size());
    if (element == "*") {
      if (made.empty() || !made.back().star) made.push_back({true, {}});
      continue;
    }
    Element next;
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      next.bytes[static_cast<size_t>(byte)] = glob_match(element, View(&c, 1));
    }
    made.push_back(next);
  }
  return made;
}

bool plain_in_lua(size_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 128;
}

void append_byte(Bytes& out, size_t byte) {
  if (byte == 0) {
    out += "%z";
  } else {
    if (!plain_in_lua(byte)) out += '%';
    out += static_cast<char>(byte);
  }
}

/// One character of a pattern of Lua.
Bytes lua_class(const std::bitset<256>& bytes) {
  if (bytes.all()) return ".";
  Bytes made;
  if (bytes.count() == 1) {
    for (size_t i = 0; i < 256; ++i) {
      if (bytes[i]) append_byte(made, i);
    }
    return made;
  }
  constexpr size_t half = 128;
  const bool inverted = bytes.count() > half;
  const std::bitset<256> told = inverted ? ~bytes : bytes;
  made = inverted ? "[^" : "[";
  for (size_t i = 0; i < 256; ++i) {
    if (!told[i]) continue;
    size_t last = i;
    while (plain_in_lua(i) && last + 1 < 256 && told[last + 1] && plain_in_lua(last + 1)) ++last;
    constexpr size_t worth_a_range = 3;
    if (last - i < worth_a_range) {
      append_byte(made, i);
      continue;
    }
    append_byte(made, i);
    made += '-';
    append_byte(made, last);
    i = last;
  }
  return made + ']';
}

void need(Bytes& needs, View piece) {
  if (needs.find(piece) == Bytes::npos) needs += (needs.empty() ? "" : " ") + Bytes(piece);
}

}  // namespace

bool LuaTarget::owns(View key) const {
  for (const LuaRoute& route : routes) {
    if (glob_match(route.pattern, key)) return route.here;
  }
  return rest_here;
}

bool LuaTarget::owns_all() const {
  return rest_here && std::all_of(routes.begin(), routes.end(), [](const LuaRoute& route) { return route.here; });
}

Bytes lua_condition(View pattern, Bytes& needs) {
  const std::vector<Element> elements = elements_of(pattern);
  const auto stars = static_cast<size_t>(
      std::count_if(elements.begin(), elements.end(), [](const Element& element) { return element.star; }));
  for (const Element& element : elements) {
    if (!element.star && element.bytes.none()) return "false";
  }
  Bytes literal;
  while (literal.size() < elements.size() && elements[literal.size()].one()) literal += elements[literal.size()].byte();
  if (literal.size() == elements.size()) return "key == " + lua_string(literal);
  if (stars == 1 && literal.size() + 1 == elements.size() && elements.back().star) {
    if (literal.empty()) return "key ~= \"\"";  // a star alone does not fit the empty text
    need(needs, "sub");
    return "sub(key, 1, " + std::to_string(literal.size()) + ") == " + lua_string(literal);
  }
  const bool open_end = elements.back().star;
  if (stars <= most_stars + (open_end ? 1 : 0)) {
    need(needs, "find");
    Bytes made = "^";
    for (const Element& element : elements) {
      if (!element.star) {
        made += lua_class(element.bytes);
      } else if (&element != &elements.back()) {
        made += ".-";
      }
    }
    if (!open_end) made += '$';
    return "find(key, " + lua_string(made) + ")";
  }
  need(needs, "fits");
  Bytes list;
  for (const Element& element : elements) {
    list += (list.empty() ? "" : ", ") + lua_string(element.star ? Bytes() : "^" + lua_class(element.bytes));
  }
  return "fits(key, {" + list + "})";
}

Bytes lua_foreign(const LuaTarget& target, Bytes& needs) {
  size_t count = target.routes.size();
  while (count > 0 && target.routes[count - 1].here == target.rest_here) --count;  // as the rest
  const auto truth = [](bool here) { return here ? "false" : "true"; };
  Bytes made;
  for (size_t i = 0; i < count; ++i) {
    const LuaRoute& route = target.routes[i];
    made += (i == 0 ? "  if " : "  elseif ") + lua_condition(route.pattern, needs) + " then\n    return " +
            truth(route.here) + "\n";
  }
  if (count > 0) made += "  end\n";
  return made + "  return " + truth(target.rest_here) + "\n";
}

Bytes glob_of(View text) {
  Bytes made;
  for (const char c : text) {
    if (View("*?[]\\^-").find(c) != View::npos) made += '\\';
    made += c;
  }
  return made;
}

}  // namespace redipy::script
