// SPDX-License-Identifier: Apache-2.0
//
// See lua_blame.h.
#include "scripting/lua_blame.h"

#include <algorithm>
#include <array>

#include "scripting/functions.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

using Kind = ExpressionKind;

/// What fails with a text of messages.h.
struct Culprit {
  View message;
  Kind kind;
  bool statement = false;  ///< a statement may fail so, too
  View name = {};          ///< of the function, for a call
  Operator first = Operator::add, last = Operator::add;
};
constexpr Culprit culprits[] = {
    {message::add, Kind::binary},
    {message::subtract, Kind::binary, false, {}, Operator::subtract, Operator::subtract},
    {message::compare, Kind::binary, false, {}, Operator::less, Operator::greater_equal},
    {message::no_index, Kind::item},
    {message::index_type, Kind::item, true},
    {message::index_range, Kind::item, true},
    {message::no_entries, Kind::entry},
    {message::entry_key, Kind::entry, true},
    {message::no_length, Kind::length},
    {message::no_text, Kind::concat},
    {message::no_integer, Kind::call, false, "asintstr"},
    {message::no_search, Kind::call, false, "string.find"},
    {message::no_part, Kind::call, false, "string.find"},
    {message::no_json, Kind::call, false, "cjson.decode"},
    {message::malformed_json, Kind::call, false, "cjson.decode"},
    {message::log_level, Kind::call, false, "redis.log"},
    {message::log_text, Kind::call, false, "redis.log"},
    {message::unknown_constant, Kind::constant},
    {message::missing_key, Kind::load_key},
    {message::missing_argument, Kind::load_argument},
};
/// These come from the statement itself.
constexpr std::array<View, 4> of_statements = {message::no_item, message::no_entry, message::no_loop,
                                               message::key_value};
/// And these from whatever writes JSON, the end of the script above all.
constexpr std::array<View, 3> of_json = {message::not_utf8, message::not_finite, message::too_deep};

/// Whether the text is the message, with anything in the place of each %s.
bool fits(View text, View message) {
  const size_t gap = message.find("%s");
  if (gap == View::npos) return text == message;
  const View behind = message.substr(message.rfind("%s") + 2);
  return text.size() >= gap + behind.size() && text.starts_with(message.substr(0, gap)) && text.ends_with(behind);
}

bool fits_any(View text, const auto& messages) {
  return std::any_of(messages.begin(), messages.end(), [&](View message) { return fits(text, message); });
}

bool fails_so(const Expression& one, const Culprit& culprit) {
  if (one.kind != culprit.kind) return false;
  if (one.kind == Kind::binary) return culprit.first <= one.operation && one.operation <= culprit.last;
  return one.kind != Kind::call || one.name == culprit.name;
}

bool fails_so(const Expression& one, View error) {
  for (const Culprit& culprit : culprits) {
    if (fits(error, culprit.message)) return fails_so(one, culprit);
  }
  if (one.kind != Kind::call) return false;
  if (fits(error, message::unknown_function)) return error == filled(message::unknown_function, {one.name});
  if (fits(error, message::argument_count)) return error == filled(message::argument_count, {one.name});
  if (fits_any(error, of_json)) return one.name == "cjson.encode" || one.name == "tostring";
  return one.name == "redis.call";
}

/// Looks at what a place has inside it.
class Search {
 public:
  Search(Place place, View error) : place_(place), error_(error) {}

  void block(const Block& statements) {
    for (const Statement* const one : statements) {
      if (one->place == place_) {
        statement = one;
        for (const Expression* const expression : {one->value, one->key}) {
          if (expression) gather(*expression);
        }
        return;
      }
      for (const Expression* const expression : {one->value, one->key}) {
        if (expression) find(*expression);
      }
      block(one->body);
      block(one->otherwise);
    }
  }

  const Statement* statement = nullptr;  ///< if the place is one
  std::vector<Place> found;

 private:
  void find(const Expression& expression) {
    if (expression.place == place_) return gather(expression);
    for (const Expression* const part : expression.parts) find(*part);
  }
  void gather(const Expression& expression) {
    if (fails_so(expression, error_)) found.push_back(expression.place);
    for (const Expression* const part : expression.parts) gather(*part);
  }

  const Place place_;
  const View error_;
};

bool fails_by_itself(const Statement& statement, View error) {
  return (statement.kind == StatementKind::assign_item || statement.kind == StatementKind::assign_entry) &&
         std::any_of(std::begin(culprits), std::end(culprits),
                     [&](const Culprit& culprit) { return culprit.statement && fits(error, culprit.message); });
}

}  // namespace

Place blamed(const Graph& graph, Place line, View error) {
  if (fits_any(error, of_statements)) return line;
  Search search(line, error);
  search.block(graph.body);
  const Statement* const statement = search.statement;
  if (statement && fails_by_itself(*statement, error)) return line;
  if (search.found.size() == 1) return search.found[0];
  const bool ends = statement && statement->kind == StatementKind::result && fits_any(error, of_json);
  return ends && search.found.empty() ? 0 : line;
}

}  // namespace redipy::script
