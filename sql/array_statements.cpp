// SPDX-License-Identifier: Apache-2.0
//
// See array_statements.h.
#include "sql/array_statements.h"

#include <algorithm>
#include <array>

namespace redipy::sql {

namespace {

constexpr View first_condition = " WHERE ";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

bool holds_bytes(View column) {
  constexpr std::array<View, 4> names = {"name", "field", "member", "val"};
  return std::find(names.begin(), names.end(), column) != names.end();
}

/// The column that the question mark at `at` is compared with or assigned to.
View column_before(View text, size_t at) {
  size_t end = at;
  while (end > 0 && !is_letter(text[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

std::string parameter(size_t number) { return "u.p" + std::to_string(number); }

/// unnest($1::bigint[],$2::bytea[]…)
std::string unnested(const std::vector<bool>& is_bytes) {
  std::string result = "unnest(";
  for (size_t i = 0; i < is_bytes.size(); ++i) {
    if (i > 0) result += ',';
    result += '$' + std::to_string(i + 1) + (is_bytes[i] ? "::bytea[]" : "::bigint[]");
  }
  return result + ")";
}

/// … AS u(p1,p2…), with the names that the rows' columns get.
std::string named(const std::vector<bool>& is_bytes, bool numbered) {
  std::string result = unnested(is_bytes) + (numbered ? " WITH ORDINALITY AS u(" : " AS u(");
  for (size_t i = 0; i < is_bytes.size(); ++i) {
    if (i > 0) result += ',';
    result += 'p' + std::to_string(i + 1);
  }
  return result + (numbered ? ",i)" : ")");
}

/// The text with the columns of rows for the question marks; their types go to `is_bytes`.
std::string with_columns(View text, std::vector<bool>& is_bytes) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '?') {
      result += text[i];
      continue;
    }
    is_bytes.push_back(holds_bytes(column_before(text, i)));
    result += parameter(is_bytes.size());
  }
  return result;
}

/// How many names stand in the parentheses that begin at `at`; what is done with each.
template <class Visit>
size_t for_each_name(View text, size_t at, Visit visit) {
  size_t count = 0;
  while (text[at] != ')') {
    const size_t begin = text.find_first_not_of("( ,", at);
    at = text.find_first_of(",)", begin);
    visit(text.substr(begin, at - begin));
    ++count;
  }
  return count;
}

/// INSERT INTO table (a, b) VALUES (?,?) …
ArrayStatement array_insert(View text) {
  ArrayStatement result;
  constexpr View values = "VALUES (";
  constexpr View conflict = "ON CONFLICT ";
  const size_t at = text.find(values);
  if (at == View::npos) return result;
  for_each_name(text, text.find('('), [&](View column) { result.is_bytes.push_back(holds_bytes(column)); });
  const View rest = text.substr(text.find(')', at) + 1);
  result.text = Bytes(text.substr(0, at)) + "SELECT * FROM " + unnested(result.is_bytes) + Bytes(rest);
  if (const size_t names = rest.find(conflict); names != View::npos) {
    result.identity_count = for_each_name(rest, names + conflict.size(), [](View) {});
  }
  return result;
}

/// UPDATE table SET a=?, b=? WHERE c=?, DELETE FROM table WHERE a=? AND b=?
ArrayStatement array_change(View text, View join) {
  ArrayStatement result;
  const size_t where = text.find(first_condition);
  if (where == View::npos || text.find("SELECT ") != View::npos || text.find('?') == View::npos) return result;
  const std::string changed = with_columns(text.substr(0, where), result.is_bytes);
  const std::string condition = with_columns(text.substr(where), result.is_bytes);
  result.text = changed + Bytes(join) + named(result.is_bytes, false) + condition;
  return result;
}

/// SELECT x, y FROM table WHERE a=? AND b=?
struct Lookup {
  bool is_one = false;
  View columns;
  View table;
  View first;  // the column that is compared with the first parameter
  View second;
};

Lookup lookup(View text) {
  constexpr View select = "SELECT ";
  constexpr View from = " FROM ";
  Lookup result;
  const size_t table = text.find(from);
  const size_t where = text.find(first_condition);
  if (!text.starts_with(select) || table == View::npos || where == View::npos) return result;
  const View condition = text.substr(where + first_condition.size());
  const size_t first = condition.find("=? AND ");
  if (first == View::npos || !condition.ends_with("=?") || std::count(text.begin(), text.end(), '?') != 2)
    return result;
  result.columns = text.substr(select.size(), table - select.size());
  result.table = text.substr(table + from.size(), where - table - from.size());
  result.first = condition.substr(0, first);
  result.second = condition.substr(first + 7, condition.size() - first - 9);
  result.is_one = true;
  return result;
}

}  // namespace

ArrayStatement array_statement(View text) {
  if (text.starts_with("INSERT ")) return array_insert(text);
  if (text.starts_with("DELETE ")) return array_change(text, " USING ");
  if (text.starts_with("UPDATE ")) {
    ArrayStatement result = array_change(text, " FROM ");
    result.identity_first = result.is_bytes.empty() ? 0 : result.is_bytes.size() - 1;
    result.identity_count = 1;
    return result;
  }
  ArrayStatement result;
  const Lookup it = lookup(text);
  if (!it.is_one) return result;
  result.is_bytes = {holds_bytes(it.first), holds_bytes(it.second)};
  result.text = "SELECT u.i, " + Bytes(it.columns) + " FROM " + named(result.is_bytes, true) + " JOIN " +
                Bytes(it.table) + " ON " + Bytes(it.first) + "=u.p1 AND " + Bytes(it.second) + "=u.p2";
  return result;
}

namespace {

/// Up to where the form for many names is the same in all dialects; empty if there is none.
std::string named_lookup(View text) {
  const Lookup it = lookup(text);
  if (!it.is_one || !holds_bytes(it.second)) return {};
  return "SELECT " + Bytes(it.second) + ", " + Bytes(it.columns) + " FROM " + Bytes(it.table) + " WHERE " +
         Bytes(it.first) + "=? AND " + Bytes(it.second);
}

}  // namespace

std::string list_statement(View text, size_t count) {
  std::string result = named_lookup(text);
  if (result.empty() || count == 0) return {};
  result += " IN (?";
  for (size_t i = 1; i < count; ++i) result += ",?";
  return result + ")";
}

std::string any_statement(View text) {
  const std::string result = named_lookup(text);
  return result.empty() ? result : result + "=ANY(?::bytea[])";
}

}  // namespace redipy::sql
