// SPDX-License-Identifier: Apache-2.0
//
// See json.h. The parser is one loop over a stack of open arrays and objects.
#include "scripting/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/base/numbers.h"
#include "scripting/text.h"

namespace redipy::script {

JsonError::JsonError(View what, size_t offset)
    : std::runtime_error(Bytes(what) + " at byte " + std::to_string(offset)), offset_(offset) {}

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(View text, size_t max_depth, JsonHandler& handler) : text_(text), max_depth_(max_depth), handler_(handler) {}

  void run() {
    do {
      if (!open_.empty() && next_member()) continue;
      value();
    } while (!open_.empty());
    skip_blanks();
    if (at_ < text_.size()) fail("text after the end");
  }

 private:
  [[noreturn]] void fail(View what) const { throw JsonError(what, at_); }
  bool ended() const { return at_ >= text_.size(); }
  char peek() const { return ended() ? '\0' : text_[at_]; }

  void skip_blanks() {
    while (!ended() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }

  /// What stands between the values of the innermost array or object; true if it has ended.
  bool next_member() {
    skip_blanks();
    const bool object = open_.back() == '{';
    const char closing = object ? '}' : ']';
    if (peek() == closing) {
      ++at_;
      open_.pop_back();
      object ? handler_.end_object() : handler_.end_array();
      first_ = false;
      return true;
    }
    if (!first_) {
      if (ended()) fail("unexpected end");
      if (peek() != ',') fail(object ? "expected , or }" : "expected , or ]");
      ++at_;
      skip_blanks();
    }
    first_ = false;
    if (!object) return false;
    if (ended()) fail("unexpected end");
    if (peek() != '"') fail("expected a name in quotes");
    handler_.key(quoted());
    skip_blanks();
    if (peek() != ':') fail("expected :");
    ++at_;
    return false;
  }

  void open(char kind) {
    if (open_.size() >= max_depth_) fail("nested too deeply");
    open_.push_back(kind);
    ++at_;
    first_ = true;
  }

  void value() {
    skip_blanks();
    if (ended()) fail("unexpected end");
    switch (text_[at_]) {
      case '{':
        open('{');
        return handler_.begin_object();
      case '[':
        open('[');
        return handler_.begin_array();
      case '"':
        return handler_.string(quoted());
      case 't':
        word("true");
        return handler_.boolean(true);
      case 'f':
        word("false");
        return handler_.boolean(false);
      case 'n':
        word("null");
        return handler_.null();
      default:
        return number();
    }
  }

  void word(View expected) {
    if (text_.substr(at_, expected.size()) != expected) fail("expected a value");
    at_ += expected.size();
  }

  void digits() {
    if (!is_digit(peek())) fail("expected a digit");
    while (is_digit(peek())) ++at_;
  }

  void number() {
    const size_t start = at_;
    if (peek() == '-')
      ++at_;
    else if (!is_digit(peek()))
      fail("expected a value");
    if (peek() == '0')
      ++at_;
    else
      digits();
    if (is_digit(peek())) fail("a number must not begin with 0");
    bool whole = true;
    if (peek() == '.') {
      whole = false;
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    const View digits = text_.substr(start, at_ - start);
    if (whole) {
      int64_t value = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc() || end != digits.data() + digits.size()) out_of_range(start);
      return handler_.integer(value);
    }
    const std::optional<double> value = decimal(digits);
    if (!value) out_of_range(start);
    handler_.number(*value);
  }

  [[noreturn]] void out_of_range(size_t start) {
    at_ = start;
    fail("number out of range");
  }

  /// The string that begins here; in the text itself if it has no escapes.
  View quoted() {
    const size_t start = ++at_;
    scratch_.clear();
    size_t copied = start;
    bool escaped = false;
    for (;;) {
      if (ended()) fail("unexpected end");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) fail("control character in a string");
      if (c == '\\') {
        escaped = true;
        scratch_.append(text_, copied, at_ - copied);
        escape();
        copied = at_;
      } else if (c < 0x80) {
        ++at_;
      } else {
        const size_t length = utf8_length(text_.substr(at_));
        if (length == 0) fail("invalid UTF-8");
        at_ += length;
      }
    }
    const size_t end = at_++;
    if (!escaped) return text_.substr(start, end - start);
    scratch_.append(text_, copied, end - copied);
    return scratch_;
  }

