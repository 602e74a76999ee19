// SPDX-License-Identifier: Apache-2.0
//
// See lua_text.h and lua_printer.h.
#include "scripting/lua_text.h"

#include "scripting/lua_printer.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Bytes lua_string(View text) {
  Bytes made = "\"";
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t length = utf8_length(text.substr(i));
    if (c == '"' || c == '\\') {
      made += '\\';
      made += c;
    } else if (c == '\n') {
      made += "\\n";
    } else if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      const auto byte = static_cast<unsigned char>(c);  // always three digits: another may follow
      made += '\\';
      made += static_cast<char>('0' + byte / 100);
      made += static_cast<char>('0' + byte / 10 % 10);
      made += static_cast<char>('0' + byte % 10);
    } else {
      made += text.substr(i, length);
      i += length - 1;
    }
    ++i;
  }
  return made + '"';
}

Bytes lua_number(const Json& number) {
  Bytes made;
  append_json(made, number);
  return made;
}

Bytes lua_identifier(View name) {
  constexpr size_t longest = 40;
  Bytes made;
  for (const char c : name.substr(0, longest)) {
    if (is_letter(c) || (is_digit(c) && !made.empty())) {
      made += c;
    } else if (!made.empty() && made.back() != '_') {
      made += '_';
    }
  }
  while (!made.empty() && made.back() == '_') made.pop_back();
  return made;
}

void append_lua_value(Bytes& out, const Json& value) {
  const auto sized = [&](char kind, size_t size) {
    out += kind;
    out += std::to_string(size);
    out += ':';
  };
  const auto text = [&](View some) {
    sized('$', some.size());
    out += some;
  };
  switch (value.type) {
    case Json::Type::null:
      out += 'n';
      return;
    case Json::Type::boolean:
      out += value.boolean ? 't' : 'f';
      return;
    case Json::Type::integer:
      out += std::to_string(value.integer);
      out += ';';
      return;
    case Json::Type::number: {
      const size_t start = out.size();
      append_json(out, value);
      if (out.find_first_of(".e", start) == Bytes::npos) out += ".0";
      out += ';';
      return;
    }
    case Json::Type::string:
      return text(value.text);
    case Json::Type::array:
      sized('[', value.items.size());
      for (const Json& item : value.items) append_lua_value(out, item);
      return;
    case Json::Type::object:
      sized('{', value.members.size());
      for (const auto& [key, member] : value.members) {
        text(key);
        append_lua_value(out, member);
      }
      return;
  }
}

Bytes lua_argument(View json, size_t max_depth) {
  const Json value = read_json(json, max_depth, Duplicates::last_wins);
  if (value.is(Json::Type::string) && !value.text.starts_with('=')) return value.text;
  Bytes made = "=";
  append_lua_value(made, value);
  return made;
}

}  // namespace redipy::script