  void escape() {
    ++at_;
    static constexpr View plain = "\"\\/bfnrt";
    static constexpr View meant = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (const size_t i = plain.find(c); i != View::npos && !ended()) {
      scratch_ += meant[i];
      ++at_;
      return;
    }
    if (c != 'u') fail("unknown escape");
    ++at_;
    uint32_t point = hex4();
    if (point >= 0xDC00 && point < 0xE000) fail("lone surrogate");
    if (point >= 0xD800 && point < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") fail("lone surrogate");
      at_ += 2;
      const uint32_t low = hex4();
      if (low < 0xDC00 || low >= 0xE000) fail("lone surrogate");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(scratch_, point);
  }

  uint32_t hex4() {
    const View digits = text_.substr(at_, 4);
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4)
      fail("expected four hexadecimal digits");
    at_ += 4;
    return value;
  }

  View text_;
  size_t at_ = 0;
  size_t max_depth_;
  JsonHandler& handler_;
  Bytes open_;          // '{' or '[' for each that is open
  bool first_ = false;  // nothing has come yet in the innermost
  Bytes scratch_;
};

class TreeMaker final : public JsonHandler {
 public:
  explicit TreeMaker(Duplicates duplicates) : duplicates_(duplicates) {}

  void null() override { put(Json()); }
  void boolean(bool value) override { put(Json(value)); }
  void integer(int64_t value) override { put(Json(value)); }
  void number(double value) override { put(Json(value)); }
  void string(View text) override { put(Json(text)); }
  void key(View text) override { open_.back().members.emplace_back(text, Json()); }
  void begin_array() override { open_.emplace_back(Json::Type::array); }
  void begin_object() override { open_.emplace_back(Json::Type::object); }
  void end_array() override { close(); }
  void end_object() override {
    settle_duplicates(open_.back());
    close();
  }

  Json result;

 private:
  void put(Json value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().is(Json::Type::array)) {
      open_.back().items.push_back(std::move(value));
    } else {
      open_.back().members.back().second = std::move(value);
    }
  }

  void close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    put(std::move(done));
  }

  void settle_duplicates(Json& object) const {
    auto& members = object.members;
    std::vector<size_t> order(members.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return members[a].first < members[b].first; });
    std::vector<bool> outdone(members.size());
    bool any = false;
    for (size_t i = 1; i < order.size(); ++i) {
      if (members[order[i - 1]].first != members[order[i]].first) continue;
      if (duplicates_ == Duplicates::refused) {
        throw JsonError("the name \"" + members[order[i]].first + "\" stands twice in the object that ends", 0);
      }
      outdone[order[i - 1]] = any = true;
    }
    if (!any) return;
    size_t kept = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      if (!outdone[i]) std::swap(members[kept++], members[i]);
    }
    members.resize(kept);
  }

  Duplicates duplicates_;
  std::vector<Json> open_;
};

}  // namespace

void parse_json(View text, size_t max_depth, JsonHandler& handler) { Parser(text, max_depth, handler).run(); }

Json read_json(View text, size_t max_depth, Duplicates duplicates) {
  TreeMaker maker(duplicates);
  parse_json(text, max_depth, maker);
  return std::move(maker.result);
}

const Json* Json::find(View name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

View described(Json::Type type) {
  static constexpr std::array<View, 7> names = {"null",     "a boolean", "an integer", "a number",
                                                "a string", "an array",  "an object"};
  return names[static_cast<size_t>(type)];
}

bool append_json_string(Bytes& out, View text) {
  out += '"';
  size_t copied = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const size_t length = utf8_length(text.substr(i));
      if (length == 0) return false;
      i += length;
      continue;
    }
    if (c >= 0x20 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    out.append(text, copied, i - copied);
    copied = ++i;
    static constexpr View meant = "\"\\\b\f\n\r\t";
    static constexpr View plain = "\"\\bfnrt";
    out += '\\';
    if (const size_t known = meant.find(static_cast<char>(c)); known != View::npos) {
      out += plain[known];
    } else {
      static constexpr View hex = "0123456789abcdef";
      out += "u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    }
  }
  out.append(text, copied);
  out += '"';
  return true;
}

void append_json(Bytes& out, const Json& value) {
  switch (value.type) {
    case Json::Type::null:
      out += "null";
      return;
    case Json::Type::boolean:
      out += value.boolean ? "true" : "false";
      return;
    case Json::Type::integer:
      out += std::to_string(value.integer);
      return;
    case Json::Type::number: {
      char digits[number_text_size];
      out.append(digits, format_number(value.number, digits));
      return;
    }
    case Json::Type::string:
      append_json_string(out, value.text);
      return;
    case Json::Type::array:
    case Json::Type::object:
      break;
  }
  const bool object = value.is(Json::Type::object);
  out += object ? '{' : '[';
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ',';
    first = false;
  };
  for (const Json& item : value.items) {
    separate();
    append_json(out, item);
  }
  for (const auto& [key, member] : value.members) {
    separate();
    append_json_string(out, key);
    out += ':';
    append_json(out, member);
  }
  out += object ? '}' : ']';
}

}  // namespace redipy::script
